//! A recorded call as JSON: the keys that other programs rely on.
//!
//! Null, never absent; decimals as strings without trailing zeros; times RFC 3339 in UTC.

use std::collections::BTreeMap;

use bursar_domain::money::{Cost, Micros, Rate};
use bursar_domain::price::{PriceStamp, Rates};
use bursar_domain::time::Timestamp;
use bursar_ledger::CallRow;
use serde::Serialize;

/// One row of `calls --json`.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the columns are fixed, and these are facts")]
pub(crate) struct Row {
    id: String,
    started_at: String,
    first_token_at: Option<String>,
    ended_at: String,
    team: Option<String>,
    project: Option<String>,
    user: Option<String>,
    key: Option<String>,
    tags: BTreeMap<String, String>,
    client_session: Option<String>,
    operation: &'static str,
    model_requested: String,
    model: String,
    model_version: String,
    version_evidence: &'static str,
    provider: String,
    region: String,
    served_region: Option<String>,
    routing: &'static str,
    tier_requested: &'static str,
    tier: &'static str,
    outcome: &'static str,
    client_gone: bool,
    http_status: Option<u16>,
    error_code: Option<String>,
    error_message: Option<String>,
    attempts: u64,
    throttled_attempts: u64,
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_5m_tokens: u64,
    cache_write_1h_tokens: u64,
    meters: BTreeMap<String, u64>,
    price_id: Option<String>,
    rates: Option<RateRow>,
    pub(crate) cost_usd: Option<String>,
    estimated: bool,
    cost_low_usd: Option<String>,
    overrun: bool,
    held_usd: Option<String>,
    request_id: Option<String>,
    stop_reason: Option<String>,
    guardrail_id: Option<String>,
    guardrail_action: Option<String>,
    request_hmac: Option<String>,
    simulated: bool,
}

impl Row {
    /// The keys, in their order: the columns of a CSV file.
    pub(crate) const COLUMNS: [&str; 47] = [
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
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RateRow {
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write_5m: Option<String>,
    cache_write_1h: Option<String>,
}

impl From<&Rates> for RateRow {
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

impl From<CallRow> for Row {
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
            operation: call.operation.as_str(),
            model_requested: call.model_requested,
            model: call.model.to_string(),
            model_version: call.model_version,
            version_evidence: call.version_evidence.as_str(),
            provider: call.provider,
            region: call.region,
            served_region: call.served_region,
            routing: call.routing.as_str(),
            tier_requested: call.tier_requested.as_str(),
            tier: call.tier.as_str(),
            outcome: call.ending.outcome.as_str(),
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
            rates: price.as_ref().map(|price| RateRow::from(&price.rates)),
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
