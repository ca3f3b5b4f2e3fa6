//! What a request sets beside its messages: bounds, sampling, tier, effort, metadata.

use std::collections::BTreeMap;

use bursar_domain::model::ModelId;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::chat::{Fields, field};
use crate::problem::Problem;

/// What Bedrock takes of request metadata: pairs, and bytes of a key and of a value.
const METADATA_MAX: (usize, usize, usize) = (16, 256, 256);
/// OpenAI's bound on stop sequences.
const STOPS_MAX: usize = 4;
/// How much Claude and others are told to think, in Converse's words.
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InferenceConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<String>,
}

impl InferenceConfig<'_> {
    pub(super) fn is_empty(&self) -> bool {
        let Self { max_tokens, temperature, top_p, stop_sequences } = self;
        max_tokens.is_none()
            && temperature.is_none()
            && top_p.is_none()
            && stop_sequences.is_empty()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ServiceTier {
    #[serde(rename = "type")]
    word: &'static str,
}

pub(super) fn inference<'a>(fields: &Fields<'a>) -> Result<InferenceConfig<'a>, Problem> {
    Ok(InferenceConfig {
        max_tokens: max_tokens(fields)?,
        temperature: fraction(fields, "temperature")?,
        top_p: fraction(fields, "top_p")?,
        stop_sequences: stops(fields)?,
    })
}

fn max_tokens(fields: &Fields<'_>) -> Result<Option<u64>, Problem> {
    let (new, old) = ("max_completion_tokens", "max_tokens");
    if fields.contains_key(new) && fields.contains_key(old) {
        let message = format!("`{new}` and `{old}` are one bound; hint: send one of them");
        return Err(Problem::invalid(old, message));
    }
    let name = if fields.contains_key(new) { new } else { old };
    let most: Option<u64> = field(fields, name)?;
    if most == Some(0) {
        return Err(Problem::invalid(name, format!("`{name}` begins at 1, not `0`")));
    }
    Ok(most)
}

/// A number as it is written. OpenAI's temperature reaches to 2, Converse's to 1.
fn fraction<'a>(fields: &Fields<'a>, name: &str) -> Result<Option<&'a RawValue>, Problem> {
    let Some(number) = field::<f64>(fields, name)? else { return Ok(None) };
    if !(0.0..=1.0).contains(&number) {
        let message = format!("`{name}` is from 0 to 1 on Bedrock, not `{number}`");
        return Err(Problem::invalid(name, message));
    }
    Ok(fields.get(name).copied())
}

fn stops(fields: &Fields<'_>) -> Result<Vec<String>, Problem> {
    let stops = match field::<Value>(fields, "stop")? {
        None => Vec::new(),
        Some(Value::String(stop)) => vec![stop],
        Some(_) => field::<Vec<String>>(fields, "stop")?.unwrap_or_default(),
    };
    if stops.len() > STOPS_MAX || stops.iter().any(String::is_empty) {
        let message = format!("`stop` has up to {STOPS_MAX} sequences, none of them empty");
        return Err(Problem::invalid("stop", message));
    }
    Ok(stops)
}

/// A tier by OpenAI's name. One that is priced otherwise there has no counterpart.
pub(super) fn service_tier(fields: &Fields<'_>) -> Result<Option<ServiceTier>, Problem> {
    let word = match field::<String>(fields, "service_tier")?.as_deref() {
        None | Some("auto" | "default") => return Ok(None),
        Some("flex") => "flex",
        Some("priority") => "priority",
        Some(other) => {
            let message =
                format!("`{other}` is no tier of Bedrock's; hint: auto, default, flex or priority");
            return Err(Problem::invalid("service_tier", message));
        }
    };
    Ok(Some(ServiceTier { word }))
}

/// How much the model is to think: a word of Converse's, or for OpenAI's own models theirs.
pub(super) fn effort(
    fields: &Fields<'_>,
    model: &ModelId,
    additional: &mut Map<String, Value>,
) -> Result<Option<String>, Problem> {
    let Some(effort) = field::<String>(fields, "reasoning_effort")? else { return Ok(None) };
    let is_known = EFFORTS.contains(&effort.as_str());
    if !is_known && !matches!(effort.as_str(), "none" | "minimal") {
        let message = format!(
            "`{effort}` is no effort; hint: none, minimal, low, medium, high, xhigh or max"
        );
        return Err(Problem::invalid("reasoning_effort", message));
    }
    if model.provider() == "openai" {
        additional.insert("reasoning_effort".to_owned(), json!(effort));
        return Ok(None);
    }
    Ok(match effort.as_str() {
        "none" => None,
        "minimal" => Some("low".to_owned()),
        _ => Some(effort),
    })
}

/// Metadata that Bedrock takes, which then stands in the account's invocation logs.
pub(super) fn metadata(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let pairs: BTreeMap<String, String> = field(fields, "metadata")?.unwrap_or_default();
    Ok(pairs
        .into_iter()
        .filter(|(key, value)| is_writable(key, value))
        .take(METADATA_MAX.0)
        .collect())
}

/// The metadata that Bedrock would refuse, by name.
pub(super) fn unwritable_metadata(fields: &Fields<'_>) -> Result<Vec<String>, Problem> {
    let pairs: BTreeMap<String, String> = field(fields, "metadata")?.unwrap_or_default();
    let kept = metadata(fields)?;
    Ok(pairs
        .into_keys()
        .filter(|key| !kept.contains_key(key))
        .map(|key| format!("metadata.{key}"))
        .collect())
}

fn is_writable(key: &str, value: &str) -> bool {
    let is_plain = |text: &str| {
        text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || byte.is_ascii_whitespace()
                || b":_@$#=/+,-.".contains(&byte)
        })
    };
    let (_, key_max, value_max) = METADATA_MAX;
    (1..=key_max).contains(&key.len())
        && value.len() <= value_max
        && is_plain(key)
        && is_plain(value)
}
