//! What the callers of a room call: core's metered call in their own process, or, through the
//! gateway, `bursar serve` processes on the room's ledger, whose HTTP clients they are then.
//!
//! The room and its checks are the same either way. What a caller was told is kept is noted, and has
//! to be in the ledger in the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::figures::{Figures, number};
use super::stage::{Database, Stage};
use super::worker::Worker;
use crate::bench::sandbox::Simulator;
use crate::step::output;

/// A gateway that is started again has to have its old address. Nobody connects from this one, so no
/// connection takes its port meanwhile.
const ADDRESS: &str = "127.0.0.2:0";
/// Whose the calls are, where a room does not care.
pub(super) const ANYBODY: &str = "anybody";
/// Any will do that is not all the same.
const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The way from a room's callers to its simulator.
pub(super) struct Doors<'s> {
    stage: &'s Stage<'s>,
    ledger: &'s str,
    simulator: &'s Simulator,
    /// The virtual key of each team.
    secrets: BTreeMap<String, String>,
    gateways: Vec<Simulator>,
    /// What the gateways' configuration file says.
    config: PathBuf,
    /// What callers were told is kept, a file for each of them.
    kept: Vec<PathBuf>,
}

impl<'s> Doors<'s> {
    /// Through the gateway, starts three on PostgreSQL and the one that a SQLite file may have, with
    /// a key for each team.
    pub(super) fn open(
        stage: &'s Stage<'s>,
        (ledger, simulator): (&'s str, &'s Simulator),
        teams: &[String],
    ) -> Result<Self> {
        Self::with_config(stage, (ledger, simulator), (teams, ""))
    }

    /// The same for anybody's calls; silence of the upstream is borne for so long and no longer.
    pub(super) fn impatient(
        stage: &'s Stage<'s>,
        way: (&'s str, &'s Simulator),
        patience_ms: u64,
    ) -> Result<Self> {
        let config = format!("[limits]\nfirst_byte_ms = {patience_ms}\nidle_ms = {patience_ms}\n");
        Self::with_config(stage, way, (&[ANYBODY.to_owned()], &config))
    }

    fn with_config(
        stage: &'s Stage<'s>,
        (ledger, simulator): (&'s str, &'s Simulator),
        (teams, config_text): (&[String], &str),
    ) -> Result<Self> {
        let (secrets, gateways, kept) = (BTreeMap::new(), Vec::new(), Vec::new());
        let config = stage.folder().join("gateways.toml");
        std::fs::write(&config, config_text)?;
        let mut doors = Self { stage, ledger, simulator, secrets, gateways, config, kept };
        if stage.scale.through_gateway() {
            for team in teams {
                let secret = doors.make_key(team)?;
                doors.secrets.insert(team.clone(), secret);
            }
            for _ in 0..if stage.database == Database::Sqlite { 1 } else { 3 } {
                doors.gateways.push(doors.start(ADDRESS)?);
            }
        }
        Ok(doors)
    }

    /// The same, where a room does not care whose the calls are.
    pub(super) fn for_anybody(
        stage: &'s Stage<'s>,
        (ledger, simulator): (&'s str, &'s Simulator),
    ) -> Result<Self> {
        Self::open(stage, (ledger, simulator), &[ANYBODY.to_owned()])
    }

    /// A process of callers. The job says what they do; who makes the calls is said here.
    pub(super) fn caller(&mut self, mut job: Value) -> Result<Worker> {
        if !self.gateways.is_empty() {
            let team = job["team"].as_str().unwrap_or(ANYBODY);
            let secret = self.secrets.get(team).with_context(|| format!("no key of `{team}`"))?;
            job["secret"] = secret.as_str().into();
            job["gateways"] = self.gateways.iter().map(Simulator::url).collect();
        }
        self.worker(job)
    }

    /// A process of the program's next version, which makes the calls itself.
    pub(super) fn next_version(&mut self, mut job: Value) -> Result<Worker> {
        job["next_version"] = true.into();
        self.worker(job)
    }

    fn worker(&mut self, mut job: Value) -> Result<Worker> {
        let kept = self.stage.folder().join(format!("kept-{}", self.kept.len()));
        job["do"] = "call".into();
        job["ledger"] = self.ledger.into();
        job["endpoint"] = self.simulator.url().into();
        job["acknowledged"] = json!(kept);
        self.kept.push(kept);
        self.stage.worker(&job)
    }

    /// How many gateways there are; none where calls are made without one.
    pub(super) fn count(&self) -> usize {
        self.gateways.len()
    }

    /// In how many lines of the gateways' log one of these words stands.
    pub(super) fn logged(&self, words: &[&str]) -> Result<u64> {
        if self.gateways.is_empty() {
            return Ok(0);
        }
        let log = std::fs::read_to_string(self.log())?;
        let is_one = |line: &&str| words.iter().any(|word| line.contains(word));
        Ok(log.lines().filter(is_one).count() as u64)
    }

    /// The processes of the gateways.
    pub(super) fn processes(&self) -> Vec<u32> {
        self.gateways.iter().map(Simulator::process_id).collect()
    }

    /// Kills a gateway with all that it is about, and starts another at its address.
    pub(super) fn kill(&mut self, which: usize) -> Result<()> {
        let address = self.gateways[which].url().trim_start_matches("http://").to_owned();
        self.gateways[which].kill()?;
        self.gateways[which] = self.start(&address)?;
        Ok(())
    }

    /// Ends the gateways as an operator does, checks the books, and lays beside them what callers
    /// were told.
    pub(super) fn check(&mut self, figures: &mut Figures) -> Result<Value> {
        let is_told = !self.gateways.is_empty();
        self.stop()?;
        // A caller that was killed early has noted nothing.
        let kept: Vec<PathBuf> = self.kept.iter().filter(|kept| kept.exists()).cloned().collect();
        let told = self.stage.check_with(self.ledger, Some(self.simulator), &kept)?;
        figures.some("calls that their callers saw settled", number(&told, "acknowledged"));
        figures.exactly("of them missing in the ledger", number(&told, "unacknowledged"), 0);
        if is_told {
            let misread = number(&told, "misread");
            figures.exactly("of them with tokens that their clients read otherwise", misread, 0);
        }
        Ok(told)
    }

    /// Ends the gateways as an operator does: what runs is settled, and each says that it is well.
    pub(super) fn stop(&mut self) -> Result<()> {
        for gateway in self.gateways.drain(..) {
            let status = gateway.end()?;
            anyhow::ensure!(status.success(), "a gateway ended with {status}");
        }
        Ok(())
    }

    /// Has the calls of dead processes settled, while no gateway is there.
    pub(super) fn sweep(&mut self) -> Result<()> {
        let count = self.count();
        self.stop()?;
        self.stage.check(self.ledger, None)?;
        self.gateways = (0..count).map(|_| self.start(ADDRESS)).collect::<Result<_>>()?;
        Ok(())
    }

    fn start(&self, address: &str) -> Result<Simulator> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = self.bursar();
        Simulator::of(command.args(["serve", "--listen", address]).stderr(log))
            .context("a gateway does not start")
    }

    fn log(&self) -> PathBuf {
        self.stage.folder().join("gateways.log")
    }

    fn make_key(&self, team: &str) -> Result<String> {
        output(self.bursar().args(["team", "create", team]))?;
        let made = output(self.bursar().args(["key", "create", "--team", team, "--json"]))?;
        let made: Value = serde_json::from_str(&made)?;
        Ok(made["secret"].as_str().context("a key has no secret")?.to_owned())
    }

    /// The program on the room's ledger, with the simulator for Bedrock and nothing of this
    /// machine's settings.
    fn bursar(&self) -> Command {
        let mut command = self.stage.bursar();
        command
            .env_clear()
            .env("HOME", self.stage.folder())
            .env("BURSAR_CONFIG", &self.config)
            .env("BURSAR_LEDGER", self.ledger)
            .env("BURSAR_MASTER_KEY", MASTER_KEY)
            .env("BURSAR_LOG", "warn");
        self.simulator.called_by(command)
    }
}
