//! The calls that wait for room: each fits its limits, but not beside what is held now.
//!
//! They are tried again in order, whenever a call of this process ends, and from time to time for
//! the sake of other processes. A small call may pass a large one, but not for ever: a window whose
//! first in line was passed too often lets nobody else by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::budget::WindowId;
use tokio::time::Instant;

use crate::queue::{Job, Patience, Task, Turn};

/// The most calls that wait. Past this a call is refused at once: those that wait take room in the
/// queue, and calls of other limits must still get through.
const LINE_MAX: usize = 1024;
/// How many of one window's line are tried at a time.
const TRIED_MAX: usize = 16;
/// How often the first in a window's line may be passed by.
const PASSED_MAX: u32 = 16;
/// The pause before waiting calls are tried again for what other processes let go of. It doubles
/// while none of them fits.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(160);

/// The calls that wait, in order.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// How long a call waits at most.
    wait: Duration,
    parked: BTreeMap<u64, Parked>,
    next: u64,
    pause: Duration,
    retry_at: Instant,
}

#[derive(Debug)]
struct Parked {
    job: Job,
    /// The window that had no room for it.
    window: WindowId,
    turn: Turn,
}

impl Waiting {
    pub(crate) fn new(wait: Duration) -> Self {
        let (parked, pause, retry_at) = (BTreeMap::new(), PAUSE_MIN, Instant::now());
        Self { wait, parked, next: 0, pause, retry_at }
    }

    /// When there is something to do, if anybody waits.
    pub(super) fn due(&self) -> Option<Instant> {
        let until = self.parked.values().map(|parked| parked.turn.until).min()?;
        Some(until.min(self.retry_at))
    }

    /// Puts who is to be tried now before a group of new tasks. `has_room` when the group lets go
    /// of something.
    pub(super) fn join(&mut self, new: Vec<Job>, has_room: bool) -> Vec<Job> {
        let now = Instant::now();
        self.parked.retain(|_, parked| parked.job.is_awaited());
        let mut jobs = self.last_tries(now);
        let closed = Arc::new(self.closed());
        if has_room || now >= self.retry_at {
            jobs.extend(self.tries(&closed));
            self.retry_at = now + self.pause;
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
        let may_wait = !self.wait.is_zero() && self.parked.len() < LINE_MAX;
        jobs.extend(new.into_iter().map(|mut job| {
            if let (Task::Reserve { patience, .. }, true) = (&mut job.task, may_wait) {
                *patience = Patience::Waits { closed: Arc::clone(&closed) };
            }
            job
        }));
        jobs
    }

    /// Lets a call wait, at its old place if it had one.
    pub(super) fn park(&mut self, mut job: Job, window: WindowId) {
        let turn = job.turn.take().unwrap_or_else(|| {
            self.next += 1;
            let until = Instant::now() + self.wait;
            Turn { number: self.next, until, passed: 0, is_first: false }
        });
        self.parked.insert(turn.number, Parked { job, window, turn });
    }

    /// Notes that a call was admitted in these windows, past those who wait there.
    pub(super) fn admitted<'w>(
        &mut self,
        turn: Option<&Turn>,
        windows: impl Iterator<Item = &'w WindowId>,
    ) {
        if turn.is_some() {
            self.pause = PAUSE_MIN;
        }
        if self.parked.is_empty() {
            return;
        }
        let number = turn.map_or(u64::MAX, |turn| turn.number);
        for window in windows {
            let mut before = self.parked.range_mut(..number).map(|(_, parked)| parked);
            if let Some(first) = before.find(|parked| parked.window == *window) {
                first.turn.passed += 1;
            }
        }
    }

    /// Everybody, for the last time.
    pub(super) fn end(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.parked).into_values().map(Parked::last_try).collect()
    }

    /// Those who have waited as long as they may: they are admitted now, or refused.
    fn last_tries(&mut self, now: Instant) -> Vec<Job> {
        let is_over = |_: &u64, parked: &mut Parked| parked.turn.until <= now;
        self.parked.extract_if(.., is_over).map(|(_, parked)| parked.last_try()).collect()
    }

    /// The first few of each window's line; of a closed window's, the very first.
    fn tries(&mut self, closed: &Arc<BTreeSet<WindowId>>) -> Vec<Job> {
        let nothing = Arc::new(BTreeSet::new());
        let mut tried: BTreeMap<WindowId, usize> = BTreeMap::new();
        let is_tried = |_: &u64, parked: &mut Parked| {
            let before = tried.entry(parked.window.clone()).or_default();
            *before += 1;
            parked.turn.is_first = *before == 1;
            let most = if closed.contains(&parked.window) { 1 } else { TRIED_MAX };
            *before <= most
        };
        self.parked
            .extract_if(.., is_tried)
            .map(|(_, parked)| {
                // Who is first may pass through the windows that others wait for: two who are
                // first would else wait for each other.
                let closed = if parked.turn.is_first { &nothing } else { closed };
                parked.again(Patience::Waits { closed: Arc::clone(closed) })
            })
            .collect()
    }

    /// The windows whose first in line was passed too often.
    fn closed(&self) -> BTreeSet<WindowId> {
        let mut first: BTreeMap<&WindowId, u32> = BTreeMap::new();
        for parked in self.parked.values() {
            first.entry(&parked.window).or_insert(parked.turn.passed);
        }
        let closed = first.into_iter().filter(|(_, passed)| *passed >= PASSED_MAX);
        closed.map(|(window, _)| window.clone()).collect()
    }
}

impl Parked {
    fn again(self, patience: Patience) -> Job {
        let Self { mut job, turn, .. } = self;
        if let Task::Reserve { patience: known, .. } = &mut job.task {
            *known = patience;
        }
        job.turn = Some(turn);
        job
    }

    fn last_try(self) -> Job {
        self.again(Patience::None)
    }
}
