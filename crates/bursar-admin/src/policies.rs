//! Policies as people write them, and as they are shown.
//!
//! A model is named by its provider, its family, its id or an alias; what the word stands for is
//! settled when the policy is set, so that an alias that moves later opens nothing.

use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::model::ModelId;
use bursar_domain::policy::{Models, Policy, Routes};
use bursar_domain::price_book::PriceBook;
use bursar_domain::scope::Scope;
use bursar_ledger::AccessChange;
use serde::{Deserialize, Serialize};

use crate::error::shown;
use crate::{Admin, Error};

/// The longest pattern for regions, in bytes: AWS's own names have at most 20.
const PATTERN_BYTES_MAX: usize = 40;

/// What is said of what calls may ask for, each part as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyWords {
    /// Models, by provider, family, id or alias.
    pub models: Vec<String>,
    /// Regions, as patterns: `eu-*`.
    pub regions: Vec<String>,
    /// `in-region`, `geo:eu` or `global`.
    pub routing: Option<String>,
    /// The most output tokens of a call.
    pub max_tokens: Option<u64>,
}

/// What a model's name can stand for.
#[derive(Debug, Clone, Copy)]
pub struct KnownModels<'a> {
    /// The models there are.
    pub catalogue: Catalogue,
    /// Those that have a price.
    pub prices: &'a PriceBook,
    /// The settings' own names.
    pub names: &'a Names,
}

/// A policy as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PolicyRow {
    /// The models that may be called; empty for all.
    pub models: Vec<String>,
    /// The regions; empty for all.
    pub regions: Vec<String>,
    /// How far a call may be routed.
    pub routing: Option<String>,
    /// The most output tokens of a call.
    pub max_tokens: Option<u64>,
}

impl PolicyRow {
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            models: policy.models.iter().map(|models| models.name().to_owned()).collect(),
            regions: policy.regions.clone(),
            routing: policy.routes.as_ref().map(Routes::to_string),
            max_tokens: policy.max_tokens,
        }
    }
}

impl KnownModels<'_> {
    /// The models that a word means.
    ///
    /// # Errors
    /// As [`KnownModels::model`].
    pub fn models(&self, word: &str) -> Result<Models, Error> {
        let is_provider = |id: &str| id.split('.').next() == Some(word);
        if self.catalogue.models().any(|model| is_provider(model.id)) {
            return Ok(Models::Provider(word.to_owned()));
        }
        if self.catalogue.models().any(|model| model.family == word) {
            return Ok(Models::Family(word.to_owned()));
        }
        self.model(word).map(|id| Models::Model(id.to_string()))
    }

    /// The one model that a word means.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], or [`Error::BadWord`] for what several models may answer.
    pub fn model(&self, word: &str) -> Result<ModelId, Error> {
        let found = self.prices.resolve(word, self.names);
        let found = found.or_else(|unknown| {
            let known = self.catalogue.resolve(word, self.names);
            known.map_err(|_| Error::UnknownModel(Box::new(unknown)))
        })?;
        found.base.filter(|_| found.candidates.is_empty()).ok_or_else(|| Error::BadWord {
            what: "model",
            given: shown(word),
            problem: "more than one may answer to it".to_owned(),
            hint: "name the models themselves".to_owned(),
        })
    }
}

impl PolicyWords {
    /// The policy that the words mean.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], or [`Error::BadWord`] for the first word that means nothing.
    pub fn policy(&self, known: &KnownModels<'_>) -> Result<Policy, Error> {
        let models = self.models.iter().map(|word| known.models(word));
        let mut models = models.collect::<Result<Vec<_>, _>>()?;
        models.sort();
        models.dedup();
        self.regions.iter().try_for_each(|pattern| check_pattern(pattern))?;
        let routes = self.routing.as_deref().map(parse_routes).transpose()?;
        if self.max_tokens == Some(0) {
            return Err(Error::BadWord {
                what: "number of tokens",
                given: "0".to_owned(),
                problem: "it allows no answer at all".to_owned(),
                hint: "revoke the key, or say one at least".to_owned(),
            });
        }
        Ok(Policy { models, regions: self.regions.clone(), routes, max_tokens: self.max_tokens })
    }
}

impl Admin {
    /// Says what the calls of a scope may ask for; a policy that restricts nothing ends it.
    pub async fn set_policy(&self, scope: Scope, policy: Policy) -> Result<(), Error> {
        self.change_access(vec![AccessChange::SetPolicy { scope, policy }]).await
    }
}

fn check_pattern(pattern: &str) -> Result<(), Error> {
    let is_fit =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-*".contains(&byte);
    if !pattern.is_empty() && pattern.len() <= PATTERN_BYTES_MAX && pattern.bytes().all(is_fit) {
        return Ok(());
    }
    Err(Error::BadWord {
        what: "region",
        given: shown(pattern),
        problem: "it is neither a region nor a pattern for some".to_owned(),
        hint: "write `eu-west-1`, or `eu-*`".to_owned(),
    })
}

fn parse_routes(text: &str) -> Result<Routes, Error> {
    Routes::parse(text).ok_or_else(|| Error::BadWord {
        what: "routing",
        given: shown(text),
        problem: "there is none such".to_owned(),
        hint: "write `in-region`, `geo:eu` or `global`".to_owned(),
    })
}
