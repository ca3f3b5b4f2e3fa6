//! Overview: what is spent, what may be by the month's end, what fails, what throttles, and who comes
//! near a limit.

use bursar_admin::{BudgetRow, Group, Outlay, SumLine, View};
use bursar_ledger::Counters;
use tokio::try_join;

use super::spend::{EMPTY, all, ask, by_value, lead, points, series};
use super::{ALL, Page, Visit};
use crate::chart::{self, Chart, Ratio, Series, Subject, Unit};
use crate::content::{Block, Content, Tile};
use crate::figures;
use crate::filters::{Filters, escaped};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/",
    label: Some("Overview"),
    title: "Overview",
    roles: ALL,
    picks: &[],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// From so much of its limit on, in percent, a budget is an alert.
const NEAR: i128 = 80;
/// So many teams are on the page.
const TEAMS: usize = 7;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let period = &filters.period;
    let by_model = ask(&filters, period, (Group::Model, true));
    let of_before = ask(&filters, &period.previous(), (Group::Model, false));
    let by_team = ask(&filters, period, (Group::Team, false));
    let sees_all = view.viewer().sight.part().is_none();
    let teams = async { if sees_all { view.sums(&by_team).await } else { Ok(Vec::new()) } };
    let (lines, before, teams, outlay, running) = try_join!(
        view.sums(&by_model),
        view.sums(&of_before),
        teams,
        view.outlay(),
        view.running(None),
    )?;
    let (now, before, running) = (all(&lines), all(&before), running.len());
    let mut blocks = vec![
        (HERO, Block::Tiles(money_tiles(&outlay, (&now, &before), &filters))),
        (WHOLE, Block::Tiles(call_tiles(running, (&now, &before), &filters))),
    ];
    blocks.extend(alerts(&view).await?.map(|alerts| (WHOLE, alerts)));
    let sees_teams = sees_all && !lines.is_empty();
    blocks.push((if sees_teams { 4 } else { WHOLE }, spend_chart(&lines, &filters)));
    if sees_teams {
        blocks.push((2, Block::Sheet(top_teams(&teams, &filters))));
    }
    if !lines.is_empty() {
        blocks.extend(rate_charts(&lines, &filters).map(|chart| (3, chart)));
    }
    let (spans, blocks) = blocks.into_iter().unzip();
    let lead = lead(&view, &filters);
    Ok(Content { lead, has_filters: true, blocks, spans, ..Content::default() })
}

/// How wide a block is: all of the page, with large figures or as elsewhere.
const HERO: u8 = 0;
const WHOLE: u8 = 6;

/// Where a model is told in full.
fn model_href(model: &str, filters: &Filters) -> Option<String> {
    let is_named = model != super::spend::NONE;
    is_named.then(|| filters.fresh_link(&format!("/models/{}", escaped(model)), &[]))
}

fn spend_chart(lines: &[SumLine], filters: &Filters) -> Block {
    let period = &filters.period;
    let subject = Subject {
        word: "spend",
        title: "Spend by model".to_owned(),
        unit: Unit::Dollars,
        points: points(period),
        grain: period.grain(),
        empty: EMPTY,
    };
    let chart = Chart::bars(&subject, series(period, lines, |sums| sums.cost.0));
    Block::Chart(Box::new(chart.leading(|model| model_href(model, filters))))
}

/// What failed and what throttled, of a hundred, by model.
fn rate_charts(lines: &[SumLine], filters: &Filters) -> [Block; 2] {
    let period = &filters.period;
    let chart = |word, title: &str, empty, [part, whole]: [fn(&Counters) -> i128; 2]| {
        let subject = Subject {
            word,
            title: title.to_owned(),
            unit: Unit::Tenths,
            points: points(period),
            grain: period.grain(),
            empty,
        };
        let wholes = series(period, lines, whole).into_iter();
        let both = series(period, lines, part).into_iter().zip(wholes);
        let ratio = |(part, whole): (Series, Series)| Ratio {
            name: part.name,
            parts: part.figures,
            wholes: whole.figures,
        };
        let chart = Chart::rates(&subject, both.map(ratio).collect());
        Block::Chart(Box::new(chart.leading(|model| model_href(model, filters))))
    };
    [
        chart(
            "errors",
            "Errors by model, of a hundred calls",
            "No call of this range ended with an error.",
            [failed, |sums| sums.calls.into()],
        ),
        chart(
            "throttles",
            "Throttled attempts by model, of a hundred",
            "Nothing was throttled in this range.",
            [|sums| sums.throttled_attempts.into(), |sums| sums.attempts.into()],
        ),
    ]
}

fn failed(sums: &Counters) -> i128 {
    i128::from(sums.rejected + sums.failed)
}

fn money_tiles(
    outlay: &Outlay,
    (now, before): (&Counters, &Counters),
    filters: &Filters,
) -> Vec<Tile> {
    let yesterday = format!("{} yesterday", figures::money(outlay.yesterday));
    let delta = figures::delta(now.cost.0, before.cost.0);
    vec![
        Tile::new("Spent today", figures::money(outlay.today), outlay.today.usd())
            .beside(Some(yesterday)),
        Tile::new("Month to date", figures::money(outlay.month), outlay.month.usd())
            .leads("/spend?range=month"),
        ahead(outlay),
        Tile::new("In this range", figures::money(now.cost), now.cost.usd())
            .beside(delta.map(|delta| format!("{delta} on as long before")))
            .leads(filters.link("/spend", &[])),
    ]
}

fn call_tiles(
    running: usize,
    (now, before): (&Counters, &Counters),
    filters: &Filters,
) -> Vec<Tile> {
    let rate = |sums: &Counters| figures::share(failed(sums), sums.calls.into());
    let throttles =
        |sums: &Counters| figures::share(sums.throttled_attempts.into(), sums.attempts.into());
    let has_before = before.calls + before.refused > 0;
    let was = |text: String| has_before.then(|| format!("{text} as long before"));
    let calls = |outcome| filters.link("/calls", &[("outcome", Some(outcome))]);
    vec![
        Tile::new("Calls", figures::count(now.calls), now.calls)
            .beside(was(figures::count(before.calls)))
            .leads(filters.link("/calls", &[])),
        Tile::new("Errors", rate(now), failed(now))
            .beside(was(rate(before)))
            .leads(calls("failed"))
            .marked("failed"),
        Tile::new("Throttled", throttles(now), now.throttled_attempts)
            .beside(was(throttles(before)))
            .leads(calls("throttled"))
            .marked("throttled"),
        Tile::new("Refused", figures::count(now.refused), now.refused)
            .beside(was(figures::count(before.refused)))
            .leads(filters.link("/reliability", &[]))
            .marked(chart::REFUSED),
        Tile::new("Runaways, cut", figures::count(now.cut), now.cut)
            .beside(was(figures::count(before.cut)))
            .leads(filters.link("/runaways", &[]))
            .marked("cut"),
        Tile::new("Running now", running.to_string(), running).leads("/live"),
    ]
}

/// What the month may have cost at its end, with its band; or that too little is known to tell.
fn ahead(outlay: &Outlay) -> Tile {
    let label = "By the month's end";
    let Some(ahead) = outlay.ahead else {
        let why = "too little is known: fewer than three whole days since the first call";
        return Tile::new(label, "–", "").beside(Some(why.to_owned()));
    };
    let (least, most) = (figures::money(ahead.least), figures::money(ahead.most));
    let band = if least == most {
        format!("each of the last {} days was alike", ahead.days)
    } else {
        format!("{least} to {most}, as the last {} days were", ahead.days)
    };
    Tile::new(label, figures::money(ahead.mean), ahead.mean.usd()).beside(Some(band))
}

async fn alerts(view: &View) -> Result<Option<Block>, Problem> {
    let budgets = view.budgets().await?;
    let used = |row: &BudgetRow| {
        let (used, limit) = row.figures.used_of();
        if limit > 0 { used * 100 / limit } else { 0 }
    };
    let near = budgets.iter().filter(|row| used(row) >= NEAR).map(|row| {
        let who = row.each_value.as_deref().map(|who| format!(" of {who}")).unwrap_or_default();
        vec![
            Cell::text(format!("{}{who}", row.name)).leads("/budgets"),
            Cell::figure(format!("{} %", used(row)), used(row)),
            Cell::text(format!(
                "{} of {}",
                row.figures.words(&row.figures.spent),
                row.figures.words(&row.figures.limit)
            )),
        ]
    });
    let freezes = view.freezes().await?.into_iter().map(|freeze| {
        vec![
            Cell::text(format!("frozen: {}", freeze.name)).leads("/budgets"),
            Cell::text("–"),
            Cell::text(freeze.reason),
        ]
    });
    let rows: Vec<Vec<Cell>> = freezes.chain(near).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Block::Sheet(Sheet {
        word: "alerts",
        title: "What needs a look".to_owned(),
        columns: vec![("what", Fill::Words), ("used", Fill::Figures), ("why", Fill::Words)],
        rows,
        ..Sheet::default()
    })))
}

fn top_teams(lines: &[SumLine], filters: &Filters) -> Sheet {
    let sum = all(lines);
    let mut teams: Vec<_> = by_value(lines).into_iter().collect();
    teams.sort_by(|one, other| (other.1.cost.0, one.0).cmp(&(one.1.cost.0, other.0)));
    let rows = teams.iter().take(TEAMS).map(|(team, sums)| {
        let name = Cell::text(team.unwrap_or(super::spend::NONE));
        let name = match team {
            Some(team) => name.leads(filters.link("/spend", &[("team", Some(team))])),
            None => name,
        };
        vec![
            name.marked(chart::colour(team.unwrap_or(super::spend::NONE))),
            Cell::figure(figures::money(sums.cost), sums.cost.usd()),
            Cell::share(sums.cost.0, sum.cost.0),
        ]
    });
    Sheet {
        word: "teams",
        title: "Teams that spend most".to_owned(),
        columns: vec![("team", Fill::Words), ("cost", Fill::Figures), ("share", Fill::Figures)],
        rows: rows.collect(),
        empty: EMPTY.to_owned(),
        next: None,
    }
}
