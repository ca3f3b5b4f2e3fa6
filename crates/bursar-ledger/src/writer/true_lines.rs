//! The windows of calls that were admitted without the ledger, or may be held against expectation:
//! what the ledger holds for them goes before what this process thought.

use std::collections::{BTreeMap, BTreeSet};

use bursar_domain::budget::WindowId;
use bursar_domain::limit::Line;
use bursar_domain::money::Micros;
use sqlx::FromRow;

use crate::Error;
use crate::admitted::Open;
use crate::queue::Task;
use crate::statement::{Session, Statement, keyed};

const HOLD_LINES: Statement = Statement {
    doing: "read where calls are held",
    sql: include_str!("../../queries/hold_lines.sql"),
};

#[derive(Debug, FromRow)]
struct LineRow {
    call_id: String,
    window_id: String,
    unit: String,
    amount_micro: i64,
}

/// The tasks with their true lines; `None` when none of them is in question.
pub(super) async fn with_true_lines(
    session: &mut Session<'_>,
    tasks: &[&Task],
) -> Result<Option<Vec<Task>>, Error> {
    let open = tasks.iter().filter_map(|task| Some(in_question(task)?.intent.id.as_str()));
    let ids: BTreeSet<&str> = open.collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let rows: Vec<LineRow> =
        session.rows(HOLD_LINES, &[keyed(ids.into_iter().map(|id| (id, ())))?]).await?;
    let mut lines: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for row in rows {
        let unit = row.unit.parse().map_err(|_| Error::Inconsistent {
            table: "budget",
            column: "unit",
            row: row.window_id.clone(),
        })?;
        let (window, amount) = (WindowId(row.window_id), Some(Micros(row.amount_micro)));
        lines.entry(row.call_id).or_default().push(Line { window, unit, amount });
    }
    let mut tasks: Vec<Task> = tasks.iter().map(|&task| task.clone()).collect();
    for task in &mut tasks {
        let Some(open) = open_of_mut(task) else { continue };
        if let Some(lines) = lines.remove(open.intent.id.as_str()) {
            open.lines = lines;
        }
    }
    Ok(Some(tasks))
}

fn in_question(task: &Task) -> Option<&Open> {
    task.ended().filter(|open| open.by_heart)
}

fn open_of_mut(task: &mut Task) -> Option<&mut Open> {
    match task {
        Task::Settle { open, .. } | Task::Abandon { open, .. } | Task::Void { open } => {
            Some(open.as_mut()).filter(|open| open.by_heart)
        }
        _ => None,
    }
}
