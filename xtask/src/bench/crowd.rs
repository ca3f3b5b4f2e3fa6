//! A ledger with so many teams, each with a key and a budget that holds, and a gateway on it.
//!
//! `bursar apply` makes them, as an operator would.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::sandbox::{Sandbox, Simulator, binary};
use crate::step::output;

/// A ledger and its callers.
pub(super) struct Crowd {
    sandbox: Sandbox,
    keys: PathBuf,
    /// How long it took to make.
    pub(super) took: Duration,
}

impl Crowd {
    /// In a folder below `parent`.
    pub(super) fn of(teams: u32, parent: &Path) -> Result<Self> {
        let sandbox = Sandbox::new(parent)?;
        let (bursar, file) = (binary("bursar")?, sandbox.path().join("teams.toml"));
        fs::write(&file, access(teams))?;
        let start = Instant::now();
        let mut apply = sandbox.program(&bursar);
        let told = output(apply.args(["apply", "--json", "-f"]).arg(&file))?;
        let took = start.elapsed();
        let told: Value = serde_json::from_str(&told).context("`apply` printed no JSON")?;
        let mut keys = String::new();
        for key in told["keys"].as_array().context("`apply` made no keys")? {
            writeln!(keys, "{}", key["secret"].as_str().context("a key has no secret")?)?;
        }
        let path = sandbox.path().join("keys");
        fs::write(&path, keys)?;
        Ok(Self { sandbox, keys: path, took })
    }

    /// The file of its keys, one a line.
    pub(super) fn keys(&self) -> &Path {
        &self.keys
    }

    /// `bursar serve` before `upstream`. Its log goes to a file beside the ledger.
    pub(super) fn serve(&self, upstream: &Simulator) -> Result<Simulator> {
        let log = File::create(self.sandbox.path().join("log"))?;
        let serve = self.sandbox.program(&binary("bursar")?);
        let mut serve = upstream.called_by(serve);
        Simulator::of(serve.args(["serve", "--listen", "127.0.0.1:0"]).stderr(log))
    }
}

/// What `apply` reads: budgets that no bench will use up.
fn access(teams: u32) -> String {
    (0..teams).fold(String::new(), |mut text, number| {
        let limits = r#"limits = [{ window = "month", limit = "1000000usd" }]"#;
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "[teams.t{number}]\nowner = \"bench\"\n{limits}\n[teams.t{number}.keys.k{number}]"
        );
        text
    })
}
