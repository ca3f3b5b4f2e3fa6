//! Calls that have ended already, posted on either database: nobody holds them.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqliteConnection;
use tokio::time::timeout_at;

use super::sqlite::MAKE_WINDOWS;
use super::{settle, sqlite_rows};
use crate::Error;
use crate::history::{PastCall, post_past};
use crate::loan::Loan;
use crate::rollup::Rooms;
use crate::rules::Rules;
use crate::seal::QUEUE_UNSEALED;
use crate::statement::{Session, bulk, failed, keyed, run_on};

/// Within a transaction.
pub(super) async fn on_sqlite(
    connection: &mut SqliteConnection,
    rules: &Rules,
    (rooms, calls): (Rooms, &[PastCall]),
) -> Result<(), Error> {
    let (posting, windows) = post_past(rules, rooms, calls);
    if !windows.is_empty() {
        run_on(connection, MAKE_WINDOWS, &[keyed(windows)?]).await?;
    }
    sqlite_rows::post(connection, &posting).await
}

/// In a transaction of its own, for the statement that settles queues for blocks what was held alone.
pub(super) async fn on_postgres(
    (pool, limit): (&PgPool, Duration),
    rules: &Rules,
    (rooms, calls): (Rooms, &[PastCall]),
) -> Result<(), Error> {
    let (mut posting, windows) = post_past(rules, rooms, calls);
    let windows = if windows.is_empty() { None } else { Some(keyed(windows)?) };
    let ended = bulk(posting.ended())?;
    // No hold is taken.
    posting.tokens.clear();
    // All of it before the transaction: the server ends one in which nothing is asked for long.
    let values = settle::values(&posting)?;
    let lost = |error| failed("begin", error);
    let mut loan = Loan::of(pool, limit).await.map_err(lost)?;
    let (connection, until) = loan.parts().map_err(lost)?;
    let posted = timeout_at(until, async {
        let mut transaction = connection.begin().await.map_err(lost)?;
        let mut session = Session::Postgres(&mut transaction);
        if let Some(windows) = windows {
            session.run(MAKE_WINDOWS, &[windows]).await?;
        }
        settle::run(&mut session, &values).await?;
        session.run(QUEUE_UNSEALED, &[ended]).await?;
        transaction.commit().await.map_err(|error| failed("commit", error))
    });
    let posted = posted.await;
    loan.end(posted, lost)
}
