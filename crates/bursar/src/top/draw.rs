//! How the live view looks, on a terminal of any size.

use bursar_domain::money::Total;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Sparkline, Table, TableState};

use super::{View, cost_of, last_minute};
use crate::commands::streams::{age, remark};

/// Rows of the list of refusals and throttles, with its heading.
const TROUBLE_ROWS: u16 = 6;
const KEYS: &str = "q quit · a c t sort by age, cost, tokens · ↑ ↓ select · x cut · f freeze team";
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);

/// Draws one frame.
pub(crate) fn draw(frame: &mut Frame<'_>, view: &View) {
    let rows = [
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(4),
        Constraint::Length(TROUBLE_ROWS),
        Constraint::Length(1),
    ];
    let [head, running, spend, troubles, foot] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(heading(view), head);
    draw_running(frame, view, running);
    draw_spend(frame, view, spend);
    draw_troubles(frame, view, troubles);
    let (text, style) = if view.note.is_empty() { (KEYS, DIM) } else { (&*view.note, BOLD) };
    frame.render_widget(Paragraph::new(Span::styled(text.to_owned(), style)), foot);
}

fn heading(view: &View) -> Line<'static> {
    let scene = &view.scene;
    let mut so_far = Total::default();
    for cost in scene.running.iter().filter_map(cost_of) {
        so_far += cost.into();
    }
    let time = scene.at.to_string();
    let time = time.get(11..19).unwrap_or_default().to_owned();
    Line::from(vec![
        Span::styled("bursar top", BOLD),
        Span::raw(format!(
            " · {time} UTC · {} running, {} so far · {} in the last minute",
            scene.running.len(),
            so_far.rounded(),
            last_minute(scene).rounded()
        )),
    ])
}

fn draw_running(frame: &mut Frame<'_>, view: &View, area: Rect) {
    if view.scene.running.is_empty() {
        frame.render_widget(Paragraph::new(Span::styled("nothing runs just now", DIM)), area);
        return;
    }
    let rows = view.scene.running.iter().map(|call| {
        let dollars =
            |usd: &Option<String>| usd.as_ref().map_or("–".to_owned(), |usd| short(usd));
        Row::new([
            Cell::from(age(call.age_ms)),
            Cell::from(call.output_tokens.map_or("–".to_owned(), |tokens| tokens.to_string())),
            Cell::from(dollars(&call.cost_usd)),
            Cell::from(dollars(&call.room_usd)),
            Cell::from(call.team.clone().unwrap_or_else(|| "–".to_owned())),
            Cell::from(call.model.clone()),
            Cell::from(call.id.clone()),
            Cell::from(remark(call)),
        ])
    });
    let widths = [
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Max(16),
        Constraint::Max(32),
        Constraint::Max(36),
        Constraint::Fill(1),
    ];
    let heads = ["AGE", "TOKENS", "COST", "ROOM", "TEAM", "MODEL", "CALL", ""];
    let table = Table::new(rows, widths)
        .header(Row::new(heads).style(BOLD))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::default();
    state.select(view.position());
    frame.render_stateful_widget(table, area, &mut state);
}

/// A cost in its column: to the micro-dollar at most.
fn short(usd: &str) -> String {
    match usd.split_once('.') {
        Some((whole, rest)) => format!("${whole}.{}", rest.get(..6).unwrap_or(rest)),
        None => format!("${usd}"),
    }
}

fn draw_spend(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let [head, chart] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let title = "SPEND A MINUTE, by when calls began";
    frame.render_widget(Paragraph::new(Span::styled(title, BOLD)), head);
    let scene = &view.scene;
    let this_minute = scene.at.0.div_euclid(60_000);
    let columns = i64::from(chart.width);
    let bars = (0..columns).map(|column| {
        let minute = (this_minute - (columns - 1 - column)) * 60_000;
        let found = scene.minutes.iter().find(|known| known.at.0 == minute);
        // A bar is a picture, not a sum: micro-dollars are fine enough.
        found.map_or(0, |known| u64::try_from(known.cost.0 / 1_000_000).unwrap_or(0))
    });
    frame.render_widget(Sparkline::default().data(bars.collect::<Vec<u64>>()), chart);
}

fn draw_troubles(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let heads = ["REFUSED", "THROTTLED", "CALLS", "TEAM", "MODEL, THIS HOUR"];
    let rows = view.scene.troubles.iter().map(|trouble| {
        let team = if trouble.team.is_empty() { "–" } else { &trouble.team };
        Row::new([
            trouble.refused.to_string(),
            trouble.throttled_attempts.to_string(),
            trouble.calls.to_string(),
            team.to_owned(),
            trouble.model.clone(),
        ])
    });
    let widths = [
        Constraint::Length(9),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Max(16),
        Constraint::Fill(1),
    ];
    frame.render_widget(Table::new(rows, widths).header(Row::new(heads).style(BOLD)), area);
}
