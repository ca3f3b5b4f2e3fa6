//! Exports: usage and calls of a range as CSV. What is read is sent at once, page by page of the
//! ledger, so that a file of ten million calls takes no more memory than one of a thousand.

use bursar_admin::{CallQuery, CallReply, Group, SumAsk, SumLine, UsageSums, View};
use serde_json::Value;

use super::spend::{EMPTY, all, ask};
use super::{ALL, Making, Page, Visit};
use crate::content::{Block, Choice, Content, Field};
use crate::figures;
use crate::filters::Filters;
use crate::pipe::{FILES_MAX, Pipe};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/exports",
    label: Some("Exports"),
    title: "Exports",
    roles: ALL,
    picks: &["team", "model", "key", "user", "outcome", "group", "tag"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// The files there are, by the words that URLs have for them.
const CALLS: &str = "calls";
const USAGE: &str = "usage";
/// Calls of one piece: a page of the ledger.
const CALL_ROWS: u32 = 1_000;
/// The columns of a usage file behind the time and the value: the keys of its sums.
const SUMS: [&str; 18] = [
    "calls",
    "succeeded",
    "rejected",
    "throttled",
    "failed",
    "cut",
    "abandoned",
    "refused",
    "attempts",
    "throttled_attempts",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cost_usd",
    "unpriced",
    "estimated",
];

/// What writes the file of this word, if there is one.
pub(super) fn file(word: &str) -> Option<fn(Visit, Pipe) -> Making<()>> {
    match word {
        CALLS => Some(|visit, pipe| Box::pin(write_calls(visit, pipe))),
        USAGE => Some(|visit, pipe| Box::pin(write_usage(visit, pipe))),
        _ => None,
    }
}

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let group = group(&filters)?;
    let sums = all(&view.sums(&ask(&filters, &filters.period, (Group::Model, false))).await?);
    let words: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
    let outcomes = super::calls::outcomes();
    let picked = filters.pick("outcome").unwrap_or_default();
    let step = if filters.period.is_hourly { "hour" } else { "day" };
    let is_part = ["key", "user", "outcome"].iter().any(|name| filters.pick(name).is_some());
    let at_most = if is_part { "at most " } else { "" };
    let row = |word: &'static str, name: String, what: String| {
        let link = filters.link("/exports", &[("format", Some("csv")), ("sheet", Some(word))]);
        vec![Cell::text(name).leads(link), Cell::text(what)]
    };
    let rows = vec![
        row(
            CALLS,
            "Calls as CSV".to_owned(),
            format!(
                "a line a call, the newest first, with everything that is recorded of it: {at_most}{}",
                figures::count(sums.calls)
            ),
        ),
        row(
            USAGE,
            format!("Usage by {group} as CSV"),
            format!(
                "a line for each {step} and {group}: calls, tokens, cost; of the team and the model \
                 that are picked, and whatever key, user and outcome"
            ),
        ),
    ];
    let sheet = Sheet {
        word: "files",
        title: "Files of this range and these filters".to_owned(),
        columns: vec![("file", Fill::Words), ("what is in it", Fill::Words)],
        rows: if sums.calls + sums.refused == 0 { Vec::new() } else { rows },
        empty: EMPTY.to_owned(),
        next: None,
    };
    let note = format!(
        "A file is sent while it is read, and may be of any length; {FILES_MAX} are written at once. \
         One that the ledger fails under ends as a broken download. Amounts are exact; a word that a \
         spreadsheet would take for a formula has an apostrophe before it.",
    );
    Ok(Content {
        has_filters: true,
        choices: vec![
            Choice::of("group", "Usage by", &words, group.as_str()),
            Choice::of("outcome", "Calls that", &outcomes, picked),
        ],
        fields: vec![
            Field::of("team", "Team", &filters),
            Field::of("model", "Model", &filters),
            Field::of("key", "Key", &filters),
            Field::of("user", "User", &filters),
            Field::of("tag", "Tag, where by one", &filters),
        ],
        blocks: vec![Block::Sheet(sheet), Block::Note(note)],
        ..Content::default()
    })
}

fn group(filters: &Filters) -> Result<Group, Problem> {
    let words: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
    let word = filters.choice("group", &words, Group::Model.as_str())?;
    word.parse().map_err(|_| Problem::usage("there is no such group"))
}

/// Calls, a page of the ledger at a time.
async fn write_calls(visit: Visit, pipe: Pipe) -> Result<(), Problem> {
    let Visit { view, filters, .. } = visit;
    let own = |name| filters.pick(name).map(str::to_owned);
    let mut query = CallQuery {
        since: Some(filters.period.since.to_string()),
        until: Some(filters.period.until.to_string()),
        model: own("model"),
        team: own("team"),
        user: own("user"),
        key: own("key"),
        outcome: own("outcome"),
        limit: Some(CALL_ROWS),
        ..CallQuery::default()
    };
    let mut page = view.calls(&query).await?;
    if let Some(place) = page.archived.first() {
        let message = format!("the calls of {} are archived, and not in this ledger", place.month);
        return Err(Problem::usage(message).hint("choose a range without them"));
    }
    pipe.send(heads(&CallReply::COLUMNS)).await?;
    loop {
        let lines = page.rows.iter().map(call_line).collect::<Result<Vec<_>, _>>()?;
        pipe.send(table(&CallReply::COLUMNS, lines).csv_rows()).await?;
        let Some(after) = page.next else { return Ok(()) };
        query.after = Some(after);
        page = view.calls(&query).await?;
    }
}

fn call_line(call: &CallReply) -> Result<Vec<Cell>, Problem> {
    let call = serde_json::to_value(call).map_err(unwritten)?;
    Ok(CallReply::COLUMNS.iter().map(|column| cell(&call[*column])).collect())
}

/// Sums, a day or an hour at a time.
async fn write_usage(visit: Visit, pipe: Pipe) -> Result<(), Problem> {
    let Visit { view, filters, .. } = visit;
    let group = group(&filters)?;
    let columns: Vec<&'static str> = ["at", group.as_str()].into_iter().chain(SUMS).collect();
    let pieces = View::days_of(&ask(&filters, &filters.period, (group, true)));
    let mut first = Some(heads(&columns));
    for piece in pieces.iter().filter(|piece| piece.since <= view.now()) {
        let text = usage_lines(&view, piece, &columns).await?;
        pipe.send(first.take().unwrap_or_default() + &text).await?;
    }
    match first {
        Some(heads) => pipe.send(heads).await,
        None => Ok(()),
    }
}

async fn usage_lines(
    view: &View,
    piece: &SumAsk,
    columns: &[&'static str],
) -> Result<String, Problem> {
    let mut lines = view.piece(piece).await?;
    lines.sort_by(|one, other| (one.at, &one.value).cmp(&(other.at, &other.value)));
    let rows = lines.iter().map(|line| usage_line(line, piece)).collect::<Result<_, _>>()?;
    Ok(table(columns, rows).csv_rows())
}

fn usage_line(line: &SumLine, piece: &SumAsk) -> Result<Vec<Cell>, Problem> {
    let sums = serde_json::to_value(UsageSums::from(&line.counters)).map_err(unwritten)?;
    let at = line.at.unwrap_or(piece.since);
    let at = if piece.is_hourly { at.to_string() } else { at.date() };
    let first = [Cell::text(at), Cell::maybe(line.value.as_deref())];
    Ok(first.into_iter().chain(SUMS.iter().map(|column| cell(&sums[*column]))).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn unwritten(error: serde_json::Error) -> Problem {
    Problem::usage(format!("a row could not be written: {error}"))
}

/// What stands in a cell: nothing for null, JSON for what has parts.
fn cell(value: &Value) -> Cell {
    Cell::text(match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

fn table(columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Sheet {
    // What is a figure stays one, whichever column it stands in.
    let columns = columns.iter().map(|column| (*column, Fill::Figures)).collect();
    Sheet { columns, rows, ..Sheet::default() }
}

fn heads(columns: &[&'static str]) -> String {
    table(columns, Vec::new()).csv()
}
