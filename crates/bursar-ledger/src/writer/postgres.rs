//! A group on PostgreSQL: one statement for settlements, one for reservations.
//!
//! A statement is all or nothing without a transaction that could be left open. It locks rows in
//! ascending order and decides on the rows that it locked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_domain::budget::WindowId;
use bursar_domain::time::Timestamp;
use tokio::time::timeout_at;

use super::alone::{ALONE_PATIENCE, is_alone, patience, write_in_transaction};
use super::asked::{missing, remember};
use super::group::{Group, Verdict, drained, wanted};
use super::late::{Late, RECORDED, Recorded, late, settled};
use super::resent::held_open;
use super::sqlite::MAKE_WINDOWS;
use super::sqlite_rows::CHECKPOINT;
use super::thresholds::{TELL, told};
use super::true_lines::with_true_lines;
use super::{Done, Failure, Written, gather, past, posted, settle};
use crate::Error;
#[cfg(test)]
use crate::admitted::Open;
use crate::facts::write_intent;
use crate::history::PastCall;
use crate::lease::Lease;
use crate::loan::Loan;
use crate::posting::Posting;
use crate::queue::{Asking, Task};
use crate::rules::{Rules, SETTINGS, Settings};
use crate::statement::{Pool, Session, Statement, Value, failed, is_duplicate, keyed};

const RESERVE: Statement =
    Statement { doing: "reserve", sql: include_str!("../../queries/postgres/reserve.sql") };

/// How often a reservation is tried when limits, or the hour, change under it.
const TRIES_MAX: usize = 5;

/// The connections, this process's lease, and what it knows by heart.
#[derive(Debug)]
pub(crate) struct Store {
    pool: Pool,
    lease: Arc<Lease>,
    known: Option<Known>,
    /// The rules that were known last, which have changed since.
    before: Option<Arc<Rules>>,
    made: BTreeSet<WindowId>,
    /// How far the database's clock is ahead of this process's.
    offset_ms: i64,
}

/// Settings and rules of one revision.
#[derive(Debug, Clone, Default)]
struct Known {
    settings: Settings,
    rules: Arc<Rules>,
}

impl Store {
    pub(crate) fn new(pool: Pool, lease: Arc<Lease>) -> Self {
        let (known, before, made, offset_ms) = (None, None, BTreeSet::new(), 0);
        Self { pool, lease, known, before, made, offset_ms }
    }

    pub(super) async fn write(&mut self, tasks: &[&Task], now: Timestamp, again: bool) -> Written {
        match tasks.first() {
            Some(Task::Record(calls)) => self.record(calls).await,
            Some(task) if is_alone(task) => Ok(vec![Ok(self.write_alone(task, now).await?)]),
            Some(Task::Reserve { .. }) => self.reserve(tasks, now, again).await,
            Some(Task::Restore { .. }) => self.restore(tasks).await,
            Some(Task::Checkpoint { .. }) => {
                let checkpoints = [keyed(super::checkpoints(tasks))?];
                self.pool.run(CHECKPOINT, &checkpoints).await?;
                Ok(tasks.iter().map(|_| Ok(Done::Nothing)).collect())
            }
            _ => self.settle(tasks, now).await,
        }
    }

    /// Sends a reservation again, as when its answer was lost; what it is told to hold.
    #[cfg(test)]
    pub(crate) async fn send_again(&mut self, task: &Task, now: Timestamp) -> Option<Open> {
        let written = self.write(&[task], now, true).await.ok()?;
        match written.into_iter().next()? {
            Ok(Done::Admitted(open)) => Some(*open),
            _ => None,
        }
    }

    /// Writes the end of one call.
    #[cfg(test)]
    pub(crate) async fn end_alone(&mut self, task: &Task, now: Timestamp) -> Option<()> {
        self.write(&[task], now, false).await.ok().map(drop)
    }

    /// The rules that this process knows by heart, and how far the database's clock is ahead.
    pub(super) fn by_heart(&self) -> (Option<Arc<Rules>>, i64) {
        (self.known.as_ref().map(|known| Arc::clone(&known.rules)), self.offset_ms)
    }

    /// Reads anew what is known by heart, where it is not of the ledger's revision.
    pub(super) async fn refresh(&mut self) -> Result<(), Error> {
        if !self.is_current().await? {
            self.forget();
        }
        self.known().await.map(drop)
    }

    /// Whether the database takes a write: that of the lease.
    pub(super) async fn probe(&self) -> Result<(), Error> {
        self.lease.renew().await.map(drop)
    }

    /// Lets go of the lease: what is still held may be swept.
    pub(super) async fn release(&mut self) -> Result<(), Error> {
        self.lease.release().await
    }

    /// Writes a task in one transaction. It runs in the writer's own task, which nobody cancels;
    /// when it is given up its connection is closed, and the server undoes what was not committed.
    async fn write_alone(&mut self, task: &Task, now: Timestamp) -> Result<Done, Error> {
        let Pool::Limited(pool, limit) = &self.pool else { return Err(Error::Closed) };
        let lost = |error| failed("begin", error);
        let mut loan = Loan::of(pool, *limit * patience(task)).await.map_err(lost)?;
        let (connection, until) = loan.parts().map_err(lost)?;
        let done = timeout_at(until, write_in_transaction(connection, task, now)).await;
        let done = loan.end(done, lost)?;
        if matches!(task, Task::Change { .. }) {
            self.forget();
        }
        Ok(done)
    }

    /// Writes calls that have ended already.
    async fn record(&mut self, calls: &[PastCall]) -> Written {
        let shard = self.lease.shard().await?;
        let known = self.known().await?;
        let Pool::Limited(pool, limit) = &self.pool else { return Err(Error::Closed.into()) };
        let place = (pool, *limit * ALONE_PATIENCE);
        past::on_postgres(place, &known.rules, (known.settings.rooms(shard), calls)).await?;
        Ok(vec![Ok(Done::Nothing)])
    }

    async fn settle(&mut self, tasks: &[&Task], now: Timestamp) -> Written {
        match with_true_lines(&mut Session::Pool(&self.pool), tasks).await? {
            Some(known) if known.has_unheld_void => match tasks {
                [_] => Ok(vec![Ok(Done::Nothing)]),
                _ => Err(Failure::Split),
            },
            Some(known) => self.settle_true(&known.tasks.iter().collect::<Vec<_>>(), now).await,
            None => self.settle_true(tasks, now).await,
        }
    }

    async fn settle_true(&mut self, tasks: &[&Task], now: Timestamp) -> Written {
        let mut posting = self.posting().await?;
        for task in tasks {
            gather(&mut posting, task, now);
        }
        if self.post(&posting).await? {
            self.tell(&posting, now).await?;
            return Ok(tasks.iter().map(|task| Ok(posted(task))).collect());
        }
        let [task] = tasks else { return Err(Failure::Split) };
        let recorded = match task {
            Task::Settle { open, .. } => {
                self.pool.row(RECORDED, &[open.intent.id.as_str().into()]).await?
            }
            _ => None,
        };
        let done = match late(task, recorded)? {
            Late::Nothing(done) => done,
            Late::Correct { open, settlement, before } => {
                let mut posting = self.posting().await?;
                posting.correct(open, settlement, &before, now);
                self.post(&posting).await?;
                Done::Settled(settled(open, settlement, true))
            }
        };
        Ok(vec![Ok(done)])
    }

    async fn reserve(&mut self, tasks: &[&Task], now: Timestamp, again: bool) -> Written {
        if again {
            let [task] = tasks else { return Err(Failure::Split) };
            if let Some(done) = self.sent_before(task).await? {
                return Ok(vec![Ok(done)]);
            }
        }
        for _ in 0..TRIES_MAX {
            let known = self.known().await?;
            let at = Timestamp(now.0.saturating_add(self.offset_ms));
            let mut group = Group::new(&known.rules, tasks, at)?;
            if group.has_barred() && !self.is_current().await? {
                self.forget();
                continue;
            }
            match self.hold_what_fits(&known.rules, &mut group).await? {
                Verdict::Stale => self.forget(),
                // They fit by now, or a window was archived since it was made.
                Verdict::Short(_) => self.made.clear(),
                Verdict::Untimely { now_ms } => self.offset_ms = now_ms - now.0,
                Verdict::Duplicate if tasks.len() > 1 => return Err(Failure::Split),
                Verdict::Duplicate => return self.answer_duplicate(tasks[0], again).await,
                Verdict::Admitted(windows) => {
                    group.note_rooms(&known.rules, windows);
                    return self.answer(group, now).await;
                }
            }
        }
        Err(Error::Locked.into())
    }

    /// Holds calls that were admitted while the ledger was away; none where one is known already.
    async fn restore(&mut self, tasks: &[&Task]) -> Written {
        let mut all = BTreeMap::new();
        let mut posting = self.posting().await?;
        for task in tasks {
            let Task::Restore { open, windows } = task else { return Err(Failure::Split) };
            all.extend(windows);
            posting.hold(self.lease.id(), open, write_intent(&open.intent));
        }
        if posting.holds.len() < tasks.len() {
            return Err(Failure::Split);
        }
        if !all.is_empty() {
            self.pool.run(MAKE_WINDOWS, &[keyed(all)?]).await?;
        }
        for _ in 0..TRIES_MAX {
            let known = self.known().await?;
            match self.hold_all(&known.rules, &posting, drained(&posting)?).await? {
                Verdict::Admitted(_) => {
                    return Ok(tasks.iter().map(|_| Ok(Done::Nothing)).collect());
                }
                Verdict::Duplicate if tasks.len() > 1 => return Err(Failure::Split),
                Verdict::Duplicate => return Ok(vec![Ok(Done::Nothing)]),
                Verdict::Stale => self.forget(),
                Verdict::Short(_) | Verdict::Untimely { .. } => break,
            }
        }
        Err(Error::Locked.into())
    }

    /// Posts the refusals of a group whose other calls are held now.
    async fn answer(&mut self, group: Group<'_>, now: Timestamp) -> Written {
        let mut posting = self.posting().await?;
        let done = group.done(&mut posting, now);
        if !posting.refusals.is_empty() {
            self.post(&posting).await?;
        }
        Ok(done.into_iter().map(Ok).collect())
    }

    /// A call whose id is held or recorded already. Where it was sent before, that statement may
    /// have come to its end only now.
    async fn answer_duplicate(&mut self, task: &Task, again: bool) -> Written {
        if again && let Some(done) = self.sent_before(task).await? {
            return Ok(vec![Ok(done)]);
        }
        let Task::Reserve { asking, .. } = task else { return Err(Failure::Split) };
        Err(Error::DuplicateCall { id: asking.intent.id.to_string() }.into())
    }

    /// What became of a call that was sent before, if anything did. Whose hold it is by now does
    /// not matter: where another process has taken it over, what the call costs is posted as a
    /// correction. A call that was even settled since is not sent.
    async fn sent_before(&mut self, task: &Task) -> Result<Option<Done>, Error> {
        let Task::Reserve { asking: Asking { intent, .. }, .. } = task else { return Ok(None) };
        let rules = self.known().await?.rules;
        if let Some(open) = held_open(&self.pool, intent, &rules).await? {
            return Ok(Some(Done::Admitted(Box::new(open))));
        }
        let id = intent.id.as_str();
        let recorded: Option<Recorded> = self.pool.row(RECORDED, &[id.into()]).await?;
        match recorded {
            Some(_) => Err(Error::DuplicateCall { id: id.to_owned() }),
            None => Ok(None),
        }
    }

    /// Holds what fits of the group, and refuses the rest of it.
    async fn hold_what_fits(
        &mut self,
        rules: &Rules,
        group: &mut Group<'_>,
    ) -> Result<Verdict, Error> {
        loop {
            match self.hold(rules, group).await? {
                Verdict::Short(balances) if group.drop_refused(&balances) => {}
                verdict => return Ok(verdict),
            }
        }
    }

    /// Holds what the group asks, all or none.
    async fn hold(&mut self, rules: &Rules, group: &Group<'_>) -> Result<Verdict, Error> {
        let asked = group.pending();
        if asked.is_empty() {
            return Ok(Verdict::Admitted(Vec::new()));
        }
        let new = missing(&asked, &self.made);
        if !new.is_empty() {
            self.pool.run(MAKE_WINDOWS, &[keyed(&new)?]).await?;
            remember(&mut self.made, new);
        }
        let mut posting = self.posting().await?;
        for asked in &asked {
            posting.hold(self.lease.id(), &asked.open, asked.facts.to_string());
        }
        if posting.holds.len() < asked.len() {
            return Ok(Verdict::Duplicate);
        }
        self.hold_all(rules, &posting, keyed(wanted(&asked, &posting))?).await
    }

    /// Holds all of it, or none.
    async fn hold_all(
        &self,
        rules: &Rules,
        posting: &Posting,
        wanted: Value,
    ) -> Result<Verdict, Error> {
        let values = [keyed(&posting.holds)?, keyed(&posting.held)?, wanted, rules.revision.into()];
        match self.pool.rows(RESERVE, &values).await {
            Ok(rows) => Verdict::read(rows, rules),
            Err(Error::Database { source, .. }) if is_duplicate(&source) => Ok(Verdict::Duplicate),
            Err(error) => Err(error),
        }
    }

    /// Whether what is known by heart is of the ledger's revision. The statement that holds checks
    /// this itself; what is barred never comes to it.
    async fn is_current(&self) -> Result<bool, Error> {
        let settings = Settings::read(self.pool.rows(SETTINGS, &[]).await?);
        let known = self.known.as_ref();
        Ok(known.is_some_and(|known| known.rules.revision == settings.revision))
    }

    /// What is known by heart, read anew where it is not.
    async fn known(&mut self) -> Result<Known, Error> {
        if self.known.is_none() {
            let settings = Settings::read(self.pool.rows(SETTINGS, &[]).await?);
            let mut session = Session::Pool(&self.pool);
            let before = self.before.as_deref();
            let rules = Rules::renewed(&mut session, before, settings.revision).await?;
            self.known = Some(Known { settings, rules: Arc::new(rules) });
        }
        Ok(self.known.clone().unwrap_or_default())
    }

    /// What is known is no longer so.
    fn forget(&mut self) {
        if let Some(known) = self.known.take() {
            self.before = Some(known.rules);
        }
    }

    /// Notes which thresholds the settlements have passed.
    async fn tell(&mut self, posting: &Posting, now: Timestamp) -> Result<(), Error> {
        if posting.windows.is_empty() {
            return Ok(());
        }
        let rules = self.known().await?.rules;
        let windows = keyed(posting.windows.keys().map(|window| (window, ())))?;
        told(&rules, self.pool.rows(TELL, &[windows, now.0.into()]).await?);
        Ok(())
    }

    /// Posts all or nothing; false when a hold is gone.
    async fn post(&self, posting: &Posting) -> Result<bool, Error> {
        settle::post(&mut Session::Pool(&self.pool), posting).await
    }

    async fn posting(&mut self) -> Result<Posting, Error> {
        let shard = self.lease.shard().await?;
        Ok(Posting::new(self.known().await?.settings.rooms(shard)))
    }
}
