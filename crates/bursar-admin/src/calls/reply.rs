//! A recorded call as JSON: the keys that other programs rely on.
//!
//! Null, never absent; decimals as strings without trailing zeros; times RFC 3339 in UTC.

use std::collections::BTreeMap;

use bursar_domain::money::{Cost, Micros, Rate};
use bursar_domain::price::{PriceStamp, Rates};
use bursar_domain::time::Timestamp;
use bursar_ledger::CallRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the columns are fixed, and these are facts")]
pub struct CallReply {
    /// Its identity.
    pub id: String,
    /// When it was taken on.
    pub started_at: String,
    /// When the first byte of the answer came.
    pub first_token_at: Option<String>,
    /// When it ended.
    pub ended_at: String,
    /// The team.
    pub team: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The person.
    pub user: Option<String>,
    /// The virtual key.
    pub key: Option<String>,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// The client's own session.
    pub client_session: Option<String>,
    /// What was asked of Bedrock.
    pub operation: String,
    /// The model as the caller wrote it.
    pub model_requested: String,
    /// The model that was dispatched, priced and recorded.
    pub model: String,
    /// The model version that answered.
    pub model_version: String,
    /// How that is known.
    pub version_evidence: String,
    /// The model's provider.
    pub provider: String,
    /// The region the call was made from.
    pub region: String,
    /// The region that served it, where known.
    pub served_region: Option<String>,
    /// Regional or global.
    pub routing: String,
    /// The tier that was asked for.
    pub tier_requested: String,
    /// The tier that served it.
    pub tier: String,
    /// How it ended.
    pub outcome: String,
    /// Whether nobody was listening any more.
    pub client_gone: bool,
    /// The last HTTP status.
    pub http_status: Option<u16>,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
    /// What was said of it.
    pub error_message: Option<String>,
    /// How many requests were made.
    pub attempts: u64,
    /// How many of them were throttled.
    pub throttled_attempts: u64,
    /// Uncached input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache for five minutes.
    pub cache_write_5m_tokens: u64,
    /// Tokens written to a cache for an hour.
    pub cache_write_1h_tokens: u64,
    /// Metered units.
    pub meters: BTreeMap<String, u64>,
    /// The price row.
    pub price_id: Option<String>,
    /// Its rates then.
    pub rates: Option<RateReply>,
    /// What it cost; null where it is unpriced.
    pub cost_usd: Option<String>,
    /// Whether that is a bound.
    pub estimated: bool,
    /// The lower bound, where there is one.
    pub cost_low_usd: Option<String>,
    /// Whether it cost more than was held.
    pub overrun: bool,
    /// What was held for it; null when nothing bounded it.
    pub held_usd: Option<String>,
    /// The last `x-amzn-RequestId`.
    pub request_id: Option<String>,
    /// Why the model stopped.
    pub stop_reason: Option<String>,
    /// The guardrail.
    pub guardrail_id: Option<String>,
    /// What it did.
    pub guardrail_action: Option<String>,
    /// A keyed hash of the request.
    pub request_hmac: Option<String>,
    /// Whether a simulator answered.
    pub simulated: bool,
}

impl CallReply {
    /// The keys, in their order: the columns of a CSV file.
    pub const COLUMNS: [&str; 47] = [
        "id",
        "started_at",
        "first_token_at",
        "ended_at",
        "team",
        "project",
        "user",
        "key",
        "tags",
        "client_session",
        "operation",
        "model_requested",
        "model",
        "model_version",
        "version_evidence",
        "provider",
        "region",
        "served_region",
        "routing",
        "tier_requested",
        "tier",
        "outcome",
        "client_gone",
        "http_status",
        "error_code",
        "error_message",
        "attempts",
        "throttled_attempts",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "meters",
        "price_id",
        "rates",
        "cost_usd",
        "estimated",
        "cost_low_usd",
        "overrun",
        "held_usd",
        "request_id",
        "stop_reason",
        "guardrail_id",
        "guardrail_action",
        "request_hmac",
        "simulated",
    ];
}

/// US dollars per million tokens of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RateReply {
    /// Uncached input.
    pub input: Option<String>,
    /// Output.
    pub output: Option<String>,
    /// Read from a cache.
    pub cache_read: Option<String>,
    /// Written to a cache for five minutes.
    pub cache_write_5m: Option<String>,
    /// Written to a cache for an hour.
    pub cache_write_1h: Option<String>,
}

impl From<&Rates> for RateReply {
    fn from(rates: &Rates) -> Self {
        let text = |rate: Option<Rate>| rate.map(Rate::per_million);
        Self {
            input: text(rates.input),
            output: text(rates.output),
            cache_read: text(rates.cache_read),
            cache_write_5m: text(rates.cache_write_5m),
            cache_write_1h: text(rates.cache_write_1h),
        }
    }
}

impl From<CallRow> for CallReply {
    fn from(call: CallRow) -> Self {
        let who = call.attribution;
        let usage = call.bill.usage;
        let price = call.bill.price;
        Self {
            id: call.id.to_string(),
            started_at: call.started_at.to_string(),
            first_token_at: call.first_token_at.as_ref().map(Timestamp::to_string),
            ended_at: call.ended_at.to_string(),
            team: who.team,
            project: who.project,
            user: who.user,
            key: who.key,
            tags: who.tags,
            client_session: who.client_session,
            operation: call.operation.as_str().to_owned(),
            model_requested: call.model_requested,
            model: call.model.to_string(),
            model_version: call.model_version,
            version_evidence: call.version_evidence.as_str().to_owned(),
            provider: call.provider,
            region: call.region,
            served_region: call.served_region,
            routing: call.routing.as_str().to_owned(),
            tier_requested: call.tier_requested.as_str().to_owned(),
            tier: call.tier.as_str().to_owned(),
            outcome: call.ending.outcome.as_str().to_owned(),
            client_gone: call.ending.client_gone,
            http_status: call.ending.http_status,
            error_code: call.ending.error_code,
            error_message: call.ending.error_message,
            attempts: call.attempts,
            throttled_attempts: call.throttled_attempts,
            input_tokens: usage.input,
            output_tokens: usage.output,
            cache_read_tokens: usage.cache_read,
            cache_write_5m_tokens: usage.cache_write_5m,
            cache_write_1h_tokens: usage.cache_write_1h,
            meters: usage.meters.into_iter().map(|(meter, count)| (meter.0, count)).collect(),
            price_id: price.as_ref().map(|price: &PriceStamp| price.id.to_string()),
            rates: price.as_ref().map(|price| RateReply::from(&price.rates)),
            cost_usd: call.bill.cost.map(Cost::usd),
            estimated: call.bill.estimated,
            cost_low_usd: call.bill.cost_low.map(Cost::usd),
            overrun: call.overrun,
            held_usd: call.held.and_then(Micros::cost).map(Cost::usd),
            request_id: call.request_id,
            stop_reason: call.ending.stop_reason,
            guardrail_id: call.guardrail.id,
            guardrail_action: call.guardrail.action,
            request_hmac: call.request_hmac,
            simulated: call.simulated,
        }
    }
}
