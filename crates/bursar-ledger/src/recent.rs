//! What has just happened, for whoever watches: spend by the minute, refusals and throttles by model
//! and team. Bounded reads; reports over longer times are `usage`'s.

use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::Statement;
use crate::{Error, Ledger};

const MINUTES: Statement =
    Statement { doing: "read recent calls", sql: include_str!("../queries/recent_minutes.sql") };
const TROUBLES: Statement = Statement {
    doing: "read recent refusals",
    sql: include_str!("../queries/recent_troubles.sql"),
};

/// The calls that began within one minute and have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    /// Its first instant.
    pub at: Timestamp,
    /// How many.
    pub calls: i64,
    /// What they cost.
    pub cost: Total,
}

/// What was refused and throttled of one model and team.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Trouble {
    /// The model.
    pub model: String,
    /// The team; empty for calls without one.
    pub team: String,
    /// Calls that ended.
    pub calls: i64,
    /// Refusals.
    pub refused: i64,
    /// Throttled attempts.
    pub throttled_attempts: i64,
}

#[derive(Debug, FromRow)]
struct MinuteRow {
    minute_ms: i64,
    calls: i64,
    cost_micro: i64,
    cost_rest: i64,
}

impl Ledger {
    /// Minutes since an instant in which calls began, oldest first; of the latest twenty thousand
    /// calls at most.
    pub async fn recent_minutes(&self, since: Timestamp) -> Result<Vec<Minute>, Error> {
        let rows: Vec<MinuteRow> = self.reads.rows(MINUTES, &[since.0.into()]).await?;
        let minutes = rows.into_iter().map(|row| Minute {
            at: Timestamp(row.minute_ms),
            calls: row.calls,
            cost: Total::from_halves(row.cost_micro, row.cost_rest),
        });
        Ok(minutes.collect())
    }

    /// What was refused and throttled since the hour of an instant, by model and team.
    pub async fn recent_troubles(&self, since: Timestamp) -> Result<Vec<Trouble>, Error> {
        self.reads.rows(TROUBLES, &[since.hour().0.into()]).await
    }
}
