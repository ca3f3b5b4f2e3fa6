//! Policies as people write them, and as they are shown.
//!
//! A model is named by its provider, its family, its id or an alias; what the word stands for is
//! settled when the policy is set, so that an alias that moves later opens nothing.

use bursar_domain::access::Access;
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::model::ModelId;
use bursar_domain::policy::{Models, Policy, Routes};
use bursar_domain::price_book::PriceBook;
use bursar_domain::scope::{Facet, Scope};
use bursar_ledger::AccessChange;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::shown;
use crate::keys::living_key;
use crate::{Admin, Error};

/// The longest pattern for regions, in bytes: AWS's own names have at most 20.
const PATTERN_BYTES_MAX: usize = 40;

/// What is said of what calls may ask for, each part as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
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

/// How a policy is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyEdit {
    /// Whether nothing of what was said before holds on.
    pub anew: bool,
    /// What is said now, instead of what was said of the same before.
    pub says: Policy,
}

impl PolicyEdit {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn over(self, known: Option<&Policy>) -> Policy {
        let before = known.filter(|_| !self.anew).cloned().unwrap_or_default();
        Policy {
            models: if self.says.models.is_empty() { before.models } else { self.says.models },
            regions: if self.says.regions.is_empty() { before.regions } else { self.says.regions },
            routes: self.says.routes.or(before.routes),
            max_tokens: self.says.max_tokens.or(before.max_tokens),
        }
    }
}

impl Admin {
    /// Changes what the calls of a key may ask for.
    pub async fn set_key_policy(&self, named: &str, edit: PolicyEdit) -> Result<(), Error> {
        let access = self.ledger.access().await?;
        let key = living_key(&access, named, self.clock.now())?;
        let scope = Scope::default().with(Facet::Key, &key.id);
        self.set_policy(&access, scope, edit).await
    }

    async fn set_policy(
        &self,
        access: &Access,
        scope: Scope,
        edit: PolicyEdit,
    ) -> Result<(), Error> {
        let policy = edit.over(access.policies.get(&scope));
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
