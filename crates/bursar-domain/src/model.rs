//! What a model is called: the canonical base id, and the forms in which people name one.

mod arn;
mod guardrail;

use std::fmt;

pub(crate) use arn::Arn;
pub use guardrail::GUARDRAILS;

/// A canonical base model id, such as `anthropic.claude-sonnet-4-5-20250929-v1:0`: what is
/// dispatched, priced and recorded, never what the client happened to type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(String);

impl ModelId {
    /// From a text of the form `provider.model`; `None` when it is no such form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, model) = text.split_once('.')?;
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = !provider.is_empty()
            && !model.is_empty()
            && text.len() <= 256
            && provider.bytes().all(is_word)
            && model.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b':'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first dot: `anthropic`, `amazon`, `meta` …
    #[must_use]
    pub fn provider(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }
}

impl AsRef<str> for ModelId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::closed_set! {
    /// The forms in which Bedrock accepts a model.
    RefKind {
        /// A base id.
        Base = "base",
        /// A cross-region inference profile: a geography and a base id.
        Profile = "profile",
        /// `…::foundation-model/…`
        FoundationModelArn = "foundation-model",
        /// `…:inference-profile/…`
        InferenceProfileArn = "inference-profile",
        /// `…:application-inference-profile/…`: opaque.
        ApplicationInferenceProfileArn = "application-inference-profile",
        /// `…:provisioned-model/…`: opaque.
        ProvisionedModelArn = "provisioned-model",
        /// `…:custom-model/provider.model/…`
        CustomModelArn = "custom-model",
        /// `…:custom-model-deployment/…`: opaque.
        CustomModelDeploymentArn = "custom-model-deployment",
        /// `…:imported-model/…`: opaque.
        ImportedModelArn = "imported-model",
        /// `…:prompt/…`: opaque.
        PromptArn = "prompt",
        /// `…:prompt-router/…` and `…:default-prompt-router/…`: opaque.
        PromptRouterArn = "prompt-router",
        /// `arn:aws:sagemaker:…:endpoint/…`: opaque.
        EndpointArn = "endpoint",
        /// A guardrail, applied by itself: its id or ARN and a version.
        Guardrail = "guardrail",
    }
}

/// A model that may answer, and the cross-region profile that leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The canonical base id.
    pub base: ModelId,
    /// The profile's geography: `us`, `global` …; `None` for the model itself.
    pub geography: Option<String>,
}

/// A model as somebody named it, read once: the text that is dispatched, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRef {
    /// What Bedrock is sent as the model id: the text itself, or what its alias stands for.
    pub dispatched: String,
    /// The alias that was used, if one was.
    pub alias: Option<String>,
    /// The form of the text.
    pub kind: RefKind,
    /// The canonical base id; `None` for an opaque ARN that nobody has looked up. Of a prompt
    /// router's, one of those that may answer.
    pub base: Option<ModelId>,
    /// The prefix of a cross-region profile: `us`, `eu`, `us-gov`, `global` …
    pub geography: Option<String>,
    /// The region that an ARN carries.
    pub region: Option<String>,
    /// The models that a prompt router chooses among; empty for everything else.
    pub candidates: Vec<Candidate>,
}

impl ModelRef {
    /// The longest reference that Bedrock takes, in bytes.
    pub const BYTES_MAX: usize = 2048;

    /// Whether it is an ARN that does not tell its model, and that the control plane knows.
    #[must_use]
    pub fn can_be_looked_up(&self) -> bool {
        let is_told =
            matches!(self.kind, RefKind::ApplicationInferenceProfileArn | RefKind::PromptRouterArn);
        is_told && self.base.is_none()
    }

    /// The same reference, once it is known what it stands for.
    #[must_use]
    pub fn standing_for(self, candidates: Vec<Candidate>) -> Self {
        let Some(first) = candidates.first().cloned() else { return self };
        let chooses = self.kind == RefKind::PromptRouterArn;
        Self {
            base: Some(first.base),
            geography: first.geography,
            candidates: if chooses { candidates } else { Vec::new() },
            ..self
        }
    }
}
