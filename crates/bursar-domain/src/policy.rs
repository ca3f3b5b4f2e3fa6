//! What the calls of a scope may ask for: models, regions, routing, and how long an answer.
//!
//! Pure judging. Several policies may be about one call, and each of them has to allow it; the
//! ledger asks them when it admits the call.

mod in_force;

use std::fmt;

use crate::access::Key;
use crate::call::Intent;
use crate::catalogue::Catalogue;
use crate::model::{Candidate, ModelId};
use crate::scope::Scope;
use crate::time::Timestamp;

pub use in_force::InForce;

/// Some models, by one of the things that they have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Models {
    /// Those of a provider: `anthropic`.
    Provider(String),
    /// Those of a family: `claude-sonnet`.
    Family(String),
    /// One, by its canonical id.
    Model(String),
}

impl Models {
    /// From its text, `provider:anthropic`, `family:…` or `model:…`; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty())?;
        let name = name.to_owned();
        match kind {
            "provider" => Some(Self::Provider(name)),
            "family" => Some(Self::Family(name)),
            "model" => Some(Self::Model(name)),
            _ => None,
        }
    }

    /// Whether a model is one of them.
    #[must_use]
    pub fn include(&self, model: &ModelId) -> bool {
        match self {
            Self::Provider(name) => model.provider() == name,
            Self::Model(id) => model.as_str() == id,
            Self::Family(name) => Catalogue::embedded()
                .model(model.as_str())
                .is_some_and(|known| known.family == name),
        }
    }

    /// What a person writes to mean them.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Provider(name) | Self::Family(name) | Self::Model(name) => name,
        }
    }
}

impl fmt::Display for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Provider(_) => "provider",
            Self::Family(_) => "family",
            Self::Model(_) => "model",
        };
        write!(f, "{kind}:{}", self.name())
    }
}

/// How far from its region a call may be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routes {
    /// Nowhere else.
    InRegion,
    /// Within one geography, by its cross-region profiles: `eu`.
    Geography(String),
    /// Anywhere.
    Global,
}

impl Routes {
    /// From its text, `in-region`, `geo:eu` or `global`; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_word = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        match text {
            "in-region" => Some(Self::InRegion),
            "global" => Some(Self::Global),
            _ => {
                let name = text.strip_prefix("geo:").filter(|name| is_word(name))?;
                Some(Self::Geography(name.to_owned()))
            }
        }
    }

    fn allow(&self, geography: Option<&str>) -> bool {
        match (self, geography) {
            (Self::Global, _) | (_, None) => true,
            (Self::InRegion, Some(_)) => false,
            (Self::Geography(name), Some(geography)) => name == geography,
        }
    }
}

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InRegion => f.pad("in-region"),
            Self::Geography(name) => write!(f, "geo:{name}"),
            Self::Global => f.pad("global"),
        }
    }
}

/// What calls may ask for. What is `None` or empty is not restricted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// The models that may be called.
    pub models: Vec<Models>,
    /// The regions, as patterns with `*`. Without `routes`, those that may serve the call as well.
    pub regions: Vec<String>,
    /// How far a call may be routed.
    pub routes: Option<Routes>,
    /// The most output tokens of a call.
    pub max_tokens: Option<u64>,
}

crate::closed_set! {
    /// The side of a call that a policy forbids.
    Aspect {
        /// Which model is called.
        Model = "model",
        /// From where, and where it may be served.
        Region = "region",
        /// By which kind of profile.
        Routing = "routing",
        /// How long the answer may get.
        MaxTokens = "max-tokens",
    }
}

/// Why a call may not be made, whatever the budgets say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// Its key, or its team, is no more.
    Ended {
        /// Which: ``the key `key_…` ``.
        what: String,
        /// What became of it: `was revoked`, `expired`, `has ended`.
        how: &'static str,
        /// When.
        at: Timestamp,
    },
    /// A policy does not allow what it asks for.
    Outside {
        /// Whose policy.
        scope: Scope,
        /// What of the call.
        aspect: Aspect,
        /// What may be asked for.
        allowed: String,
        /// What was asked for.
        asked: String,
    },
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { what, how, at } => {
                write!(f, "{what} {how} at {at}\nhint: use another; `bursar key list` names them")
            }
            Self::Outside { scope, aspect, allowed, asked } => write!(
                f,
                "the policy of `{scope}` allows {aspect} {allowed}, and {asked} was asked for\n\
                 hint: {}",
                match aspect {
                    Aspect::Model => "call one of those, or ask the team's owner for this one",
                    Aspect::Region => "call from one of those, by a profile that stays in them",
                    Aspect::Routing => "name the model without its profile, or by another",
                    Aspect::MaxTokens => "ask for a shorter answer with `--max-tokens`",
                }
            ),
        }
    }
}

impl Policy {
    /// Whether it restricts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What it has against a call: what of it, what is allowed, and what was asked for.
    #[must_use]
    pub fn objection(&self, intent: &Intent) -> Option<(Aspect, String, String)> {
        let told =
            Candidate { base: intent.model.clone(), geography: intent.reach.geography.clone() };
        let routed = intent.reach.candidates.iter();
        std::iter::once(&told)
            .chain(routed)
            .find_map(|candidate| self.against_model(candidate))
            .or_else(|| self.against_leaving(intent))
            .or_else(|| self.against_region(intent))
            .or_else(|| self.against_length(intent.reach.output_tokens))
    }

    fn against_model(&self, candidate: &Candidate) -> Option<(Aspect, String, String)> {
        let model = &candidate.base;
        let is_allowed = |models: &Models| models.include(model);
        if !self.models.is_empty() && !self.models.iter().any(is_allowed) {
            let names: Vec<&str> = self.models.iter().map(Models::name).collect();
            return Some((Aspect::Model, quoted(&names), format!("`{model}`")));
        }
        let (routes, geography) = (self.routes.as_ref()?, candidate.geography.as_deref());
        let asked = || format!("`{}.{model}`", geography.unwrap_or_default());
        (!routes.allow(geography)).then(|| (Aspect::Routing, format!("`{routes}`"), asked()))
    }

    /// Another region than the call was meant for is a way to route it.
    fn against_leaving(&self, intent: &Intent) -> Option<(Aspect, String, String)> {
        let (routes, left) = (self.routes.as_ref()?, intent.reach.left.as_ref()?);
        let asked = || format!("`{}` in place of `{left}`", intent.region);
        let is_allowed = match routes {
            Routes::InRegion => false,
            Routes::Geography(name) => is_within(name, &intent.model, &intent.region),
            Routes::Global => true,
        };
        (!is_allowed).then(|| (Aspect::Routing, format!("`{routes}`"), asked()))
    }

    fn against_region(&self, intent: &Intent) -> Option<(Aspect, String, String)> {
        if self.regions.is_empty() {
            return None;
        }
        let is_in = |region: &str| self.regions.iter().any(|pattern| matches(pattern, region));
        let patterns: Vec<&str> = self.regions.iter().map(String::as_str).collect();
        let refuse = |asked: String| Some((Aspect::Region, quoted(&patterns), asked));
        if !is_in(&intent.region) {
            return refuse(format!("`{}`", intent.region));
        }
        // Who says how far a call may be routed has been asked already.
        let is_routed = self.routes.is_none() && intent.reach.geography.is_some();
        match &intent.reach.served_in {
            Some(regions) if is_routed => {
                let outside = regions.iter().find(|region| !is_in(region))?;
                refuse(format!("a profile that may be served in `{outside}`"))
            }
            None if is_routed && !is_in("") => {
                refuse("a profile that may be served anywhere".into())
            }
            _ => None,
        }
    }

    fn against_length(&self, asked: Option<u64>) -> Option<(Aspect, String, String)> {
        let most = self.max_tokens?;
        if asked.is_some_and(|asked| asked <= most) {
            return None;
        }
        let asked = asked.map_or_else(|| "any number".to_owned(), |asked| asked.to_string());
        Some((Aspect::MaxTokens, format!("up to {most}"), asked))
    }
}

/// Whether a region is of a geography: by its name, or since the model's profile starts there.
fn is_within(geography: &str, model: &ModelId, region: &str) -> bool {
    let is_named = matches!(geography, "eu" | "ca") && region.starts_with(&format!("{geography}-"))
        || geography == "us" && region.starts_with("us-") && !region.starts_with("us-gov-");
    let routes = Catalogue::embedded().profiles_of(model.as_str());
    is_named
        || routes.iter().any(|route| route.geography == geography && route.from.contains(&region))
}

/// Whether a text is what a pattern says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn quoted(names: &[&str]) -> String {
    format!("`{}`", names.join("`, `"))
}

/// Why a key is of no use at an instant: it is revoked, or has expired.
#[must_use]
pub fn ended_key(key: &Key, at: Timestamp) -> Option<Objection> {
    let what = || format!("the key `{}`", key.id);
    if let Some(at) = key.revoked_at {
        return Some(Objection::Ended { what: what(), how: "was revoked", at });
    }
    let at = key.expires_at.filter(|end| *end <= at)?;
    Some(Objection::Ended { what: what(), how: "expired", at })
}

/// That a team is no more.
#[must_use]
pub fn ended_team(name: &str, at: Timestamp) -> Objection {
    Objection::Ended { what: format!("the team `{name}`"), how: "has ended", at }
}

#[cfg(test)]
pub(crate) mod tests;
