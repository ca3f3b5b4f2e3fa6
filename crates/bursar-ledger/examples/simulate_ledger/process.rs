//! A simulated process: what waits for its writer, what the writer is at, what it knows by heart.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use bursar_domain::budget::WindowId;
use bursar_domain::time::Timestamp;

use crate::locks::Lock;
use crate::rules::{Change, Open, Rules};
use crate::tables::{CallNumber, End, Owner, Seen};

/// Most tasks in a group: enough for every way in which they can be in each other's way.
const GROUP_MAX: usize = 4;

#[derive(Debug, Clone)]
pub(crate) enum Task {
    Reserve(CallNumber),
    End(End),
    Change(Change),
    Sweep,
}

/// What a writer does next for its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Reads the revision, before anything else that it knows by heart.
    Revise,
    /// Reads the limits and freezes, of this revision or newer.
    Learn(u64),
    /// Looks whether a reservation that is sent again is held already.
    Look,
    /// Finds the windows of its calls, and makes those that are not there.
    Place,
    /// Holds what fits.
    Reserve,
    /// Ends calls.
    End,
    /// Posts a correction, for the hold was gone.
    Correct,
    Change,
    Claim,
    /// All of it in one transaction: SQLite.
    Whole,
}

/// What a writer is at.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) tasks: Vec<Task>,
    pub(crate) phase: Phase,
    /// What is asked for reservations that are not refused yet.
    pub(crate) pending: Vec<Rc<Open>>,
    /// The statement that runs: what it saw when it began, and the locks that it still needs, last
    /// one first.
    pub(crate) seen: Option<Seen>,
    pub(crate) wants: Vec<Lock>,
    /// Whether an answer was lost, so that what is in the tables may be the group's own.
    pub(crate) again: bool,
    pub(crate) losses: u32,
}

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) owner: Owner,
    pub(crate) is_up: bool,
    pub(crate) inbox: VecDeque<Task>,
    /// Tasks that are in the way of others, one by one, and whether they may be written already.
    pub(crate) singles: VecDeque<(Task, bool)>,
    pub(crate) job: Option<Job>,
    pub(crate) known: Option<Rc<Rules>>,
    /// Windows that it knows to be there.
    pub(crate) made: BTreeSet<WindowId>,
    /// How far its own clock is ahead of the database's, and what it believes of that.
    pub(crate) skew_ms: i64,
    pub(crate) offset_ms: i64,
}

impl Process {
    pub(crate) fn new(owner: Owner) -> Self {
        Self {
            owner,
            is_up: true,
            inbox: VecDeque::new(),
            singles: VecDeque::new(),
            job: None,
            known: None,
            made: BTreeSet::new(),
            skew_ms: 0,
            offset_ms: 0,
        }
    }

    /// Its own clock.
    pub(crate) fn now(&self, database: Timestamp) -> Timestamp {
        Timestamp(database.0 + self.skew_ms)
    }

    /// Takes the next group off the queue: tasks of one kind, changes and sweeps one by one.
    pub(crate) fn next_job(&mut self, is_sqlite: bool) -> Option<Job> {
        if let Some((task, again)) = self.singles.pop_front() {
            return Some(Job::new(vec![task], again, is_sqlite));
        }
        let mut tasks = vec![self.inbox.pop_front()?];
        while tasks.len() < GROUP_MAX
            && let Some(task) = self.inbox.pop_front_if(|task| tasks[0].goes_with(task))
        {
            tasks.push(task);
        }
        Some(Job::new(tasks, false, is_sqlite))
    }

    /// Whether anything is left to write.
    pub(crate) fn is_busy(&self) -> bool {
        self.job.is_some() || !self.inbox.is_empty() || !self.singles.is_empty()
    }

    /// The power goes: nothing of it is left but the holds in the tables.
    pub(crate) fn die(&mut self) {
        *self = Self { is_up: false, skew_ms: self.skew_ms, ..Self::new(self.owner) };
    }
}

impl Task {
    fn goes_with(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Reserve(_), Self::Reserve(_)) | (Self::End(_), Self::End(_)))
    }
}

impl Job {
    fn new(tasks: Vec<Task>, again: bool, is_sqlite: bool) -> Self {
        let phase = match &tasks[0] {
            Task::Sweep => Phase::Claim,
            _ if is_sqlite => Phase::Whole,
            Task::Reserve(_) if again => Phase::Look,
            Task::Reserve(_) => Phase::Place,
            Task::End(_) => Phase::End,
            Task::Change(_) => Phase::Change,
        };
        Self { tasks, phase, pending: Vec::new(), seen: None, wants: Vec::new(), again, losses: 0 }
    }

    /// The calls that ask to be admitted.
    pub(crate) fn reserved(&self) -> Vec<CallNumber> {
        let calls = self.tasks.iter().filter_map(|task| match task {
            Task::Reserve(call) => Some(*call),
            _ => None,
        });
        calls.collect()
    }

    /// The holds that are to go.
    pub(crate) fn ends(&self) -> Vec<End> {
        let ends = self.tasks.iter().filter_map(|task| match task {
            Task::End(end) => Some(end.clone()),
            _ => None,
        });
        ends.collect()
    }
}
