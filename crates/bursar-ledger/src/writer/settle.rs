//! The statement that posts on PostgreSQL: its parameters, and what it tells.

use sqlx::FromRow;

use crate::Error;
use crate::posting::Posting;
use crate::statement::{Session, Statement, Value, bulk, keyed};

const SETTLE: Statement =
    Statement { doing: "settle", sql: include_str!("../../queries/postgres/settle.sql") };

#[derive(Debug, FromRow)]
struct SettleRow {
    posted: bool,
}

/// Posts all or nothing; false when a hold is gone.
pub(super) async fn post(session: &mut Session<'_>, posting: &Posting) -> Result<bool, Error> {
    run(session, &values(posting)?).await
}

/// The same, of what was made ready before.
pub(super) async fn run(session: &mut Session<'_>, values: &[Value; 11]) -> Result<bool, Error> {
    let row: Option<SettleRow> = session.rows(SETTLE, values).await?.pop();
    Ok(row.is_some_and(|row| row.posted))
}

/// The parameters of the statement, in order.
pub(super) fn values(posting: &Posting) -> Result<[Value; 11], Error> {
    Ok([
        keyed(posting.tokens.iter().map(|id| (id, ())))?,
        bulk(&posting.calls)?,
        bulk(&posting.attempts)?,
        bulk(&posting.tags)?,
        bulk(&posting.corrections)?,
        bulk(&posting.refusals)?,
        keyed(&posting.windows)?,
        bulk(&posting.journal)?,
        bulk(posting.rollup.hour_rows())?,
        bulk(posting.rollup.grain_rows())?,
        bulk(posting.rollup.pace_rows())?,
    ])
}
