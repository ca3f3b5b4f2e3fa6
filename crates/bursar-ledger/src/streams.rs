//! What runs: the open calls of every process, the limits that streams keep to, and who wants which
//! call cut. Reads only; limits and wishes are made by `Ledger::change`.

use bursar_domain::call::{CallId, Intent};
use bursar_domain::money::{Cost, Micros};
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;
use bursar_domain::watch::StreamLimits;
use sqlx::FromRow;

use crate::facts::read_intent;
use crate::rules::read_scope;
use crate::statement::Statement;
use crate::{Error, Ledger};

const OPEN_CALLS: Statement =
    Statement { doing: "read open calls", sql: include_str!("../queries/open_calls.sql") };
const CUT_WISHES: Statement =
    Statement { doing: "read wishes to cut", sql: include_str!("../queries/cut_wishes.sql") };
pub(crate) const STREAM_LIMITS: Statement = Statement {
    doing: "read limits of streams",
    sql: include_str!("../queries/live_stream_limits.sql"),
};

/// So many open calls are read at a time: the query's own `LIMIT`.
pub const OPEN_CALLS_MAX: usize = 500;

/// What a running call has come to, at least.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// What it costs; `None` without a price.
    pub cost: Option<Cost>,
    /// Output tokens.
    pub output_tokens: u64,
    /// Since when this is known.
    pub at: Timestamp,
    /// Why its client's stream was cut, if it was.
    pub cut_code: Option<String>,
}

impl From<Cost> for Checkpoint {
    fn from(cost: Cost) -> Self {
        Self { cost: Some(cost), ..Self::default() }
    }
}

/// A call that has not ended, of whichever process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCall {
    /// What was made durable before it was sent.
    pub intent: Intent,
    /// The process that makes it.
    pub owner: String,
    /// What is held for it.
    pub held: Option<Micros>,
    /// What it was last known to have come to; `None` before its first checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// Who wants it cut.
    pub wish: Option<CutWish>,
}

/// Somebody wants a call cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutWish {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// How far the streams of a scope may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRule {
    /// Its identity.
    pub id: String,
    /// Whose streams.
    pub scope: Scope,
    /// How far.
    pub limits: StreamLimits,
}

#[derive(Debug, FromRow)]
struct OpenRow {
    call_id: String,
    owner: String,
    held_micro: Option<i64>,
    checkpoint_pico: Option<i64>,
    checkpoint_tokens: Option<i64>,
    checkpoint_ms: Option<i64>,
    cut_code: Option<String>,
    facts: String,
    wished_by: Option<String>,
    reason: Option<String>,
}

impl OpenRow {
    fn call(self) -> Result<OpenCall, Error> {
        let bad = |column| Error::Inconsistent { table: "hold", column, row: self.call_id.clone() };
        let checkpoint = self.checkpoint_ms.map(|at| Checkpoint {
            cost: self.checkpoint_pico.and_then(Cost::from_pico),
            output_tokens: count(self.checkpoint_tokens),
            at: Timestamp(at),
            cut_code: self.cut_code.clone(),
        });
        Ok(OpenCall {
            intent: read_intent(&self.facts).ok_or_else(|| bad("facts"))?,
            owner: self.owner,
            held: self.held_micro.map(Micros),
            checkpoint,
            wish: self.wished_by.zip(self.reason).map(|(by, reason)| CutWish { by, reason }),
        })
    }
}

#[derive(Debug, FromRow)]
struct WishRow {
    call_id: String,
    reason: String,
    wished_by: String,
}

/// The columns of a stream's limits.
#[derive(Debug, FromRow)]
pub(crate) struct StreamLimitRow {
    id: String,
    scope: String,
    money_micro: Option<i64>,
    output_tokens: Option<i64>,
    seconds: Option<i64>,
    idle_seconds: Option<i64>,
    on_repetition: String,
    on_cut: String,
}

impl StreamLimitRow {
    pub(crate) fn rule(self) -> Result<StreamRule, Error> {
        let bad =
            |column| Error::Inconsistent { table: "stream_limit", column, row: self.id.clone() };
        let limits = StreamLimits {
            money: self.money_micro.map(Micros),
            output_tokens: self.output_tokens.map(|tokens| count(Some(tokens))),
            seconds: self.seconds.map(|seconds| count(Some(seconds))),
            idle_seconds: self.idle_seconds.map(|seconds| count(Some(seconds))),
            on_repetition: self.on_repetition.parse().map_err(|_| bad("on_repetition"))?,
            on_cut: self.on_cut.parse().map_err(|_| bad("on_cut"))?,
        };
        Ok(StreamRule {
            scope: read_scope(&self.scope).ok_or_else(|| bad("scope"))?,
            limits,
            id: self.id,
        })
    }
}

impl Ledger {
    /// The calls that have not ended, oldest first, at most [`OPEN_CALLS_MAX`] after a given one.
    pub async fn open_calls(&self, after: Option<&CallId>) -> Result<Vec<OpenCall>, Error> {
        let after = after.map_or("", CallId::as_str);
        let rows: Vec<OpenRow> = self.reads.rows(OPEN_CALLS, &[after.into()]).await?;
        rows.into_iter().map(OpenRow::call).collect()
    }

    /// Which calls somebody wants cut. Those that have ended may be among them.
    pub async fn cut_wishes(&self) -> Result<Vec<(CallId, CutWish)>, Error> {
        let rows: Vec<WishRow> = self.reads.rows(CUT_WISHES, &[]).await?;
        let wishes = rows.into_iter().filter_map(|row| {
            let wish = CutWish { by: row.wished_by, reason: row.reason };
            Some((CallId::parse(&row.call_id)?, wish))
        });
        Ok(wishes.collect())
    }

    /// How far streams may go now.
    pub async fn stream_rules(&self) -> Result<Vec<StreamRule>, Error> {
        let rows: Vec<StreamLimitRow> = self.reads.rows(STREAM_LIMITS, &[]).await?;
        rows.into_iter().map(StreamLimitRow::rule).collect()
    }
}

/// A column that counts: never negative.
fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}
