//! Reading a model reference: whatever a person typed becomes one canonical [`ModelRef`], or a
//! clear no.
//!
//! Whole ids are compared and nothing is guessed: `claude-opus-5` is not `claude-opus-5-5`, and
//! what only resembles an id is refused with the ids that it resembles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Catalogue, Names};
use crate::model::{Arn, ModelId, ModelRef, RefKind};
use crate::nearest::nearest;
use crate::table::Table;

/// A text that names no model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel {
    /// The text as it came.
    pub given: String,
    /// What it stands for, where it is an alias.
    pub stands_for: Option<String>,
    /// The known ids nearest to it, best first.
    pub nearest: Vec<String>,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a text names no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No text.
    #[error("it is empty")]
    Empty,
    /// Longer than Bedrock takes.
    #[error("it is longer than {} bytes", ModelRef::BYTES_MAX)]
    TooLong,
    /// A character that no model id has.
    #[error("it holds the character U+{:04X}, which no model id has", u32::from(*.0))]
    Character(char),
    /// An alias that leads back to itself.
    #[error("its alias leads back to itself through `{0}`")]
    AliasLoop(String),
    /// An alias by weight, where one model has to be named.
    #[error("it stands for one of several, by weight, and here it takes one")]
    Several,
    /// An ARN of a wrong form.
    #[error("{0}")]
    Arn(&'static str),
    /// The settings' `base_model` of an ARN is itself unknown.
    #[error("its `base_model` in the settings, `{0}`, is not in the catalogue")]
    BaseModel(String),
    /// Of a right form, but not listed.
    #[error("it is not in the catalogue of {}", Table::MODELS.retrieved_on())]
    NotListed,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", shown(&self.given))?;
        if let Some(target) = &self.stands_for {
            write!(f, ", an alias of `{}`,", shown(target))?;
        }
        write!(f, " is not a model: {}", self.reason)
    }
}

impl std::error::Error for UnknownModel {}

impl UnknownModel {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.nearest.split_last() {
            None => "`bursar models list` lists every model".to_owned(),
            Some((last, [])) => format!("did you mean `{last}`?"),
            Some((last, rest)) => format!("did you mean `{}` or `{last}`?", rest.join("`, `")),
        }
    }
}

/// Safe to print: no control characters, and not a page long.
fn shown(text: &str) -> String {
    text.chars().take(120).flat_map(char::escape_debug).collect()
}

/// What an id says, once read.
struct Reading {
    base: ModelId,
    geography: Option<String>,
    /// The text to send, which differs where another id of the same model was given.
    text: String,
}

impl Catalogue {
    /// Reads a model reference in any form that Bedrock takes, or an alias.
    ///
    /// An opaque ARN that the settings say nothing about is a `ModelRef` without a base.
    pub fn resolve(self, text: &str, names: &Names) -> Result<ModelRef, UnknownModel> {
        let is_offered = |id: &str| self.offers.is_some_and(|offers| offers.offer(id).is_some());
        resolve(text, Known { names, is_other: &is_offered })
    }
}

/// What is known beside the catalogue.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The settings' names.
    pub(crate) names: &'a Names,
    /// Whether a base id is known though the catalogue does not list it.
    pub(crate) is_other: &'a dyn Fn(&str) -> bool,
}

/// [`Catalogue::resolve`], with more base ids than the catalogue's.
pub(crate) fn resolve(text: &str, known: Known<'_>) -> Result<ModelRef, UnknownModel> {
    let names = known.names;
    let unknown = |target: &str, reason: Reason| {
        let ids = Table::MODELS.keys().into_iter();
        let aliases = names.aliases.keys().map(String::as_str);
        UnknownModel {
            given: text.to_owned(),
            stands_for: (target != text).then(|| target.to_owned()),
            nearest: nearest(target, ids.chain(aliases)),
            reason,
        }
    };
    let target = follow(text, &names.aliases).map_err(|reason| unknown(text, reason))?;
    if let Some(shares) = names.weighted.get(target) {
        let nearest = shares.iter().map(|(model, _)| model.to_owned()).collect();
        return Err(UnknownModel { nearest, ..unknown(target, Reason::Several) });
    }
    check(target).map_err(|reason| unknown(target, reason))?;
    let mut found = if target.starts_with("arn:") {
        read_arn(target, known).map_err(|reason| unknown(target, reason))?
    } else {
        read_id(target, known)
            .map(Reading::into_ref)
            .ok_or_else(|| unknown(target, Reason::NotListed))?
    };
    found.alias = (found.dispatched != text).then(|| text.to_owned());
    Ok(found)
}

fn read_arn(text: &str, known: Known<'_>) -> Result<ModelRef, Reason> {
    let arn = Arn::parse(text).map_err(Reason::Arn)?;
    let from_settings = |name: &String| {
        read_id(name, known).ok_or_else(|| Reason::BaseModel(name.clone())).map(Some)
    };
    let reading = match arn.model {
        None => known.names.base_models.get(text).map_or(Ok(None), from_settings)?,
        Some(model) => Some(read_id(model, known).ok_or(Reason::NotListed)?),
    };
    let geography = reading.as_ref().and_then(|reading| reading.geography.clone());
    if arn.kind == RefKind::InferenceProfileArn && geography.is_none() {
        return Err(Reason::Arn("an inference profile's ARN ends in a geography and a model"));
    }
    if matches!(arn.kind, RefKind::FoundationModelArn | RefKind::CustomModelArn)
        && geography.is_some()
    {
        return Err(Reason::Arn("a model's own ARN has no geography before the model"));
    }
    Ok(ModelRef {
        dispatched: text.to_owned(),
        alias: None,
        kind: arn.kind,
        base: reading.map(|reading| reading.base),
        geography,
        region: Some(arn.region.to_owned()),
        candidates: Vec::new(),
    })
}

/// A base id, or a profile's: a geography, known or new, before what is a base id.
fn read_id(text: &str, known: Known<'_>) -> Option<Reading> {
    if let Some((base, text)) = read_base(text, known) {
        return Some(Reading { base, geography: None, text });
    }
    let (geography, rest) = text.split_once('.').filter(|(label, _)| is_geography(label))?;
    let (base, rest) = read_base(rest, known)?;
    let text = format!("{geography}.{rest}");
    Some(Reading { base, geography: Some(geography.to_owned()), text })
}

/// A listed id, another id of a listed model, or either with a context size: the canonical
/// id, and the text to send.
fn read_base(text: &str, known: Known<'_>) -> Option<(ModelId, String)> {
    if let Some(base) = listed(text, known) {
        let sent = base.to_string();
        return Some((base, sent));
    }
    let (shorter, size) = text.rsplit_once(':').filter(|(_, size)| is_context_size(size))?;
    let base = listed(shorter, known)?;
    let sent = format!("{base}:{size}");
    Some((base, sent))
}

fn listed(text: &str, known: Known<'_>) -> Option<ModelId> {
    let is_listed = Table::MODELS.lines(text).next().is_some() || (known.is_other)(text);
    if is_listed {
        return ModelId::parse(text);
    }
    Table::other_id(text).and_then(ModelId::parse)
}

impl Reading {
    fn into_ref(self) -> ModelRef {
        ModelRef {
            dispatched: self.text,
            alias: None,
            kind: if self.geography.is_some() { RefKind::Profile } else { RefKind::Base },
            base: Some(self.base),
            geography: self.geography,
            region: None,
            candidates: Vec::new(),
        }
    }
}

/// What an alias stands for in the end; the text itself when it is none.
fn follow<'a>(text: &'a str, aliases: &'a BTreeMap<String, String>) -> Result<&'a str, Reason> {
    let mut seen = BTreeSet::from([text]);
    let mut current = text;
    while let Some(next) = aliases.get(current) {
        if !seen.insert(next) {
            return Err(Reason::AliasLoop(next.clone()));
        }
        current = next;
    }
    Ok(current)
}

fn check(text: &str) -> Result<(), Reason> {
    let is_foreign =
        |character: &char| !character.is_ascii_alphanumeric() && !"-.:/".contains(*character);
    match text.chars().find(is_foreign) {
        _ if text.is_empty() => Err(Reason::Empty),
        _ if text.len() > ModelRef::BYTES_MAX => Err(Reason::TooLong),
        Some(character) => Err(Reason::Character(character)),
        None => Ok(()),
    }
}

/// `us`, `eu`, `apac`, `us-gov`, `global`, and whatever of that shape comes next.
fn is_geography(label: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    (2..=12).contains(&label.len()) && label.split('-').all(is_word)
}

/// `51k`, `200k`, `1m` or `mm`: how provisioned variants of a model are told apart.
fn is_context_size(text: &str) -> bool {
    let digits = text.strip_suffix(['k', 'm']).unwrap_or_default();
    text == "mm" || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
