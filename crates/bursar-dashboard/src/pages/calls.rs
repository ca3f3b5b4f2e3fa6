//! Calls: the ledger, page by page, and one call in full.

use bursar_admin::{ArchivePlace, CallPage, CallQuery, CallReply};
use bursar_domain::call::{Operation, Outcome};
use bursar_domain::money::Total;
use bursar_domain::span::Zone;
use bursar_domain::time::Timestamp;

use super::{ALL, Page, Visit};
use crate::content::{Block, Choice, Content, Field};
use crate::figures;
use crate::filters::{Filters, escaped};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/calls",
    label: Some("Calls"),
    title: "Calls",
    roles: ALL,
    picks: &[
        "team",
        "model",
        "key",
        "user",
        "outcome",
        "operation",
        "request_id",
        "session",
        "after",
    ],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// Rows on a page.
const ROWS: u32 = 50;
/// Rows of a table as CSV.
const CSV_ROWS: u32 = 1_000;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let own = |name| filters.pick(name).map(str::to_owned);
    let query = CallQuery {
        since: Some(filters.period.since.to_string()),
        until: Some(filters.period.until.to_string()),
        model: own("model"),
        team: own("team"),
        user: own("user"),
        key: own("key"),
        outcome: own("outcome"),
        operation: own("operation"),
        id: None,
        request_id: own("request_id"),
        session: own("session"),
        limit: Some(if filters.csv.is_some() { CSV_ROWS } else { ROWS }),
        after: own("after"),
    };
    let page = view.calls(&query).await?;
    let operations: Vec<&str> =
        [""].into_iter().chain(Operation::ALL.iter().map(|one| one.as_str())).collect();
    let picked = |name| filters.pick(name).unwrap_or_default();
    let mut blocks = vec![Block::Sheet(sheet(&page, &filters))];
    blocks.extend(archive_notes(&page.archived));
    Ok(Content {
        has_filters: true,
        choices: vec![
            Choice::of("outcome", "Outcome", &outcomes(), picked("outcome")),
            Choice::of("operation", "Operation", &operations, picked("operation")),
        ],
        fields: vec![
            Field::of("team", "Team", &filters),
            Field::of("model", "Model", &filters),
            Field::of("key", "Key", &filters),
            Field::of("user", "User", &filters),
            Field::of("session", "Session", &filters),
            Field::of("request_id", "Request id", &filters),
        ],
        blocks,
        ..Content::default()
    })
}

/// How a call can have ended, and none of that in particular.
pub(super) fn outcomes() -> Vec<&'static str> {
    [""].into_iter().chain(Outcome::ALL.iter().map(|outcome| outcome.as_str())).collect()
}

/// Where calls are that were asked for and are archived.
pub(super) fn archive_notes(places: &[ArchivePlace]) -> impl Iterator<Item = Block> {
    places.iter().map(|place| {
        Block::Note(format!(
            "The calls of {} are archived; `bursar calls --ledger sqlite:ARCHIVE` has them{}.",
            place.month,
            if place.file.is_empty() { String::new() } else { format!(": {}", place.file) }
        ))
    })
}

fn sheet(page: &CallPage, filters: &Filters) -> Sheet {
    let next = page.next.as_deref().map(|after| filters.link("/calls", &[("after", Some(after))]));
    Sheet {
        word: "calls",
        title: "Calls, newest first".to_owned(),
        columns: vec![
            ("started", Fill::Words),
            ("id", Fill::Words),
            ("team", Fill::Words),
            ("user", Fill::Words),
            ("key", Fill::Words),
            ("model", Fill::Words),
            ("outcome", Fill::Words),
            ("input tokens", Fill::Figures),
            ("output tokens", Fill::Figures),
            ("cost", Fill::Figures),
            ("took", Fill::Figures),
        ],
        rows: page.rows.iter().map(|call| row(call, filters.zone)).collect(),
        empty: "No call is recorded that is all of that. A longer range has more.".to_owned(),
        next,
    }
}

fn row(call: &CallReply, zone: Zone) -> Vec<Cell> {
    let count = |number: u64| Cell::figure(figures::tokens(signed(number)), number);
    vec![
        time(&call.started_at, zone),
        named(&call.id),
        Cell::maybe(call.team.as_deref()),
        Cell::maybe(call.user.as_deref()),
        key(call.key.as_deref()),
        Cell::text(&call.model).marked(crate::chart::colour(&call.model)),
        outcome(&call.outcome),
        count(call.input_tokens),
        count(call.output_tokens),
        dollars(call.cost_usd.as_deref()),
        took(call),
    ]
}

/// Where a call is shown in full.
pub(super) fn href(id: &str) -> String {
    format!("/calls/{}", escaped(id))
}

/// A call, by the end of its id.
pub(super) fn named(id: &str) -> Cell {
    Cell::text(short(id)).leads(href(id)).exactly(id)
}

/// A key, by the end of its id.
pub(super) fn key(id: Option<&str>) -> Cell {
    id.map_or_else(|| Cell::maybe(None), |id| Cell::text(short(id)).exactly(id))
}

/// How a call ended; only what went wrong has its colour.
fn outcome(word: &str) -> Cell {
    let cell = Cell::text(word);
    if word == Outcome::Succeeded.as_str() { cell } else { cell.marked(crate::chart::colour(word)) }
}

/// The end of an id, which tells calls of a page apart.
fn short(id: &str) -> String {
    match id.char_indices().rev().nth(7) {
        Some((end, _)) if end > 0 => format!("…{}", &id[end..]),
        _ => id.to_owned(),
    }
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time as the reply has it, on somebody's clocks.
pub(super) fn time(text: &str, zone: Zone) -> Cell {
    let at = Timestamp::parse_rfc3339(text);
    Cell::text(at.map_or_else(|| text.to_owned(), |at| figures::time(at, zone))).exactly(text)
}

/// Dollars as the reply has them.
pub(super) fn dollars(text: Option<&str>) -> Cell {
    let total = text.and_then(|text| bursar_domain::money::parse_decimal(text, 12).ok());
    match (text, total) {
        (Some(text), Some(pico)) => Cell::figure(figures::money(Total(pico.into())), text),
        _ => Cell::maybe(text),
    }
}

pub(super) fn took(call: &CallReply) -> Cell {
    let at = |text: &str| Timestamp::parse_rfc3339(text).map(|at| at.0);
    let took = at(&call.ended_at).zip(at(&call.started_at)).map(|(end, start)| end - start);
    took.map_or_else(|| Cell::text("–"), |ms| Cell::figure(figures::duration(ms), ms))
}
