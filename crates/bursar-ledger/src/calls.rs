//! Calls, read back: which match, in pages, newest first; then the rows themselves.

mod record;

use bursar_domain::call::{
    Attempt, Bill, CallId, Ending, Guardrail, Operation, Outcome, VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::Micros;
use bursar_domain::price::{Routing, Tier};
use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Statement, Value, keyed};
use crate::{Error, Ledger};

const CALL_IDS: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids.sql") };
const CALL_IDS_BY_REQUEST: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_request.sql") };
const CALL_IDS_BY_SESSION: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_session.sql") };
/// One for each pick that has an index, the narrowest first.
const CALL_IDS_BY_KEY: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_key.sql") };
const CALL_IDS_BY_USER: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_user.sql") };
const CALL_IDS_BY_OUTCOME: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_outcome.sql") };
const CALL_IDS_BY_TEAM: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_team.sql") };
const CALL_IDS_BY_MODEL: Statement =
    Statement { doing: "list calls", sql: include_str!("../queries/call_ids_by_model.sql") };
const CALL_POSITION: Statement =
    Statement { doing: "find a call", sql: include_str!("../queries/call_position.sql") };
const CALLS_BY_ID: Statement =
    Statement { doing: "read calls", sql: include_str!("../queries/calls_by_id.sql") };
const ATTEMPTS: Statement =
    Statement { doing: "read attempts", sql: include_str!("../queries/attempts.sql") };

/// After every id: a UUID starts with a hexadecimal digit.
const LAST: &str = "~";

/// Which calls are asked for: all of those parts that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Started at or after.
    pub since: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
    /// The canonical base id.
    pub model: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// The person.
    pub user: Option<String>,
    /// The virtual key.
    pub key: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The operation.
    pub operation: Option<Operation>,
    /// Bedrock's request id, of the call's last attempt.
    pub request_id: Option<String>,
    /// The call itself.
    pub id: Option<CallId>,
    /// The client's own session.
    pub client_session: Option<String>,
}

/// One page of a list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The last call of the page before.
    pub after: Option<CallId>,
    /// The most rows, at most [`Page::LIMIT_MAX`].
    pub limit: u32,
}

impl Page {
    /// The most rows of one page.
    pub const LIMIT_MAX: u32 = 1000;
}

/// A call as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// The call's identity.
    pub id: CallId,
    /// When it was taken on.
    pub started_at: Timestamp,
    /// When the first byte of the answer came.
    pub first_token_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Whom it is recorded under.
    pub attribution: Attribution,
    /// What was asked of Bedrock.
    pub operation: Operation,
    /// The model as the caller wrote it.
    pub model_requested: String,
    /// The model that was dispatched, priced and recorded.
    pub model: ModelId,
    /// The model version that answered.
    pub model_version: String,
    /// How that is known.
    pub version_evidence: VersionEvidence,
    /// The model's provider.
    pub provider: String,
    /// The region the call was made from.
    pub region: String,
    /// The region that served it, where known.
    pub served_region: Option<String>,
    /// Regional or global.
    pub routing: Routing,
    /// The tier that was asked for.
    pub tier_requested: Tier,
    /// The tier that served it.
    pub tier: Tier,
    /// How it ended, and why.
    pub ending: Ending,
    /// How many requests were made.
    pub attempts: u64,
    /// How many of them were throttled.
    pub throttled_attempts: u64,
    /// What it used, at which price, and what it owes, as corrected.
    pub bill: Bill,
    /// It cost more than was held.
    pub overrun: bool,
    /// What was held; `None` when nothing bounded the call.
    pub held: Option<Micros>,
    /// The last `x-amzn-RequestId`.
    pub request_id: Option<String>,
    /// The guardrail, if one ran.
    pub guardrail: Guardrail,
    /// A keyed hash of the request body.
    pub request_hmac: Option<String>,
    /// Whether the endpoint was a simulator.
    pub simulated: bool,
    /// Its bill came after the sweep had settled it, and stands here in place of the estimate.
    pub corrected: bool,
}

#[derive(Debug, FromRow)]
struct IdRow {
    id: String,
}

#[derive(Debug, FromRow)]
struct PositionRow {
    started_ms: i64,
}

impl Ledger {
    /// One page of the calls that match, newest first.
    pub async fn calls(&self, filter: &CallFilter, page: &Page) -> Result<Vec<CallRow>, Error> {
        if page.limit == 0 || page.limit > Page::LIMIT_MAX {
            let problem = format!("is {}, not 1 to {}", page.limit, Page::LIMIT_MAX);
            return Err(Error::Unkept { field: "limit", problem });
        }
        let ids = match &filter.id {
            Some(id) => vec![id.to_string()],
            None => self.call_ids(filter, page).await?,
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = [keyed(ids.iter().map(|id| (id, ())))?];
        let rows: Vec<record::CallRecord> = self.reads.rows(CALLS_BY_ID, &ids).await?;
        let rows: Result<Vec<CallRow>, Error> =
            rows.into_iter().map(record::CallRecord::call).collect();
        // A call that was found by its id or request must still be one that the rest asks for.
        Ok(rows?.into_iter().filter(|call| filter.matches(call)).collect())
    }

    /// The attempts at one call, in order; none when there is no such call.
    pub async fn attempts(&self, id: &CallId) -> Result<Vec<Attempt>, Error> {
        let rows: Vec<record::AttemptRecord> =
            self.reads.rows(ATTEMPTS, &[id.as_str().into()]).await?;
        rows.into_iter().map(|row| row.attempt(id)).collect()
    }

    async fn call_ids(&self, filter: &CallFilter, page: &Page) -> Result<Vec<String>, Error> {
        // Positions are (time, id), descending; `until` is the position before all of its time.
        let until = (filter.until.map_or(i64::MAX, |until| until.0), "");
        let until = if filter.until.is_none() { (i64::MAX, LAST) } else { until };
        let before = match &page.after {
            Some(id) => until.min((self.position(id).await?, id.as_str())),
            None => until,
        };
        let mut values: Vec<Value> = vec![
            before.0.into(),
            before.1.into(),
            filter.since.map_or(0, |since| since.0).into(),
            filter.model.as_deref().into(),
            filter.team.as_deref().into(),
            filter.key.as_deref().into(),
            filter.outcome.map(Outcome::as_str).into(),
            filter.operation.map(Operation::as_str).into(),
            filter.user.as_deref().into(),
        ];
        let statement = match (&filter.request_id, &filter.client_session) {
            (Some(request), _) => {
                values.push(request.as_str().into());
                CALL_IDS_BY_REQUEST
            }
            (None, Some(session)) => {
                values.push(session.as_str().into());
                CALL_IDS_BY_SESSION
            }
            (None, None) => filter.statement(),
        };
        values.push(i64::from(page.limit).into());
        let rows: Vec<IdRow> = self.reads.rows(statement, &values).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    async fn position(&self, id: &CallId) -> Result<i64, Error> {
        let row: Option<PositionRow> = self.reads.row(CALL_POSITION, &[id.as_str().into()]).await?;
        row.map(|row| row.started_ms).ok_or_else(|| Error::Unkept {
            field: "after",
            problem: format!("names the call `{id}`, which is not recorded"),
        })
    }
}

impl CallFilter {
    /// What lists these calls by the index that leaves the fewest to look at.
    fn statement(&self) -> Statement {
        match self {
            Self { key: Some(_), .. } => CALL_IDS_BY_KEY,
            Self { user: Some(_), .. } => CALL_IDS_BY_USER,
            Self { outcome: Some(outcome), .. } if *outcome != Outcome::Succeeded => {
                CALL_IDS_BY_OUTCOME
            }
            Self { team: Some(_), .. } => CALL_IDS_BY_TEAM,
            Self { model: Some(_), .. } => CALL_IDS_BY_MODEL,
            _ => CALL_IDS,
        }
    }

    fn matches(&self, call: &CallRow) -> bool {
        let who = &call.attribution;
        self.since.is_none_or(|since| call.started_at >= since)
            && self.until.is_none_or(|until| call.started_at < until)
            && self.model.as_deref().is_none_or(|model| model == call.model.as_str())
            && (self.team.is_none() || self.team == who.team)
            && (self.user.is_none() || self.user == who.user)
            && (self.key.is_none() || self.key == who.key)
            && self.outcome.is_none_or(|outcome| outcome == call.ending.outcome)
            && self.operation.is_none_or(|operation| operation == call.operation)
            && (self.request_id.is_none() || self.request_id == call.request_id)
            && (self.client_session.is_none() || self.client_session == who.client_session)
    }
}
