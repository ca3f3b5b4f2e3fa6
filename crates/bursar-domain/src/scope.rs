//! What a limit or a freeze is about: facets of a call, all of which must match.
//!
//! Matching only; what a limit does with a call that it counts is `limit`'s and `admission`'s.

use std::collections::BTreeMap;
use std::fmt;

use crate::call::Intent;

/// One side of a call that can be named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The team that pays.
    Team,
    /// The project within the team.
    Project,
    /// The person.
    User,
    /// The virtual key.
    Key,
    /// The model that is dispatched, by its canonical id.
    Model,
    /// Who made the model.
    Provider,
    /// The client's own session.
    Session,
    /// A label, by its key.
    Tag(String),
}

impl Facet {
    /// From its text: a word, or `tag:KEY`; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "team" => Self::Team,
            "project" => Self::Project,
            "user" => Self::User,
            "key" => Self::Key,
            "model" => Self::Model,
            "provider" => Self::Provider,
            "session" => Self::Session,
            _ => Self::Tag(text.strip_prefix("tag:").filter(|key| !key.is_empty())?.to_owned()),
        })
    }

    /// What an intent says of this side; `None` when it says nothing.
    #[must_use]
    pub fn of<'i>(&self, intent: &'i Intent) -> Option<&'i str> {
        let who = &intent.attribution;
        match self {
            Self::Team => who.team.as_deref(),
            Self::Project => who.project.as_deref(),
            Self::User => who.user.as_deref(),
            Self::Key => who.key.as_deref(),
            Self::Model => Some(intent.model.as_str()),
            Self::Provider => Some(intent.model.provider()),
            Self::Session => who.client_session.as_deref(),
            Self::Tag(key) => who.tags.get(key).map(String::as_str),
        }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Team => "team",
            Self::Project => "project",
            Self::User => "user",
            Self::Key => "key",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Session => "session",
            Self::Tag(key) => return write!(f, "tag:{key}"),
        })
    }
}

/// Facets and the values that they must have. None at all is everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Scope(pub BTreeMap<Facet, String>);

impl Scope {
    /// Whether an intent has every value.
    #[must_use]
    pub fn matches(&self, intent: &Intent) -> bool {
        self.0.iter().all(|(facet, value)| facet.of(intent) == Some(value))
    }

    /// Whether every facet of `other` is here too, with the same value.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        other.0.iter().all(|(facet, value)| self.0.get(facet) == Some(value))
    }

    /// The same, narrowed by one more facet.
    #[must_use]
    pub fn with(&self, facet: Facet, value: &str) -> Self {
        let mut narrowed = self.clone();
        narrowed.0.insert(facet, value.to_owned());
        narrowed
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.pad("all");
        }
        for (number, (facet, value)) in self.0.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{facet} {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_is_its_text() {
        let tag = Facet::Tag("env".into());
        for facet in [Facet::Team, Facet::Model, Facet::Session, tag] {
            assert_eq!(Facet::parse(&facet.to_string()), Some(facet));
        }
        for text in ["", "tag:", "teams", "Team"] {
            assert_eq!(Facet::parse(text), None);
        }
    }

    #[test]
    fn a_scope_says_what_it_is_about() {
        let team = Scope::default().with(Facet::Team, "research");
        assert_eq!(Scope::default().to_string(), "all");
        let narrow = team.with(Facet::Tag("env".into()), "prod");
        assert_eq!(narrow.to_string(), "team research, tag:env prod");
        assert!(narrow.includes(&team) && !team.includes(&narrow));
        assert!(team.includes(&Scope::default()));
    }
}
