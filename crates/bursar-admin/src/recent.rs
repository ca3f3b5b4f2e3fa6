//! What runs and what has just happened, for whoever watches.

use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use bursar_ledger::{Minute, Trouble};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::parse_total;
use crate::{Admin, Error, RunningCall};

/// How far back spend is shown.
const BACK_MS: i64 = 60 * 60_000;

/// What was read at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Recent {
    /// When.
    pub at: String,
    /// The calls that run, oldest first.
    pub running: Vec<RunningCall>,
    /// Minutes of the last hour in which calls began, oldest first.
    pub minutes: Vec<MinuteReply>,
    /// What was refused and throttled in this hour.
    pub refusals: Vec<TroubleReply>,
}

/// The calls that began within one minute and have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinuteReply {
    /// Its first instant.
    pub minute: String,
    /// How many.
    pub calls: i64,
    /// What they cost.
    pub cost_usd: String,
}

/// What was refused and throttled of one model and team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TroubleReply {
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

impl Admin {
    /// What runs, and what has just happened.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn recent(&self) -> Result<Recent, Error> {
        let at = self.clock.now();
        let minutes = self.ledger.recent_minutes(Timestamp(at.0 - BACK_MS)).await?;
        let troubles = self.ledger.recent_troubles(at).await?;
        Ok(Recent {
            at: at.to_string(),
            running: self.running_calls().await?,
            minutes: minutes.iter().map(MinuteReply::from).collect(),
            refusals: troubles.into_iter().map(TroubleReply::from).collect(),
        })
    }
}

impl MinuteReply {
    /// What they cost; `None` for a figure that is none.
    #[must_use]
    pub fn cost(&self) -> Option<Total> {
        parse_total(&self.cost_usd).map(Total)
    }
}

impl From<&Minute> for MinuteReply {
    fn from(minute: &Minute) -> Self {
        let (at, cost_usd) = (minute.at.to_string(), minute.cost.usd());
        Self { minute: at, calls: minute.calls, cost_usd }
    }
}

impl From<Trouble> for TroubleReply {
    fn from(trouble: Trouble) -> Self {
        Self {
            model: trouble.model,
            team: trouble.team,
            calls: trouble.calls,
            refused: trouble.refused,
            throttled_attempts: trouble.throttled_attempts,
        }
    }
}
