//! A connection of PostgreSQL that is borrowed for a limited time.
//!
//! A server that was stopped answers nothing, and its own time limits do not fire: only the client
//! can give up. What was given up may still be done; its connection is closed, for nobody knows
//! what it will answer next.

use std::io;
use std::time::Duration;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// A borrowed connection. Dropped before [`Loan::end`], it is closed.
#[derive(Debug)]
pub(crate) struct Loan {
    connection: Option<PoolConnection<Postgres>>,
    until: Instant,
    limit: Duration,
}

impl Loan {
    /// Borrows a connection; the time that this takes counts.
    pub(crate) async fn of(pool: &PgPool, limit: Duration) -> Result<Self, sqlx::Error> {
        let until = Instant::now() + limit;
        let connection =
            timeout_at(until, pool.acquire()).await.map_err(|_| given_up(limit)).flatten()?;
        Ok(Self { connection: Some(connection), until, limit })
    }

    /// What is to be given up with the loan.
    pub(crate) fn parts(&mut self) -> Result<(&mut PgConnection, Instant), sqlx::Error> {
        let until = self.until;
        match &mut self.connection {
            Some(connection) => Ok((connection, until)),
            None => Err(sqlx::Error::PoolClosed),
        }
    }

    /// Gives the connection back, unless what was done with it was given up.
    pub(crate) fn end<T, E>(
        mut self,
        done: Result<Result<T, E>, Elapsed>,
        failed: impl FnOnce(sqlx::Error) -> E,
    ) -> Result<T, E> {
        match done {
            Ok(done) => {
                drop(self.connection.take());
                done
            }
            Err(_) => Err(failed(given_up(self.limit))),
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

fn given_up(limit: Duration) -> sqlx::Error {
    let problem = format!("no answer within {limit:?}");
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, problem))
}
