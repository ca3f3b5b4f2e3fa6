//! Runs a statement on whichever database it is: the one file that touches the driver's queries.
//!
//! Statements come from `queries/` only; values travel as parameters, many rows as one JSON value.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::database::Database;
use sqlx::encode::Encode;
use sqlx::postgres::{PgConnection, PgPool, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::types::{Json, Type};
use sqlx::{FromRow, IntoArguments};
use tokio::time::timeout_at;

use crate::Error;
use crate::loan::Loan;

/// SQLite's extended codes of a file, and of a folder, that would not sync.
const IOERR_FSYNC: i32 = 1_034;
const IOERR_DIR_FSYNC: i32 = 1_290;

/// A statement: what it does, for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) doing: &'static str,
    pub(crate) sql: &'static str,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(bool),
    Json(Box<RawValue>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// Many rows as one parameter, in the one form that both databases take apart: an object, here
/// with the rows' numbers as keys.
pub(crate) fn bulk<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Value, Error> {
    keyed(rows.into_iter().enumerate())
}

/// Many rows as one parameter, by keys that matter.
pub(crate) fn keyed<K: Serialize + Ord, T: Serialize>(
    rows: impl IntoIterator<Item = (K, T)>,
) -> Result<Value, Error> {
    let rows: BTreeMap<K, T> = rows.into_iter().collect();
    let raw = to_raw_value(&rows).map_err(|error| Error::Unkept {
        field: "row",
        problem: format!("cannot be written as JSON: {error}"),
    })?;
    Ok(Value::Json(raw))
}

/// The connections of either database.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    /// PostgreSQL, where whoever waits longer than this for a statement gives up.
    Limited(PgPool, Duration),
}

impl Pool {
    /// Every row that the statement answers.
    pub(crate) async fn rows<T>(&self, what: Statement, values: &[Value]) -> Result<Vec<T>, Error>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        let rows = match self {
            Self::Sqlite(pool) => {
                let rows = bound::<Sqlite>(what.sql, values).fetch_all(pool).await;
                rows.and_then(|rows| rows.iter().map(T::from_row).collect())
            }
            Self::Postgres(pool) => {
                let rows = bound::<Postgres>(what.sql, values).fetch_all(pool).await;
                rows.and_then(|rows| rows.iter().map(T::from_row).collect())
            }
            Self::Limited(pool, limit) => {
                let rows = limited_rows((pool, *limit), what, values).await;
                rows.and_then(|rows| rows.iter().map(T::from_row).collect())
            }
        };
        #[cfg(test)]
        tally::note(rows.as_ref().map_or(0, Vec::len));
        rows.map_err(|error| failed(what.doing, error))
    }

    /// The first row that the statement answers.
    pub(crate) async fn row<T>(&self, what: Statement, values: &[Value]) -> Result<Option<T>, Error>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        Ok(self.rows(what, values).await?.into_iter().next())
    }

    /// Runs a statement that answers no rows; how many it changed.
    pub(crate) async fn run(&self, what: Statement, values: &[Value]) -> Result<u64, Error> {
        #[cfg(test)]
        tally::note(0);
        let changed = match self {
            Self::Sqlite(pool) => bound::<Sqlite>(what.sql, values)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()),
            Self::Postgres(pool) => bound::<Postgres>(what.sql, values)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()),
            Self::Limited(pool, limit) => limited_run((pool, *limit), what, values).await,
        };
        changed.map_err(|error| failed(what.doing, error))
    }

    /// Lets every connection go.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) | Self::Limited(pool, _) => pool.close().await,
        }
    }
}

/// A connection of either database, most often within a transaction, or whichever is free.
#[derive(Debug)]
pub(crate) enum Session<'c> {
    Pool(&'c Pool),
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Session<'_> {
    /// Every row that the statement answers.
    pub(crate) async fn rows<T>(
        &mut self,
        what: Statement,
        values: &[Value],
    ) -> Result<Vec<T>, Error>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        match self {
            Self::Pool(pool) => pool.rows(what, values).await,
            Self::Sqlite(connection) => rows_on(connection, what, values).await,
            Self::Postgres(connection) => {
                let rows = bound::<Postgres>(what.sql, values).fetch_all(&mut **connection).await;
                #[cfg(test)]
                tally::note(rows.as_ref().map_or(0, Vec::len));
                rows.and_then(|rows| rows.iter().map(T::from_row).collect())
                    .map_err(|error| failed(what.doing, error))
            }
        }
    }

    /// Runs a statement that answers no rows; how many it changed.
    pub(crate) async fn run(&mut self, what: Statement, values: &[Value]) -> Result<u64, Error> {
        match self {
            Self::Pool(pool) => pool.run(what, values).await,
            Self::Sqlite(connection) => run_on(connection, what, values).await,
            Self::Postgres(connection) => {
                #[cfg(test)]
                tally::note(0);
                let done = bound::<Postgres>(what.sql, values).execute(&mut **connection).await;
                done.map(|done| done.rows_affected()).map_err(|error| failed(what.doing, error))
            }
        }
    }
}

async fn limited_rows(
    (pool, limit): (&PgPool, Duration),
    what: Statement,
    values: &[Value],
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut loan = Loan::of(pool, limit).await?;
    let (connection, until) = loan.parts()?;
    let rows = bound::<Postgres>(what.sql, values).fetch_all(connection);
    let rows = timeout_at(until, rows).await;
    loan.end(rows, |error| error)
}

async fn limited_run(
    (pool, limit): (&PgPool, Duration),
    what: Statement,
    values: &[Value],
) -> Result<u64, sqlx::Error> {
    let mut loan = Loan::of(pool, limit).await?;
    let (connection, until) = loan.parts()?;
    let done = bound::<Postgres>(what.sql, values).execute(connection);
    let done = timeout_at(until, done).await;
    loan.end(done, |error| error).map(|done| done.rows_affected())
}

/// Every row, within a SQLite transaction.
pub(crate) async fn rows_on<T>(
    connection: &mut SqliteConnection,
    what: Statement,
    values: &[Value],
) -> Result<Vec<T>, Error>
where
    T: Send + Unpin + for<'r> FromRow<'r, SqliteRow>,
{
    let rows = bound::<Sqlite>(what.sql, values).fetch_all(connection).await;
    #[cfg(test)]
    tally::note(rows.as_ref().map_or(0, Vec::len));
    rows.and_then(|rows| rows.iter().map(T::from_row).collect())
        .map_err(|error| failed(what.doing, error))
}

/// Runs a statement within a SQLite transaction; how many rows it changed.
pub(crate) async fn run_on(
    connection: &mut SqliteConnection,
    what: Statement,
    values: &[Value],
) -> Result<u64, Error> {
    #[cfg(test)]
    tally::note(0);
    let done = bound::<Sqlite>(what.sql, values).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|error| failed(what.doing, error))
}

fn bound<'q, DB>(sql: &'static str, values: &[Value]) -> Query<'q, DB, DB::Arguments>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    Option<String>: for<'e> Encode<'e, DB> + Type<DB>,
    Option<i64>: for<'e> Encode<'e, DB> + Type<DB>,
    bool: for<'e> Encode<'e, DB> + Type<DB>,
    Json<Box<RawValue>>: for<'e> Encode<'e, DB> + Type<DB>,
{
    #[expect(clippy::disallowed_methods, reason = "the one place that runs the texts of queries/")]
    let query = sqlx::query::<DB>(sql);
    values.iter().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text.clone()),
        Value::Int(number) => query.bind(*number),
        Value::Bool(flag) => query.bind(*flag),
        Value::Json(raw) => query.bind(Json(raw.clone())),
    })
}

/// The situation that a driver's error stands for.
pub(crate) fn failed(doing: &'static str, error: sqlx::Error) -> Error {
    use sqlx::Error as Driver;
    match &error {
        // The server ended the session, or is about to end or begin itself.
        Driver::Database(database) if is_server_going(database.as_ref()) => {
            Error::Unreachable { detail: database.message().to_owned() }
        }
        Driver::Database(database) if database.code().as_deref() == Some("53100") => {
            Error::Full { detail: database.message().to_owned() }
        }
        // Two sessions waited for each other's locks, and the server ended this one's statement.
        Driver::Database(database) if database.code().as_deref() == Some("40P01") => Error::Locked,
        Driver::Database(database) if is_altered(database.as_ref()) => {
            Error::Altered { detail: database.message().to_owned() }
        }
        Driver::Database(database) if takes_no_writes(database.as_ref()) => {
            Error::Unwritable { detail: database.message().to_owned() }
        }
        Driver::Database(database) => match sqlite_code(database.as_ref()) {
            Some((5 | 6, _)) => Error::Locked,
            Some((11 | 26, _)) => Error::Corrupt { detail: database.message().to_owned() },
            Some((13, _)) => Error::Full { detail: database.message().to_owned() },
            Some((_, IOERR_FSYNC | IOERR_DIR_FSYNC)) => {
                Error::Unsynced { detail: database.message().to_owned() }
            }
            // No permission, an error of the disk, no file.
            Some((8 | 10 | 14, _)) => Error::Unwritable { detail: database.message().to_owned() },
            _ => Error::Database { doing, source: Arc::new(error) },
        },
        Driver::PoolClosed => Error::Closed,
        // A connection that is cut while it begins breaks off the protocol.
        Driver::Io(_)
        | Driver::Tls(_)
        | Driver::Protocol(_)
        | Driver::PoolTimedOut
        | Driver::WorkerCrashed => Error::Unreachable { detail: error.to_string() },
        _ => Error::Database { doing, source: Arc::new(error) },
    }
}

/// Whether a row of the same key is there already.
pub(crate) fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

fn is_server_going(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    code.starts_with("57P0") || code.starts_with("08")
}

/// Whether the server is a standby.
fn takes_no_writes(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().as_deref() == Some("25006")
}

/// Whether a table or a column is not there. SQLite says so in words alone.
fn is_altered(error: &dyn sqlx::error::DatabaseError) -> bool {
    match sqlite_code(error) {
        Some((1, _)) => error.message().starts_with("no such "),
        Some(_) => false,
        None => matches!(error.code().as_deref(), Some("42P01" | "42703")),
    }
}

/// SQLite's primary result code, the low byte of the extended one, and the extended one.
fn sqlite_code(error: &dyn sqlx::error::DatabaseError) -> Option<(i32, i32)> {
    error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    error.code()?.parse::<i32>().ok().map(|code| (code & 0xff, code))
}

/// How many statements a test has run, and how many rows they answered. A test's ledger runs on the
/// test's own thread, its writer included.
#[cfg(test)]
pub(crate) mod tally {
    use std::cell::Cell;

    thread_local! {
        static COUNTS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    }

    pub(super) fn note(rows: usize) {
        COUNTS.with(|counts| {
            let (statements, all_rows) = counts.get();
            counts.set((statements + 1, all_rows + rows));
        });
    }

    /// Statements and rows since it was asked last.
    pub(crate) fn take() -> (usize, usize) {
        COUNTS.with(|counts| counts.replace((0, 0)))
    }
}
