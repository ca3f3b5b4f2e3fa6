//! Overview: what is spent, what may be by the month's end, what fails, what throttles, and who comes
//! near a limit.

use bursar_admin::{BudgetRow, Group, Outlay, SumLine, View};
use bursar_ledger::Counters;

use super::spend::{EMPTY, all, ask, by_value, lead, points, series};
use super::{ALL, Page, Visit};
use crate::chart::{self, Chart, Series, Subject, Unit};
use crate::content::{Block, Content, Tile};
use crate::figures;
use crate::filters::Filters;
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
const TEAMS: usize = 5;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let period = &filters.period;
    let lines = view.sums(&ask(&filters, period, (Group::Model, true))).await?;
    let before = view.sums(&ask(&filters, &period.previous(), (Group::Model, false))).await?;
    let outlay = view.outlay().await?;
    let running = view.running(None).await?.len();
    let mut blocks =
        vec![Block::Tiles(tiles((&outlay, running), (&all(&lines), &all(&before)), &filters))];
    blocks.extend(alerts(&view).await?);
    let subject = |word, title: &str, unit| Subject {
        word,
        title: title.to_owned(),
        unit,
        points: points(period),
    };
    let spend = series(period, &lines, |sums| sums.cost.0);
    blocks.push(Block::Chart(Box::new(Chart::bars(
        subject("spend", "Spend by model", Unit::Dollars),
        spend,
    ))));
    let errors =
        rates(series(period, &lines, failed), &series(period, &lines, |sums| sums.calls.into()));
    let throttled = rates(
        series(period, &lines, |sums| sums.throttled_attempts.into()),
        &series(period, &lines, |sums| sums.attempts.into()),
    );
    for (word, title, series) in [
        ("errors", "Errors by model, of a hundred calls", errors),
        ("throttles", "Throttled attempts by model, of a hundred", throttled),
    ] {
        blocks
            .push(Block::Chart(Box::new(Chart::lines(subject(word, title, Unit::Tenths), series))));
    }
    if view.viewer().sight.part().is_none() {
        let teams = view.sums(&ask(&filters, period, (Group::Team, false))).await?;
        blocks.push(Block::Sheet(top_teams(&teams, &filters)));
    }
    if lines.is_empty() {
        blocks.push(Block::Note(EMPTY.to_owned()));
    }
    Ok(Content { lead: lead(&view, &filters), has_filters: true, blocks, ..Content::default() })
}

fn failed(sums: &Counters) -> i128 {
    i128::from(sums.rejected + sums.failed)
}

/// Shares in tenths of a percent; nothing where there is no whole.
fn rates(parts: Vec<Series>, wholes: &[Series]) -> Vec<Series> {
    let rated = parts.into_iter().map(|part| {
        let whole = wholes.iter().find(|whole| whole.name == part.name);
        let figures = part.figures.iter().enumerate().map(|(place, figure)| {
            let whole = whole.and_then(|whole| whole.figures.get(place)).copied();
            whole.filter(|whole| *whole > 0).map_or(0, |whole| figure * 1_000 / whole)
        });
        Series { figures: figures.collect(), name: part.name }
    });
    rated.filter(|series| series.figures.iter().any(|figure| *figure > 0)).collect()
}

fn tiles(
    (outlay, running): (&Outlay, usize),
    (now, before): (&Counters, &Counters),
    filters: &Filters,
) -> Vec<Tile> {
    let rate = |sums: &Counters| figures::share(failed(sums), sums.calls.into());
    let throttles =
        |sums: &Counters| figures::share(sums.throttled_attempts.into(), sums.attempts.into());
    let was = |text: String| Some(format!("{text} as long before"));
    let yesterday = format!("{} yesterday", figures::money(outlay.yesterday));
    let calls = |outcome| filters.link("/calls", &[("outcome", Some(outcome))]);
    vec![
        Tile::new("Spent today", figures::money(outlay.today), outlay.today.usd())
            .beside(Some(yesterday)),
        Tile::new("Month to date", figures::money(outlay.month), outlay.month.usd())
            .leads("/spend?range=month"),
        ahead(outlay),
        Tile::new("In this range", figures::money(now.cost), now.cost.usd())
            .beside(figures::delta(now.cost.0, before.cost.0)),
        Tile::new("Calls", figures::count(now.calls), now.calls).leads(filters.link("/calls", &[])),
        Tile::new("Errors", rate(now), failed(now))
            .beside(was(rate(before)))
            .leads(calls("failed")),
        Tile::new("Throttled", throttles(now), now.throttled_attempts)
            .beside(was(throttles(before)))
            .leads(calls("throttled")),
        Tile::new("Refused", figures::count(now.refused), now.refused)
            .beside(was(figures::count(before.refused))),
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

async fn alerts(view: &View) -> Result<Vec<Block>, Problem> {
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
        return Ok(Vec::new());
    }
    Ok(vec![Block::Sheet(Sheet {
        word: "alerts",
        title: "What needs a look".to_owned(),
        columns: vec![("what", Fill::Words), ("used", Fill::Figures), ("why", Fill::Words)],
        rows,
        ..Sheet::default()
    })])
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
            Cell::text(figures::share(sums.cost.0, sum.cost.0)),
            Cell::figure(figures::count(sums.calls), sums.calls),
        ]
    });
    Sheet {
        word: "teams",
        title: "Teams that spend most".to_owned(),
        columns: vec![
            ("team", Fill::Words),
            ("cost", Fill::Figures),
            ("share", Fill::Figures),
            ("calls", Fill::Figures),
        ],
        rows: rows.collect(),
        empty: EMPTY.to_owned(),
        next: None,
    }
}
