//! Real ledgers on one SQLite file in memory, each as a process of its own: its own runtime and
//! connections, its own clock. A process dies when its runtime is dropped with all that it was at.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use bursar_domain::budget::WindowId;
use bursar_domain::call::Intent;
use bursar_domain::money::Cost;
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{DatabaseUrl, Ledger, OpenOptions};
use sqlx::{Connection, FromRow, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::check::Violation;
use crate::scenario::START;
use crate::tables::Owner;

/// Where the kernel keeps files in memory; elsewhere the simulation is only slower.
const RAM_DISK: &str = "/dev/shm";

/// How one window stands in the file.
#[derive(Debug, FromRow, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) id: String,
    pub(crate) held_micro: i64,
    pub(crate) spent_micro: i64,
    pub(crate) spent_rest: i64,
}

/// The file, and a connection that only looks.
#[derive(Debug)]
pub(crate) struct File {
    runtime: Runtime,
    eyes: SqliteConnection,
    url: DatabaseUrl,
    _folder: TempDir,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) owner: Owner,
    pub(crate) runtime: Runtime,
    pub(crate) ledger: Ledger,
    /// Windows that it knows to be there.
    pub(crate) made: BTreeSet<WindowId>,
    clock: Arc<AtomicI64>,
}

/// What a ledger should not have said.
pub(crate) fn failed(problem: impl std::fmt::Display) -> Violation {
    Violation { rule: "the ledger answers", detail: problem.to_string() }
}

impl File {
    /// Makes an empty ledger.
    pub(crate) fn new() -> Result<Self, Violation> {
        let ram = Path::new(RAM_DISK);
        let folder = if ram.is_dir() { TempDir::new_in(ram) } else { TempDir::new() };
        let folder = folder.map_err(failed)?;
        let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let url = DatabaseUrl::parse(&address).map_err(failed)?;
        let runtime = runtime()?;
        let options = OpenOptions::new(Clock::new(|| START));
        runtime
            .block_on(async { Ledger::open(&url, options).await?.close().await })
            .map_err(failed)?;
        let eyes = runtime.block_on(SqliteConnection::connect(&address)).map_err(failed)?;
        Ok(Self { runtime, eyes, url, _folder: folder })
    }

    /// Starts a process, which sweeps what dead ones left.
    pub(crate) fn start(&self, owner: Owner, now: Timestamp) -> Result<Home, Violation> {
        let clock = Arc::new(AtomicI64::new(now.0));
        let hands = Arc::clone(&clock);
        let mut options =
            OpenOptions::new(Clock::new(move || Timestamp(hands.load(Ordering::SeqCst))));
        options.readers = 1;
        // Whoever waits would be answered by the machine's clock.
        options.admission_wait = Duration::ZERO;
        let runtime = runtime()?;
        let ledger = runtime.block_on(Ledger::open(&self.url, options)).map_err(failed)?;
        Ok(Home { owner, runtime, ledger, made: BTreeSet::new(), clock })
    }

    /// Every window as it stands.
    pub(crate) fn standings(&mut self) -> Result<Vec<Standing>, Violation> {
        let query = sqlx::query_as(include_str!("balances.sql"));
        self.runtime.block_on(query.fetch_all(&mut self.eyes)).map_err(failed)
    }
}

impl Home {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    /// Sets its clock.
    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.0, Ordering::SeqCst);
    }

    /// Asks to reserve, and goes away before the writer has moved.
    pub(crate) fn ask_and_leave(&self, intent: &Intent) {
        let mut unheard = Box::pin(self.ledger.reserve(intent.clone()));
        self.runtime.block_on(poll_fn(|context| {
            // Whatever it says is not heard.
            let _ = unheard.as_mut().poll(context);
            Poll::Ready(())
        }));
    }

    /// Waits until all that was left in the queue is written.
    pub(crate) fn settle_down(&self) -> Result<(), Violation> {
        let nobody = crate::scenario::nobody();
        self.runtime.block_on(self.ledger.checkpoint(&nobody, Cost::ZERO)).map_err(failed)
    }
}

fn runtime() -> Result<Runtime, Violation> {
    Builder::new_current_thread().enable_all().build().map_err(failed)
}
