//! `[[upstream]]` of the configuration file: the ways to Bedrock, each a region and an account, and who
//! takes which.

use std::collections::BTreeSet;

use bursar_admin::KnownModels;
use bursar_core::Upstreams;
use bursar_core::iam::Guard;
use bursar_domain::policy::Models;
use serde::Deserialize;
use toml::Spanned;

use super::models::Source;
use super::{Settings, filled, is_region};
use crate::failure::Failure;

/// The longest name.
const NAME_BYTES_MAX: usize = 64;

/// One way as it is written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamSaid {
    name: String,
    region: String,
    #[serde(default)]
    endpoint: String,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    role_arn: String,
    #[serde(default = "one")]
    priority: u32,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    teams: BTreeSet<String>,
}

fn one() -> u32 {
    1
}

/// One way as it is meant.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamSettings {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) priority: u32,
    pub(crate) weight: u32,
    pub(crate) models: Vec<Models>,
    pub(crate) teams: BTreeSet<String>,
}

impl Settings {
    /// Reads the ways: each has a name of its own, and means a region and models that there are.
    pub(super) fn read_upstreams(&mut self, source: &Source<'_>) -> Result<(), Failure> {
        let said = &self.said.upstream;
        let mut names = BTreeSet::new();
        let mut upstreams = Vec::with_capacity(said.len());
        for upstream in said {
            let refuse = |problem: String| {
                let name = upstream.get_ref().name.escape_debug().take(NAME_BYTES_MAX);
                let name: String = name.collect();
                source.refuse(upstream.span(), &format!("`[[upstream]] {name}`: {problem}"))
            };
            if upstreams.len() == Upstreams::COUNT_MAX {
                return Err(refuse(format!("it is one more than {}", Upstreams::COUNT_MAX)));
            }
            check(upstream.get_ref()).map_err(refuse)?;
            if !names.insert(&upstream.get_ref().name) {
                return Err(refuse("another has this name".to_owned()));
            }
            upstreams.push(self.upstream(upstream).map_err(refuse)?);
        }
        self.upstreams = upstreams;
        Ok(())
    }

    fn upstream(&self, said: &Spanned<UpstreamSaid>) -> Result<UpstreamSettings, String> {
        let said = said.get_ref().clone();
        let catalogue = self.catalogue().map_err(|failure| failure.message)?;
        let known = KnownModels { catalogue, prices: &self.prices, names: &self.names };
        let models = said.models.iter().map(|word| known.models(word));
        let models = models.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        Ok(UpstreamSettings {
            name: said.name,
            region: said.region,
            endpoint: filled(&said.endpoint).map(str::to_owned),
            profile: filled(&said.profile).map(str::to_owned),
            role_arn: filled(&said.role_arn).map(str::to_owned),
            priority: said.priority,
            weight: said.weight,
            models,
            teams: said.teams,
        })
    }
}

fn check(said: &UpstreamSaid) -> Result<(), String> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if said.name.is_empty() || said.name.len() > NAME_BYTES_MAX || !said.name.bytes().all(is_fit) {
        return Err(format!("a name has 1 to {NAME_BYTES_MAX} letters, digits, `-`, `_` and `.`"));
    }
    if !is_region(&said.region) {
        return Err(format!("`{}` is no AWS region", said.region.escape_debug()));
    }
    Guard::check_role(&said.role_arn)
        .map(drop)
        .or_else(|why| if said.role_arn.is_empty() { Ok(()) } else { Err(why) })?;
    let is_url = ["http://", "https://"].iter().any(|scheme| said.endpoint.starts_with(scheme));
    if !said.endpoint.is_empty() && !is_url {
        return Err(format!("the endpoint `{}` is no URL", said.endpoint.escape_debug()));
    }
    if said.weight == 0 || said.weight > Upstreams::WEIGHT_MAX {
        let most = Upstreams::WEIGHT_MAX;
        return Err(format!("its weight is {}; it is 1 to {most}", said.weight));
    }
    Ok(())
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
    fn a_way_is_a_region_an_account_and_whom_it_is_for() {
        let text = "[[upstream]]\nname = \"east\"\nregion = \"us-east-1\"\n\n\
                    [[upstream]]\nname = \"eu\"\nregion = \"eu-west-1\"\nprofile = \"eu\"\n\
                    priority = 2\nmodels = [\"anthropic\", \"amazon.nova-lite-v1:0\"]\n\
                    teams = [\"research\"]\n";
        let settings = loaded(text).unwrap();
        let [east, eu] = &settings.upstreams[..] else { panic!("{settings:?}") };
        assert_eq!((east.priority, east.weight, east.profile.as_deref()), (1, 1, None));
        assert_eq!((eu.priority, eu.profile.as_deref()), (2, Some("eu")));
        let names: Vec<&str> = eu.models.iter().map(Models::name).collect();
        assert_eq!(names, ["anthropic", "amazon.nova-lite-v1:0"]);
        assert!(eu.teams.contains("research"));
    }

    #[test]
    fn a_way_that_is_none_is_told_with_its_line() {
        let good = "name = \"a\"\nregion = \"us-east-1\"\n";
        let many = format!("[[upstream]]\n{}", good.replace("\"a\"", "\"n\"")).repeat(17);
        for (text, line, problem) in [
            ("[[upstream]]\nname = \"a\"\n".to_owned(), 1, "missing field `region`"),
            (format!("[[upstream]]\n{good}weight = 0\n"), 1, "its weight is 0"),
            (format!("[[upstream]]\n{good}weight = -1\n"), 4, "invalid value"),
            (format!("[[upstream]]\n{good}weight = 4294967295\n"), 1, "it is 1 to 1000000"),
            (format!("[[upstream]]\n{good}endpoint = \"x\"\n"), 1, "is no URL"),
            (format!("[[upstream]]\n{good}models = [\"x.y\"]\n"), 1, "`x.y` is not a model"),
            (format!("[[upstream]]\n{good}\n[[upstream]]\n{good}"), 5, "another has this name"),
            ("[[upstream]]\nname = \"a b\"\nregion = \"us-east-1\"\n".to_owned(), 1, "a name has"),
            ("[[upstream]]\nname = \"a\"\nregion = \"Ohio\"\n".to_owned(), 1, "is no AWS region"),
            (format!("[[upstream]]\n{good}role_arn = \"bursar\"\n"), 1, "role"),
            (many, 4, "another has this name"),
        ] {
            let failure = loaded(&text).unwrap_err();
            assert_eq!(failure.situation, Situation::Configuration, "{text}");
            let message = &failure.message;
            assert!(message.contains(&format!("config.toml:{line}: ")), "{text}: {message}");
            assert!(message.contains(problem), "{text}: {message}");
        }
        let named =
            |number: usize| format!("[[upstream]]\nname = \"n{number}\"\nregion = \"us-east-1\"\n");
        let all = |count: usize| (0..count).map(named).collect::<String>();
        assert_eq!(loaded(&all(16)).unwrap().upstreams.len(), 16);
        assert!(loaded(&all(17)).unwrap_err().message.contains("it is one more than 16"));
    }
}
