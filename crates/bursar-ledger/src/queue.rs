//! The way to the writer: tasks, and who waits for their end.
//!
//! A task that is in the queue is done whether or not its sender still listens, so a dropped
//! future never loses a write and never holds up the group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_domain::budget::{RefusalReason, WindowId};
use bursar_domain::call::{CallId, Intent, Settlement};
use bursar_domain::money::Cost;
use bursar_domain::once::Once;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::Error;
use crate::admitted::{Admission, Open, Settled};
use crate::archive::ArchiveStep;
use crate::audit::LastAudit;
use crate::change::{Change, Changed};
use crate::facts::write_intent;
use crate::history::PastCall;
use crate::pulse::Pulse;
use crate::seal::{Block, Offered};
use crate::streams::Checkpoint;
use crate::writer::WindowJson;

/// One thing to write.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// Open a hold, counted wherever a limit says so.
    Reserve { asking: Asking, patience: Patience },
    /// Record an ended call; a correction if the sweep came first.
    Settle { open: Box<Open>, settlement: Box<Settlement> },
    /// Settle at the hold what nobody else will; nothing if somebody did.
    Abandon { open: Box<Open>, checkpoint: Option<Cost> },
    /// Undo a hold whose call was never sent.
    Void { open: Box<Open> },
    /// Make an open call the one that is made for a key.
    Claim { once: Box<Once>, id: CallId },
    /// Raise the least that an open call has come to.
    Checkpoint { id: CallId, checkpoint: Checkpoint },
    /// Count a refusal that was made elsewhere.
    Refuse { intent: Box<Intent>, reason: RefusalReason, detail: String },
    /// Change limits, freezes and the like, all or nothing.
    Change { actor: String, changes: Vec<Change> },
    /// Write a block, unless another process wrote it first.
    Seal(Box<Block>),
    /// Queue for the next blocks what is in none.
    Adopt,
    /// Note what became of a head that was offered.
    Offered(Box<Offered>),
    /// Note what an audit found.
    Audited(LastAudit),
    /// Take a step of taking a month out of the ledger.
    Archive(Box<ArchiveStep>),
    /// Hold a call that was admitted while the ledger was away, whatever there is room for.
    Restore { open: Box<Open>, windows: BTreeMap<String, WindowJson> },
    /// Write calls that have ended already, all or none.
    Record(Arc<[PastCall]>),
    /// Write what waits, then stop.
    Close,
}

/// A call that asks to be admitted. What is kept of it is written down by its caller: the writer does
/// one thing at a time, and callers do not.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) intent: Arc<Intent>,
    pub(crate) facts: Arc<str>,
}

impl Asking {
    pub(crate) fn new(intent: Intent) -> Self {
        Self { facts: write_intent(&intent).into(), intent: Arc::new(intent) }
    }
}

impl Task {
    /// The call that it ends, if it ends one.
    pub(crate) fn ended(&self) -> Option<&Open> {
        match self {
            Self::Settle { open, .. } | Self::Abandon { open, .. } | Self::Void { open } => {
                Some(open)
            }
            _ => None,
        }
    }
}

/// Whether a reservation that would fit once open calls settle is told so, or waits.
#[derive(Debug, Clone, Default)]
pub(crate) enum Patience {
    /// It is told.
    #[default]
    None,
    /// It waits; also for those who wait already for one of these windows.
    Waits { closed: Arc<BTreeSet<WindowId>> },
}

/// A place in the line of those who wait.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Smaller came earlier.
    pub(crate) number: u64,
    /// How long it waits.
    pub(crate) until: Instant,
    /// How many calls that came later were admitted where it waits, while it was the first.
    pub(crate) passed: u32,
    /// Whether it is the first of those who wait for its window.
    pub(crate) is_first: bool,
}

/// What became of a task.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Of [`Task::Reserve`].
    Admission(Box<Admission>),
    /// Of [`Task::Settle`].
    Settled(Settled),
    /// Of [`Task::Change`]: what each of them did.
    Changed(Vec<Changed>),
    /// Of [`Task::Claim`]: whether nobody had been faster.
    Claimed(bool),
    /// Of [`Task::Seal`]: whether this process was first.
    Sealed(bool),
    /// Of [`Task::Abandon`]: whether it was still open.
    Abandoned(bool),
    /// Of every other task.
    Done,
}

/// A task, and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) task: Task,
    pub(crate) reply: Option<oneshot::Sender<Result<Answer, Error>>>,
    /// Its place, if it has waited.
    pub(crate) turn: Option<Turn>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Job {
    /// A task that nobody waits for.
    pub(crate) fn unasked(task: Task) -> Self {
        Self { task, reply: None, turn: None, _room: None }
    }

    /// Whether anybody still waits for its end.
    pub(crate) fn is_awaited(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }
}

/// Calls that may wait for the writer at a time. A thousand groups' worth would be minutes of
/// waiting; past this, callers wait outside.
pub(crate) const WAITING_MAX: usize = 4096;

/// The writer's queue. Settlements always fit: their number is bounded by the admissions.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    pub(crate) pulse: Arc<Pulse>,
}

impl Queue {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Job>) {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(WAITING_MAX));
        (Self { jobs, room, pulse: Arc::default() }, waiting)
    }

    /// Waits for room, queues the task and waits for its end.
    pub(crate) async fn ask(&self, task: Task) -> Result<Answer, Error> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| Error::Closed)?;
        self.send(task, Some(room))?.await.map_err(|_| Error::Closed)?
    }

    /// Queues the task at once, even when the caller is dropped before it is done.
    pub(crate) fn push(
        &self,
        task: Task,
    ) -> Result<oneshot::Receiver<Result<Answer, Error>>, Error> {
        self.send(task, None)
    }

    /// How many wait for the writer, who are told its answer.
    pub(crate) fn waiting(&self) -> usize {
        WAITING_MAX.saturating_sub(self.room.available_permits())
    }

    pub(crate) fn downgrade(&self) -> WeakQueue {
        WeakQueue {
            jobs: self.jobs.downgrade(),
            room: Arc::clone(&self.room),
            pulse: Arc::clone(&self.pulse),
        }
    }

    fn send(
        &self,
        task: Task,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<oneshot::Receiver<Result<Answer, Error>>, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Job { task, reply: Some(reply), turn: None, _room: room };
        self.jobs.send(job).map_err(|_| Error::Closed)?;
        Ok(answer)
    }
}

/// A queue that does not keep the writer alive.
#[derive(Debug, Clone)]
pub(crate) struct WeakQueue {
    jobs: mpsc::WeakUnboundedSender<Job>,
    room: Arc<Semaphore>,
    pub(crate) pulse: Arc<Pulse>,
}

impl WeakQueue {
    /// Leaves a task that nobody waits for. After the ledger's end it is dropped: the hold is
    /// still there, and the next sweep settles it.
    pub(crate) fn leave(&self, task: Task) {
        if let Some(Queue { jobs, .. }) = self.upgrade() {
            // A failed send is the same end as no queue at all.
            drop(jobs.send(Job::unasked(task)));
        }
    }

    pub(crate) fn upgrade(&self) -> Option<Queue> {
        let (room, pulse) = (Arc::clone(&self.room), Arc::clone(&self.pulse));
        Some(Queue { jobs: self.jobs.upgrade()?, room, pulse })
    }

    /// Whether the ledger was closed or dropped.
    pub(crate) fn is_closed(&self) -> bool {
        self.jobs.upgrade().is_none_or(|jobs| jobs.is_closed())
    }
}
