//! Rows of `call` and `attempt` as they are read, and the values that they stand for.

use bursar_domain::call::{Attempt, Bill, CallId, Ending, Guardrail, SentTo};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use sqlx::FromRow;

use super::CallRow;
use crate::Error;
use crate::facts::{read_meters, read_price, read_tags};

/// A row of `billed_call`.
#[derive(Debug, FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "as many as the table has")]
pub(super) struct CallRecord {
    id: String,
    started_ms: i64,
    first_token_ms: Option<i64>,
    ended_ms: i64,
    team: Option<String>,
    project: Option<String>,
    user_id: Option<String>,
    key_id: Option<String>,
    tags: String,
    client_session: Option<String>,
    operation: String,
    model_requested: String,
    model: String,
    model_version: String,
    version_evidence: String,
    provider: String,
    region: String,
    served_region: Option<String>,
    routing: String,
    tier_requested: String,
    tier: String,
    outcome: String,
    client_gone: bool,
    http_status: Option<i64>,
    error_code: Option<String>,
    error_message: Option<String>,
    attempts: i64,
    throttled_attempts: i64,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_5m_tokens: i64,
    cache_write_1h_tokens: i64,
    meters: String,
    price_id: Option<String>,
    rates: Option<String>,
    cost_pico: Option<i64>,
    estimated: bool,
    cost_low_pico: Option<i64>,
    overrun: bool,
    held_micro: Option<i64>,
    request_id: Option<String>,
    stop_reason: Option<String>,
    guardrail_id: Option<String>,
    guardrail_action: Option<String>,
    request_hmac: Option<String>,
    simulated: bool,
    corrected: bool,
}

impl CallRecord {
    pub(super) fn call(self) -> Result<CallRow, Error> {
        let row = Reader { table: "call", id: self.id };
        Ok(CallRow {
            id: row.present("id", CallId::parse(&row.id))?,
            started_at: Timestamp(self.started_ms),
            first_token_at: self.first_token_ms.map(Timestamp),
            ended_at: Timestamp(self.ended_ms),
            attribution: Attribution {
                team: self.team,
                project: self.project,
                user: self.user_id,
                key: self.key_id,
                tags: row.present("tags", read_tags(&self.tags))?,
                client_session: self.client_session,
            },
            operation: row.present("operation", self.operation.parse().ok())?,
            model_requested: self.model_requested,
            model: row.present("model", ModelId::parse(&self.model))?,
            model_version: self.model_version,
            version_evidence: row
                .present("version_evidence", self.version_evidence.parse().ok())?,
            provider: self.provider,
            region: self.region,
            served_region: self.served_region,
            routing: row.present("routing", self.routing.parse().ok())?,
            tier_requested: row.present("tier_requested", self.tier_requested.parse().ok())?,
            tier: row.present("tier", self.tier.parse().ok())?,
            ending: Ending {
                outcome: row.present("outcome", self.outcome.parse().ok())?,
                client_gone: self.client_gone,
                http_status: row.status(self.http_status)?,
                error_code: self.error_code,
                error_message: self.error_message,
                stop_reason: self.stop_reason,
            },
            attempts: row.count("attempts", self.attempts)?,
            throttled_attempts: row.count("throttled_attempts", self.throttled_attempts)?,
            bill: Bill {
                usage: Usage {
                    input: row.count("input_tokens", self.input_tokens)?,
                    output: row.count("output_tokens", self.output_tokens)?,
                    cache_read: row.count("cache_read_tokens", self.cache_read_tokens)?,
                    cache_write_5m: row
                        .count("cache_write_5m_tokens", self.cache_write_5m_tokens)?,
                    cache_write_1h: row
                        .count("cache_write_1h_tokens", self.cache_write_1h_tokens)?,
                    meters: row.present("meters", read_meters(&self.meters))?,
                },
                price: match (self.price_id, self.rates) {
                    (Some(id), Some(rates)) => Some(row.present("rates", read_price(id, &rates))?),
                    _ => None,
                },
                cost: row.cost("cost_pico", self.cost_pico)?,
                estimated: self.estimated,
                cost_low: row.cost("cost_low_pico", self.cost_low_pico)?,
            },
            overrun: self.overrun,
            held: self.held_micro.map(Micros),
            request_id: self.request_id,
            guardrail: Guardrail { id: self.guardrail_id, action: self.guardrail_action },
            request_hmac: self.request_hmac,
            simulated: self.simulated,
            corrected: self.corrected,
        })
    }
}

/// A row of `attempt`.
#[derive(Debug, FromRow)]
pub(super) struct AttemptRecord {
    started_ms: i64,
    ended_ms: i64,
    outcome: String,
    http_status: Option<i64>,
    error_code: Option<String>,
    request_id: Option<String>,
    model: Option<String>,
    region: Option<String>,
    upstream: Option<String>,
}

impl AttemptRecord {
    pub(super) fn attempt(self, call: &CallId) -> Result<Attempt, Error> {
        let row = Reader { table: "attempt", id: call.to_string() };
        Ok(Attempt {
            started_at: Timestamp(self.started_ms),
            ended_at: Timestamp(self.ended_ms),
            outcome: row.present("outcome", self.outcome.parse().ok())?,
            http_status: row.status(self.http_status)?,
            error_code: self.error_code,
            request_id: self.request_id,
            sent_to: SentTo { model: self.model, region: self.region, upstream: self.upstream },
        })
    }
}

/// Names the row and column of a value that is none of ours.
struct Reader {
    table: &'static str,
    id: String,
}

impl Reader {
    fn present<T>(&self, column: &'static str, value: Option<T>) -> Result<T, Error> {
        let row = self.id.clone();
        value.ok_or(Error::Inconsistent { table: self.table, column, row })
    }

    fn count(&self, column: &'static str, value: i64) -> Result<u64, Error> {
        self.present(column, u64::try_from(value).ok())
    }

    fn cost(&self, column: &'static str, value: Option<i64>) -> Result<Option<Cost>, Error> {
        value.map(|pico| self.present(column, Cost::from_pico(pico))).transpose()
    }

    fn status(&self, value: Option<i64>) -> Result<Option<u16>, Error> {
        value.map(|status| self.present("http_status", u16::try_from(status).ok())).transpose()
    }
}
