//! Errors that calls ended with, told from the last calls of a range. No roll-up tells error codes
//! apart, so this looks at so many calls and no more.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Statement, Value};
use crate::{Error, Ledger};

const FAULTS: Statement =
    Statement { doing: "read errors", sql: include_str!("../queries/faults.sql") };

/// Whose calls are looked at, and of which model; `None` for any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whose<'a> {
    /// The team's.
    pub team: Option<&'a str>,
    /// The person's.
    pub user: Option<&'a str>,
    /// Of this model.
    pub model: Option<&'a str>,
}

impl Whose<'_> {
    /// As statements take it: three texts, empty for any.
    pub(crate) fn values(&self) -> [Value; 3] {
        [self.team, self.user, self.model].map(|text| text.unwrap_or_default().into())
    }
}

/// Calls that ended with one error code and status, and what the last of them said.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FaultRow {
    /// Bedrock's error code, or ours; empty where there was none.
    pub code: String,
    status: i64,
    /// How many calls.
    pub calls: i64,
    /// The last of them.
    pub call_id: String,
    started_ms: i64,
    ended_ms: i64,
    /// Its model.
    pub model: String,
    /// Its operation.
    pub operation: String,
    /// The region it was made from.
    pub region: String,
    /// What was said of it; it may be empty.
    pub message: String,
    attempts: i64,
}

impl FaultRow {
    /// The HTTP status; `None` where no answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        u16::try_from(self.status).ok().filter(|status| *status > 0)
    }

    /// When the last of them began.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        Timestamp(self.started_ms)
    }

    /// When the last of them ended.
    #[must_use]
    pub const fn ended_at(&self) -> Timestamp {
        Timestamp(self.ended_ms)
    }

    /// How many requests the last of them made.
    #[must_use]
    pub fn attempts(&self) -> usize {
        usize::try_from(self.attempts).unwrap_or_default()
    }
}

impl Ledger {
    /// Errors are told of so many calls at most.
    pub const FAULT_CALLS_MAX: i64 = 5_000;

    /// The errors among the last [`Ledger::FAULT_CALLS_MAX`] calls of a range, the most frequent
    /// first; of those whose calls are meant.
    ///
    /// # Errors
    /// A database that failed.
    pub async fn faults(
        &self,
        (since, until): (Timestamp, Timestamp),
        whose: Whose<'_>,
    ) -> Result<Vec<FaultRow>, Error> {
        let [team, user, model] = whose.values();
        let most = Self::FAULT_CALLS_MAX.into();
        let values = [since.0.into(), until.0.into(), team, user, model, most];
        self.reads.rows(FAULTS, &values).await
    }
}
