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
    window_id: Option<String>,
    unit: Option<String>,
    amount_micro: Option<i64>,
}

impl LineRow {
    /// The line; `None` of a hold that has none.
    fn line(self) -> Result<Option<Line>, Error> {
        let Some(window) = self.window_id else { return Ok(None) };
        let unit = self.unit.and_then(|unit| unit.parse().ok()).ok_or_else(|| {
            Error::Inconsistent { table: "budget", column: "unit", row: window.clone() }
        })?;
        let amount = self.amount_micro.map(Micros);
        Ok(Some(Line { window: WindowId(window), unit, amount }))
    }
}

/// What the ledger knows of tasks that are in question.
pub(super) struct TrueLines {
    /// All the tasks, with their true lines.
    pub(super) tasks: Vec<Task>,
    /// Whether one of them undoes a hold that is not there. Its statement may come yet: to undo it
    /// then without its lines would leave them in their windows for ever.
    pub(super) has_unheld_void: bool,
}

/// The tasks with their true lines; `None` when none of them is in question.
pub(super) async fn with_true_lines(
    session: &mut Session<'_>,
    tasks: &[&Task],
) -> Result<Option<TrueLines>, Error> {
    let open = tasks.iter().filter_map(|task| Some(in_question(task)?.intent.id.as_str()));
    let ids: BTreeSet<&str> = open.collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let rows: Vec<LineRow> =
        session.rows(HOLD_LINES, &[keyed(ids.into_iter().map(|id| (id, ())))?]).await?;
    let mut lines: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for row in rows {
        let held = lines.entry(row.call_id.clone()).or_default();
        held.extend(row.line()?);
    }
    let mut tasks: Vec<Task> = tasks.iter().map(|&task| task.clone()).collect();
    let mut has_unheld_void = false;
    for task in &mut tasks {
        let is_void = matches!(task, Task::Void { .. });
        let Some(open) = open_of_mut(task) else { continue };
        match lines.remove(open.intent.id.as_str()) {
            Some(lines) => open.lines = lines,
            None => has_unheld_void |= is_void,
        }
    }
    Ok(Some(TrueLines { tasks, has_unheld_void }))
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
