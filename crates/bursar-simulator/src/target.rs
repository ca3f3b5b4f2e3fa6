//! The model that a request is for, and what the catalogue says may be asked of it: every refusal
//! that depends on the model alone is made here, in Bedrock's words.

use std::collections::HashMap;
use std::sync::LazyLock;

use bursar_domain::call::Operation;
use bursar_domain::catalogue::{Catalogue, Model};
use bursar_domain::model::RefKind;
use bursar_domain::time::Timestamp;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::messages;
use serde_json::Value;

use crate::chance::Chance;
use crate::control_plane::arn_of_model;
use crate::settings::Settings;
use crate::shape::Shape;

/// The catalogue's models, read once: it is searched where it lies, and a load test asks for the
/// same few models over and over.
static LISTED: LazyLock<HashMap<&str, Model>> =
    LazyLock::new(|| Catalogue::embedded().models().map(|model| (model.id, model)).collect());

/// Which of the two languages a body is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// Bedrock's common one.
    Converse,
    /// The provider's own.
    InvokeModel,
}

/// What is known of a model.
#[derive(Debug)]
pub(crate) struct Target {
    /// The base id; for an opaque ARN that is not named in the settings, the ARN.
    pub(crate) id: String,
    kind: RefKind,
    /// The cross-region profile that leads to it.
    geography: Option<String>,
    model: Option<&'static Model>,
    /// What a prompt router chose: the ARN that it tells.
    pub(crate) chosen: Option<String>,
    /// Whether the account may use it.
    is_allowed: bool,
}

/// Finds the model; of a prompt router's, one by chance. The error is what Bedrock says of an id
/// that is none.
pub(crate) fn find(sent: &str, settings: &Settings, chance: Chance) -> Result<Target, WireError> {
    let Some(models) = settings.routers.get(sent) else { return named(sent, settings) };
    let index = chance.with(b"router").below(models.len().max(1) as u64);
    let model = usize::try_from(index).ok().and_then(|index| models.get(index));
    let target = named(model.ok_or_else(messages::invalid_model_id)?, settings)?;
    let geography = target.geography.as_deref();
    let chosen = Some(arn_of_model(&settings.region, geography, &target.id));
    Ok(Target { kind: RefKind::PromptRouterArn, chosen, ..target })
}

fn named(sent: &str, settings: &Settings) -> Result<Target, WireError> {
    let found = Catalogue::embedded()
        .resolve(sent, &settings.names)
        .map_err(|_| messages::invalid_model_id())?;
    if found.alias.is_some() {
        // Aliases are Bursar's. Bedrock knows none, and must not seem to.
        return Err(messages::invalid_model_id());
    }
    let model = found.base.as_ref().and_then(|base| LISTED.get(base.as_str()));
    let id = found.base.map_or(found.dispatched, |base| base.as_str().to_owned());
    let is_allowed = !settings.no_access.contains(&id);
    Ok(Target { id, kind: found.kind, geography: found.geography, model, chosen: None, is_allowed })
}

impl Target {
    /// Refuses what cannot be asked of this model at this time, in this form of its id.
    pub(crate) fn check(
        &self,
        sent: &str,
        operation: Operation,
        now: Timestamp,
    ) -> Result<(), WireError> {
        if !self.is_allowed {
            return Err(messages::no_model_access());
        }
        let Some(model) = &self.model else { return Ok(()) };
        if model.is_over(now) {
            return Err(messages::end_of_life());
        }
        let by_base_id = matches!(self.kind, RefKind::Base | RefKind::FoundationModelArn);
        if operation == Operation::CountTokens {
            let counts = by_base_id && self.id.starts_with("anthropic.");
            return if counts { Ok(()) } else { Err(messages::count_tokens_not_supported()) };
        }
        // Which regions offer it on demand is not judged; that none does, is.
        let in_no_region = model.in_region_on_demand.as_ref().is_none_or(Vec::is_empty);
        let on_demand = !in_no_region || model.profiles.is_empty();
        if by_base_id && !on_demand {
            return Err(messages::on_demand_not_supported(sent));
        }
        Ok(())
    }

    /// The shape of its InvokeModel bodies; for Converse it only has to be text.
    pub(crate) fn shape(&self, speech: Speech, body: &Value) -> Result<Shape, WireError> {
        let converses = speech == Speech::Converse;
        let shape = match &self.model {
            Some(_) => Shape::of(&self.id, body),
            None => Some(Shape::guess(body)),
        };
        match shape {
            Some(shape) if converses && !shape.is_text() => Err(WireError::new(
                ErrorCode::Validation,
                "This action doesn't support the model that you provided. Try again with a \
                 supported text or chat model.",
            )),
            Some(shape) => Ok(shape),
            None => Err(WireError::new(
                ErrorCode::Validation,
                "The requested operation is not recognized by the service for this model.",
            )),
        }
    }

    /// Refuses more input or output than the model takes. An embedding model's window is not
    /// judged: they truncate, each in its own way.
    pub(crate) fn check_size(
        &self,
        shape: Shape,
        input: u64,
        max_tokens: Option<u64>,
    ) -> Result<(), WireError> {
        let Some(model) = self.model.filter(|_| shape.is_text()) else { return Ok(()) };
        if let (Some(limit), Some(asked)) = (model.max_output_tokens, max_tokens)
            && asked > limit
        {
            return Err(messages::max_tokens_over_limit(limit));
        }
        match model.context_window {
            Some(window) if input > window && self.id.starts_with("anthropic.") => {
                Err(messages::prompt_too_long(input, window))
            }
            Some(window) if input > window => Err(messages::input_too_long()),
            _ => Ok(()),
        }
    }

    /// Whose quotas it has: a model's, or those of one of its profiles.
    pub(crate) fn quota_id(&self) -> String {
        let geography = self.geography.as_ref();
        geography.map_or_else(|| self.id.clone(), |label| format!("{label}.{}", self.id))
    }

    /// The most output that it gives, where the catalogue knows.
    pub(crate) fn output_max(&self) -> Option<u64> {
        self.model.and_then(|model| model.max_output_tokens)
    }

    /// Whether it is a stored prompt, which brings its own messages.
    pub(crate) fn is_prompt(&self) -> bool {
        self.kind == RefKind::PromptArn
    }

    /// Whether it has a prompt cache; one that is not known has.
    pub(crate) fn caches(&self) -> bool {
        self.model.is_none_or(|model| model.prompt_cache == Some(true))
    }

    /// Whether Converse shows its thoughts.
    pub(crate) fn shows_thoughts(&self) -> bool {
        self.id.starts_with("openai.gpt-oss") || self.id.starts_with("deepseek.r1")
    }

    /// The name that the provider itself uses: without `anthropic.` and `-v1:0`.
    pub(crate) fn version(&self) -> &str {
        let name = self.id.split_once('.').map_or(self.id.as_str(), |(_, name)| name);
        let is_version =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        match name.rsplit_once("-v") {
            Some((name, version)) if !version.is_empty() && is_version(version) => name,
            _ => name,
        }
    }
}
