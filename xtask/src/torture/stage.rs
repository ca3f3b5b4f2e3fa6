//! Where a room is played: a folder, a ledger on one of the databases, simulators and workers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::scale::Scale;
use super::worker::Worker;
use crate::bench::sandbox::{RAM_DISK, Sandbox, Simulator};
use crate::postgres::Postgres;
use crate::workspace::target_directory;

/// Makes the names of databases differ.
static DATABASES: AtomicU64 = AtomicU64::new(0);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" => Ok(Self::Postgres),
            _ => bail!("`{text}` is no database\nhint: there are sqlite and postgres"),
        }
    }
}

/// The programs, built.
pub(super) struct Programs {
    bursar: PathBuf,
    worker: PathBuf,
}

impl Programs {
    /// Those of a profile.
    pub(super) fn find(profile: &str) -> Result<Self> {
        let folder = target_directory()?.join(profile);
        let worker = folder.join("examples/torture_worker");
        Ok(Self { bursar: folder.join("bursar"), worker })
    }
}

/// One room on one database.
pub(super) struct Stage<'a> {
    pub(super) room: &'static str,
    pub(super) database: Database,
    pub(super) scale: &'a Scale,
    pub(super) postgres: &'a Postgres,
    programs: &'a Programs,
    folder: Sandbox,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        room: &'static str,
        database: Database,
        (programs, postgres): (&'a Programs, &'a Postgres),
        scale: &'a Scale,
    ) -> Result<Self> {
        let ram = Path::new(RAM_DISK);
        let is_in_memory = scale.is_short() && ram.is_dir();
        let parent = if is_in_memory { ram.to_owned() } else { std::env::temp_dir() };
        let folder = Sandbox::new(&parent)?;
        Ok(Self { room, database, scale, postgres, programs, folder })
    }

    /// The room's folder; gone with it.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of a new, empty ledger.
    pub(super) fn ledger(&self) -> Result<String> {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        if self.database == Database::Sqlite {
            return Ok(format!("sqlite:{}", self.folder().join(format!("{number}.db")).display()));
        }
        let name = format!("{}_{number}", self.room.replace('-', "_"));
        let made =
            self.ask(&json!({"do": "database", "server": self.postgres.url(), "name": name}))?;
        Ok(made["url"].as_str().context("no database was made")?.to_owned())
    }

    /// A simulator of this room's seed.
    pub(super) fn simulator(&self, arguments: &[&str]) -> Result<Simulator> {
        let mut command = self.bursar();
        command.args(["simulate", "--listen", "127.0.0.1:0", "--quiet"]);
        Simulator::of(command.args(["--seed", &self.scale.seed().to_string()]).args(arguments))
    }

    /// The program.
    pub(super) fn bursar(&self) -> Command {
        Command::new(&self.programs.bursar)
    }

    /// A worker with a job.
    pub(super) fn worker(&self, job: &Value) -> Result<Worker> {
        self.worker_under(&[], job)
    }

    /// A worker, started by another program: strace, prlimit.
    pub(super) fn worker_under(&self, prefix: &[&str], job: &Value) -> Result<Worker> {
        let worker = self.programs.worker.as_os_str();
        let words: Vec<_> = prefix.iter().map(std::ffi::OsStr::new).chain([worker]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(job.to_string()).current_dir(self.folder());
        Worker::start(&mut command, self.folder())
    }

    /// What a worker says last that does its job at once.
    pub(super) fn ask(&self, job: &Value) -> Result<Value> {
        self.worker(job)?.last_line()
    }

    /// How many requests a simulator has served, or is serving.
    pub(super) fn served(&self, simulator: &Simulator) -> Result<u64> {
        let told = self.ask(&json!({"do": "served", "endpoint": simulator.url()}))?;
        told["served"].as_u64().context("the simulator did not say how many it served")
    }

    /// Sets a limit of the ledger: a team's, or everybody's.
    pub(super) fn limit(
        &self,
        ledger: &str,
        team: Option<&str>,
        (span, micro): (&str, u64),
    ) -> Result<()> {
        let job = json!({
            "do": "limit", "ledger": ledger, "team": team, "unit": "usd", "span": span,
            "micro": micro,
        });
        self.ask(&job).map(drop)
    }

    /// Checks a ledger that nobody works on any more, against what a simulator served. Leases of
    /// the dead are waited for, or, in short, ended.
    pub(super) fn check(&self, ledger: &str, simulator: Option<&Simulator>) -> Result<Value> {
        self.check_with(ledger, simulator, &[])
    }

    /// The same; every id in the files must be recorded.
    pub(super) fn check_with(
        &self,
        ledger: &str,
        simulator: Option<&Simulator>,
        acknowledged: &[PathBuf],
    ) -> Result<Value> {
        self.ask(&json!({
            "do": "check", "ledger": ledger, "endpoint": simulator.map(Simulator::url),
            "patience_ms": 90_000, "end_leases": self.scale.is_short(),
            "acknowledged": acknowledged,
        }))
    }
}
