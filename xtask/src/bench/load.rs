//! The load that servers are measured with: a program of its own, so that no server pays for it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::sandbox::binary;
use crate::step::{self, cargo, output};

/// What a run of the load told.
pub(super) struct Told(Value);

impl Told {
    /// One of its figures.
    pub(super) fn figure(&self, name: &str) -> Result<f64> {
        self.0[name].as_f64().with_context(|| format!("no figure `{name}` in {}", self.0))
    }

    /// One of its whole numbers.
    pub(super) fn number(&self, name: &str) -> Result<u64> {
        self.0[name].as_u64().with_context(|| format!("no number `{name}` in {}", self.0))
    }
}

/// Builds examples of a package as they are measured.
pub(super) fn build(package: &str, examples: &[&str]) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", package];
    let examples = examples.iter().flat_map(|name| ["--example", *name]);
    step::run(&mut cargo(build.into_iter().chain(examples)))
}

/// Asks a server `count` times, with bearer keys from a file where it wants one.
pub(super) fn load(what: &str, url: &str, count: u32, keys: Option<&Path>) -> Result<Told> {
    let text = output(&mut program(what, url, count, keys)?)?;
    serde_json::from_str(&text).map(Told).context("the load did not print JSON")
}

fn program(what: &str, url: &str, count: u32, keys: Option<&Path>) -> Result<Command> {
    let mut load = Command::new(binary("examples/load")?);
    load.args([what, url, &count.to_string()]).args(keys);
    Ok(load)
}

/// Streams that are open, until it is dropped.
pub(super) struct Held(Child);

impl Held {
    /// Begins `count` streams, each on a connection of its own.
    pub(super) fn open(url: &str, count: u32, keys: Option<&Path>) -> Result<Self> {
        let mut load = program("hold", url, count, keys)?;
        let mut load = load.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = load.stdout.take().context("the load has no stdout")?;
        let held = Self(load);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line != "open\n" {
            bail!("{count} streams were not opened: `{}`", line.trim());
        }
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Its stdin ends, and with it the load.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
