//! While the ledger does not answer: who is told what, and what is kept until it does.
//!
//! A new call is answered at once, from the limits that this process knows by heart. The end of a
//! call is never lost: it waits here, in order, and is written when the ledger is back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::call::Intent;
use bursar_domain::time::Timestamp;
use tokio::time::Instant;

use super::asked::Asked;
use super::{Done, answer, posted, tell};
use crate::Error;
use crate::admitted::Open;
use crate::queue::{Asking, Job, Patience, Task, WeakQueue};
use crate::rules::Rules;
use crate::spool::Spool;
use crate::spool::drain::Batch;
use crate::spool::glass::Outlook;
use crate::spool::record::Record;

/// How long the end of a call waits for the ledger before its caller is told that it is kept.
const TOLD_AFTER: Duration = Duration::from_mins(1);
/// Between two looks at limits that may be all there is to go by.
const REFRESH: Duration = Duration::from_secs(10);
/// How long after the ledger's return a call is undone again that was refused and may be held: a
/// statement that was given up may arrive later. A server that was only stopped runs it at once;
/// systems send things again over a broken network for two minutes and more.
const STRAGGLERS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(3),
];

/// What a process does without its ledger.
#[derive(Debug)]
pub(crate) struct Away {
    queue: WeakQueue,
    /// Why the ledger is away; `None` while it is not.
    cause: Option<Error>,
    rules: Option<Arc<Rules>>,
    /// How far the database's clock is ahead of this process's.
    offset_ms: i64,
    kept: VecDeque<Kept>,
    doubts: Vec<Doubt>,
    refusals: u64,
    spool: Option<Spool>,
    /// Whether the spool keeps anything.
    has_spooled: bool,
    /// What was taken out of it and is not written yet.
    batch: Option<Batch>,
    glass: Outlook,
    /// When the limits are to be read again.
    refresh_at: Option<Instant>,
}

/// The end of a call that could not be written.
#[derive(Debug)]
struct Kept {
    job: Job,
    tell_at: Instant,
}

/// A refused call that may be held all the same, by a statement that was given up.
#[derive(Debug)]
struct Doubt {
    open: Box<Open>,
    /// When it is undone again; `None` while the ledger is away.
    due: Option<Instant>,
    /// How often it was, since the return.
    times: usize,
}

impl Away {
    pub(crate) fn new(queue: WeakQueue, spool: Option<Spool>) -> Self {
        queue.pulse.spooled(spool.as_ref().map_or(0, Spool::bytes));
        Self {
            queue,
            cause: None,
            rules: None,
            offset_ms: 0,
            kept: VecDeque::new(),
            doubts: Vec::new(),
            refusals: 0,
            has_spooled: spool.as_ref().is_some_and(Spool::has_work),
            spool,
            batch: None,
            glass: Outlook::default(),
            refresh_at: None,
        }
    }

    /// Whether the limits are to be read again: from time to time, where calls may be admitted by
    /// them, and once there was a call at all.
    pub(super) fn is_refresh_due(&mut self) -> bool {
        if self.spool.is_none() {
            self.refresh_at = None;
            return false;
        }
        let now = Instant::now();
        if self.is_away() || self.refresh_at.is_some_and(|at| at > now) {
            return false;
        }
        let is_due = self.refresh_at.is_some();
        self.refresh_at = Some(now + REFRESH);
        is_due
    }

    /// Why the ledger is away, if it is.
    pub(super) fn cause(&self) -> Option<Error> {
        self.cause.clone()
    }

    pub(super) fn is_away(&self) -> bool {
        self.cause.is_some()
    }

    /// The ledger has gone; what is known of its limits.
    pub(super) fn begin(&mut self, cause: Error, (rules, offset_ms): (Option<Arc<Rules>>, i64)) {
        tracing::error!("the ledger is away: {}", cause.problem());
        self.queue.pulse.is_away(true);
        (self.cause, self.rules, self.offset_ms) = (Some(cause), rules, offset_ms);
    }

    /// The ledger is back.
    pub(super) async fn end(&mut self) {
        tracing::warn!("the ledger is back; {} ends of calls were kept", self.kept.len());
        if self.refusals > 0 {
            tracing::warn!("{} refusals were not counted while it was away", self.refusals);
        }
        (self.cause, self.refusals) = (None, 0);
        self.queue.pulse.is_away(false);
        self.with_spool(Spool::adopt).await;
        let now = Instant::now();
        for doubt in &mut self.doubts {
            (doubt.due, doubt.times) = (Some(now), 0);
        }
    }

    /// Answers what asks to be written, or keeps it. `is_doubted` when it may have been written
    /// already, by a statement that was given up.
    pub(super) async fn take(&mut self, jobs: Vec<Job>, is_doubted: bool, now: Timestamp) {
        let Some(cause) = self.cause.clone() else { return };
        self.glass.forget();
        let mut spooled = Vec::new();
        for job in jobs {
            match &job.task {
                Task::Reserve { asking, .. } => match self.admit(asking, now) {
                    Ok(record) => spooled.push((job, record)),
                    Err(refused) => self.refuse((job, is_doubted), refused),
                },
                Task::Settle { .. } | Task::Abandon { .. } | Task::Void { .. } => {
                    spooled.push(ended(job));
                }
                // The next one says as much as this.
                Task::Checkpoint { .. } => tell(job.reply, Ok(Done::Nothing), &self.queue),
                Task::Refuse { .. } => {
                    self.refusals += 1;
                    tell(job.reply, Ok(Done::Nothing), &self.queue);
                }
                Task::Change { .. }
                | Task::Claim { .. }
                | Task::Restore { .. }
                | Task::Seal(_)
                | Task::Record(_)
                | Task::Adopt
                | Task::Offered(_)
                | Task::Audited(_)
                | Task::Archive(_)
                | Task::Close => answer(job.reply, Err(cause.clone())),
            }
        }
        self.spool(spooled, is_doubted).await;
    }

    /// Takes out of a group the ends of calls that are in the spool: they come after their calls.
    pub(super) async fn divert(&mut self, mut jobs: Vec<Job>) -> Vec<Job> {
        if !self.has_spooled {
            return jobs;
        }
        let is_spooled = |job: &mut Job| job.task.ended().is_some_and(|open| open.by_heart);
        let ends = jobs.extract_if(.., is_spooled);
        let ends = ends.map(ended).collect();
        self.spool(ends, false).await;
        jobs
    }

    /// Up to so many of the jobs that are to be written now.
    pub(super) fn due_jobs(&mut self, most: usize) -> Vec<Job> {
        let now = Instant::now();
        let number = self.kept.len().min(most);
        let mut jobs: Vec<Job> = self.kept.drain(..number).map(|kept| kept.job).collect();
        for doubt in self.doubts.iter_mut().filter(|doubt| doubt.is_due(now)) {
            jobs.push(undo(doubt.open.clone()));
            doubt.due = STRAGGLERS.get(doubt.times).map(|&pause| now + pause);
            doubt.times += 1;
        }
        self.doubts.retain(|doubt| doubt.due.is_some());
        jobs
    }

    /// Whether anything is to be written that was kept.
    pub(super) fn has_kept(&self) -> bool {
        !self.kept.is_empty() || self.has_spooled()
    }

    /// When there is something to do, if there is.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.has_kept() {
            return Some(Instant::now());
        }
        let doubts = self.doubts.iter().filter_map(|doubt| doubt.due);
        doubts.chain(self.refresh_at).min()
    }

    /// When somebody has waited for too long.
    pub(super) fn tell_at(&self) -> Option<Instant> {
        let waiting = self.kept.iter().filter(|kept| kept.job.reply.is_some());
        waiting.map(|kept| kept.tell_at).min()
    }

    /// Tells those who have waited for too long that what they sent is kept.
    pub(super) fn tell_late(&mut self) {
        let now = Instant::now();
        let why = "the end of the call is kept until it is back";
        let error = self.error(why.to_owned());
        for kept in self.kept.iter_mut().filter(|kept| kept.tell_at <= now) {
            if let Some(reply) = kept.job.reply.take() {
                answer(Some(reply), Err(error.clone()));
            }
        }
    }

    /// What is to be undone once more, before the end.
    pub(super) fn last_doubts(&mut self) -> Vec<Job> {
        self.doubts.drain(..).map(|doubt| undo(doubt.open)).collect()
    }

    /// Gives up: the process ends before the ledger is back.
    pub(super) fn give_up(&mut self) {
        let lost = self.kept.len();
        if lost > 0 {
            tracing::error!(
                "{lost} ends of calls were not written: they are settled at their hold"
            );
        }
        let error = self.error("this process ends".to_owned());
        for kept in self.kept.drain(..) {
            answer(kept.job.reply, Err(error.clone()));
        }
    }

    fn keep(&mut self, job: Job) {
        self.kept.push_back(Kept { job, tell_at: Instant::now() + TOLD_AFTER });
    }

    fn refuse(&mut self, (job, is_doubted): (Job, bool), error: Error) {
        if let (Task::Reserve { asking, .. }, true) = (&job.task, is_doubted) {
            self.doubt(&asking.intent);
        }
        answer(job.reply, Err(error));
    }

    /// Puts records into the spool, and answers once they are durable.
    async fn spool(&mut self, spooled: Vec<(Job, Record)>, is_doubted: bool) {
        if spooled.is_empty() {
            return;
        }
        let (jobs, records): (Vec<Job>, Vec<Record>) = spooled.into_iter().unzip();
        let taken = self.with_spool(move |spool| {
            let taken = spool.take_in(&records);
            (records, taken)
        });
        let Some((records, taken)) = taken.await else {
            // Without a spool there are only ends here.
            return jobs.into_iter().for_each(|job| self.keep(job));
        };
        for ((job, record), taken) in jobs.into_iter().zip(records).zip(taken) {
            match (record, taken) {
                (Record::Admitted { open, .. }, Ok(())) => {
                    tell(job.reply, Ok(Done::Admitted(open)), &self.queue);
                }
                (_, Ok(())) => tell(job.reply, Ok(posted(&job.task)), &self.queue),
                (Record::Admitted { .. }, Err(why)) => {
                    let error = self.error(why);
                    self.refuse((job, is_doubted), error);
                }
                (_, Err(_)) => self.keep(job),
            }
        }
    }

    /// Does something with the spool that blocks; `None` where there is none.
    async fn with_spool<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Spool) -> T + Send + 'static,
    ) -> Option<T> {
        let mut spool = self.spool.take()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&mut spool);
            (spool, done)
        });
        match done.await {
            Ok((spool, done)) => {
                self.has_spooled = spool.has_work();
                self.queue.pulse.spooled(spool.bytes());
                self.spool = Some(spool);
                Some(done)
            }
            Err(error) => {
                tracing::error!("the spool is lost: {error}");
                self.has_spooled = false;
                None
            }
        }
    }

    /// Whether the spool keeps anything.
    pub(super) fn has_spooled(&self) -> bool {
        self.has_spooled || self.batch.is_some()
    }

    /// What is to be written next of what the spool keeps.
    pub(super) async fn batch(&mut self, most: usize) -> Option<Batch> {
        match self.batch.take() {
            Some(batch) => Some(batch),
            None => self.with_spool(move |spool| spool.batch(most)).await?,
        }
    }

    /// The batch could not be written just now.
    pub(super) fn put_back(&mut self, batch: Batch) {
        self.batch = Some(batch);
    }

    /// The batch is in the ledger, but for so many of it.
    pub(super) async fn batch_written(&mut self, batch: Batch, failures: usize) {
        self.with_spool(move |spool| spool.finish(&batch, failures)).await;
    }

    fn doubt(&mut self, intent: &Arc<Intent>) {
        let open = Open::by_heart(Arc::clone(intent), Vec::new());
        self.doubts.push(Doubt { open: Box::new(open), due: None, times: 0 });
    }

    /// What is recorded of a call that may be made without the ledger, or why it may not.
    fn admit(&mut self, asking: &Asking, now: Timestamp) -> Result<Record, Error> {
        let Some(rules) = self.rules.clone() else {
            return Err(self.error("its limits are not known here".to_owned()));
        };
        let at = Timestamp(now.0.saturating_add(self.offset_ms));
        let asked = Asked::new(&rules, (asking, &Patience::None), at)
            .map_err(|refusal| self.error(refusal.to_string()))?;
        let mut glass = None;
        if let Some(limit) = asked.hard_limit() {
            glass = self.glass.look(self.spool.as_mut(), now);
            if glass.is_none() {
                return Err(self.error(format!("limit `{}` is hard", limit.name())));
            }
        }
        if self.spool.is_none() {
            return Err(self.cause.clone().unwrap_or(Error::Closed));
        }
        let (open, windows) = asked.by_heart();
        Ok(Record::Admitted { open, windows, glass })
    }

    fn error(&self, why: String) -> Error {
        let cause = self.cause.as_ref().map(Error::problem).unwrap_or_default();
        Error::Away { why, cause }
    }
}

impl Doubt {
    fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

fn undo(open: Box<Open>) -> Job {
    Job::unasked(Task::Void { open })
}

/// The end of a call, with what is recorded of it.
fn ended(job: Job) -> (Job, Record) {
    let record = Record::Ended(job.task.clone());
    (job, record)
}
