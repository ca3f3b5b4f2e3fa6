//! What a request says about its cost, before it is sent.
//!
//! Only what bounds the cost is read; unknown fields are left alone, and the body is never changed.
//! What is read is read strictly: a bound that Bedrock might understand otherwise is no bound.

mod content;
mod meters;

use std::collections::BTreeMap;

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use bursar_domain::price::Tier;
use bursar_domain::usage::{Meter, Usage};
use http::HeaderMap;
use serde_json::Value;

use crate::guardrail;
pub use crate::json::MalformedBody;
use crate::json::{all, first, parse_strict, shown, text};
pub use crate::provider::takes_same_body;
use crate::provider::{CONVERSE, Gives, Shape, shape_of};
use crate::tier::read_tier;

/// The largest body that Bedrock takes.
pub const BODY_BYTES_MAX: usize = 25_000_000;
/// The longest request metadata header, in bytes.
pub const METADATA_BYTES_MAX: usize = 8_500;

const GUARDRAIL: &str = "x-amzn-bedrock-guardrailidentifier";
const LATENCY: &str = "x-amzn-bedrock-performanceconfig-latency";
pub(crate) const METADATA: &str = "x-amzn-bedrock-request-metadata";
const SERVICE_TIER: &str = "x-amzn-bedrock-service-tier";

/// What a request says about its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// The most output tokens of one candidate; `None` where only the model's own limit bounds
    /// them, 0 where none are generated (vectors, images, counting).
    pub max_tokens: Option<u64>,
    /// How many answers are asked for, at least 1.
    pub candidates: u64,
    /// How many images are asked for, where the model makes images.
    pub images: Option<u64>,
    /// What else prices an image: `size` (`1024x1024`) and `quality`.
    pub image_variant: BTreeMap<String, String>,
    /// An upper bound on the UTF-8 bytes that can become input tokens: the whole body but the
    /// base64 of images, sound and video. 0 for counting, which is free.
    pub input_bytes: u64,
    /// Image, document, sound and video blocks.
    pub attachments: u64,
    /// Why nothing bounds the input: an S3 object, prompt variables, tools on the server's side …
    pub unbounded: Option<String>,
    /// The tier that is asked for.
    pub tier: Tier,
    /// Whether anything is to be cached for an hour.
    pub cache_ttl_1h: bool,
    /// Whether anything is to be cached.
    pub caches: bool,
    /// The guardrail's id or ARN.
    pub guardrail: Option<String>,
    /// Request metadata, from the body or its header.
    pub metadata: BTreeMap<String, String>,
    /// The model that the body names, where it does: the path's is the one that is asked.
    pub model_named: Option<String>,
    /// Units that the request alone decides and no reply reports; see [`RequestFacts::add_meters`].
    pub meters: Vec<(Meter, u64)>,
    /// Units that the reply will report, and the most that they can be.
    pub meters_at_most: Vec<(Meter, u64)>,
}

impl RequestFacts {
    /// Adds the units that only the request knows (rerank queries, embedded images …) to what a
    /// reply reported.
    pub fn add_meters(&self, usage: &mut Usage) {
        for (meter, quantity) in &self.meters {
            match usage.meters.iter_mut().find(|(known, _)| known == meter) {
                Some((_, known)) => *known = known.saturating_add(*quantity),
                None => usage.meters.push((meter.clone(), *quantity)),
            }
        }
    }
}

/// Reads a request. `headers` are the request's; `body` is as it will be sent.
pub fn read_request(
    operation: Operation,
    model: &ModelId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<RequestFacts, MalformedBody> {
    if body.len() > BODY_BYTES_MAX {
        let why = format!("it is `{}` bytes, over the limit of `{BODY_BYTES_MAX}`", body.len());
        return Err(MalformedBody::new("/", why));
    }
    let json = parse_strict(body)?;
    if !json.is_object() {
        return Err(MalformedBody::new("/", format!("`{}` is no object", shown(&json))));
    }
    let facts = match operation {
        Operation::CountTokens => Ok(free()),
        Operation::ApplyGuardrail => {
            Ok(RequestFacts { meters_at_most: guardrail::read_bound(&json)?, ..free() })
        }
        Operation::Converse | Operation::ConverseStream => {
            let facts = read_body(&CONVERSE, model, &json, body.len())?;
            converse_settings(facts, &json)
        }
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => {
            let facts = read_body(shape_of(model), model, &json, body.len())?;
            header_settings(facts, headers)
        }
    };
    let named = ["model", "modelId"].into_iter().find_map(|name| text(&json, name));
    Ok(RequestFacts { model_named: named.map(str::to_owned), ..facts? })
}

fn free() -> RequestFacts {
    RequestFacts {
        max_tokens: Some(0),
        candidates: 1,
        images: None,
        image_variant: BTreeMap::new(),
        input_bytes: 0,
        attachments: 0,
        unbounded: None,
        tier: Tier::Standard,
        cache_ttl_1h: false,
        caches: false,
        guardrail: None,
        metadata: BTreeMap::new(),
        model_named: None,
        meters: Vec::new(),
        meters_at_most: Vec::new(),
    }
}

fn read_body(
    shape: &Shape,
    model: &ModelId,
    json: &Value,
    body_bytes: usize,
) -> Result<RequestFacts, MalformedBody> {
    let content = content::read_content(json);
    let caching = content::read_caching(json);
    let (meters, unmetered) = meters::read_meters(model, json);
    let mut facts = RequestFacts {
        max_tokens: match shape.gives {
            Gives::Text => output_bound(shape, json)?,
            Gives::Vectors | Gives::Images | Gives::ByRequest => Some(0),
        },
        candidates: largest(shape.candidates, json)?.unwrap_or(1).max(1),
        input_bytes: u64::try_from(body_bytes.saturating_sub(content.media_bytes))
            .unwrap_or(u64::MAX),
        attachments: content.attachments,
        unbounded: content.unbounded.or(unmetered).or_else(|| content::read_tools(json)),
        caches: caching.is_some(),
        cache_ttl_1h: caching == Some(content::Caching::OneHour),
        model_named: None,
        meters,
        ..free()
    };
    if shape.gives == Gives::Images {
        let asked = count_at(json, "imageGenerationConfig/numberOfImages")?;
        facts.images = Some(asked.unwrap_or(1));
        facts.image_variant = image_variant(model, json)?;
    }
    Ok(facts)
}

/// The largest limit that is sent under any name. A thinking budget raises it, but alone it is
/// none: the answer comes on top.
fn output_bound(shape: &Shape, json: &Value) -> Result<Option<u64>, MalformedBody> {
    let budgets = [
        "thinking/budget_tokens",
        "additionalModelRequestFields/thinking/budget_tokens",
        "additionalModelRequestFields/reasoning_config/budget_tokens",
    ];
    let thinking = largest(&budgets, json)?;
    Ok(largest(shape.max_tokens, json)?.map(|most| most.max(thinking.unwrap_or(0))))
}

fn largest(paths: &[&str], json: &Value) -> Result<Option<u64>, MalformedBody> {
    let mut largest = None;
    for path in paths {
        largest = largest.max(count_at(json, path)?);
    }
    Ok(largest)
}

/// A whole number, not negative; a null counts as absent, as it does for the providers.
fn count_at(json: &Value, path: &str) -> Result<Option<u64>, MalformedBody> {
    let Some(value) = first(json, path) else { return Ok(None) };
    let wrong = || {
        let why = format!("`{}` is no whole number from 0 up", shown(value));
        MalformedBody::new(format!("/{path}"), why)
    };
    value.as_u64().map(Some).ok_or_else(wrong)
}

/// Amazon's image models are priced by size and quality; what is left out has Bedrock's defaults.
fn image_variant(model: &ModelId, json: &Value) -> Result<BTreeMap<String, String>, MalformedBody> {
    if model.provider() != "amazon" {
        return Ok(BTreeMap::new());
    }
    let width = count_at(json, "imageGenerationConfig/width")?.unwrap_or(1024);
    let height = count_at(json, "imageGenerationConfig/height")?.unwrap_or(1024);
    let quality = text(json, "imageGenerationConfig/quality").unwrap_or("standard");
    Ok(BTreeMap::from([
        ("size".to_owned(), format!("{width}x{height}")),
        ("quality".to_owned(), quality.to_owned()),
    ]))
}

fn converse_settings(mut facts: RequestFacts, json: &Value) -> Result<RequestFacts, MalformedBody> {
    let tier = read_tier(text(json, "serviceTier/type"), text(json, "performanceConfig/latency"))
        .map_err(|word| MalformedBody::new("/serviceTier", unknown_tier(word)))?;
    facts.tier = tier.unwrap_or(Tier::Standard);
    facts.guardrail = text(json, "guardrailConfig/guardrailIdentifier").map(str::to_owned);
    if let Some(metadata) = json.get("requestMetadata") {
        facts.metadata = pairs("/requestMetadata", metadata)?;
    }
    if json.get("promptVariables").is_some() {
        facts.unbounded.get_or_insert_with(|| "prompt variables fill a stored prompt".to_owned());
    }
    Ok(facts)
}

fn header_settings(
    mut facts: RequestFacts,
    headers: &HeaderMap,
) -> Result<RequestFacts, MalformedBody> {
    let tier = read_tier(header(headers, SERVICE_TIER)?, header(headers, LATENCY)?)
        .map_err(|word| MalformedBody::new(SERVICE_TIER, unknown_tier(word)))?;
    facts.tier = tier.unwrap_or(Tier::Standard);
    facts.guardrail = header(headers, GUARDRAIL)?.map(str::to_owned);
    if let Some(metadata) = header(headers, METADATA)? {
        if metadata.len() > METADATA_BYTES_MAX {
            let why = format!("it is over `{METADATA_BYTES_MAX}` bytes");
            return Err(MalformedBody::new(METADATA, why));
        }
        let json = parse_strict(metadata.as_bytes())
            .map_err(|error| MalformedBody::new(METADATA, error.why))?;
        facts.metadata = pairs(METADATA, &json)?;
    }
    Ok(facts)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, MalformedBody> {
    let read = |value: &'a http::HeaderValue| {
        value.to_str().map_err(|_| MalformedBody::new(name, "it is no visible ASCII"))
    };
    headers.get(name).map(read).transpose()
}

fn pairs(path: &str, json: &Value) -> Result<BTreeMap<String, String>, MalformedBody> {
    let wrong = |value| MalformedBody::new(path, format!("`{}` is no text", shown(value)));
    let members = json.as_object().ok_or_else(|| {
        MalformedBody::new(path, format!("`{}` is no object of texts", shown(json)))
    })?;
    members
        .iter()
        .map(|(key, value)| {
            let text = value.as_str().ok_or_else(|| wrong(value))?;
            Ok((key.clone(), text.to_owned()))
        })
        .collect()
}

fn unknown_tier(word: &str) -> String {
    format!(
        "`{word}` is no tier; hint: default, priority, flex, reserved; latency standard, optimized"
    )
}

/// How many elements there are at a path.
fn many(json: &Value, path: &str) -> u64 {
    u64::try_from(all(json, path).len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
