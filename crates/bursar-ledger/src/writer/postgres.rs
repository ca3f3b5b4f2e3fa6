//! A group on PostgreSQL: one statement for settlements, one for reservations.
//!
//! A statement is all or nothing without a transaction that could be left open. It locks rows in
//! ascending order and decides on the rows that it locked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_domain::admission::{Decision, decide};
use bursar_domain::budget::{Balance, WindowId};
use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use super::late::{Late, RECORDED, late, settled};
use super::sqlite::CHECKPOINT;
use super::{Done, Failure, Written, gather, open_hold, posted, request};
use crate::Error;
use crate::admitted::Open;
use crate::balance::WindowRow;
use crate::lease::Lease;
use crate::posting::Posting;
use crate::queue::Task;
use crate::settings::{SETTINGS, Settings};
use crate::statement::{Pool, Statement, Value, bulk, keyed};

const RESERVE: Statement =
    Statement { doing: "reserve", sql: include_str!("../../queries/postgres/reserve.sql") };
const SETTLE: Statement =
    Statement { doing: "settle", sql: include_str!("../../queries/postgres/settle.sql") };
const HELD: Statement =
    Statement { doing: "read whose hold it is", sql: include_str!("../../queries/held.sql") };

/// How often a reservation is tried when the ledger's settings change under it.
const TRIES_MAX: usize = 5;

/// The connections, this process's lease, and what it knows by heart.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) pool: Pool,
    pub(crate) lease: Arc<Lease>,
    pub(crate) settings: Option<Settings>,
}

#[derive(Debug, FromRow)]
struct SettleRow {
    posted: bool,
}

#[derive(Debug, FromRow)]
struct HeldRow {
    owner: String,
}

/// The verdict, beside each window that was locked; the window's columns are NULL when none was.
#[derive(Debug, FromRow)]
struct ReserveRow {
    admitted: bool,
    known: bool,
    revision: i64,
    window_id: Option<String>,
    budget: Option<String>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    mode: Option<String>,
    limit_micro: Option<i64>,
    held_micro: Option<i64>,
    spent_micro: Option<i64>,
    spent_rest: Option<i64>,
}

impl ReserveRow {
    fn window(self) -> Option<WindowRow> {
        Some(WindowRow {
            window_id: self.window_id?,
            budget: self.budget?,
            start_ms: self.start_ms?,
            end_ms: self.end_ms?,
            mode: self.mode?,
            limit_micro: self.limit_micro?,
            held_micro: self.held_micro?,
            spent_micro: self.spent_micro?,
            spent_rest: self.spent_rest?,
        })
    }
}

impl Store {
    pub(super) async fn write(&mut self, tasks: &[&Task], now: Timestamp, again: bool) -> Written {
        match tasks.first() {
            Some(Task::Reserve { .. }) => self.reserve(tasks, now, again).await,
            Some(Task::Checkpoint { .. }) => {
                let checkpoints = [keyed(super::checkpoints(tasks))?];
                self.pool.run(CHECKPOINT, &checkpoints).await?;
                Ok(tasks.iter().map(|_| Ok(Done::Nothing)).collect())
            }
            _ => self.settle(tasks, now).await,
        }
    }

    /// Lets go of the lease: what is still held may be swept.
    pub(super) async fn release(&mut self) -> Result<(), Error> {
        self.lease.release().await
    }

    async fn settle(&mut self, tasks: &[&Task], now: Timestamp) -> Written {
        let mut posting = self.posting().await?;
        for task in tasks {
            gather(&mut posting, task, now);
        }
        if self.post(&posting).await? {
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
        let opens: Vec<Open> = tasks
            .iter()
            .filter_map(|task| match task {
                Task::Reserve { intent, windows } => Some(open_hold(intent, windows)),
                _ => None,
            })
            .collect();
        let ids: BTreeSet<&str> = opens.iter().map(|open| open.intent.id.as_str()).collect();
        if ids.len() < opens.len() {
            return Err(Failure::Split);
        }
        for _ in 0..TRIES_MAX {
            let rows = match self.hold(&opens).await {
                Ok(rows) => rows,
                Err(Error::Database { source, .. }) if is_duplicate(&source) => {
                    return self.answer_duplicate(opens, again).await;
                }
                Err(error) => return Err(error.into()),
            };
            let Some(verdict) = rows.first() else { continue };
            if verdict.admitted {
                let admitted = opens.into_iter().map(|open| Ok(Done::Admitted(Box::new(open))));
                return Ok(admitted.collect());
            }
            if self.is_stale(verdict.revision) {
                self.settings = None;
                continue;
            }
            let [open] = opens.as_slice() else { return Err(Failure::Split) };
            if verdict.known {
                return Err(Error::DuplicateCall { id: open.intent.id.to_string() }.into());
            }
            if let Some(done) = self.refuse(open, rows, now).await? {
                return Ok(vec![done]);
            }
        }
        Err(Error::Locked.into())
    }

    /// A group in which two calls have one id, or one whose id is held already.
    async fn answer_duplicate(&self, opens: Vec<Open>, again: bool) -> Written {
        let [open] = opens.as_slice() else { return Err(Failure::Split) };
        let id = open.intent.id.as_str();
        // Sent again after the connection was lost: the hold may be this call's own.
        let held: Option<HeldRow> = self.pool.row(HELD, &[id.into()]).await?;
        if again && held.is_some_and(|held| held.owner == self.lease.id()) {
            return Ok(vec![Ok(Done::Admitted(Box::new(open.clone())))]);
        }
        Err(Error::DuplicateCall { id: id.to_owned() }.into())
    }

    /// The refusal of a single call, from the rows that were locked; `None` when they say that it
    /// fits, so that it is tried again.
    async fn refuse(
        &mut self,
        open: &Open,
        rows: Vec<ReserveRow>,
        now: Timestamp,
    ) -> Result<Option<Result<Done, Error>>, Error> {
        let mut balances: BTreeMap<WindowId, Balance> = BTreeMap::new();
        for row in rows.into_iter().filter_map(ReserveRow::window) {
            let balance = row.balance()?;
            balances.insert(balance.window.clone(), balance);
        }
        match decide(&mut balances, &[request(open)]).pop() {
            Some(Decision::Refuse(refusal)) => {
                let mut posting = self.posting().await?;
                posting.refuse(&open.intent, (refusal.reason, &refusal.to_string()), now);
                self.post(&posting).await?;
                Ok(Some(Ok(Done::Refused(refusal))))
            }
            Some(Decision::Missing(window)) => {
                Ok(Some(Err(Error::MissingWindow { window: window.to_string() })))
            }
            Some(Decision::Admit) | None => Ok(None),
        }
    }

    async fn hold(&mut self, opens: &[Open]) -> Result<Vec<ReserveRow>, Error> {
        let mut posting = self.posting().await?;
        for open in opens {
            posting.hold(self.lease.id(), open);
        }
        let values = [
            keyed(&posting.holds)?,
            bulk(&posting.journal)?,
            keyed(&posting.windows)?,
            self.revision().into(),
        ];
        self.pool.rows(RESERVE, &values).await
    }

    /// Posts all or nothing; false when a hold is gone.
    async fn post(&self, posting: &Posting) -> Result<bool, Error> {
        let values = settle_values(posting)?;
        let row: Option<SettleRow> = self.pool.row(SETTLE, &values).await?;
        Ok(row.is_some_and(|row| row.posted))
    }

    async fn posting(&mut self) -> Result<Posting, Error> {
        let shard = self.lease.shard().await?;
        if self.settings.is_none() {
            self.settings = Some(Settings::read(self.pool.rows(SETTINGS, &[]).await?));
        }
        Ok(Posting::new(self.settings.as_ref().map(|known| known.rooms(shard)).unwrap_or_default()))
    }

    fn revision(&self) -> i64 {
        self.settings.as_ref().map_or(0, |settings| settings.revision)
    }

    fn is_stale(&self, revision: i64) -> bool {
        self.revision() != revision
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

fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
