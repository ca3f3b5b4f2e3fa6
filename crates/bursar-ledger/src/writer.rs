//! The one task of a process that writes: it drains what waits, writes it as one group, answers.
//!
//! It runs apart from every caller, so a dropped future cannot cancel a write half-way. A group
//! that cannot be written whole is written again one task at a time; a group is all or nothing, so
//! nothing is written twice.

mod alone;
mod asked;
mod away;
mod checkpoints;
mod claims;
mod detours;
mod drain;
mod group;
mod kept;
mod late;
mod past;
pub(crate) mod postgres;
pub(crate) mod resent;
mod ride_out;
mod settle;
pub(crate) mod sqlite;
mod sqlite_rows;
mod tell;
mod thresholds;
mod true_lines;
mod waiting;

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::budget::{Refusal, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::limit::Line;
use bursar_domain::money::Cost;
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::watch::StreamLimits;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::time::Instant;

pub(crate) use asked::{Asked, WindowJson};
pub(crate) use away::Away;
use checkpoints::checkpoints;

use crate::Error;
use crate::admitted::{Open, Settled};
use crate::change::{Change, Changed};
use crate::posting::{No, Posting, abandon};
use crate::queue::{Answer, Job, Task, WeakQueue};
use alone::is_alone;
use tell::{answer, refuse_all, tell, tell_all};
pub(crate) use waiting::Waiting;

/// Tasks in a group: they share one fsync, and no one of them waits for long. Twice as many on
/// PostgreSQL, where settlements and reservations are a statement each.
const SQLITE_GROUP_MAX: usize = 64;
const POSTGRES_GROUP_MAX: usize = 128;
/// How often those who were just answered are let run before the next group is begun.
const TURNS_MAX: usize = 8;
/// Pauses before a group is sent again when the connection was lost, in milliseconds.
const PAUSES_MS: [u64; 2] = [50, 250];

/// What became of a task, before anybody is told.
#[derive(Debug)]
enum Done {
    Admitted(Box<Open>),
    Refused {
        refusal: Box<Refusal>,
        freeze: Option<Change>,
    },
    /// It would fit once open calls settle, and waits for that.
    Waits {
        window: WindowId,
    },
    Changed(Vec<Changed>),
    Sealed(bool),
    Settled(Settled),
    Abandoned(bool),
    Claimed(bool),
    Nothing,
}

/// Why a group was not written.
#[derive(Debug)]
enum Failure {
    /// One of its tasks is in the way of the others.
    Split,
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Who waits for the end.
type Closers = Vec<Option<oneshot::Sender<Result<Answer, Error>>>>;

type Written = Result<Vec<Result<Done, Error>>, Failure>;

/// Where the group is written.
#[derive(Debug)]
pub(crate) enum Store {
    Sqlite(sqlite::Store),
    Postgres(postgres::Store),
}

/// The writer's task.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) queue: WeakQueue,
    pub(crate) clock: Clock,
    pub(crate) waiting: Waiting,
    pub(crate) away: Away,
    /// How long the database may take for a statement.
    pub(crate) answer_limit: Duration,
}

impl Writer {
    /// Writes until the ledger is closed, or dropped everywhere.
    pub(crate) async fn run(mut self, mut tasks: UnboundedReceiver<Job>) {
        let mut jobs = Vec::new();
        let mut closers = Vec::new();
        while self.next(&mut tasks, &mut jobs).await {
            take_closers(&mut jobs, &mut tasks, &mut closers);
            let has_room = jobs.iter().any(|job| makes_room(&job.task));
            let jobs = self.waiting.join(mem::take(&mut jobs), has_room);
            let answered = jobs.len();
            self.write(jobs).await;
            let_ask_again(answered, &tasks).await;
            self.catch_up().await;
            self.refresh().await;
            if self.away.is_away() && !self.ride_out(&mut tasks, &mut closers).await {
                break;
            }
        }
        let jobs = self.waiting.end();
        self.write(jobs).await;
        self.catch_up_wholly().await;
        let released = match &mut self.store {
            Store::Sqlite(store) => store.release().await,
            Store::Postgres(store) => store.release().await,
        };
        for closer in closers {
            answer(closer, released.clone().map(|()| Answer::Done));
        }
    }

    /// Waits until there is something to write, or somebody in line is to be tried; false when the
    /// ledger was closed.
    async fn next(&self, tasks: &mut UnboundedReceiver<Job>, jobs: &mut Vec<Job>) -> bool {
        let most = self.group_max();
        let due = [self.waiting.due(), self.away.due()].into_iter().flatten().min();
        let Some(due) = due else { return tasks.recv_many(jobs, most).await > 0 };
        tokio::select! {
            biased;
            number = tasks.recv_many(jobs, most) => number > 0,
            () = tokio::time::sleep_until(due) => true,
        }
    }

    fn group_max(&self) -> usize {
        match &self.store {
            Store::Sqlite(_) => SQLITE_GROUP_MAX,
            Store::Postgres(_) => POSTGRES_GROUP_MAX,
        }
    }

    async fn write(&mut self, jobs: Vec<Job>) {
        let jobs = self.away.divert(jobs).await;
        for part in self.parts(jobs) {
            let (written, again) = self.attempt(&part, false).await;
            match written {
                Ok(done) => {
                    self.freeze(&done).await;
                    self.reply(part, done);
                }
                Err(Failure::Failed(error)) if self.is_away(&error) => {
                    self.leave(part, (error, again)).await;
                }
                Err(Failure::Failed(error)) if part.len() == 1 || !is_of_one(&error) => {
                    refuse_all(part, &error);
                }
                Err(_) => self.write_singly(part, again).await,
            }
        }
    }

    async fn write_singly(&mut self, part: Vec<Job>, again: bool) {
        for job in part {
            let part = vec![job];
            let (written, again) = self.attempt(&part, again).await;
            match written {
                Ok(done) => {
                    self.freeze(&done).await;
                    self.reply(part, done);
                }
                Err(Failure::Failed(error)) if self.is_away(&error) => {
                    self.leave(part, (error, again)).await;
                }
                Err(Failure::Failed(error)) => refuse_all(part, &error),
                Err(Failure::Split) => refuse_all(part, &Error::Locked),
            }
        }
    }

    /// What is written at once. What stands alone, before the rest: each is all or nothing. Of the
    /// rest, on SQLite all of it, in one transaction; on PostgreSQL, where a statement does one
    /// thing, settlements, then reservations, then checkpoints.
    fn parts(&self, mut jobs: Vec<Job>) -> Vec<Vec<Job>> {
        let mut parts: Vec<Vec<Job>> =
            jobs.extract_if(.., |job| is_alone(&job.task)).map(|job| vec![job]).collect();
        let mut rest = [Vec::new(), Vec::new(), Vec::new()];
        for job in jobs {
            let place = match (&self.store, &job.task) {
                (Store::Postgres(_), Task::Reserve { .. }) => 1,
                (Store::Postgres(_), Task::Checkpoint { .. }) => 2,
                _ => 0,
            };
            rest[place].push(job);
        }
        parts.extend(rest.into_iter().filter(|part| !part.is_empty()));
        parts
    }

    /// Writes a part; again when the connection was lost, for then nobody knows whether it was
    /// written, and when somebody's locks crossed ours, for then it was not: a migration takes its
    /// tables in an order of its own. Tells whether what is written already may be the part's own.
    async fn attempt(&mut self, part: &[Job], mut again: bool) -> (Written, bool) {
        if let Some(error) = self.away.cause() {
            return (Err(error.into()), again);
        }
        let tasks: Vec<&Task> = part.iter().map(|job| &job.task).collect();
        let started = Instant::now();
        for pause in PAUSES_MS {
            let written = self.write_once(&tasks, again).await;
            let is_lost = matches!(written, Err(Failure::Failed(Error::Unreachable { .. })));
            let is_crossed = matches!(written, Err(Failure::Failed(Error::Locked)));
            if !(is_lost || is_crossed && self.is_shared()) {
                return (written, again);
            }
            again |= is_lost;
            if is_lost && started.elapsed() * 2 > self.answer_limit {
                // Nobody is there: to ask at once again would only keep the callers waiting. Who is
                // there takes a second to find that locks have crossed.
                return (written, again);
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        (self.write_once(&tasks, again).await, again)
    }

    /// Whether others write at the same time, each at its own tables and rows.
    fn is_shared(&self) -> bool {
        matches!(self.store, Store::Postgres(_))
    }

    async fn write_once(&mut self, tasks: &[&Task], again: bool) -> Written {
        let now = self.clock.now();
        match &mut self.store {
            Store::Sqlite(store) => store.write(tasks, now).await,
            Store::Postgres(store) => store.write(tasks, now, again).await,
        }
    }

    /// Freezes what has hit a limit that says so, before anybody hears of it.
    async fn freeze(&mut self, done: &[Result<Done, Error>]) {
        for done in done.iter().flatten() {
            let Done::Refused { freeze: Some(change), refusal } = done else { continue };
            let actor = refusal.balance().map_or("a limit", |balance| &balance.name);
            let task =
                Task::Change { actor: format!("limit `{actor}`"), changes: vec![change.clone()] };
            if let Err(Failure::Failed(error)) = self.write_once(&[&task], false).await {
                // The next call that hits the limit tries again.
                tracing::error!("cannot freeze what hit a limit: {error}");
            }
        }
    }

    fn reply(&mut self, part: Vec<Job>, done: Vec<Result<Done, Error>>) {
        let mut told = Vec::with_capacity(part.len());
        for (job, done) in part.into_iter().zip(done) {
            if let Ok(Done::Waits { window }) = done {
                self.waiting.park(job, window);
                continue;
            }
            if let Ok(Done::Admitted(open)) = &done {
                let windows = open.lines.iter().map(|line| &line.window);
                self.waiting.admitted(job.turn.as_ref(), windows);
            }
            told.push((job.reply, done));
        }
        tell_all(told, &self.queue);
    }
}

/// Lets those run who were just answered: they may ask again at once, and then come into the next
/// group. Half of them wake on another thread, so one turn is not enough for all; where nobody asks,
/// the turns are over in microseconds.
async fn let_ask_again(answered: usize, tasks: &UnboundedReceiver<Job>) {
    for _ in 0..TURNS_MAX {
        tokio::task::yield_now().await;
        if tasks.len() >= answered {
            break;
        }
    }
}

/// Sets apart who asked to close. What is in the queue already is still written.
fn take_closers(jobs: &mut Vec<Job>, tasks: &mut UnboundedReceiver<Job>, closers: &mut Closers) {
    let is_close = |job: &mut Job| matches!(job.task, Task::Close);
    closers.extend(jobs.extract_if(.., is_close).map(|job| job.reply));
    if !closers.is_empty() {
        tasks.close();
    }
}

/// Whether a task may let go of something that others wait for.
fn makes_room(task: &Task) -> bool {
    matches!(
        task,
        Task::Settle { .. } | Task::Abandon { .. } | Task::Void { .. } | Task::Change { .. }
    )
}

/// Whether an error may be one task's own, so that the others should be tried without it.
fn is_of_one(error: &Error) -> bool {
    !matches!(
        error,
        Error::Locked
            | Error::Unreachable { .. }
            | Error::Closed
            | Error::Corrupt { .. }
            | Error::Full { .. }
            | Error::Unsynced { .. }
    )
}

/// Gathers what a task posts, once its hold is taken; reservations and checkpoints post nothing.
fn gather(posting: &mut Posting, task: &Task, now: Timestamp) {
    match task {
        Task::Settle { open, settlement } => posting.settle(open, settlement),
        Task::Abandon { open, checkpoint } => {
            posting.settle(open, &abandon(open, *checkpoint, now));
        }
        Task::Void { open } => posting.void(open),
        Task::Refuse { intent, reason, detail } => {
            posting.refuse(intent, No { reason: *reason, detail, window: None }, now);
        }
        Task::Reserve { .. }
        | Task::Restore { .. }
        | Task::Checkpoint { .. }
        | Task::Change { .. }
        | Task::Claim { .. }
        | Task::Seal(_)
        | Task::Adopt
        | Task::Offered(_)
        | Task::Audited(_)
        | Task::Archive(_)
        | Task::Record(_)
        | Task::Close => {}
    }
}

/// What a task that was posted tells its caller.
fn posted(task: &Task) -> Done {
    match task {
        Task::Settle { open, settlement } => Done::Settled(late::settled(open, settlement, false)),
        Task::Abandon { .. } => Done::Abandoned(true),
        _ => Done::Nothing,
    }
}

/// The hold that an intent asks for.
fn open_hold(intent: &Arc<Intent>, lines: Vec<Line>, streams: StreamLimits) -> Open {
    Open {
        intent: Arc::clone(intent),
        held: intent.ceiling.map(Cost::micros_up),
        lines,
        streams,
        room: None,
        by_heart: false,
        detours: Vec::new(),
        lead: 0,
    }
}
