//! The rows of a posting as JSON: one struct per table, its fields named as the columns.

use bursar_domain::call::{Attempt, AttemptOutcome, Intent, Settlement};
use bursar_domain::money::Cost;
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::{No, is_overrun};
use crate::admitted::Open;
use crate::facts::{write_meters, write_rates, write_tags};
use crate::limits::kept_text;

/// A row of `call`.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "as many as the table has")]
pub(crate) struct CallJson {
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
    attempts: usize,
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
}

impl CallJson {
    pub(super) fn new(open: &Open, settlement: &Settlement) -> Self {
        let (intent, ending, bill) = (&open.intent, &settlement.ending, &settlement.bill);
        let who = &intent.attribution;
        Self {
            id: intent.id.to_string(),
            started_ms: intent.started_at.0,
            first_token_ms: settlement.first_token_at.map(|time| time.0),
            ended_ms: settlement.ended_at.0,
            team: who.team.clone(),
            project: who.project.clone(),
            user_id: who.user.clone(),
            key_id: who.key.clone(),
            tags: write_tags(&who.tags),
            client_session: who.client_session.clone(),
            operation: intent.operation.as_str(),
            model_requested: intent.model_requested.clone(),
            model: settlement.model(intent).to_string(),
            model_version: kept_text(&settlement.model_version),
            version_evidence: settlement.version_evidence.as_str(),
            provider: settlement.model(intent).provider().to_owned(),
            region: settlement.region(intent).to_owned(),
            served_region: kept(settlement.served_region.as_ref()),
            routing: settlement.routing(intent).as_str(),
            tier_requested: intent.tier_requested.as_str(),
            tier: settlement.tier.as_str(),
            outcome: ending.outcome.as_str(),
            client_gone: ending.client_gone,
            http_status: ending.http_status,
            error_code: kept(ending.error_code.as_ref()),
            error_message: kept(ending.error_message.as_ref()),
            attempts: settlement.attempts.len(),
            throttled_attempts: throttled(settlement),
            input_tokens: tokens(bill.usage.input),
            output_tokens: tokens(bill.usage.output),
            cache_read_tokens: tokens(bill.usage.cache_read),
            cache_write_5m_tokens: tokens(bill.usage.cache_write_5m),
            cache_write_1h_tokens: tokens(bill.usage.cache_write_1h),
            meters: write_meters(&bill.usage.meters),
            price_id: bill.price.as_ref().map(|price| price.id.to_string()),
            rates: bill.price.as_ref().map(write_rates),
            cost_pico: bill.cost.map(Cost::pico),
            estimated: bill.estimated,
            cost_low_pico: bill.cost_low.map(Cost::pico),
            overrun: is_overrun(open, settlement),
            held_micro: open.held.map(|held| held.0),
            request_id: kept(settlement.request_id.as_ref()),
            stop_reason: kept(ending.stop_reason.as_ref()),
            guardrail_id: kept(settlement.guardrail.id.as_ref()),
            guardrail_action: kept(settlement.guardrail.action.as_ref()),
            request_hmac: intent.request_hmac.clone(),
            simulated: intent.simulated,
        }
    }
}

/// A row of `attempt`.
#[derive(Debug, Serialize)]
pub(crate) struct AttemptJson {
    call_id: String,
    number: i64,
    started_ms: i64,
    ended_ms: i64,
    outcome: &'static str,
    http_status: Option<u16>,
    error_code: Option<String>,
    request_id: Option<String>,
    model: Option<String>,
    region: Option<String>,
    upstream: Option<String>,
}

impl AttemptJson {
    pub(super) fn new(call_id: &str, number: i64, attempt: &Attempt) -> Self {
        Self {
            call_id: call_id.to_owned(),
            number,
            started_ms: attempt.started_at.0,
            ended_ms: attempt.ended_at.0,
            outcome: attempt.outcome.as_str(),
            http_status: attempt.http_status,
            error_code: kept(attempt.error_code.as_ref()),
            request_id: kept(attempt.request_id.as_ref()),
            model: kept(attempt.sent_to.model.as_ref()),
            region: kept(attempt.sent_to.region.as_ref()),
            upstream: kept(attempt.sent_to.upstream.as_ref()),
        }
    }
}

/// A row of `call_tag`.
#[derive(Debug, Serialize)]
pub(crate) struct TagJson {
    tag_key: String,
    started_ms: i64,
    call_id: String,
    tag_value: String,
}

impl TagJson {
    pub(super) fn new(intent: &Intent, (key, value): (&String, &String)) -> Self {
        Self {
            tag_key: key.clone(),
            started_ms: intent.started_at.0,
            call_id: intent.id.to_string(),
            tag_value: value.clone(),
        }
    }
}

/// A row of `correction`.
#[derive(Debug, Serialize)]
pub(crate) struct CorrectionJson {
    pub(crate) call_id: String,
    posted_ms: i64,
    ended_ms: i64,
    outcome: &'static str,
    attempts: usize,
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
    request_id: Option<String>,
}

impl CorrectionJson {
    pub(super) fn new(open: &Open, settlement: &Settlement, now: Timestamp) -> Self {
        let bill = &settlement.bill;
        Self {
            call_id: open.intent.id.to_string(),
            posted_ms: now.0,
            ended_ms: settlement.ended_at.0,
            outcome: settlement.ending.outcome.as_str(),
            attempts: settlement.attempts.len(),
            throttled_attempts: throttled(settlement),
            input_tokens: tokens(bill.usage.input),
            output_tokens: tokens(bill.usage.output),
            cache_read_tokens: tokens(bill.usage.cache_read),
            cache_write_5m_tokens: tokens(bill.usage.cache_write_5m),
            cache_write_1h_tokens: tokens(bill.usage.cache_write_1h),
            meters: write_meters(&bill.usage.meters),
            price_id: bill.price.as_ref().map(|price| price.id.to_string()),
            rates: bill.price.as_ref().map(write_rates),
            cost_pico: bill.cost.map(Cost::pico),
            estimated: bill.estimated,
            cost_low_pico: bill.cost_low.map(Cost::pico),
            overrun: is_overrun(open, settlement),
            request_id: kept(settlement.request_id.as_ref()),
        }
    }
}

/// A row of `refusal`. `slot` counts from the last one of its key and minute that is kept.
#[derive(Debug, Serialize)]
pub(crate) struct RefusalJson {
    key_id: String,
    minute_ms: i64,
    pub(super) slot: i64,
    at_ms: i64,
    reason: &'static str,
    detail: String,
    team: Option<String>,
    project: Option<String>,
    user_id: Option<String>,
    operation: &'static str,
    model: String,
    region: String,
    call_id: String,
    window_id: Option<String>,
}

impl RefusalJson {
    pub(super) fn new(intent: &Intent, no: No<'_>, now: Timestamp) -> Self {
        let who = &intent.attribution;
        Self {
            key_id: who.key.clone().unwrap_or_default(),
            minute_ms: now.0 - now.0.rem_euclid(60_000),
            slot: 0,
            at_ms: now.0,
            reason: no.reason.as_str(),
            detail: kept_text(no.detail),
            team: who.team.clone(),
            project: who.project.clone(),
            user_id: who.user.clone(),
            operation: intent.operation.as_str(),
            model: intent.model.to_string(),
            region: intent.region.clone(),
            call_id: intent.id.to_string(),
            window_id: no.window.map(ToString::to_string),
        }
    }

    /// Whether both count against the same minute of the same key.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.key_id == other.key_id && self.minute_ms == other.minute_ms
    }
}

fn kept(text: Option<&String>) -> Option<String> {
    text.map(|text| kept_text(text))
}

/// A count of tokens as a column. The settlement's limits were checked before.
pub(super) fn tokens(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many attempts were throttled.
pub(super) fn throttled(settlement: &Settlement) -> i64 {
    let is_throttled = |attempt: &&Attempt| attempt.outcome == AttemptOutcome::Throttled;
    let count = settlement.attempts.iter().filter(is_throttled).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}
