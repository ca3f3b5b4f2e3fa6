//! `[models]` of the configuration file: names for models, by weight too, and what to call instead.
//! A mistake is told with its file and line, before anything goes by it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use bursar_core::Fallbacks;
use bursar_domain::catalogue::{Names, Shares};
use bursar_domain::model::ModelRef;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Settings;
use super::file::line_of;
use super::quotas::QuotaSaid;
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
    /// What is called instead of a model that cannot answer, in order.
    pub(super) fallback: BTreeMap<String, Spanned<Vec<String>>>,
    /// What an account may take of a model in a minute.
    pub(super) quotas: BTreeMap<String, Spanned<QuotaSaid>>,
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
    pub(super) fn refuse(&self, span: Range<usize>, problem: &str) -> Failure {
        let line = line_of(self.text, span.start);
        Failure::new(Situation::Configuration, format!("{}:{line}: {problem}", self.path.display()))
    }
}

impl Settings {
    /// Reads what leads from one model to another: every name has to mean a model that there is, and
    /// none may lead back to itself.
    pub(super) fn read_models(&mut self, source: &Source<'_>) -> Result<(), Failure> {
        self.check_aliases(source)?;
        let mut fallbacks = Fallbacks::default();
        for (name, chain) in &self.said.models.fallback {
            let refuse = |problem: &dyn fmt::Display| {
                source.refuse(chain.span(), &format!("`[models.fallback] {name}`: {problem}"))
            };
            let meant = self.names.meanings(name).into_iter();
            let meant = meant.map(|text| self.known(text, source, chain.span()));
            let meant = meant.collect::<Result<Vec<_>, _>>()?;
            let models = chain.get_ref().iter();
            let models = models.map(|text| self.known(text, source, chain.span()));
            let models = models.collect::<Result<Vec<_>, _>>()?;
            fallbacks.add(name, &meant, models).map_err(|wrong| refuse(&wrong))?;
        }
        self.fallbacks = fallbacks;
        Ok(())
    }

    fn check_aliases(&self, source: &Source<'_>) -> Result<(), Failure> {
        for (alias, meaning) in &self.said.models.aliases {
            if self.names.leads_back(alias) {
                let problem = format!("the alias `{alias}` leads back to itself");
                return Err(source.refuse(meaning.span(), &problem));
            }
            if let Meaning::Several(shares) = meaning.get_ref() {
                // One of them may be by weight itself; that is checked where it stands.
                let models = shares.iter().map(|(model, _)| model);
                let mut single = models.filter(|model| self.names.meanings(model) == [*model]);
                single.try_for_each(|model| self.known(model, source, meaning.span()).map(drop))?;
            }
        }
        Ok(())
    }

    /// The one model that a name means.
    pub(super) fn known(
        &self,
        text: &str,
        source: &Source<'_>,
        span: Range<usize>,
    ) -> Result<ModelRef, Failure> {
        self.resolve(text).map_err(|failure| {
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

    /// What a whole file comes to.
    fn loaded(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Settings::load(Some(&path), Some("sqlite::memory:"))
    }

    #[test]
    fn a_chain_that_is_none_is_told_with_its_line() {
        let lite = "amazon.nova-lite-v1:0";
        for (chain, problem) in [
            (format!("\"{lite}\" = []"), "0 models were given; 1 to 4 stand in for one"),
            (format!("\"{lite}\" = [\"{lite}\"]"), "leads back to itself"),
            (format!("mine = [\"{lite}\"]"), "`amazon.nova-lite-v1:0` leads back to itself"),
            (format!("\"{lite}\" = [\"x.y\"]"), "`x.y` is not a model"),
            (format!("\"x.y\" = [\"{lite}\"]"), "`x.y` is not a model"),
            (format!("\"{lite}\" = [\"shared\"]"), "it stands for one of several"),
        ] {
            let text = format!(
                "[models.aliases]\nmine = \"{lite}\"\nshared = {{ \"{lite}\" = 1 }}\n\n\
                 [models.fallback]\n{chain}\n"
            );
            let failure = loaded(&text).unwrap_err();
            assert_eq!(failure.situation, Situation::Configuration, "{chain}");
            let message = &failure.message;
            assert!(message.contains("config.toml:6: "), "{chain}: {message}");
            assert!(message.contains(problem), "{chain}: {message}");
        }
    }

    #[test]
    fn what_the_documentation_shows_is_read() {
        let text = include_str!("../../../../docs/gateway.md");
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let mut count = 0;
        for block in blocks {
            loaded(block).unwrap();
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
