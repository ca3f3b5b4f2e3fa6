//! Reliability: how calls ended over time, what throttled when, and the errors with what to do about
//! them, in the words of the command line.

use bursar_admin::{Fault, Group, SumAsk, SumLine, View};
use bursar_domain::span::Zone;
use bursar_domain::time::{HOUR_MS, Timestamp};
use bursar_ledger::{Counters, Ledger};
use tokio::try_join;

use super::spend::{EMPTY, NONE, all, ask, lead, points, series};
use super::{ALL, Page, Visit, calls};
use crate::chart::{self, Chart, Series, Subject, Unit};
use crate::content::{Block, Content, Field, Tile};
use crate::figures;
use crate::filters::{Filters, escaped};
use crate::heat::{self, Heat, Spot};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/reliability",
    label: Some("Reliability"),
    title: "Reliability",
    roles: ALL,
    picks: &["team", "model"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// So many hours are on the heat map at most.
const HEAT_HOURS: i64 = 24;

/// How a request can end: its word, and how many did.
type Ending = (&'static str, fn(&Counters) -> i64);

/// Every way to end. What was refused was never sent, and is no call.
const ENDINGS: [Ending; 7] = [
    ("succeeded", |sums| sums.succeeded),
    ("rejected", |sums| sums.rejected),
    ("throttled", |sums| sums.throttled),
    ("failed", |sums| sums.failed),
    ("cut", |sums| sums.cut),
    ("abandoned", |sums| sums.abandoned),
    (chart::REFUSED, |sums| sums.refused),
];

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let period = &filters.period;
    let by_model = ask(&filters, period, (Group::Model, true));
    let of_before = ask(&filters, &period.previous(), (Group::Model, false));
    let (lines, before) = try_join!(view.sums(&by_model), view.sums(&of_before))?;
    let (now, before) = (all(&lines), all(&before));
    let subject = Subject {
        word: "outcomes",
        title: "How calls ended".to_owned(),
        unit: Unit::Count,
        points: points(period),
        grain: period.grain(),
        empty: EMPTY,
    };
    let outcomes: Vec<Series> = ENDINGS
        .into_iter()
        .map(|(name, of)| {
            let by_model = series(period, &lines, |sums| of(sums).into());
            let figure =
                |place: usize| by_model.iter().filter_map(|one| one.figures.get(place)).sum();
            let figures = (0..period.points().len()).map(figure).collect();
            Series { name: name.to_owned(), figures }
        })
        .filter(|series| series.figures.iter().any(|figure: &i128| *figure > 0))
        .collect();
    let blocks = vec![
        Block::Tiles(tiles(&now, &before, &filters)),
        Block::Chart(Box::new(Chart::bars(&subject, outcomes))),
        heat_map(&view, &filters).await?,
        Block::Sheet(fault_sheet(&view, &filters, filters.pick("model")).await?),
        Block::Note(faults_note()),
        Block::Sheet(ending_sheet(&now, &before, &filters)),
    ];
    Ok(Content {
        lead: lead(&view, &filters),
        has_filters: true,
        fields: vec![Field::of("team", "Team", &filters), Field::of("model", "Model", &filters)],
        blocks,
        ..Content::default()
    })
}

fn tiles(now: &Counters, before: &Counters, filters: &Filters) -> Vec<Tile> {
    let was = |text: String| match before.calls + before.refused {
        0 => Some("nothing as long before".to_owned()),
        _ => Some(format!("{text} as long before")),
    };
    let errors = |sums: &Counters| sums.rejected + sums.failed;
    let rate = |sums: &Counters| figures::share(errors(sums).into(), sums.calls.into());
    let throttles =
        |sums: &Counters| figures::share(sums.throttled_attempts.into(), sums.attempts.into());
    let count = |label: &str, of: fn(&Counters) -> i64| {
        Tile::new(label, figures::count(of(now)), of(now)).beside(was(figures::count(of(before))))
    };
    let calls = |outcome| filters.link("/calls", &[("outcome", Some(outcome))]);
    vec![
        count("Calls", |sums| sums.calls).leads(filters.link("/calls", &[])),
        Tile::new("Errors", rate(now), errors(now))
            .beside(was(rate(before)))
            .leads(calls("failed")),
        Tile::new("Throttled attempts", throttles(now), now.throttled_attempts)
            .beside(was(throttles(before)))
            .leads(calls("throttled")),
        count("Refused", |sums| sums.refused),
        count("Cut", |sums| sums.cut).leads(calls("cut")),
        count("Abandoned", |sums| sums.abandoned).leads(calls("abandoned")),
    ]
}

/// Throttles by hour and model, of the last hours of the range that have begun.
async fn heat_map(view: &View, filters: &Filters) -> Result<Block, Problem> {
    let period = &filters.period;
    let begun = Timestamp(view.now().hour().0 + HOUR_MS);
    let until = period.until.min(begun).max(period.since);
    let since = period.since.max(Timestamp(until.0 - HEAT_HOURS * HOUR_MS));
    let by_hour = ask(filters, period, (Group::Model, true));
    let by_hour = SumAsk { since, until, is_hourly: true, step_ms: Some(HOUR_MS), ..by_hour };
    let lines = match view.sums(&by_hour).await.map_err(Problem::from) {
        Ok(lines) => lines,
        // Whose team it is was asked before.
        Err(problem) if problem.status.as_u16() == 400 => {
            let why = problem.text();
            return Ok(Block::Note(format!(
                "Throttled attempts by the hour are not shown: {why}."
            )));
        }
        Err(problem) => return Err(problem),
    };
    let spots = spots(since, &lines);
    if spots.is_empty() {
        let note = "No request was made to Bedrock in the last hours of this range, so that there \
                    is no picture of throttling by the hour.";
        return Ok(Block::Note(note.to_owned()));
    }
    Ok(Block::Heat(Box::new(Heat::new(heat_subject((since, until)), &spots))))
}

fn heat_subject((since, until): (Timestamp, Timestamp)) -> heat::Subject {
    let count = (until.0 - since.0) / HOUR_MS;
    let hour = |number: i64| {
        let text = Timestamp(since.0 + number * HOUR_MS).to_string();
        text.get(5..16).unwrap_or(&text).replace('T', " ")
    };
    let title = match count {
        1 => "Throttled attempts by model, in the last hour of the range, in percent".to_owned(),
        _ => format!(
            "Throttled attempts by hour and model, in the last {count} hours of the range, in \
             percent"
        ),
    };
    let words = ("throttled", "attempts");
    heat::Subject { word: "throttles", title, hours: (0..count).map(hour).collect(), words }
}

/// From the first hour to the last.
fn spots(since: Timestamp, lines: &[SumLine]) -> Vec<Spot> {
    let spot = |line: &SumLine| Spot {
        place: usize::try_from((line.at.unwrap_or(since).0 - since.0) / HOUR_MS)
            .unwrap_or_default(),
        name: line.value.clone().unwrap_or_else(|| NONE.to_owned()),
        part: line.counters.throttled_attempts,
        whole: line.counters.attempts,
    };
    lines.iter().filter(|line| line.counters.attempts > 0).map(spot).collect()
}

/// Errors by kind, with what to do about the last of each.
pub(super) async fn fault_sheet(
    view: &View,
    filters: &Filters,
    model: Option<&str>,
) -> Result<Sheet, Problem> {
    let range = (filters.period.since, filters.period.until);
    let faults = view.faults(range, (filters.pick("team"), model)).await?;
    Ok(faults_as_table(&faults, filters.zone))
}

fn faults_as_table(faults: &[Fault], zone: Zone) -> Sheet {
    let row = |Fault { row, advice }: &Fault| {
        let status = row.status().map(|status| status.to_string());
        let what = format!("{}: {}", advice.what, advice.why);
        vec![
            Cell::maybe(Some(row.code.as_str()).filter(|code| !code.is_empty())),
            Cell::maybe(status.as_deref()),
            Cell::figure(figures::count(row.calls), row.calls),
            calls::time(&row.started_at().to_string(), zone).leads(calls::href(&row.call_id)),
            Cell::text(&row.model)
                .leads(format!("/models/{}", escaped(&row.model)))
                .marked(chart::colour(&row.model)),
            Cell::text(what),
            Cell::text(advice.next.join("; ")),
        ]
    };
    Sheet {
        word: "faults",
        title: "Errors by kind, and what to do".to_owned(),
        columns: vec![
            ("error", Fill::Words),
            ("status", Fill::Words),
            ("calls", Fill::Figures),
            ("last seen", Fill::Words),
            ("of the model", Fill::Words),
            ("what happened", Fill::Words),
            ("what to do", Fill::Words),
        ],
        rows: faults.iter().map(row).collect(),
        empty: "No call of this range ended with an error.".to_owned(),
        next: None,
    }
}

pub(super) fn faults_note() -> String {
    format!(
        "Errors by kind, and a model's versions, are told of the last {} calls that the range has. \
         What is said of a kind is said of the last call that ended so, as `bursar why` says it.",
        figures::count(Ledger::FAULT_CALLS_MAX)
    )
}

fn ending_sheet(now: &Counters, before: &Counters, filters: &Filters) -> Sheet {
    let whole = now.calls + now.refused;
    let row = |(name, of): Ending| {
        let (count, was) = (of(now), of(before));
        let link = filters.link("/calls", &[("outcome", Some(name))]);
        let word = Cell::text(name).marked(chart::colour(name));
        vec![
            if name == chart::REFUSED { word } else { word.leads(link) },
            Cell::figure(figures::count(count), count),
            Cell::share(count.into(), whole.into()),
            Cell::figure(figures::count(was), was),
            Cell::text(figures::delta(count.into(), was.into()).unwrap_or_else(|| "–".to_owned())),
        ]
    };
    Sheet {
        word: "endings",
        title: "By how they ended".to_owned(),
        columns: vec![
            ("outcome", Fill::Words),
            ("calls", Fill::Figures),
            ("share", Fill::Figures),
            ("as long before", Fill::Figures),
            ("change", Fill::Figures),
        ],
        rows: if whole == 0 { Vec::new() } else { ENDINGS.into_iter().map(row).collect() },
        empty: EMPTY.to_owned(),
        next: None,
    }
}
