//! What the ledger's tables say, read past the ledger: the check must not trust what it checks.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{Executor, FromRow};

use crate::{Outcome, job, say};

const WINDOWS: &str = "SELECT w.id, b.unit, b.span, b.mode, b.limit_micro, w.spent_micro, w.refused \
    FROM budget_window AS w JOIN budget AS b ON b.id = w.budget_id ORDER BY w.id";
const JOURNAL: &str = "SELECT window_id, call_id, kind, d_held, d_spent, d_rest \
    FROM journal_line ORDER BY window_id, seq";
const HOLDS: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS count FROM hold";
const CALLS: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS total, \
    CAST(COUNT(CASE WHEN estimated THEN 1 END) AS BIGINT) AS estimated, \
    CAST(COUNT(CASE WHEN client_gone THEN 1 END) AS BIGINT) AS client_gone, \
    CAST(COUNT(CASE WHEN overrun THEN 1 END) AS BIGINT) AS overruns, \
    CAST(COUNT(CASE WHEN outcome = 'abandoned' THEN 1 END) AS BIGINT) AS abandoned, \
    CAST(COUNT(CASE WHEN cost_pico < 0 OR input_tokens < 0 OR output_tokens < 0 \
        OR cost_low_pico < 0 OR held_micro < 0 THEN 1 END) AS BIGINT) AS negative FROM call";
const CORRECTIONS: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS count FROM correction";
const STANDING: &str = "SELECT \
    (SELECT CAST(COUNT(*) AS BIGINT) FROM call) AS calls, \
    (SELECT CAST(COALESCE(SUM(cost_pico), 0) AS BIGINT) FROM call) AS recorded_pico, \
    (SELECT CAST(COALESCE(SUM(spent_micro) * 1000000 + SUM(spent_rest), 0) AS BIGINT) \
     FROM budget_window) AS spent_pico, \
    (SELECT CAST(COALESCE(SUM(held_micro), 0) AS BIGINT) FROM hold) AS open_micro, \
    (SELECT CAST(COALESCE(SUM(held_micro), 0) AS BIGINT) FROM budget_window) AS held_micro";
/// Twice as long as a statement of the ledger's own takes at the worst.
const IDLE: &str = "SELECT COUNT(*) AS count FROM pg_stat_activity \
    WHERE state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > interval '1 s'";
const VERSION: &str = "SELECT version AS count FROM ledger_meta";
const END_LEASES: &str = "UPDATE owner SET lease_ms = 0";

/// Connections of either database.
pub(crate) enum Books {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// How many calls there are of which kind, as they were first recorded.
#[derive(Debug, FromRow)]
pub(crate) struct Calls {
    pub(crate) total: i64,
    pub(crate) estimated: i64,
    pub(crate) client_gone: i64,
    pub(crate) overruns: i64,
    pub(crate) abandoned: i64,
    pub(crate) negative: i64,
}

/// A window beside its limit.
#[derive(Debug, FromRow)]
pub(crate) struct Window {
    pub(crate) id: String,
    pub(crate) unit: String,
    pub(crate) span: String,
    pub(crate) mode: String,
    pub(crate) limit_micro: i64,
    pub(crate) spent_micro: i64,
    pub(crate) refused: i64,
}

/// A change of a window's balance.
#[derive(Debug, FromRow)]
pub(crate) struct Posted {
    pub(crate) window_id: String,
    pub(crate) call_id: String,
    pub(crate) kind: String,
    pub(crate) d_held: i64,
    pub(crate) d_spent: i64,
    pub(crate) d_rest: i64,
}

/// Sums of one moment, where one limit counts every call's cost.
#[derive(Debug, FromRow)]
pub(crate) struct Standing {
    pub(crate) calls: i64,
    pub(crate) recorded_pico: i64,
    pub(crate) spent_pico: i64,
    pub(crate) open_micro: i64,
    pub(crate) held_micro: i64,
}

#[derive(Debug, FromRow)]
struct Count {
    count: i64,
}

impl Books {
    pub(crate) async fn open(ledger: &str) -> Outcome<Self> {
        if ledger.starts_with("sqlite:") {
            let pool = SqlitePoolOptions::new().max_connections(1).connect(ledger).await?;
            return Ok(Self::Sqlite(pool));
        }
        Ok(Self::Postgres(PgPoolOptions::new().max_connections(1).connect(ledger).await?))
    }

    pub(crate) async fn windows(&self) -> Outcome<Vec<Window>> {
        self.rows(WINDOWS).await
    }

    /// In the order in which it was written, window by window.
    pub(crate) async fn journal(&self) -> Outcome<Vec<Posted>> {
        self.rows(JOURNAL).await
    }

    pub(crate) async fn standing(&self) -> Outcome<Standing> {
        Ok(self.rows(STANDING).await?.pop().ok_or("no sums")?)
    }

    pub(crate) async fn holds(&self) -> Outcome<i64> {
        self.count(HOLDS).await
    }

    pub(crate) async fn calls(&self) -> Outcome<Calls> {
        Ok(self.rows(CALLS).await?.pop().ok_or("no counts")?)
    }

    pub(crate) async fn corrections(&self) -> Outcome<i64> {
        self.count(CORRECTIONS).await
    }

    /// Sessions that have sat in a transaction for a second; SQLite has no sessions.
    pub(crate) async fn idle_in_transaction(&self) -> Outcome<i64> {
        match self {
            Self::Sqlite(_) => Ok(0),
            Self::Postgres(_) => self.count(IDLE).await,
        }
    }

    /// Ends every lease. On SQLite there is none: the system lets a dead owner's lock go.
    pub(crate) async fn end_leases(&self) -> Outcome<()> {
        if let Self::Postgres(pool) = self {
            pool.execute(END_LEASES).await?;
        }
        Ok(())
    }

    pub(crate) async fn wait_for_no_hold(&self, patience: Duration) -> Outcome<()> {
        let start = Instant::now();
        while self.holds().await? > 0 && start.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn count(&self, sql: &'static str) -> Outcome<i64> {
        Ok(self.rows::<Count>(sql).await?.pop().ok_or("no count")?.count)
    }

    async fn rows<T>(&self, sql: &'static str) -> Outcome<Vec<T>>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        Ok(match self {
            Self::Sqlite(pool) => sqlx::query_as(sql).fetch_all(pool).await?,
            Self::Postgres(pool) => sqlx::query_as(sql).fetch_all(pool).await?,
        })
    }
}

/// Makes an empty database. The name is ours, of letters and digits.
pub(crate) async fn make_database(job: &job::Database) -> Outcome<()> {
    if !job.name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(format!("`{}` is no name for a database", job.name).into());
    }
    let pool = PgPoolOptions::new().max_connections(1).connect(&job.server).await?;
    let sql = format!("CREATE DATABASE {}", job.name);
    pool.execute(sqlx::AssertSqlSafe(sql)).await?;
    let (base, _) = job.server.rsplit_once('/').ok_or("the server's URL names no database")?;
    say(&json!({"url": format!("{base}/{}", job.name)}));
    Ok(())
}

/// Says how many holds are open, and the ledger's version.
pub(crate) async fn look(job: &job::Look) -> Outcome<()> {
    let books = Books::open(&job.ledger).await?;
    let version = books.count(VERSION).await?;
    say(&json!({"open_holds": books.holds().await?, "version": version}));
    Ok(())
}
