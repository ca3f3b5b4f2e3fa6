//! The writer's one connection to a SQLite file, kept between groups: a pool tries a connection before
//! and after each loan, which are two more turns of the thread that runs SQLite.

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;

/// A pool, and the connection that is kept out of it. A ledger in memory is one connection, which its
/// readers need too: there it goes back each time.
#[derive(Debug)]
pub(super) struct Kept {
    pool: SqlitePool,
    idle: Option<PoolConnection<Sqlite>>,
    is_file: bool,
}

impl Kept {
    pub(super) fn new(pool: SqlitePool, is_file: bool) -> Self {
        Self { pool, idle: None, is_file }
    }

    pub(super) async fn take(&mut self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => self.pool.acquire().await,
        }
    }

    /// Keeps a connection for the next group.
    pub(super) fn put(&mut self, connection: PoolConnection<Sqlite>) {
        self.idle = Some(connection).filter(|_| self.is_file);
    }

    /// Gives up a connection that may be inside its transaction still, and would begin no other.
    pub(super) fn give_up(&self, mut connection: PoolConnection<Sqlite>) {
        if self.is_file {
            connection.close_on_drop();
        }
    }

    pub(super) async fn close(&mut self) {
        // The pool waits for it.
        self.idle = None;
        self.pool.close().await;
    }
}
