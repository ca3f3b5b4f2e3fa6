//! `[models]` of the configuration file: names for models, by weight too, and what to call instead.
//! A mistake is told with its file and line, before anything goes by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::path::Path;

use bursar_domain::catalogue::{Names, Shares};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Settings;
use super::file::line_of;
use crate::failure::{Failure, Situation};

/// The section as it is written.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the field is the key in the file")]
pub(super) struct Models {
    pub(super) allow_unpriced: bool,
    pub(super) catalogue: String,
    pub(super) aliases: BTreeMap<String, Spanned<Meaning>>,
    pub(super) base_models: BTreeMap<String, String>,
}

/// What an alias stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    One(String),
    Several(Shares),
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Means)
    }
}

struct Means;

impl<'de> Visitor<'de> for Means {
    type Value = Meaning;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model, or several with their weights: { \"MODEL\" = 90, \"OTHER\" = 10 }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Meaning, E> {
        Ok(Meaning::One(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meaning, A::Error> {
        let mut shares = Vec::new();
        while let Some(share) = map.next_entry::<String, i64>()? {
            shares.push(share);
        }
        Shares::new(shares).map(Meaning::Several).map_err(serde::de::Error::custom)
    }
}

impl Models {
    /// The names that the section gives.
    pub(super) fn names(&self) -> Names {
        let mut names = Names { base_models: self.base_models.clone(), ..Names::default() };
        for (alias, meaning) in &self.aliases {
            match meaning.get_ref() {
                Meaning::One(text) => drop(names.aliases.insert(alias.clone(), text.clone())),
                Meaning::Several(shares) => {
                    names.weighted.insert(alias.clone(), shares.clone());
                }
            }
        }
        names
    }
}

/// A file and its text, to say where a mistake is.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    fn refuse(&self, span: Range<usize>, problem: &str) -> Failure {
        let line = line_of(self.text, span.start);
        Failure::new(Situation::Configuration, format!("{}:{line}: {problem}", self.path.display()))
    }
}

impl Settings {
    /// That every name by weight means models that there are, and that no alias leads back to itself.
    pub(super) fn check_models(&self, source: &Source<'_>) -> Result<(), Failure> {
        for (alias, meaning) in &self.said.models.aliases {
            if self.names.leads_back(alias) {
                let problem = format!("the alias `{alias}` leads back to itself");
                return Err(source.refuse(meaning.span(), &problem));
            }
            if let Meaning::Several(shares) = meaning.get_ref() {
                let models: BTreeSet<&str> = shares.iter().map(|(model, _)| model).collect();
                for model in models {
                    self.known(model, source, meaning.span())?;
                }
            }
        }
        Ok(())
    }

    /// A name means one model that there is. An alias by weight may lead to another.
    fn known(&self, text: &str, source: &Source<'_>, span: Range<usize>) -> Result<(), Failure> {
        if self.names.weighted.contains_key(text) {
            return Ok(());
        }
        self.resolve(text).map(drop).map_err(|failure| {
            let told = source.refuse(span, &failure.message);
            failure.hints.into_iter().fold(told, Failure::hint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::file::{Said, read};

    fn said(text: &str) -> Result<Said, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn an_alias_is_one_model_or_several_by_weight() {
        let text = "[models.aliases]\nhaiku = \"x.y\"\nsonnet = { \"a.b\" = 90, \"a.c\" = 10 }\n";
        let names = said(text).unwrap().models.names();
        assert_eq!(names.aliases["haiku"], "x.y");
        let shares: Vec<(&str, u32)> = names.weighted["sonnet"].iter().collect();
        assert_eq!(shares, [("a.b", 90), ("a.c", 10)]);
    }

    #[test]
    fn what_the_documentation_shows_is_read() {
        let text = include_str!("../../../../docs/gateway.md");
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let mut count = 0;
        for block in blocks {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config.toml");
            std::fs::write(&path, block).unwrap();
            Settings::load(Some(&path), Some("sqlite::memory:")).unwrap();
            count += 1;
        }
        assert!(count > 0);
    }

    #[test]
    fn a_weight_that_is_none_is_told_with_its_line() {
        for (shares, problem) in [
            ("{ \"a.b\" = 90, \"a.c\" = 0 }", "the weight of `a.c` is 0; it is 1 to 1000000"),
            ("{ \"a.b\" = -1 }", "the weight of `a.b` is -1"),
            ("{ \"a.b\" = 9223372036854775807 }", "it is 1 to 1000000"),
            ("{ \"a.b\" = 99999999999999999999 }", ""),
            ("{ \"a.b\" = 0.5 }", "expected i64"),
            ("{ \"a.b\" = 1, \"a.b\" = 2 }", "duplicate key"),
            ("{}", "0 models were given"),
            ("7", "a model, or several with their weights"),
        ] {
            let failure = said(&format!("[models.aliases]\n\nsonnet = {shares}\n")).unwrap_err();
            assert_eq!(failure.situation, Situation::Configuration);
            let message = &failure.message;
            assert!(message.contains("config.toml:3: `sonnet`"), "{shares}: {message}");
            assert!(message.contains(problem), "{shares}: {message}");
        }
    }
}
