//! What a reply says: its text, why it stopped, and what was used.
//!
//! Bedrock's own figures (headers, or the metrics in a stream's last chunk) are trusted before the
//! provider's, and a difference is told. Converse has only the body's. A figure that is missing is
//! `None`, never zero. What came is read, not changed: the bytes go on to the caller as they are.

mod counts;
mod source;
mod stream;

use bursar_domain::call::{Guardrail, Operation};
use bursar_domain::model::ModelId;
use bursar_domain::price::Tier;
use bursar_domain::usage::{Meter, Usage};
use http::HeaderMap;
use serde_json::Value;

pub use self::counts::Counts;
pub use self::source::{Sources, read_sources};
pub use self::stream::{Completeness, Seen, StreamReader};
use crate::guardrail;
pub use crate::json::MalformedBody;
use crate::json::{all, first, text};
use crate::provider::{CONVERSE, Gives, Paths, Shape, shape_of};
use crate::tier::read_tier;

/// What a reply said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplyFacts {
    /// What was used. Of a whole reply only if everything that is billed was reported; of a
    /// truncated stream whatever was reported so far. Units that only the request knows are not in
    /// it (see `RequestFacts::add_meters`).
    pub usage: Option<Usage>,
    /// The text of a plain reply, all blocks and candidates in their order. Empty for a stream,
    /// which hands its text out as it comes.
    pub text: String,
    /// Why the model stopped, in its own word.
    pub stop_reason: Option<String>,
    /// The model that answered, as the reply names it.
    pub model_version: Option<String>,
    /// The tier that served it, if the reply says so.
    pub tier: Option<Tier>,
    /// The guardrail that ran.
    pub guardrail: Guardrail,
    /// Why the usage is not to be believed: negative or impossibly large figures (which were
    /// clamped), or two sources that differ.
    pub usage_suspect: Option<String>,
    /// Bedrock's own latency.
    pub latency_ms: Option<u64>,
    /// The answer of CountTokens.
    pub counted_tokens: Option<u64>,
}

/// Reads a whole reply of status 200. A body of InvokeModel that does not claim to be JSON (a
/// container of one's own may answer so) is read by its headers, if they count tokens; one that
/// claims it and is none was cut off.
pub fn read_reply(
    operation: Operation,
    model: &ModelId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<ReplyFacts, MalformedBody> {
    let mut doubt = None;
    let bedrock = if is_common(operation) {
        Counts::default()
    } else {
        Counts::from_headers(headers, &mut doubt)
    };
    let json = match serde_json::from_slice::<Value>(body) {
        Ok(json) => json,
        Err(_) if bedrock != Counts::default() && !says_json(headers) => Value::Null,
        Err(why) => return Err(MalformedBody::new("/", format!("it is no JSON: {why}"))),
    };
    if operation == Operation::CountTokens {
        let counted_tokens = json.get("inputTokens").and_then(Value::as_u64);
        let usage = Some(Usage::default());
        return Ok(ReplyFacts { usage, counted_tokens, ..ReplyFacts::default() });
    }
    if operation == Operation::ApplyGuardrail {
        return Ok(ReplyFacts { latency_ms: latency(headers), ..guardrail::read_reply(&json) });
    }
    let shape = spoken(operation, model);
    let mut facts = ReplyFacts { latency_ms: latency(headers), ..ReplyFacts::default() };
    facts.text = texts(&json, shape.reply.text).concat();
    facts.take_words(&json, &shape.reply);
    facts.take_settings(&json, headers);
    facts.usage = if shape.gives == Gives::Images {
        images(&json)
    } else {
        let body = Counts::from_json(&json, &shape.reply, &mut doubt);
        let is_whole = counts::is_whole(&body, &bedrock, shape);
        let usage = counts::usage(&body, &bedrock, shape, &mut doubt);
        counts::check_total(first(&json, "usage/totalTokens"), &usage, &mut doubt);
        is_whole.then_some(usage)
    };
    facts.usage_suspect = doubt;
    Ok(facts)
}

impl ReplyFacts {
    /// The stop reason and the version, where `json` has them.
    fn take_words(&mut self, json: &Value, paths: &Paths) {
        if let Some(stop) = texts(json, paths.stop).first() {
            self.stop_reason = Some((*stop).to_owned());
        }
        if let Some(version) = texts(json, paths.version).first() {
            self.model_version = Some((*version).to_owned());
        }
    }

    /// Tier, guardrail and latency, where `json` or the headers have them.
    fn take_settings(&mut self, json: &Value, headers: &HeaderMap) {
        let word = |path, name| text(json, path).or_else(|| header(headers, name));
        let tier = word("serviceTier/type", "x-amzn-bedrock-service-tier");
        let latency = word("performanceConfig/latency", "x-amzn-bedrock-performanceconfig-latency");
        // An unknown word is no error in a reply: the tier is then not known.
        if let Ok(Some(tier)) = read_tier(tier, latency) {
            self.tier = Some(tier);
        }
        if let Some(millis) = first(json, "metrics/latencyMs").and_then(Value::as_u64) {
            self.latency_ms = Some(millis);
        }
        self.take_guardrail(json);
    }

    fn take_guardrail(&mut self, json: &Value) {
        let intervened = self.stop_reason.as_deref() == Some("guardrail_intervened");
        let traced = ["trace/guardrail", "amazon-bedrock-trace/guardrail"]
            .iter()
            .find_map(|path| first(json, path));
        if let Some(action) = text(json, "amazon-bedrock-guardrailAction") {
            self.guardrail.action = Some(action.to_owned());
        } else if intervened {
            self.guardrail.action = Some("INTERVENED".to_owned());
        } else if traced.is_some() && self.guardrail.action.is_none() {
            self.guardrail.action = Some("NONE".to_owned());
        }
        // Assessments are keyed by the guardrail's id.
        let id = traced.and_then(|trace| {
            ["inputAssessment", "outputAssessments", "input", "outputs/*"]
                .iter()
                .find_map(|path| first(trace, path)?.as_object()?.keys().next())
        });
        if let Some(id) = id {
            self.guardrail.id = Some(id.clone());
        }
    }
}

/// Every text at any of the paths, in the paths' order.
fn texts<'a>(json: &'a Value, paths: &[&str]) -> Vec<&'a str> {
    paths.iter().flat_map(|path| all(json, path)).filter_map(Value::as_str).collect()
}

/// Images that came; a filtered one is empty or not there.
fn images(json: &Value) -> Option<Usage> {
    let images = json.get("images")?.as_array()?;
    let came = images.iter().filter(|image| image.as_str().is_some_and(|text| !text.is_empty()));
    let count = u64::try_from(came.count()).unwrap_or(u64::MAX);
    let meters = vec![(Meter("image".to_owned()), count)];
    Some(Usage { meters, ..Usage::default() })
}

fn says_json(headers: &HeaderMap) -> bool {
    header(headers, "content-type").is_some_and(|kind| kind.contains("json"))
}

fn latency(headers: &HeaderMap) -> Option<u64> {
    header(headers, "x-amzn-bedrock-invocation-latency")?.parse().ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether an operation speaks Bedrock's common JSON, whatever the model.
fn is_common(operation: Operation) -> bool {
    !matches!(operation, Operation::InvokeModel | Operation::InvokeModelWithResponseStream)
}

/// Which row of the table an operation on a model speaks.
fn spoken(operation: Operation, model: &ModelId) -> &'static Shape {
    if is_common(operation) { &CONVERSE } else { shape_of(model) }
}

#[cfg(test)]
mod provider_tests;
#[cfg(test)]
mod recording_tests;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;
