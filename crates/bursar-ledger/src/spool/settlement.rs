//! A settlement as the spool keeps it, in JSON. Texts of others are cut as the ledger cuts them.

use bursar_domain::call::{Attempt, Bill, CallId, Chosen, Ending, Guardrail, SentTo, Settlement};
use bursar_domain::model::ModelId;
use bursar_domain::money::Cost;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use serde::{Deserialize, Serialize};

use crate::facts::{read_meters, read_price, write_meters, write_rates};
use crate::limits::kept_text;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SettlementJson {
    id: String,
    first_token_ms: Option<i64>,
    ended_ms: i64,
    chosen: Option<(String, String)>,
    #[serde(default)]
    chosen_region: Option<String>,
    model_version: String,
    version_evidence: String,
    served_region: Option<String>,
    tier: String,
    outcome: String,
    client_gone: bool,
    http_status: Option<u16>,
    error_code: Option<String>,
    error_message: Option<String>,
    stop_reason: Option<String>,
    attempts: Vec<AttemptJson>,
    /// Input, output, cache reads, and cache writes for five minutes and an hour.
    tokens: [u64; 5],
    meters: String,
    price: Option<(String, String)>,
    cost_pico: Option<i64>,
    estimated: bool,
    cost_low_pico: Option<i64>,
    request_id: Option<String>,
    guardrail_id: Option<String>,
    guardrail_action: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct AttemptJson {
    started_ms: i64,
    ended_ms: i64,
    outcome: String,
    http_status: Option<u16>,
    error_code: Option<String>,
    request_id: Option<String>,
    /// Model, region and the name of the way there.
    #[serde(default)]
    sent_to: [Option<String>; 3],
}

pub(super) fn write(settlement: &Settlement) -> SettlementJson {
    let Settlement { ending, bill, guardrail, .. } = settlement;
    let usage = &bill.usage;
    SettlementJson {
        id: settlement.id.to_string(),
        first_token_ms: settlement.first_token_at.map(|at| at.0),
        ended_ms: settlement.ended_at.0,
        chosen: settlement
            .chosen
            .as_ref()
            .map(|chosen| (chosen.model.to_string(), chosen.routing.to_string())),
        chosen_region: settlement.chosen.as_ref().and_then(|chosen| chosen.region.clone()),
        model_version: kept_text(&settlement.model_version),
        version_evidence: settlement.version_evidence.to_string(),
        served_region: kept(settlement.served_region.as_ref()),
        tier: settlement.tier.to_string(),
        outcome: ending.outcome.to_string(),
        client_gone: ending.client_gone,
        http_status: ending.http_status,
        error_code: kept(ending.error_code.as_ref()),
        error_message: kept(ending.error_message.as_ref()),
        stop_reason: kept(ending.stop_reason.as_ref()),
        attempts: settlement.attempts.iter().map(write_attempt).collect(),
        tokens: [
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
        ],
        meters: write_meters(&usage.meters),
        price: bill.price.as_ref().map(|price| (price.id.to_string(), write_rates(price))),
        cost_pico: bill.cost.map(Cost::pico),
        estimated: bill.estimated,
        cost_low_pico: bill.cost_low.map(Cost::pico),
        request_id: kept(settlement.request_id.as_ref()),
        guardrail_id: kept(guardrail.id.as_ref()),
        guardrail_action: kept(guardrail.action.as_ref()),
    }
}

/// `None` when it is not what [`write`] makes.
pub(super) fn read(json: SettlementJson) -> Option<Settlement> {
    let usage = Usage {
        input: json.tokens[0],
        output: json.tokens[1],
        cache_read: json.tokens[2],
        cache_write_5m: json.tokens[3],
        cache_write_1h: json.tokens[4],
        meters: read_meters(&json.meters)?,
    };
    let chosen = match json.chosen {
        Some((model, routing)) => {
            let (model, routing) = (ModelId::parse(&model)?, routing.parse().ok()?);
            Some(Chosen { model, routing, region: json.chosen_region })
        }
        None => None,
    };
    let price = match json.price {
        Some((id, rates)) => Some(read_price(id, &rates)?),
        None => None,
    };
    Some(Settlement {
        id: CallId::parse(&json.id)?,
        first_token_at: json.first_token_ms.map(Timestamp),
        ended_at: Timestamp(json.ended_ms),
        chosen,
        model_version: json.model_version,
        version_evidence: json.version_evidence.parse().ok()?,
        served_region: json.served_region,
        tier: json.tier.parse().ok()?,
        ending: Ending {
            outcome: json.outcome.parse().ok()?,
            client_gone: json.client_gone,
            http_status: json.http_status,
            error_code: json.error_code,
            error_message: json.error_message,
            stop_reason: json.stop_reason,
        },
        attempts: json.attempts.into_iter().map(read_attempt).collect::<Option<_>>()?,
        bill: Bill {
            usage,
            price,
            cost: cost(json.cost_pico)?,
            estimated: json.estimated,
            cost_low: cost(json.cost_low_pico)?,
        },
        request_id: json.request_id,
        guardrail: Guardrail { id: json.guardrail_id, action: json.guardrail_action },
    })
}

/// An amount that may be unknown; `None` when it is no amount at all.
#[expect(clippy::option_option, reason = "unknown is not the same as wrong")]
pub(super) fn cost(pico: Option<i64>) -> Option<Option<Cost>> {
    match pico {
        Some(pico) => Cost::from_pico(pico).map(Some),
        None => Some(None),
    }
}

fn write_attempt(attempt: &Attempt) -> AttemptJson {
    AttemptJson {
        started_ms: attempt.started_at.0,
        ended_ms: attempt.ended_at.0,
        outcome: attempt.outcome.to_string(),
        http_status: attempt.http_status,
        error_code: kept(attempt.error_code.as_ref()),
        request_id: kept(attempt.request_id.as_ref()),
        sent_to: [&attempt.sent_to.model, &attempt.sent_to.region, &attempt.sent_to.upstream]
            .map(|text| kept(text.as_ref())),
    }
}

fn read_attempt(json: AttemptJson) -> Option<Attempt> {
    let [model, region, upstream] = json.sent_to;
    Some(Attempt {
        sent_to: SentTo { model, region, upstream },
        started_at: Timestamp(json.started_ms),
        ended_at: Timestamp(json.ended_ms),
        outcome: json.outcome.parse().ok()?,
        http_status: json.http_status,
        error_code: json.error_code,
        request_id: json.request_id,
    })
}

fn kept(text: Option<&String>) -> Option<String> {
    text.map(|text| kept_text(text))
}
