//! A group on PostgreSQL: one statement for settlements, one for reservations.
//!
//! A statement is all or nothing without a transaction that could be left open. It locks rows in
//! ascending order and decides on the rows that it locked.

use std::collections::BTreeSet;
use std::sync::Arc;

use bursar_domain::budget::WindowId;
use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use super::alone::{self, is_alone};
use super::asked::{missing, remember};
use super::group::{Group, Verdict, wanted};
use super::late::{Late, RECORDED, Recorded, late, settled};
use super::resent::held_open;
use super::sqlite::{CHECKPOINT, MAKE_WINDOWS};
use super::thresholds::{TELL, told};
use super::{Done, Failure, Written, gather, posted};
use crate::Error;
#[cfg(test)]
use crate::admitted::Open;
use crate::lease::Lease;
use crate::posting::Posting;
use crate::queue::Task;
use crate::rules::{Rules, SETTINGS, Settings};
use crate::statement::{Pool, Session, Statement, Value, bulk, failed, is_duplicate, keyed};

const RESERVE: Statement =
    Statement { doing: "reserve", sql: include_str!("../../queries/postgres/reserve.sql") };
const SETTLE: Statement =
    Statement { doing: "settle", sql: include_str!("../../queries/postgres/settle.sql") };

/// How often a reservation is tried when limits, or the hour, change under it.
const TRIES_MAX: usize = 5;

/// The connections, this process's lease, and what it knows by heart.
#[derive(Debug)]
pub(crate) struct Store {
    pool: Pool,
    lease: Arc<Lease>,
    known: Option<Known>,
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

#[derive(Debug, FromRow)]
struct SettleRow {
    posted: bool,
}

impl Store {
    pub(crate) fn new(pool: Pool, lease: Arc<Lease>) -> Self {
        Self { pool, lease, known: None, made: BTreeSet::new(), offset_ms: 0 }
    }

    pub(super) async fn write(&mut self, tasks: &[&Task], now: Timestamp, again: bool) -> Written {
        match tasks.first() {
            Some(task) if is_alone(task) => Ok(vec![Ok(self.write_alone(task, now).await?)]),
            Some(Task::Reserve { .. }) => self.reserve(tasks, now, again).await,
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

    /// Lets go of the lease: what is still held may be swept.
    pub(super) async fn release(&mut self) -> Result<(), Error> {
        self.lease.release().await
    }

    /// Writes a task in one transaction. It runs in the writer's own task, which nobody cancels.
    async fn write_alone(&mut self, task: &Task, now: Timestamp) -> Result<Done, Error> {
        let Pool::Postgres(pool) = &self.pool else { return Err(Error::Closed) };
        let mut transaction = pool.begin().await.map_err(|error| failed("begin", error))?;
        let mut session = Session::Postgres(&mut transaction);
        // Dropped on an error, the transaction is rolled back.
        let done = alone::write(&mut session, task, now).await?;
        transaction.commit().await.map_err(|error| failed("commit", error))?;
        if matches!(task, Task::Change { .. }) {
            self.known = None;
        }
        Ok(done)
    }

    async fn settle(&mut self, tasks: &[&Task], now: Timestamp) -> Written {
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
                self.known = None;
                continue;
            }
            match self.hold_what_fits(&known.rules, &mut group).await? {
                Verdict::Stale => self.known = None,
                // They fit by now, or a window was archived since it was made.
                Verdict::Short(_) => self.made.clear(),
                Verdict::Untimely { now_ms } => self.offset_ms = now_ms - now.0,
                Verdict::Duplicate if tasks.len() > 1 => return Err(Failure::Split),
                Verdict::Duplicate => return self.answer_duplicate(tasks[0], again).await,
                Verdict::Admitted => return self.answer(group, now).await,
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
        let Task::Reserve { intent, .. } = task else { return Err(Failure::Split) };
        Err(Error::DuplicateCall { id: intent.id.to_string() }.into())
    }

    /// What became of a call that was sent before, if anything did. Whose hold it is by now does
    /// not matter: where another process has taken it over, what the call costs is posted as a
    /// correction. A call that was even settled since is not sent.
    async fn sent_before(&mut self, task: &Task) -> Result<Option<Done>, Error> {
        let Task::Reserve { intent, .. } = task else { return Ok(None) };
        let streams = self.known().await?.rules.stream_limits(intent);
        if let Some(open) = held_open(&self.pool, intent, streams).await? {
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
            return Ok(Verdict::Admitted);
        }
        let new = missing(&asked, &self.made);
        if !new.is_empty() {
            self.pool.run(MAKE_WINDOWS, &[keyed(&new)?]).await?;
            remember(&mut self.made, new);
        }
        let mut posting = self.posting().await?;
        for asked in &asked {
            posting.hold(self.lease.id(), &asked.open);
        }
        if posting.holds.len() < asked.len() {
            return Ok(Verdict::Duplicate);
        }
        let values = [
            keyed(&posting.holds)?,
            bulk(&posting.journal)?,
            keyed(wanted(&asked, &posting))?,
            rules.revision.into(),
        ];
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
            let rules = Rules::read(&mut Session::Pool(&self.pool), settings.revision).await?;
            self.known = Some(Known { settings, rules: Arc::new(rules) });
        }
        Ok(self.known.clone().unwrap_or_default())
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
        let values = settle_values(posting)?;
        let row: Option<SettleRow> = self.pool.row(SETTLE, &values).await?;
        Ok(row.is_some_and(|row| row.posted))
    }

    async fn posting(&mut self) -> Result<Posting, Error> {
        let shard = self.lease.shard().await?;
        Ok(Posting::new(self.known().await?.settings.rooms(shard)))
    }
}

/// The parameters of the statement, in order.
fn settle_values(posting: &Posting) -> Result<[Value; 10], Error> {
    Ok([
        keyed(posting.tokens.iter().map(|id| (id, ())))?,
        bulk(&posting.calls)?,
        bulk(&posting.attempts)?,
        bulk(&posting.tags)?,
        bulk(&posting.corrections)?,
        bulk(&posting.refusals)?,
        keyed(&posting.windows)?,
        bulk(&posting.journal)?,
        bulk(posting.rollup.hour_rows())?,
        bulk(posting.rollup.day_rows())?,
    ])
}
