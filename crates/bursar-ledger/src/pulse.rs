//! How a process's way to its ledger is just now: figures that the writer leaves, and that anybody
//! may look at without asking it. Nothing is decided by them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::Ledger;

/// Where the writer leaves its figures.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    lag_us: AtomicU64,
    is_away: AtomicBool,
    spooled_bytes: AtomicU64,
}

/// How a process's way to its ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Calls that wait for the writer.
    pub waiting: usize,
    /// How long the settlement that came last took to be durable.
    pub lag: Duration,
    /// Whether the ledger does not answer.
    pub is_away: bool,
    /// What this process's files in the spool take, in bytes.
    pub spooled_bytes: u64,
}

impl Pulse {
    pub(crate) fn lag(&self, lag: Duration) {
        let lag = u64::try_from(lag.as_micros()).unwrap_or(u64::MAX);
        self.lag_us.store(lag, Ordering::Relaxed);
    }

    pub(crate) fn is_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    pub(crate) fn spooled(&self, bytes: u64) {
        self.spooled_bytes.store(bytes, Ordering::Relaxed);
    }
}

impl Ledger {
    /// How this process's way to the ledger is. Asks nobody.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let pulse = &self.queue.pulse;
        Backlog {
            waiting: self.queue.waiting(),
            lag: Duration::from_micros(pulse.lag_us.load(Ordering::Relaxed)),
            is_away: pulse.is_away.load(Ordering::Relaxed),
            spooled_bytes: pulse.spooled_bytes.load(Ordering::Relaxed),
        }
    }
}
