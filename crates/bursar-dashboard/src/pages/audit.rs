//! Audit log: who changed what, newest first.

use bursar_admin::{ChangeQuery, ChangeReply};
use bursar_domain::span::Zone;
use serde_json::Value;

use super::calls::time;
use super::{Page, Visit, WHOLE};
use crate::content::{Block, Content};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/audit",
    label: Some("Audit log"),
    title: "Audit log",
    roles: WHOLE,
    picks: &["before"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// Rows on a page, and of a table as CSV.
const ROWS: u32 = 50;
const CSV_ROWS: u32 = 1_000;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let before = filters.pick("before").map(|text| {
        text.parse::<i64>().map_err(|_| {
            let shown = crate::filters::shown(text);
            Problem::usage(format!("`before` is `{shown}`, which is no number of a change"))
        })
    });
    let limit = if filters.csv.is_some() { CSV_ROWS } else { ROWS };
    let query = ChangeQuery { since: None, before: before.transpose()?, limit: Some(limit) };
    let page = view.changes(&query).await?;
    let next = page.next.map(|number| format!("/audit?before={number}"));
    let columns = ["number", "when", "who", "what", "of", "before", "after"];
    let sheet = Sheet {
        word: "changes",
        title: "Changes, newest first".to_owned(),
        columns: columns.map(|label| (label, Fill::Words)).to_vec(),
        rows: page.rows.iter().map(|change| row(change, filters.zone)).collect(),
        empty: "Nothing was changed yet.".to_owned(),
        next,
    };
    Ok(Content {
        lead: Some(
            "Every change is part of the sealed books: `bursar ledger verify` proves that none is \
             missing or other than it was."
                .to_owned(),
        ),
        blocks: vec![Block::Sheet(sheet)],
        ..Content::default()
    })
}

fn row(change: &ChangeReply, zone: Zone) -> Vec<Cell> {
    vec![
        Cell::text(change.number.to_string()),
        time(&change.at, zone),
        Cell::text(&change.actor),
        Cell::text(&change.action),
        Cell::text(&change.subject),
        side(&change.was),
        side(&change.becomes),
    ]
}

/// One side of a change, in words.
fn side(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::maybe(None),
        Value::String(text) => Cell::text(text),
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            let words = said.map(|(name, value)| match value {
                Value::String(text) => format!("{name} {text}"),
                other => format!("{name} {other}"),
            });
            Cell::text(words.collect::<Vec<_>>().join(", "))
        }
        other => Cell::text(other.to_string()),
    }
}
