//! Throttled attempts by hour and model, of the last hours of a range: as many hours as a page may
//! read, and never a part of one.

use bursar_domain::time::{HOUR_MS, Timestamp};
use sqlx::FromRow;

use crate::faults::Whose;
use crate::statement::Statement;
use crate::{Error, Ledger};

const THROTTLES: Statement = Statement {
    doing: "read throttled attempts",
    sql: include_str!("../../queries/hour_throttles.sql"),
};

/// Throttled attempts by hour and model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttles {
    /// The first hour that was read.
    pub since: Timestamp,
    /// The first one behind the last.
    pub until: Timestamp,
    /// Hours and models with attempts, newest first.
    pub rows: Vec<ThrottleRow>,
}

/// Attempts at one model in one hour.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ThrottleRow {
    hour_ms: i64,
    /// The model.
    pub model: String,
    rows_read: i64,
    /// Requests to Bedrock.
    pub attempts: i64,
    /// Those that were throttled.
    pub throttled: i64,
}

impl ThrottleRow {
    /// The hour.
    #[must_use]
    pub const fn hour(&self) -> Timestamp {
        Timestamp(self.hour_ms)
    }
}

impl Ledger {
    /// So many hourly rows are read for throttles at most.
    pub const THROTTLE_ROWS_MAX: i64 = 10_000;

    /// Throttled attempts in whole hours; where those are more rows than may be read, in the last of
    /// the hours.
    ///
    /// # Errors
    /// [`Error::TooMuch`] where not even one hour can be read, or a database that failed.
    pub async fn throttles(
        &self,
        (since, until): (Timestamp, Timestamp),
        whose: Whose<'_>,
    ) -> Result<Throttles, Error> {
        let [team, user, model] = whose.values();
        let most = Self::THROTTLE_ROWS_MAX;
        let values = [since.0.into(), until.0.into(), team, user, model, (most + 1).into()];
        let mut rows: Vec<ThrottleRow> = self.reads.rows(THROTTLES, &values).await?;
        let read: i64 = rows.iter().map(|row| row.rows_read).sum();
        let mut since = since;
        if let Some(oldest) = rows.last().map(|row| row.hour_ms).filter(|_| read > most) {
            // The oldest hour was cut off by the bound.
            since = Timestamp(oldest + HOUR_MS);
            rows.retain(|row| row.hour_ms > oldest);
            if rows.is_empty() {
                return Err(Error::TooMuch { most });
            }
        }
        Ok(Throttles { since, until, rows })
    }
}
