//! The configuration file as it is written, and what a mistake in it says.

use std::path::{Path, PathBuf};

use bursar_domain::watch::{OnCut, OnRepetition, StreamLimits};
use serde::Deserialize;
use toml::Spanned;
use tracing_subscriber::filter::LevelFilter;

use super::models::Models;
use super::oidc::Oidc;
use super::upstreams::UpstreamSaid;
use super::{home, variable};
use crate::failure::{Failure, Situation};
use crate::stream_limits::money;

/// Every setting with its default and a sentence.
pub(crate) const EXAMPLE: &str = include_str!("../../../../bursar.example.toml");

/// What the file says; what it leaves out is the default.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Said {
    pub(super) ledger: Ledger,
    pub(super) aws: Aws,
    pub(super) models: Models,
    pub(super) prices: Prices,
    pub(super) tags: Tags,
    pub(super) limits: Limits,
    pub(super) streams: Streams,
    pub(super) spool: Spool,
    pub(super) telemetry: Telemetry,
    pub(super) log: Log,
    pub(super) oidc: Oidc,
    pub(super) upstream: Vec<Spanned<UpstreamSaid>>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ledger {
    pub(super) url: String,
    pub(super) signing_key_file: String,
    pub(super) heads_file: String,
    pub(super) heads_url: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Aws {
    pub(super) region: String,
    pub(super) endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Prices {
    pub(super) file: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tags {
    pub(super) report: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Telemetry {
    pub(super) otlp_endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) attempts_max: u32,
    pub(super) backoff_ms: u64,
    pub(super) connect_ms: u64,
    pub(super) first_byte_ms: u64,
    pub(super) idle_ms: u64,
    pub(super) total_ms: u64,
    pub(super) max_tokens_default: u64,
    pub(super) admission_wait_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts_max: 4,
            backoff_ms: 500,
            connect_ms: 3_000,
            first_byte_ms: 900_000,
            idle_ms: 120_000,
            total_ms: 3_600_000,
            max_tokens_default: 4_096,
            admission_wait_ms: 5_000,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    pub(super) level: String,
}

impl Log {
    /// What is meant; empty says nothing.
    pub(super) fn level(&self) -> Result<Option<LevelFilter>, Failure> {
        let wrong = |_| {
            let message = format!("`[log] level` is `{}`", self.level);
            Failure::new(Situation::Configuration, message)
                .hint("write off, error, warn, info, debug or trace")
        };
        let said = Some(self.level.as_str()).filter(|level| !level.is_empty());
        said.map(|level| level.parse().map_err(wrong)).transpose()
    }
}

/// How far every stream of this process may go. Nothing, and empty, is no limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Streams {
    pub(super) usd: String,
    pub(super) tokens: u64,
    pub(super) seconds: u64,
    pub(super) idle_seconds: u64,
    pub(super) on_repetition: String,
    pub(super) on_cut: String,
    pub(super) drain_ms: u64,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            usd: String::new(),
            tokens: 0,
            seconds: 0,
            idle_seconds: 0,
            on_repetition: "off".to_owned(),
            on_cut: "drain".to_owned(),
            drain_ms: 300_000,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Spool {
    pub(super) folder: String,
    pub(super) bytes_max: u64,
    pub(super) usd_max: String,
    pub(super) break_glass: String,
}

impl Default for Spool {
    fn default() -> Self {
        Self {
            folder: String::new(),
            bytes_max: 64 << 20,
            usd_max: "100".to_owned(),
            break_glass: String::new(),
        }
    }
}

impl Streams {
    /// What is meant; a word that means nothing is told with its key.
    pub(super) fn limits(&self) -> Result<StreamLimits, Failure> {
        let refuse = |key: &str, problem: String| {
            let message = format!("`[streams] {key}`: {problem}");
            Failure::new(Situation::Configuration, message)
        };
        let said = |count: u64| Some(count).filter(|count| *count > 0);
        let money = match self.usd.as_str() {
            "" => None,
            text => Some(money(text).map_err(|problem| refuse("usd", problem))?),
        };
        let on_repetition = self.on_repetition.parse::<OnRepetition>();
        let on_cut = self.on_cut.parse::<OnCut>();
        Ok(StreamLimits {
            money,
            output_tokens: said(self.tokens),
            seconds: said(self.seconds),
            idle_seconds: said(self.idle_seconds),
            on_repetition: on_repetition
                .map_err(|unknown| refuse("on_repetition", unknown.to_string()))?,
            on_cut: on_cut.map_err(|unknown| refuse("on_cut", unknown.to_string()))?,
        })
    }
}

/// Reads a TOML file; a mistake is told with file, line and key.
pub(super) fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Failure> {
    parse(path, &text(path)?)
}

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        Failure::new(Situation::Configuration, message)
    })
}

/// Reads the text of a TOML file.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(path: &Path, text: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        let said = text.lines().nth(line - 1).unwrap_or_default().trim();
        let key = said.split('=').next().unwrap_or(said).trim();
        let problem = error.message().trim().replace('\n', ", ");
        let message = format!("{}:{line}: `{key}`: {problem}", path.display());
        Failure::new(Situation::Configuration, message)
            .hint("`bursar config` shows every setting, its form and its default")
    })
}

/// The line of a place in a text, from 1.
pub(super) fn line_of(text: &str, place: usize) -> usize {
    text.get(..place).unwrap_or(text).matches('\n').count() + 1
}

/// The region of the AWS profile in use, read as plain lines: no more of the file is needed here.
pub(super) fn region_of_profile() -> Option<String> {
    let path = variable("AWS_CONFIG_FILE").map(PathBuf::from);
    let path = path.or_else(|| Some(home()?.join(".aws/config")))?;
    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let text = std::fs::read_to_string(path).ok()?;
    let section = |line: &str| {
        let name = line.strip_prefix('[')?.strip_suffix(']')?.trim();
        Some(name.strip_prefix("profile ").unwrap_or(name).trim().to_owned())
    };
    let lines = text.lines().map(str::trim);
    let inside = lines.skip_while(|line| section(line).as_ref() != Some(&profile)).skip(1);
    let mut inside = inside.take_while(|line| !line.starts_with('['));
    inside.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "region").then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_says_the_defaults() {
        let said: Said = toml::from_str(EXAMPLE).unwrap();
        assert_eq!(said, Said::default());
    }

    #[test]
    fn a_mistake_names_file_line_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "[limits]\nidle_ms = \"soon\"\n").unwrap();
        let failure = read::<Said>(&path).unwrap_err();
        assert_eq!(failure.situation, Situation::Configuration);
        assert!(failure.message.contains("config.toml:2: `idle_ms`"), "{}", failure.message);
    }

    #[test]
    fn an_unknown_key_is_refused_not_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "[aws]\nregoin = \"eu-west-1\"\n").unwrap();
        let failure = read::<Said>(&path).unwrap_err();
        assert!(failure.message.contains("unknown field `regoin`"), "{}", failure.message);
    }
}
