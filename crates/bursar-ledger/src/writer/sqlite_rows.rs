//! The rows of a group on SQLite, one statement a table.

use sqlx::sqlite::SqliteConnection;

use super::Failure;
use crate::Error;
use crate::posting::Posting;
use crate::queue::Task;
use crate::seal::QUEUE_UNSEALED;
use crate::statement::{Statement, bulk, is_duplicate, keyed, run_on};

const DELETE_HOLDS: Statement = Statement {
    doing: "release holds",
    sql: include_str!("../../queries/sqlite/delete_holds.sql"),
};
const JOURNAL_HOLDS: Statement = Statement {
    doing: "write the journal",
    sql: include_str!("../../queries/sqlite/journal_holds.sql"),
};
const INSERT_HOLDS: Statement =
    Statement { doing: "open holds", sql: include_str!("../../queries/sqlite/insert_holds.sql") };
/// Statements that are always run together are sent as one: between two of them the driver's thread
/// and ours would each sleep and wake. Each takes the next parameter.
const HOLD_AND_MOVE: Statement = Statement {
    doing: "open holds",
    sql: concat!(
        include_str!("../../queries/sqlite/insert_holds.sql"),
        ";",
        include_str!("../../queries/sqlite/move_windows.sql"),
    ),
};
const RECORD: Statement = Statement {
    doing: "record what has ended",
    sql: concat!(
        include_str!("../../queries/sqlite/journal_windows.sql"),
        ";",
        include_str!("../../queries/sqlite/move_windows.sql"),
        ";",
        include_str!("../../queries/sqlite/insert_calls.sql"),
        ";",
        include_str!("../../queries/sqlite/insert_attempts.sql"),
        ";",
        include_str!("../../queries/sqlite/insert_tags.sql"),
        ";",
        include_str!("../../queries/sqlite/insert_corrections.sql"),
        ";",
        include_str!("../../queries/sqlite/insert_refusals.sql"),
        ";",
        include_str!("../../queries/sqlite/add_usage_hours.sql"),
        ";",
        include_str!("../../queries/sqlite/add_usage_grains.sql"),
        ";",
        include_str!("../../queries/sqlite/add_usage_paces.sql"),
    ),
};
pub(super) const CHECKPOINT: Statement =
    Statement { doing: "keep checkpoints", sql: include_str!("../../queries/checkpoint.sql") };

/// Takes the holds that the posting settles; false when one of them is gone.
pub(super) async fn take_holds(
    connection: &mut SqliteConnection,
    posting: &Posting,
) -> Result<bool, Error> {
    if posting.tokens.is_empty() {
        return Ok(true);
    }
    let tokens = [keyed(posting.tokens.iter().map(|id| (id, ())))?];
    if !posting.windows.is_empty() {
        run_on(connection, JOURNAL_HOLDS, &tokens).await?;
    }
    let taken = run_on(connection, DELETE_HOLDS, &tokens).await?;
    Ok(usize::try_from(taken) == Ok(posting.tokens.len()))
}

/// Writes a posting; an id that is known already splits the group. Every window of it is there.
pub(super) async fn write_posting(
    connection: &mut SqliteConnection,
    posting: &Posting,
    counts: (usize, usize),
) -> Result<(), Failure> {
    if !posting.is_of_holds() {
        open_holds(connection, posting, counts).await?;
        return post(connection, posting).await.map_err(Failure::from);
    }
    let rows = [keyed(&posting.holds)?, keyed(&posting.windows)?];
    let changed = run_on(connection, HOLD_AND_MOVE, &rows).await;
    are_opened(posting, (changed, posting.windows.len()), counts)
}

/// Opens the holds of what was admitted; an id that is known already splits the group.
pub(super) async fn open_holds(
    connection: &mut SqliteConnection,
    posting: &Posting,
    counts: (usize, usize),
) -> Result<(), Failure> {
    if posting.holds.is_empty() {
        return Ok(());
    }
    let opened = run_on(connection, INSERT_HOLDS, &[keyed(&posting.holds)?]).await;
    are_opened(posting, (opened, 0), counts)
}

/// Whether each of the holds was opened, going by the rows that changed, of which some are others.
fn are_opened(
    posting: &Posting,
    (changed, others): (Result<u64, Error>, usize),
    (tasks, admitted): (usize, usize),
) -> Result<(), Failure> {
    let is_whole = match changed {
        Ok(changed) => usize::try_from(changed) == Ok(posting.holds.len() + others),
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
    if posting.windows.is_empty() && posting.tells_nothing() {
        return Ok(());
    }
    let ended = posting.ended();
    if !ended.is_empty() {
        run_on(connection, QUEUE_UNSEALED, &[bulk(&ended)?]).await?;
    }
    let rows = [
        bulk(&posting.journal)?,
        keyed(&posting.windows)?,
        bulk(&posting.calls)?,
        bulk(&posting.attempts)?,
        bulk(&posting.tags)?,
        bulk(&posting.corrections)?,
        bulk(&posting.refusals)?,
        bulk(posting.rollup.hour_rows())?,
        bulk(posting.rollup.grain_rows())?,
        bulk(posting.rollup.pace_rows())?,
    ];
    run_on(connection, RECORD, &rows).await.map(drop)
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
