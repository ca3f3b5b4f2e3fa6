//! `[models.quotas]` of the configuration file: what an account may take of a model in a minute. It is
//! shown beside what calls took, and no call is refused by it: Bedrock does that.

use std::collections::BTreeMap;

use bursar_domain::quota::Quota;
use serde::Deserialize;

use super::Settings;
use super::models::Source;
use crate::failure::Failure;

/// A quota as it is written; 0 is not said.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QuotaSaid {
    tokens_per_minute: u64,
    requests_per_minute: u64,
}

impl Settings {
    /// Reads the quotas by their models' canonical ids. Every name has to mean a model that there is,
    /// each another one.
    pub(super) fn read_quotas(&mut self, source: &Source<'_>) -> Result<(), Failure> {
        let mut quotas = BTreeMap::new();
        for (name, said) in &self.said.models.quotas {
            let refuse = |problem: &str| {
                source.refuse(said.span(), &format!("`[models.quotas] {name}`: {problem}"))
            };
            let model = self.known(name, source, said.span())?.base;
            let model = model.ok_or_else(|| refuse("which model that is, is not known"))?;
            let figure = |figure: u64| Some(figure).filter(|figure| *figure > 0);
            let QuotaSaid { tokens_per_minute, requests_per_minute } = *said.get_ref();
            let quota =
                Quota { tokens: figure(tokens_per_minute), requests: figure(requests_per_minute) };
            if quota == Quota::default() {
                return Err(refuse("it says neither tokens nor requests")
                    .hint("write { tokens_per_minute = 4000000, requests_per_minute = 2000 }"));
            }
            if quotas.insert(model.to_string(), quota).is_some() {
                let again = format!("`{model}` has one already, by another name");
                return Err(refuse(&again));
            }
        }
        self.quotas = quotas;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Situation;

    fn loaded(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Settings::load(Some(&path), Some("sqlite::memory:"))
    }

    #[test]
    fn a_quota_is_known_by_the_id_of_its_model_whatever_it_was_named_by() {
        let text = "[models.aliases]\nlite = \"amazon.nova-lite-v1:0\"\n\n[models.quotas]\n\
                    lite = { tokens_per_minute = 4_000_000 }\n\
                    \"us.amazon.nova-pro-v1:0\" = { requests_per_minute = 250 }\n";
        let settings = loaded(text).unwrap();
        let lite = Quota { tokens: Some(4_000_000), requests: None };
        let pro = Quota { tokens: None, requests: Some(250) };
        assert_eq!(settings.quotas["amazon.nova-lite-v1:0"], lite);
        assert_eq!(settings.quotas["amazon.nova-pro-v1:0"], pro);
        assert_eq!(settings.quotas.len(), 2);
    }

    #[test]
    fn a_quota_that_is_none_is_told_with_its_line() {
        let lite = "\"amazon.nova-lite-v1:0\" = { requests_per_minute = 1 }";
        for (quota, problem) in [
            ("\"x.y\" = { requests_per_minute = 1 }".to_owned(), "`x.y` is not a model"),
            ("\"amazon.nova-lite-v1:0\" = {}".to_owned(), "neither tokens nor requests"),
            ("lite = { tokens_per_minute = -1 }".to_owned(), "expected u64"),
            ("lite = { tokens_per_hour = 1 }".to_owned(), "unknown field `tokens_per_hour`"),
            ("lite = 4000000".to_owned(), "expected struct QuotaSaid"),
            (format!("lite = {{ requests_per_minute = 1 }}\n{lite}"), "has one already"),
        ] {
            let text = format!(
                "[models.aliases]\nlite = \"amazon.nova-lite-v1:0\"\n[models.quotas]\n{quota}\n"
            );
            let failure = loaded(&text).unwrap_err();
            assert_eq!(failure.situation, Situation::Configuration, "{quota}");
            let message = &failure.message;
            assert!(message.contains("config.toml:4: "), "{quota}: {message}");
            assert!(message.contains(problem), "{quota}: {message}");
        }
    }
}
