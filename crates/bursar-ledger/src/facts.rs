//! What a hold knows of its call, as JSON: enough to write the call in a dead owner's place.
//!
//! Also the two small JSON texts that call rows share with it: rates and meters.

use std::collections::BTreeMap;

use bursar_domain::call::{CallId, Intent, Reach};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Rate};
use bursar_domain::price::{PriceId, PriceStamp, Rates};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Meter;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    id: String,
    started_ms: i64,
    team: Option<String>,
    project: Option<String>,
    user: Option<String>,
    key: Option<String>,
    tags: BTreeMap<String, String>,
    client_session: Option<String>,
    operation: String,
    model_requested: String,
    model: String,
    region: String,
    routing: String,
    tier_requested: String,
    price_id: Option<String>,
    rates: Option<RatesJson>,
    ceiling_pico: Option<i64>,
    #[serde(default)]
    ceiling_tokens: Option<u64>,
    request_hmac: Option<String>,
    simulated: bool,
}

/// Rates in pico-dollars per token and per metered unit, as they are kept beside each call.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RatesJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_5m: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_1h: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    meters: BTreeMap<String, u64>,
}

impl RatesJson {
    fn of(price: &PriceStamp) -> Self {
        let pico = |rate: Option<Rate>| rate.map(|rate| rate.0);
        Self {
            input: pico(price.rates.input),
            output: pico(price.rates.output),
            cache_read: pico(price.rates.cache_read),
            cache_write_5m: pico(price.rates.cache_write_5m),
            cache_write_1h: pico(price.rates.cache_write_1h),
            meters: price.meters.iter().map(|(meter, rate)| (meter.0.clone(), rate.0)).collect(),
        }
    }

    fn stamp(self, id: String) -> PriceStamp {
        PriceStamp {
            id: PriceId(id),
            rates: Rates {
                input: self.input.map(Rate),
                output: self.output.map(Rate),
                cache_read: self.cache_read.map(Rate),
                cache_write_5m: self.cache_write_5m.map(Rate),
                cache_write_1h: self.cache_write_1h.map(Rate),
            },
            meters: self.meters.into_iter().map(|(name, rate)| (Meter(name), Rate(rate))).collect(),
        }
    }
}

/// The rates of a price as a row keeps them.
pub(crate) fn write_rates(price: &PriceStamp) -> String {
    json(&RatesJson::of(price))
}

/// A price from a row's id and rates; `None` when they are not what [`write_rates`] writes.
pub(crate) fn read_price(id: String, rates: &str) -> Option<PriceStamp> {
    serde_json::from_str::<RatesJson>(rates).ok().map(|rates| rates.stamp(id))
}

/// Metered quantities as a row keeps them.
pub(crate) fn write_meters(meters: &[(Meter, u64)]) -> String {
    let meters: BTreeMap<&str, u64> =
        meters.iter().map(|(meter, quantity)| (meter.0.as_str(), *quantity)).collect();
    json(&meters)
}

/// Metered quantities from a row.
pub(crate) fn read_meters(text: &str) -> Option<Vec<(Meter, u64)>> {
    let meters: BTreeMap<String, u64> = serde_json::from_str(text).ok()?;
    Some(meters.into_iter().map(|(name, quantity)| (Meter(name), quantity)).collect())
}

/// Tags as a row keeps them.
pub(crate) fn write_tags(tags: &BTreeMap<String, String>) -> String {
    json(tags)
}

/// Tags from a row.
pub(crate) fn read_tags(text: &str) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(text).ok()
}

/// The facts of an intent.
pub(crate) fn write_intent(intent: &Intent) -> String {
    let Attribution { team, project, user, key, tags, client_session } = &intent.attribution;
    json(&Facts {
        id: intent.id.to_string(),
        started_ms: intent.started_at.0,
        team: team.clone(),
        project: project.clone(),
        user: user.clone(),
        key: key.clone(),
        tags: tags.clone(),
        client_session: client_session.clone(),
        operation: intent.operation.to_string(),
        model_requested: intent.model_requested.clone(),
        model: intent.model.to_string(),
        region: intent.region.clone(),
        routing: intent.routing.to_string(),
        tier_requested: intent.tier_requested.to_string(),
        price_id: intent.price.as_ref().map(|price| price.id.to_string()),
        rates: intent.price.as_ref().map(RatesJson::of),
        ceiling_pico: intent.ceiling.map(Cost::pico),
        ceiling_tokens: intent.ceiling_tokens,
        request_hmac: intent.request_hmac.clone(),
        simulated: intent.simulated,
    })
}

/// An intent from its facts; `None` when they are not what [`write_intent`] writes.
pub(crate) fn read_intent(text: &str) -> Option<Intent> {
    let facts: Facts = serde_json::from_str(text).ok()?;
    Some(Intent {
        id: CallId::parse(&facts.id)?,
        started_at: Timestamp(facts.started_ms),
        attribution: Attribution {
            team: facts.team,
            project: facts.project,
            user: facts.user,
            key: facts.key,
            tags: facts.tags,
            client_session: facts.client_session,
        },
        operation: facts.operation.parse().ok()?,
        model_requested: facts.model_requested,
        model: ModelId::parse(&facts.model)?,
        region: facts.region,
        routing: facts.routing.parse().ok()?,
        tier_requested: facts.tier_requested.parse().ok()?,
        price: facts.price_id.map(|id| facts.rates.unwrap_or_default().stamp(id)),
        ceiling: match facts.ceiling_pico {
            Some(pico) => Some(Cost::from_pico(pico)?),
            None => None,
        },
        ceiling_tokens: facts.ceiling_tokens,
        reach: Reach::default(),
        request_hmac: facts.request_hmac,
        simulated: facts.simulated,
    })
}

/// Maps of texts and numbers cannot fail to be written; the empty text would be refused by the
/// reader as inconsistent.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
