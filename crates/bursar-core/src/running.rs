//! The calls that this process makes now, so that somebody at another one can cut them.
//!
//! While there are any, one cheap statement a second asks the ledger who is to be cut; while there
//! are none, nothing is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bursar_domain::call::CallId;
use bursar_ledger::{CutWish, Ledger};
use tokio::sync::Notify;

use crate::Tally;
use crate::cut::{CutSignal, Cutter, Wish};

/// A wish is obeyed within two seconds: one of waiting for this, and one to spare.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The error code of a call that was cut by a person or a script.
pub const CUT_BY_OPERATOR: &str = "CutByOperator";

/// The error code of a call whose process was told to stop.
pub const CUT_BY_STOP: &str = "CutByStop";

/// The code of a call that took longer than any may.
pub(crate) const TOTAL_TIME_LIMIT: &str = "TotalTimeLimit";

/// Why streams are cut, as their rows say it.
const CUTS: [&str; 9] = [
    "StreamMoneyLimit",
    "StreamTokenLimit",
    "StreamTimeLimit",
    "StreamIdleLimit",
    "StreamRepetition",
    TOTAL_TIME_LIMIT,
    CUT_BY_OPERATOR,
    CUT_BY_STOP,
    "other",
];

/// The running calls of one process. Clones share them.
#[derive(Debug, Clone)]
pub struct Running {
    calls: Arc<Mutex<Calls>>,
    /// Told whenever the last call has ended.
    idle: Arc<Notify>,
    cuts: Arc<Tally<{ CUTS.len() }>>,
}

impl Default for Running {
    fn default() -> Self {
        let cuts = Arc::new(Tally::new(CUTS));
        Self { calls: Arc::default(), idle: Arc::default(), cuts }
    }
}

#[derive(Debug, Default)]
struct Calls {
    cutters: BTreeMap<CallId, Cutter>,
    /// Whether somebody asks the ledger already.
    is_asked: bool,
}

/// A call among the running ones, until it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    running: Running,
    id: CallId,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut calls = self.running.calls();
        calls.cutters.remove(&self.id);
        if calls.cutters.is_empty() {
            self.running.idle.notify_waiters();
        }
    }
}

impl Running {
    /// Lets a call be cut from elsewhere while it runs.
    pub(crate) fn enter(&self, ledger: &Ledger, id: &CallId, cut: &CutSignal) -> Entry {
        let mut calls = self.calls();
        calls.cutters.insert(id.clone(), cut.cutter());
        if !calls.is_asked {
            calls.is_asked = true;
            tokio::spawn(ask(self.clone(), ledger.clone()));
        }
        Entry { running: self.clone(), id: id.clone() }
    }

    /// Cuts every call that runs, as one whose process stops; `at_once` does not wait for what
    /// their upstreams still have to say.
    pub fn cut_all(&self, why: &str, at_once: bool) {
        for cutter in self.calls().cutters.values() {
            cutter.wish(Wish { code: CUT_BY_STOP.to_owned(), why: why.to_owned(), at_once });
        }
    }

    /// Returns once no call runs and all are settled.
    pub async fn idle(&self) {
        loop {
            let told = self.idle.notified();
            tokio::pin!(told);
            // Before looking, so that no end is missed.
            told.as_mut().enable();
            if self.calls().cutters.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// How many answers were cut, by the code that their rows have.
    #[must_use]
    pub fn cuts(&self) -> Vec<(&'static str, u64)> {
        self.cuts.counts().collect()
    }

    pub(crate) fn count_cut(&self, code: &str) {
        self.cuts.add(code);
    }

    /// How many calls run.
    #[must_use]
    pub fn count(&self) -> usize {
        self.calls().cutters.len()
    }

    /// Hands a wish to the call that it is about, where that runs here.
    fn obey(&self, id: &CallId, wish: &CutWish) {
        if let Some(cutter) = self.calls().cutters.get(id) {
            let why = format!("cut by {}: {}", wish.by, wish.reason);
            cutter.wish(Wish { code: CUT_BY_OPERATOR.to_owned(), why, at_once: false });
        }
    }

    /// Whether there is anything to ask for; once there is not, nobody asks.
    fn is_busy(&self) -> bool {
        let mut calls = self.calls();
        calls.is_asked = !calls.cutters.is_empty();
        calls.is_asked
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        // Whoever panicked left the map whole: each change of it is one step.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(running: Running, ledger: Ledger) {
    let mut has_failed = false;
    loop {
        tokio::time::sleep(ASK_EVERY).await;
        if !running.is_busy() {
            return;
        }
        match ledger.cut_wishes().await {
            Ok(wishes) => {
                has_failed = false;
                for (id, wish) in &wishes {
                    running.obey(id, wish);
                }
            }
            Err(error) if !has_failed => {
                has_failed = true;
                tracing::warn!("cannot ask which streams are to be cut: {error}");
            }
            Err(_) => {}
        }
    }
}
