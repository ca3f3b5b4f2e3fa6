//! Sums of calls by one dimension, from the roll-ups: whole days from the narrow daily ones, the
//! edges and the other dimensions from the hourly one.

mod habit;
mod read;
mod slice;

use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;

use crate::rollup::Sums;

pub use crate::rollup::Grain;
pub use habit::Habit;
pub use slice::{Buckets, GrainSlice, HourBy, HourSlice, Paces, SliceRow};

/// What usage is shown by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// The canonical base id.
    Model,
    /// The model's provider.
    Provider,
    /// The team.
    Team,
    /// The project.
    Project,
    /// The person.
    User,
    /// The virtual key.
    Key,
    /// The operation.
    Operation,
    /// The outcome, `refused` among them.
    Outcome,
    /// The region the call was made from.
    Region,
    /// Regional or global.
    Routing,
    /// The tier that served it.
    Tier,
    /// The UTC day, `YYYY-MM-DD`.
    Day,
    /// The UTC hour, RFC 3339.
    Hour,
    /// One tag's value.
    Tag(String),
}

/// What is asked of the roll-ups. The range is widened to whole UTC hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    /// What rows are told apart by.
    pub by: Dimension,
    /// Started at or after; `None` for ever since.
    pub since: Option<Timestamp>,
    /// Started before; `None` for no end.
    pub until: Option<Timestamp>,
    /// Whether `CountTokens` calls, which are free, are counted too.
    pub count_tokens: bool,
}

/// Sums over calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Calls, refusals not among them.
    pub calls: i64,
    /// Calls that succeeded.
    pub succeeded: i64,
    /// Calls that Bedrock rejected.
    pub rejected: i64,
    /// Calls whose last answer was throttling.
    pub throttled: i64,
    /// Calls that failed.
    pub failed: i64,
    /// Calls that we cut.
    pub cut: i64,
    /// Calls that the sweep settled.
    pub abandoned: i64,
    /// Requests that we refused: no calls.
    pub refused: i64,
    /// Requests to Bedrock.
    pub attempts: i64,
    /// Requests that were throttled.
    pub throttled_attempts: i64,
    /// Uncached input tokens.
    pub input_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Tokens read from a cache.
    pub cache_read_tokens: i64,
    /// Tokens written to a cache for five minutes.
    pub cache_write_5m_tokens: i64,
    /// Tokens written to a cache for an hour.
    pub cache_write_1h_tokens: i64,
    /// What they cost, unpriced calls left out.
    pub cost: Total,
    /// Calls without a cost.
    pub unpriced: i64,
    /// Calls whose cost is an estimate.
    pub estimated: i64,
}

impl Counters {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.zip(other, |mine, theirs| *mine += theirs);
        self.cost.0 += other.cost.0;
    }

    /// Takes others away.
    pub fn subtract(&mut self, other: &Self) {
        self.zip(other, |mine, theirs| *mine -= theirs);
        self.cost.0 -= other.cost.0;
    }

    fn zip(&mut self, other: &Self, apply: impl Fn(&mut i64, i64)) {
        apply(&mut self.calls, other.calls);
        apply(&mut self.succeeded, other.succeeded);
        apply(&mut self.rejected, other.rejected);
        apply(&mut self.throttled, other.throttled);
        apply(&mut self.failed, other.failed);
        apply(&mut self.cut, other.cut);
        apply(&mut self.abandoned, other.abandoned);
        apply(&mut self.refused, other.refused);
        apply(&mut self.attempts, other.attempts);
        apply(&mut self.throttled_attempts, other.throttled_attempts);
        apply(&mut self.input_tokens, other.input_tokens);
        apply(&mut self.output_tokens, other.output_tokens);
        apply(&mut self.cache_read_tokens, other.cache_read_tokens);
        apply(&mut self.cache_write_5m_tokens, other.cache_write_5m_tokens);
        apply(&mut self.cache_write_1h_tokens, other.cache_write_1h_tokens);
        apply(&mut self.unpriced, other.unpriced);
        apply(&mut self.estimated, other.estimated);
    }
}

impl From<Sums> for Counters {
    fn from(sums: Sums) -> Self {
        Self {
            calls: sums.calls,
            succeeded: sums.succeeded,
            rejected: sums.rejected,
            throttled: sums.throttled,
            failed: sums.failed,
            cut: sums.cut,
            abandoned: sums.abandoned,
            refused: sums.refused,
            attempts: sums.attempts,
            throttled_attempts: sums.throttled_attempts,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            cache_read_tokens: sums.cache_read_tokens,
            cache_write_5m_tokens: sums.cache_write_5m_tokens,
            cache_write_1h_tokens: sums.cache_write_1h_tokens,
            cost: Total::from_halves(sums.cost_micro, sums.cost_rest),
            unpriced: sums.unpriced,
            estimated: sums.estimated,
        }
    }
}

/// One value of the dimension, and its sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The value; `None` for calls without one.
    pub value: Option<String>,
    /// The sums.
    pub counters: Counters,
}

/// The answer to a [`UsageQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// By value, ascending; the row without a value first.
    pub rows: Vec<UsageRow>,
    /// The sum of the rows.
    pub total: Counters,
    /// The range as it was read, in whole hours.
    pub since: Option<Timestamp>,
    /// Its end, exclusive.
    pub until: Option<Timestamp>,
}
