//! The proof that a call was admitted: made by `reserve` alone, spent by `settle`.

use std::sync::Arc;

use bursar_domain::budget::Refusal;
use bursar_domain::call::{CallId, Intent, Settlement};
use bursar_domain::limit::Line;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::watch::StreamLimits;

use crate::queue::{Task, WeakQueue};

/// The answer to a reservation.
#[derive(Debug)]
pub enum Admission {
    /// The call may be sent.
    Admitted(Admitted),
    /// It may not; nothing is held.
    Refused(Refusal),
}

/// An open hold, as the process that opened it knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) intent: Arc<Intent>,
    pub(crate) held: Option<Micros>,
    /// What is held in each window, in the order of the windows.
    pub(crate) lines: Vec<Line>,
    /// How far it may go, where it is a stream.
    pub(crate) streams: StreamLimits,
    /// The least that was left in its hard limits of money once it was held, where that is known.
    pub(crate) room: Option<Micros>,
    /// Whether `lines` were chosen without the ledger. What it says then goes before them.
    pub(crate) by_heart: bool,
    /// Why each detour of the intent must not be taken; `None` where it may. None that is not here.
    pub(crate) detours: Vec<Option<String>>,
    /// Which detour the intent stands for, from 1; 0 where it stands as it was asked.
    pub(crate) lead: usize,
}

impl Open {
    /// What an intent holds in these windows, as far as this process knows.
    pub(crate) fn by_heart(intent: Arc<Intent>, lines: Vec<Line>) -> Self {
        let held = intent.ceiling.map(Cost::micros_up);
        let streams = StreamLimits::NONE;
        let (room, by_heart, detours, lead) = (None, true, Vec::new(), 0);
        Self { intent, held, lines, streams, room, by_heart, detours, lead }
    }
}

/// What becomes of the hold when the proof is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing was sent, for nobody saw the proof, or it was given back: the hold is undone.
    Void,
    /// The call may have been sent: it is settled at the hold, never for nothing.
    Abandon,
    /// It was settled.
    Settled,
}

/// A call that may be sent: its intent is durable and its worst case is held.
///
/// There is no other way to make one, and it cannot be copied, so a call is sent on an admission
/// and settled at most once. Dropped without being settled, it is settled as abandoned.
#[derive(Debug)]
pub struct Admitted {
    open: Box<Open>,
    fate: Fate,
    queue: WeakQueue,
}

impl Admitted {
    pub(crate) fn new(open: Box<Open>, queue: WeakQueue) -> Self {
        Self { open, fate: Fate::Void, queue }
    }

    /// From here on its owner may send the call.
    pub(crate) fn deliver(mut self) -> Self {
        self.fate = Fate::Abandon;
        self
    }

    /// It is given back: nothing was sent on it.
    pub(crate) fn undelivered(mut self) -> Self {
        self.fate = Fate::Void;
        self
    }

    /// The task that settles it. The proof is spent even if nobody waits for the task's end.
    pub(crate) fn settle(mut self, settlement: Settlement) -> Task {
        self.fate = Fate::Settled;
        Task::Settle { open: self.open.clone(), settlement: Box::new(settlement) }
    }

    /// What another process would sweep.
    #[cfg(test)]
    pub(crate) fn open(&self) -> Box<Open> {
        self.open.clone()
    }

    /// The call's identity.
    #[must_use]
    pub fn id(&self) -> &CallId {
        &self.open.intent.id
    }

    /// What was made durable.
    #[must_use]
    pub fn intent(&self) -> &Intent {
        &self.open.intent
    }

    /// How far it may go where it is a stream: the strictest of all that was set for it.
    #[must_use]
    pub fn stream_limits(&self) -> StreamLimits {
        self.open.streams
    }

    /// The least that is left of its hard limits of money, now that it is held, in micro-dollars;
    /// `None` where it has none, or was admitted without the ledger.
    #[must_use]
    pub fn room(&self) -> Option<Micros> {
        self.open.room
    }

    /// Which detour is taken first, from 1, since the way that was asked for is not allowed; 0 where
    /// it is.
    #[must_use]
    pub fn lead(&self) -> usize {
        self.open.lead
    }

    /// Why a detour of the intent, by its number, must not be taken; `None` where it may be: then
    /// what is held covers it.
    #[must_use]
    pub fn bars(&self, detour: usize) -> Option<&str> {
        let told = self.open.detours.get(detour).map(Option::as_deref);
        told.unwrap_or(Some("the ledger was away when the call was admitted"))
    }

    /// What is held, in whole micro-dollars; `None` when nothing bounds the call.
    #[must_use]
    pub fn held(&self) -> Option<Micros> {
        self.open.held
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let open = || self.open.clone();
        match self.fate {
            Fate::Void => self.queue.leave(Task::Void { open: open() }),
            Fate::Abandon => self.queue.leave(Task::Abandon { open: open(), checkpoint: None }),
            Fate::Settled => {}
        }
    }
}

/// How a settlement was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// It cost more than was held.
    pub overrun: bool,
    /// The sweep had settled it before: what came late was posted as a correction.
    pub late: bool,
}
