//! The calls that this process makes now, so that somebody at another one can cut them.
//!
//! While there are any, one cheap statement a second asks the ledger who is to be cut; while there
//! are none, nothing is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bursar_domain::call::CallId;
use bursar_ledger::{CutWish, Ledger};

use crate::cut::{CutSignal, Cutter, Wish};

/// A wish is obeyed within two seconds: one of waiting for this, and one to spare.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The error code of a call that was cut by a person or a script.
pub const CUT_BY_OPERATOR: &str = "CutByOperator";

/// The running calls of one process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Running(Arc<Mutex<Calls>>);

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
        self.running.calls().cutters.remove(&self.id);
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
