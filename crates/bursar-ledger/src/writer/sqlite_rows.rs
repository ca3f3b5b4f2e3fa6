//! The rows of a group on SQLite, one statement a table.

use sqlx::sqlite::SqliteConnection;

use super::Failure;
use crate::Error;
use crate::posting::Posting;
use crate::queue::Task;
use crate::seal::QUEUE_UNSEALED;
use crate::statement::{Statement, bulk, is_duplicate, keyed, run_on};

const INSERT_HOLDS: Statement =
    Statement { doing: "open holds", sql: include_str!("../../queries/sqlite/insert_holds.sql") };
const JOURNAL_WINDOWS: Statement = Statement {
    doing: "write the journal",
    sql: include_str!("../../queries/sqlite/journal_windows.sql"),
};
const MOVE_WINDOWS: Statement = Statement {
    doing: "move budget windows",
    sql: include_str!("../../queries/sqlite/move_windows.sql"),
};
const INSERT_CALLS: Statement =
    Statement { doing: "record calls", sql: include_str!("../../queries/sqlite/insert_calls.sql") };
const INSERT_ATTEMPTS: Statement = Statement {
    doing: "record attempts",
    sql: include_str!("../../queries/sqlite/insert_attempts.sql"),
};
const INSERT_TAGS: Statement =
    Statement { doing: "record tags", sql: include_str!("../../queries/sqlite/insert_tags.sql") };
const INSERT_CORRECTIONS: Statement = Statement {
    doing: "record corrections",
    sql: include_str!("../../queries/sqlite/insert_corrections.sql"),
};
const INSERT_REFUSALS: Statement = Statement {
    doing: "record refusals",
    sql: include_str!("../../queries/sqlite/insert_refusals.sql"),
};
const ADD_HOURS: Statement = Statement {
    doing: "add to the hourly roll-ups",
    sql: include_str!("../../queries/sqlite/add_usage_hours.sql"),
};
const ADD_DAYS: Statement = Statement {
    doing: "add to the daily roll-ups",
    sql: include_str!("../../queries/sqlite/add_usage_days.sql"),
};
pub(super) const CHECKPOINT: Statement =
    Statement { doing: "keep checkpoints", sql: include_str!("../../queries/checkpoint.sql") };

/// Opens the holds of what was admitted; an id that is known already splits the group.
pub(super) async fn open_holds(
    connection: &mut SqliteConnection,
    posting: &Posting,
    (tasks, admitted): (usize, usize),
) -> Result<(), Failure> {
    if posting.holds.is_empty() {
        return Ok(());
    }
    let opened = run_on(connection, INSERT_HOLDS, &[keyed(&posting.holds)?]).await;
    let is_whole = match opened {
        Ok(opened) => usize::try_from(opened) == Ok(posting.holds.len()),
        Err(Error::Database { source, .. }) if is_duplicate(&source) => false,
        Err(error) => return Err(error.into()),
    };
    // Two reservations of one id are one row in the map.
    if is_whole && posting.holds.len() == admitted {
        return Ok(());
    }
    match posting.holds.keys().next() {
        Some(id) if tasks == 1 => Err(Error::DuplicateCall { id: id.clone() }.into()),
        _ => Err(Failure::Split),
    }
}

/// Writes the rows and sums of a posting, but for its holds.
pub(super) async fn post(
    connection: &mut SqliteConnection,
    posting: &Posting,
) -> Result<(), Error> {
    let Posting { journal, windows, calls, attempts, tags, .. } = posting;
    let Posting { corrections, refusals, rollup, .. } = posting;
    if !journal.is_empty() {
        run_on(connection, JOURNAL_WINDOWS, &[bulk(journal)?]).await?;
    }
    if !windows.is_empty() {
        run_on(connection, MOVE_WINDOWS, &[keyed(windows)?]).await?;
    }
    let ended = posting.ended();
    let steps = [
        (QUEUE_UNSEALED, ended.is_empty(), bulk(&ended)?),
        (INSERT_CALLS, calls.is_empty(), bulk(calls)?),
        (INSERT_ATTEMPTS, attempts.is_empty(), bulk(attempts)?),
        (INSERT_TAGS, tags.is_empty(), bulk(tags)?),
        (INSERT_CORRECTIONS, corrections.is_empty(), bulk(corrections)?),
        (INSERT_REFUSALS, refusals.is_empty(), bulk(refusals)?),
        (ADD_HOURS, rollup.hours.is_empty(), bulk(rollup.hour_rows())?),
        (ADD_DAYS, rollup.days.is_empty(), bulk(rollup.day_rows())?),
    ];
    for (statement, _, rows) in steps.into_iter().filter(|(_, is_empty, _)| !is_empty) {
        run_on(connection, statement, &[rows]).await?;
    }
    Ok(())
}

pub(super) async fn keep_checkpoints(
    connection: &mut SqliteConnection,
    tasks: &[&Task],
) -> Result<(), Error> {
    let checkpoints = super::checkpoints(tasks);
    if checkpoints.is_empty() {
        return Ok(());
    }
    run_on(connection, CHECKPOINT, &[keyed(checkpoints)?]).await.map(drop)
}
