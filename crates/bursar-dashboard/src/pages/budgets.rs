//! Budgets: how limits stand, what is frozen, and for who may, setting and ending limits, and thawing.

use std::collections::BTreeMap;

use bursar_admin::{
    BudgetRow, FreezeRow, LimitQuery, LimitWords, RefusedWhy, Role, Selectors, View,
};
use bursar_domain::budget::Mode;
use bursar_domain::span::Zone;
use bursar_domain::time::Timestamp;

use super::calls::time;
use super::{ALL, Done, Page, Visit};
use crate::burn::{self, Burn};
use crate::chart;
use crate::content::{Act, Ask, Block, Content, Doable, Field};
use crate::form::Form;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/budgets",
    label: Some("Budgets"),
    title: "Budgets",
    roles: ALL,
    picks: &[],
    show: |visit| Box::pin(show(visit)),
    act: Some(|visit, form| Box::pin(act(visit, form))),
};

/// What stands in the audit log unless somebody writes another reason.
const REASON: &str = "by hand, on the dashboard";
/// So many limits are drawn: those that are used most.
const PICTURES: usize = 9;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let (budgets, freezes) = (view.budgets().await?, view.freezes().await?);
    let now = view.now();
    let mut blocks = Vec::new();
    let burns = burns(&view, &budgets).await?;
    if !burns.is_empty() {
        blocks.push(Block::Burns("How they burn down", burns));
    }
    let why = view.refused_why(&budgets).await?;
    blocks.push(Block::Sheet(budget_sheet((&budgets, &why), (now, filters.zone))));
    if !freezes.is_empty() {
        blocks.extend(frozen(&view, &freezes, filters.zone));
    }
    if matches!(view.viewer().role, Role::Admin | Role::Lead) {
        let team = view.viewer().sight.part().map(|part| part.team.clone()).unwrap_or_default();
        let whom = |team: String| {
            vec![
                Field { value: team, ..Field::empty("team", "Team") },
                Field::empty("project", "Project"),
                Field::empty("user", "User"),
                Field::empty("key", "Key"),
                Field::empty("model", "Model"),
                Field { value: "month".to_owned(), ..Field::empty("window", "Window") },
            ]
        };
        let mut fields = whom(team.clone());
        fields.push(Field::empty("limit", "Limit, such as 500usd"));
        fields.push(Field { value: "hard".to_owned(), ..Field::empty("mode", "Mode") });
        let ask = |title: &str, what, button, fields| {
            Block::Form(Ask { title: title.to_owned(), what, button, fields })
        };
        blocks.push(ask("Set a limit, or change one", "set", "Set the limit", fields));
        blocks.push(ask("End a limit", "end", "End the limit", whom(team)));
    }
    Ok(Content { blocks, ..Content::default() })
}

/// Limits, those that are used most first.
fn by_use(budgets: &[BudgetRow]) -> Vec<&BudgetRow> {
    let used = |row: &&BudgetRow| {
        let (used, limit) = row.figures.used_of();
        used * 1_000 / limit.max(1)
    };
    let mut most: Vec<&BudgetRow> = budgets.iter().collect();
    most.sort_by_key(|row| std::cmp::Reverse(used(row)));
    most
}

/// How the limits burn down that are used most.
async fn burns(view: &View, budgets: &[BudgetRow]) -> Result<Vec<Burn>, Problem> {
    let mut burns = Vec::new();
    for row in by_use(budgets).into_iter().take(PICTURES) {
        let days = view.burned(row).await?.unwrap_or_default();
        burns.extend(Burn::of(row, &days, view.now()));
    }
    Ok(burns)
}

fn budget_sheet(
    (budgets, why): (&[BudgetRow], &BTreeMap<String, RefusedWhy>),
    (now, zone): (Timestamp, Zone),
) -> Sheet {
    let columns = [
        ("limit", Fill::Words),
        ("of", Fill::Words),
        ("state", Fill::Words),
        ("spent", Fill::Figures),
        ("held", Fill::Figures),
        ("allowed", Fill::Figures),
        ("left", Fill::Figures),
        ("used", Fill::Figures),
        ("of its time", Fill::Figures),
        ("days left", Fill::Figures),
        ("at this pace", Fill::Words),
        ("refused", Fill::Figures),
        ("why", Fill::Words),
        ("mode", Fill::Words),
        ("begins anew", Fill::Words),
    ];
    Sheet {
        word: "budgets",
        title: "Limits, and how they stand".to_owned(),
        columns: columns.to_vec(),
        rows: by_use(budgets)
            .into_iter()
            .map(|row| budget((row, why.get(&row.window_id)), (now, zone)))
            .collect(),
        empty:
            "No limit is set. `bursar budget set --team NAME --window month --limit 500usd` sets \
                one, and so does the form above."
                .to_owned(),
        next: None,
    }
}

fn budget(
    (row, why): (&BudgetRow, Option<&RefusedWhy>),
    (now, zone): (Timestamp, Zone),
) -> Vec<Cell> {
    let figures = &row.figures;
    let amount = |text: &str| Cell::figure(figures.words(text), text);
    let (used, limit) = figures.used_of();
    let percent = if limit > 0 { used * 100 / limit } else { 0 };
    let gone = gone(row, now);
    // In the colours of how calls end.
    let (state, colour) = match percent {
        _ if limit == 0 => ("nothing is allowed", "failed"),
        100.. => ("used up", "failed"),
        80.. => ("nearly used up", "throttled"),
        _ if gone.is_some_and(|gone| percent > gone + 20) => ("faster than its time", "throttled"),
        _ => ("in time", "succeeded"),
    };
    let anew = figures.window_end.as_deref();
    let left = burn::left(figures, now);
    vec![
        Cell::text(&row.name),
        Cell::maybe(row.each_value.as_deref()),
        Cell::text(state).marked(chart::colour(colour)),
        amount(&figures.spent),
        amount(&figures.held),
        amount(&figures.limit),
        amount(&figures.remaining),
        Cell::figure(format!("{percent} %"), percent).barred(percent),
        gone.map_or_else(|| Cell::text("–"), |gone| Cell::figure(format!("{gone} %"), gone)),
        left.map_or_else(|| Cell::text("–"), |days| Cell::figure(days.to_string(), days)),
        Cell::text(burn::outlook(row, now)),
        Cell::figure(figures.refused.to_string(), figures.refused),
        Cell::text(reasons(row, why)),
        Cell::text(&figures.mode),
        anew.map_or_else(|| Cell::text("never"), |at| day(at, zone)),
    ]
}

/// A time, of which midnight is not said.
fn day(at: &str, zone: Zone) -> Cell {
    let cell = time(at, zone);
    let day = cell.text.strip_suffix(" 00:00:00").map(str::to_owned);
    Cell { text: day.unwrap_or(cell.text), ..cell }
}

/// Why a limit refused calls, in words: of all of them, or of the last that are kept.
fn reasons(row: &BudgetRow, why: Option<&RefusedWhy>) -> String {
    let refused = i64::try_from(row.figures.refused).unwrap_or(i64::MAX);
    if refused == 0 {
        return "–".to_owned();
    }
    if row.figures.mode == Mode::Shadow.as_str() {
        return "a shadow: it would have".to_owned();
    }
    let Some(why) = why.filter(|why| why.of > 0) else {
        return "`bursar why CALL` says".to_owned();
    };
    let each = why.reasons.iter().map(|reason| format!("{} {}", reason.refused, reason.reason));
    let all = each.collect::<Vec<_>>().join(", ");
    if why.of < refused { format!("{all}; of the last {}", why.of) } else { all }
}

/// How much of a limit's time is over, in percent; `None` where it never begins anew.
fn gone(row: &BudgetRow, now: Timestamp) -> Option<i128> {
    let at = |text: &Option<String>| Timestamp::parse_rfc3339(text.as_deref()?).map(|at| at.0);
    let (start, end) = (at(&row.figures.window_start)?, at(&row.figures.window_end)?);
    let whole = i128::from(end - start);
    (whole > 0).then(|| (i128::from(now.0 - start) * 100 / whole).clamp(0, 100))
}

/// Who is frozen; with a button for each freeze that the viewer may end.
fn frozen(view: &View, freezes: &[FreezeRow], zone: Zone) -> Vec<Block> {
    let sheet = freeze_sheet(freezes, zone);
    let thaw = |freeze: &FreezeRow| {
        let about = format!("Thaw {}", freeze.name);
        let thaw = Act { name: "thaw", value: freeze.name.clone(), label: "Thaw", about };
        view.may_thaw(freeze).then_some(thaw).into_iter().collect::<Vec<_>>()
    };
    let acts: Vec<Vec<Act>> = freezes.iter().map(thaw).collect();
    if acts.iter().all(Vec::is_empty) {
        return vec![Block::Sheet(sheet)];
    }
    let fields = vec![Field { value: REASON.to_owned(), ..Field::empty("reason", "Why") }];
    let note = "A thaw ends a freeze, and those of whatever is part of it: that of a team those of its \
                keys, too.";
    vec![Block::Doable(Doable { sheet, acts, fields }), Block::Note(note.to_owned())]
}

fn freeze_sheet(freezes: &[FreezeRow], zone: Zone) -> Sheet {
    let row = |freeze: &FreezeRow| {
        vec![
            Cell::text(&freeze.name),
            Cell::text(&freeze.reason),
            Cell::text(&freeze.by),
            time(&freeze.at, zone),
        ]
    };
    Sheet {
        word: "freezes",
        title: "Frozen: every call is refused".to_owned(),
        columns: ["who", "why", "by", "since"].map(|label| (label, Fill::Words)).to_vec(),
        rows: freezes.iter().map(row).collect(),
        ..Sheet::default()
    }
}

async fn act(visit: Visit, form: Form) -> Result<Done, Problem> {
    let said = |name: &str| Some(form.text(name).trim()).filter(|text| !text.is_empty());
    if let Some(name) = said("thaw") {
        visit.view.thaw(name, said("reason").unwrap_or_default()).await?;
        return Ok(Done::Go(PAGE.path.to_owned()));
    }
    let text = |name: &str| said(name).map(str::to_owned);
    let select = Selectors {
        team: text("team"),
        project: text("project"),
        user: text("user"),
        key: text("key"),
        model: text("model"),
        ..Selectors::default()
    };
    let window = said("window").unwrap_or_default().to_owned();
    match form.text("do") {
        "set" => {
            let limit = said("limit").unwrap_or_default().to_owned();
            let words = LimitWords { window, limit, mode: text("mode"), ..LimitWords::default() };
            visit.view.set_budget(&select, &words).await?;
        }
        "end" => {
            let window = Some(window).filter(|window| !window.is_empty());
            let query = LimitQuery { selectors: select, window, ..LimitQuery::default() };
            visit.view.end_budget(&query).await?;
        }
        other => {
            let shown = crate::filters::shown(other);
            return Err(Problem::usage(format!("`{shown}` cannot be done here")));
        }
    }
    Ok(Done::Go(PAGE.path.to_owned()))
}
