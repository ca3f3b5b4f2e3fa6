//! Requests made from a prompt, for callers that have words and no body.

use std::collections::BTreeMap;

use bursar_domain::call::Operation;
use bursar_domain::model::ModelRef;
use bursar_domain::price::Tier;
use bursar_wire::body::{self, build_body, converse_body};
use bursar_wire::counting;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Error, Invocation};

const METADATA: HeaderName = HeaderName::from_static("x-amzn-bedrock-request-metadata");
const SERVICE_TIER: HeaderName = HeaderName::from_static("x-amzn-bedrock-service-tier");
const LATENCY: HeaderName = HeaderName::from_static("x-amzn-bedrock-performanceconfig-latency");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What is to be asked, in words.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    /// The system prompt.
    pub system: Option<String>,
    /// The question.
    pub text: String,
    /// The most tokens to generate.
    pub max_tokens: Option<u64>,
    /// 0 to 1, where the model has one.
    pub temperature: Option<f64>,
    /// The tier to ask for.
    pub tier: Option<Tier>,
    /// Key-value pairs that Bedrock copies into its invocation log.
    pub metadata: BTreeMap<String, String>,
}

impl Invocation {
    /// A Converse or ConverseStream request.
    #[must_use]
    pub fn converse(model: ModelRef, prompt: &Prompt, stream: bool) -> Self {
        let operation = if stream { Operation::ConverseStream } else { Operation::Converse };
        let body = converse_body(&prompt.as_wire(), &prompt.metadata, prompt.tier);
        Self {
            operation,
            model,
            headers: json_headers(),
            body: body.into(),
            idempotency_key: None,
            affordable: false,
        }
    }

    /// An InvokeModel request in the provider's own JSON.
    ///
    /// # Errors
    /// When the model takes no prompt, or what the ARN stands for is not known.
    pub fn invoke(model: ModelRef, prompt: &Prompt, stream: bool) -> Result<Self, Error> {
        let opaque = || Error::Opaque { dispatched: model.dispatched.clone() };
        let base = model.base.as_ref().ok_or_else(opaque)?;
        let body = build_body(base, &prompt.as_wire())?;
        let mut invocation = Self::raw(model, body.into(), stream);
        prompt.mark(&mut invocation.headers);
        Ok(invocation)
    }

    /// An InvokeModel request whose body is sent as it is.
    #[must_use]
    pub fn raw(model: ModelRef, body: Bytes, stream: bool) -> Self {
        let operation =
            if stream { Operation::InvokeModelWithResponseStream } else { Operation::InvokeModel };
        let mut headers = json_headers();
        headers.insert(ACCEPT, JSON);
        Self { operation, model, headers, body, idempotency_key: None, affordable: false }
    }
}

impl Invocation {
    /// A CountTokens request for a prompt. Only a base id can be counted by.
    #[must_use]
    pub fn count_prompt(model: ModelRef, prompt: &Prompt) -> Self {
        Self::count(model, counting::count_prompt(&prompt.as_wire()))
    }

    /// A CountTokens request for an InvokeModel body.
    #[must_use]
    pub fn count_body(model: ModelRef, body: &[u8]) -> Self {
        Self::count(model, counting::count_body(body))
    }

    fn count(mut model: ModelRef, body: Vec<u8>) -> Self {
        if let Some(base) = &model.base {
            model.dispatched = base.to_string();
        }
        let operation = Operation::CountTokens;
        Self {
            operation,
            model,
            headers: json_headers(),
            body: body.into(),
            idempotency_key: None,
            affordable: false,
        }
    }
}

impl Prompt {
    fn as_wire(&self) -> body::Prompt<'_> {
        body::Prompt {
            system: self.system.as_deref(),
            text: &self.text,
            max_tokens: self.max_tokens,
            temperature: self.temperature,
        }
    }

    /// Adds tier and metadata to an InvokeModel request: its headers say what a Converse body says.
    pub fn mark(&self, headers: &mut HeaderMap) {
        match self.tier {
            Some(Tier::LatencyOptimised) => {
                headers.insert(LATENCY, HeaderValue::from_static("optimized"));
            }
            Some(Tier::Standard) => {
                headers.insert(SERVICE_TIER, HeaderValue::from_static("default"));
            }
            Some(tier) => {
                headers.insert(SERVICE_TIER, HeaderValue::from_static(tier.as_str()));
            }
            None => {}
        }
        let metadata = serde_json::to_string(&self.metadata).unwrap_or_default();
        if let (false, Ok(value)) = (self.metadata.is_empty(), HeaderValue::try_from(metadata)) {
            headers.insert(METADATA, value);
        }
    }
}

pub(crate) fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, JSON)])
}
