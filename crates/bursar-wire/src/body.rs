//! Bodies from prompts: the provider's own JSON for InvokeModel, Bedrock's common one for Converse.
//!
//! Only what is asked for is written; a body that somebody else wrote is never changed here.

use std::collections::BTreeMap;

use bursar_domain::model::ModelId;
use bursar_domain::price::Tier;
use serde_json::{Value, json};

use crate::provider::{converse_json, shape_of};
use crate::tier::service_tier_word;

/// What is to be asked, in words.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Prompt<'a> {
    /// The system text. Models that know none get it before the text; models that make vectors or
    /// images refuse it.
    pub system: Option<&'a str>,
    /// The text.
    pub text: &'a str,
    /// The most tokens to generate. Claude's InvokeModel needs one: 1024 unless given. Without
    /// meaning for vectors and images.
    pub max_tokens: Option<u64>,
    /// The temperature, passed on as it is. Without meaning for vectors and images.
    pub temperature: Option<f64>,
}

/// A model that a prompt alone cannot invoke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{model}` cannot be invoked with a prompt alone; hint: {instead}")]
pub struct NoBodyShape {
    /// The model.
    pub model: ModelId,
    /// What to use instead.
    pub instead: &'static str,
}

/// The provider's own InvokeModel body for a prompt.
pub fn build_body(model: &ModelId, prompt: &Prompt<'_>) -> Result<Vec<u8>, NoBodyShape> {
    let body = (shape_of(model).body)(model, prompt)
        .map_err(|instead| NoBodyShape { model: model.clone(), instead })?;
    Ok(body.to_string().into_bytes())
}

/// A Converse or `ConverseStream` body for a prompt. A tier that is not chosen by request (batch,
/// provisioned …) is left out.
#[must_use]
pub fn converse_body(
    prompt: &Prompt<'_>,
    metadata: &BTreeMap<String, String>,
    tier: Option<Tier>,
) -> Vec<u8> {
    marked(converse_json(prompt), metadata, tier)
}

/// A Converse body with its metadata and its tier, as bytes.
pub(crate) fn marked(
    mut body: Value,
    metadata: &BTreeMap<String, String>,
    tier: Option<Tier>,
) -> Vec<u8> {
    if !metadata.is_empty() {
        body["requestMetadata"] = json!(metadata);
    }
    if tier == Some(Tier::LatencyOptimised) {
        body["performanceConfig"] = json!({ "latency": "optimized" });
    } else if let Some(word) = tier.and_then(service_tier_word) {
        body["serviceTier"] = json!({ "type": word });
    }
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests;
