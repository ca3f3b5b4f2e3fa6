//! A group on SQLite: one transaction under the side-file lock, one statement a table.
//!
//! Balances are read after the lock is taken and written before it is let go, so the decision is
//! exact whatever other processes do.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::Arc;

use bursar_domain::admission::{Decision, decide};
use bursar_domain::budget::{Balance, Refusal, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::money::{Micros, PICO_PER_MICRO};
use bursar_domain::time::Timestamp;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::alone::{self, is_alone};
use super::asked::{Asked, missing, refuse, remember};
use super::late::{Late, RECORDED, late, settled};
use super::thresholds::{TELL, told};
use super::{Done, Failure, Written, gather, posted};
use crate::Error;
use crate::owner::{Owner, SideFile};
use crate::posting::Posting;
use crate::queue::{Patience, Task};
use crate::rules::{Rules, SETTINGS, Settings, WindowRow};
use crate::seal::QUEUE_UNSEALED;
use crate::statement::{Session, Statement, bulk, failed, is_duplicate, keyed, rows_on, run_on};

const BEGIN: &str = include_str!("../../queries/sqlite/begin.sql");
const WINDOWS: Statement = Statement {
    doing: "read budget windows",
    sql: include_str!("../../queries/sqlite/windows.sql"),
};
pub(super) const MAKE_WINDOWS: Statement =
    Statement { doing: "make budget windows", sql: include_str!("../../queries/make_windows.sql") };
const KEEP_TIME: Statement =
    Statement { doing: "keep the time", sql: include_str!("../../queries/sqlite/keep_time.sql") };
const DELETE_HOLDS: Statement = Statement {
    doing: "release holds",
    sql: include_str!("../../queries/sqlite/delete_holds.sql"),
};
const DELETE_HOLD_LINES: Statement = Statement {
    doing: "release hold lines",
    sql: include_str!("../../queries/sqlite/delete_hold_lines.sql"),
};
const INSERT_HOLDS: Statement =
    Statement { doing: "open holds", sql: include_str!("../../queries/sqlite/insert_holds.sql") };
const INSERT_HOLD_LINES: Statement = Statement {
    doing: "open hold lines",
    sql: include_str!("../../queries/sqlite/insert_hold_lines.sql"),
};
const JOURNAL_WINDOWS: Statement = Statement {
    doing: "write the journal",
    sql: include_str!("../../queries/sqlite/journal_windows.sql"),
};
const MOVE_WINDOWS: Statement = Statement {
    doing: "move budget windows",
    sql: include_str!("../../queries/sqlite/move_windows.sql"),
};
const INSERT_CALLS: Statement =
    Statement { doing: "record calls", sql: include_str!("../../queries/sqlite/insert_calls.sql") };
const INSERT_ATTEMPTS: Statement = Statement {
    doing: "record attempts",
    sql: include_str!("../../queries/sqlite/insert_attempts.sql"),
};
const INSERT_TAGS: Statement =
    Statement { doing: "record tags", sql: include_str!("../../queries/sqlite/insert_tags.sql") };
const INSERT_CORRECTIONS: Statement = Statement {
    doing: "record corrections",
    sql: include_str!("../../queries/sqlite/insert_corrections.sql"),
};
const INSERT_REFUSALS: Statement = Statement {
    doing: "record refusals",
    sql: include_str!("../../queries/sqlite/insert_refusals.sql"),
};
const ADD_HOURS: Statement = Statement {
    doing: "add to the hourly roll-ups",
    sql: include_str!("../../queries/sqlite/add_usage_hours.sql"),
};
const ADD_DAYS: Statement = Statement {
    doing: "add to the daily roll-ups",
    sql: include_str!("../../queries/sqlite/add_usage_days.sql"),
};
pub(super) const CHECKPOINT: Statement =
    Statement { doing: "keep checkpoints", sql: include_str!("../../queries/checkpoint.sql") };

/// The writer's connection, its turn among processes, and its sign of life.
#[derive(Debug)]
pub(crate) struct Store {
    pool: SqlitePool,
    side: Option<SideFile>,
    owner: Owner,
    rules: Arc<Rules>,
    made: BTreeSet<WindowId>,
    /// Once a sync has failed, nobody knows what is on the disk: nothing more is written.
    unsynced: Option<Error>,
}

impl Store {
    pub(crate) fn new(pool: SqlitePool, side: Option<SideFile>, owner: Owner) -> Self {
        let (rules, made) = (Arc::default(), BTreeSet::new());
        Self { pool, side, owner, rules, made, unsynced: None }
    }

    pub(super) async fn write(&mut self, tasks: &[&Task], now: Timestamp) -> Written {
        if let Some(error) = &self.unsynced {
            return Err(error.clone().into());
        }
        let written = self.write_in_turn(tasks, now).await;
        if let Err(Failure::Failed(error @ Error::Unsynced { .. })) = &written {
            self.unsynced = Some(error.clone());
        }
        if written.is_err() {
            // Windows that were made in a transaction that did not come to pass are not there.
            self.made.clear();
        }
        written
    }

    async fn write_in_turn(&mut self, tasks: &[&Task], now: Timestamp) -> Written {
        if tasks.iter().any(|task| matches!(task, Task::Reserve { .. })) {
            self.owner.show()?;
        }
        let _turn = match &self.side {
            Some(side) => Some(side.lock().await?),
            None => None,
        };
        let begin = |error| failed("begin a transaction", error);
        let mut connection = self.pool.acquire().await.map_err(begin)?;
        let mut transaction = connection.begin_with(BEGIN).await.map_err(begin)?;
        let (written, ended) = match self.write_in(&mut transaction, tasks, now).await {
            Ok(done) => {
                let ended = transaction.commit().await.map_err(|error| failed("commit", error));
                (ended.clone().map(|()| done).map_err(Failure::from), ended)
            }
            Err(failure) => {
                let ended = transaction.rollback().await;
                (Err(failure), ended.map_err(|error| failed("roll back", error)))
            }
        };
        if ended.is_err() && self.side.is_some() {
            // It may be inside the transaction still, and would begin no other.
            connection.close_on_drop();
        }
        written
    }

    /// Takes away the sign of life: what is still held may be swept.
    pub(super) async fn release(&mut self) -> Result<(), Error> {
        self.pool.close().await;
        self.owner.hide()
    }

    async fn write_in(
        &mut self,
        connection: &mut SqliteConnection,
        tasks: &[&Task],
        now: Timestamp,
    ) -> Written {
        if let [task] = tasks
            && is_alone(task)
        {
            let mut session = Session::Sqlite(connection);
            return Ok(vec![Ok(alone::write(&mut session, task, now).await?)]);
        }
        let settings = Settings::read(rows_on(connection, SETTINGS, &[]).await?);
        let mut posting = Posting::new(settings.rooms(0));
        for task in tasks {
            gather(&mut posting, task, now);
        }
        if !take_holds(connection, &posting).await? {
            let [task] = tasks else { return Err(Failure::Split) };
            return write_late(connection, task, Posting::new(settings.rooms(0)), now).await;
        }
        let settled: Vec<String> = posting.windows.keys().cloned().collect();
        let done = self.decide(connection, &mut posting, tasks, (&settings, now)).await?;
        let admitted = done.iter().filter(|done| matches!(done, Ok(Done::Admitted(_)))).count();
        open_holds(connection, &posting, (tasks.len(), admitted)).await?;
        post(connection, &posting).await?;
        if !settled.is_empty() {
            let values = [keyed(settled.iter().map(|window| (window, ())))?, now.0.into()];
            told(&self.rules, rows_on(connection, TELL, &values).await?);
        }
        keep_checkpoints(connection, tasks).await?;
        Ok(done)
    }

    /// Decides on the reservations of the group and gathers what they post.
    async fn decide(
        &mut self,
        connection: &mut SqliteConnection,
        posting: &mut Posting,
        tasks: &[&Task],
        (settings, now): (&Settings, Timestamp),
    ) -> Written {
        let rules = self.rules(connection, settings).await?;
        // Never earlier than what windows were chosen by before: a clock that is set back does
        // not open an old window again.
        let at = now.max(settings.latest);
        let asked: Vec<Option<Result<Asked<'_>, Refusal>>> =
            tasks.iter().map(|task| Some(Asked::new(&rules, reserved(task)?, at))).collect();
        let counted: Vec<&Asked<'_>> = asked.iter().flatten().flatten().collect();
        let new = missing(&counted, &self.made);
        if !new.is_empty() {
            run_on(connection, MAKE_WINDOWS, &[keyed(&new)?]).await?;
            run_on(connection, KEEP_TIME, &[at.0.into()]).await?;
        }
        let mut balances = read_balances(connection, (posting, &rules), &counted).await?;
        let mut done = Vec::with_capacity(tasks.len());
        for (task, asked) in tasks.iter().zip(asked) {
            done.push(match (asked, reserved(task)) {
                (Some(Ok(asked)), _) => self.take(posting, (asked, &mut balances), now),
                (Some(Err(refusal)), Some((intent, _))) => {
                    refuse(posting, intent, &refusal, now);
                    Ok(Done::Refused { refusal: Box::new(refusal), freeze: None })
                }
                _ => Ok(posted(task)),
            });
        }
        remember(&mut self.made, new);
        Ok(done)
    }

    /// Decides on one reservation, and gathers what it posts.
    fn take(
        &self,
        posting: &mut Posting,
        (asked, balances): (Asked<'_>, &mut BTreeMap<WindowId, Balance>),
        now: Timestamp,
    ) -> Result<Done, Error> {
        if let Some(window) = asked.waits_for() {
            return Ok(Done::Waits { window });
        }
        match decide(balances, slice::from_ref(&asked.open.lines)).pop() {
            Some(Decision::Admit { shadows }) => {
                posting.hold(self.owner.id(), &asked.open);
                posting.shadow(shadows);
                Ok(Done::Admitted(Box::new(asked.open)))
            }
            Some(Decision::Refuse(refusal)) => Ok(asked.refuse(posting, refusal, now)),
            Some(Decision::Missing(window)) => {
                Err(Error::MissingWindow { window: window.to_string() })
            }
            None => Err(Error::Closed),
        }
    }

    /// What is known by heart, as it is now.
    async fn rules(
        &mut self,
        connection: &mut SqliteConnection,
        settings: &Settings,
    ) -> Result<Arc<Rules>, Error> {
        if self.rules.revision != settings.revision {
            let mut session = Session::Sqlite(connection);
            self.rules = Arc::new(Rules::read(&mut session, settings.revision).await?);
        }
        Ok(Arc::clone(&self.rules))
    }
}

fn reserved(task: &Task) -> Option<(&Intent, &Patience)> {
    match task {
        Task::Reserve { intent, patience } => Some((intent, patience)),
        _ => None,
    }
}

/// Takes the holds that the posting settles; false when one of them is gone.
async fn take_holds(connection: &mut SqliteConnection, posting: &Posting) -> Result<bool, Error> {
    if posting.tokens.is_empty() {
        return Ok(true);
    }
    let tokens = [keyed(posting.tokens.iter().map(|id| (id, ())))?];
    let taken = run_on(connection, DELETE_HOLDS, &tokens).await?;
    if !posting.windows.is_empty() {
        run_on(connection, DELETE_HOLD_LINES, &tokens).await?;
    }
    Ok(usize::try_from(taken) == Ok(posting.tokens.len()))
}

/// The balances that the reservations touch, as they stand once the settlements are posted.
async fn read_balances(
    connection: &mut SqliteConnection,
    (posting, rules): (&Posting, &Rules),
    asked: &[&Asked<'_>],
) -> Result<BTreeMap<WindowId, Balance>, Error> {
    let lines = asked.iter().flat_map(|asked| &asked.open.lines);
    let wanted: BTreeSet<&WindowId> = lines.map(|line| &line.window).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted = [keyed(wanted.into_iter().map(|window| (&window.0, ())))?];
    let rows: Vec<WindowRow> = rows_on(connection, WINDOWS, &wanted).await?;
    let mut balances = BTreeMap::new();
    for row in rows {
        let mut balance = row.balance(rules)?;
        if let Some(sum) = posting.windows.get(&balance.window.0) {
            let rest = balance.spent_rest + sum.d_rest;
            balance.held = Micros(balance.held.0 + sum.d_held);
            balance.spent = Micros(balance.spent.0 + sum.d_spent + rest / PICO_PER_MICRO);
            balance.spent_rest = rest % PICO_PER_MICRO;
        }
        balances.insert(balance.window.clone(), balance);
    }
    Ok(balances)
}

/// Opens the holds of what was admitted; an id that is known already splits the group.
async fn open_holds(
    connection: &mut SqliteConnection,
    posting: &Posting,
    (tasks, admitted): (usize, usize),
) -> Result<(), Failure> {
    if posting.holds.is_empty() {
        return Ok(());
    }
    let opened = run_on(connection, INSERT_HOLDS, &[keyed(&posting.holds)?]).await;
    let is_whole = match opened {
        Ok(opened) => usize::try_from(opened) == Ok(posting.holds.len()),
        Err(Error::Database { source, .. }) if is_duplicate(&source) => false,
        Err(error) => return Err(error.into()),
    };
    // Two reservations of one id are one row in the map.
    if is_whole && posting.holds.len() == admitted {
        return Ok(());
    }
    match posting.holds.keys().next() {
        Some(id) if tasks == 1 => Err(Error::DuplicateCall { id: id.clone() }.into()),
        _ => Err(Failure::Split),
    }
}

async fn write_late(
    connection: &mut SqliteConnection,
    task: &Task,
    mut posting: Posting,
    now: Timestamp,
) -> Written {
    let recorded = match task {
        Task::Settle { open, .. } => {
            rows_on(connection, RECORDED, &[open.intent.id.as_str().into()]).await?.pop()
        }
        _ => None,
    };
    let done = match late(task, recorded)? {
        Late::Nothing(done) => done,
        Late::Correct { open, settlement, before } => {
            posting.correct(open, settlement, &before, now);
            post(connection, &posting).await?;
            Done::Settled(settled(open, settlement, true))
        }
    };
    Ok(vec![Ok(done)])
}

/// Writes the rows and sums of a posting, but for its holds.
async fn post(connection: &mut SqliteConnection, posting: &Posting) -> Result<(), Error> {
    let Posting { journal, windows, calls, attempts, tags, .. } = posting;
    let Posting { corrections, refusals, rollup, .. } = posting;
    if !journal.is_empty() {
        let lines = [bulk(journal)?];
        run_on(connection, INSERT_HOLD_LINES, &lines).await?;
        run_on(connection, JOURNAL_WINDOWS, &lines).await?;
    }
    if !windows.is_empty() {
        run_on(connection, MOVE_WINDOWS, &[keyed(windows)?]).await?;
    }
    let ended = posting.ended();
    let steps = [
        (QUEUE_UNSEALED, ended.is_empty(), bulk(&ended)?),
        (INSERT_CALLS, calls.is_empty(), bulk(calls)?),
        (INSERT_ATTEMPTS, attempts.is_empty(), bulk(attempts)?),
        (INSERT_TAGS, tags.is_empty(), bulk(tags)?),
        (INSERT_CORRECTIONS, corrections.is_empty(), bulk(corrections)?),
        (INSERT_REFUSALS, refusals.is_empty(), bulk(refusals)?),
        (ADD_HOURS, rollup.hours.is_empty(), bulk(rollup.hour_rows())?),
        (ADD_DAYS, rollup.days.is_empty(), bulk(rollup.day_rows())?),
    ];
    for (statement, _, rows) in steps.into_iter().filter(|(_, is_empty, _)| !is_empty) {
        run_on(connection, statement, &[rows]).await?;
    }
    Ok(())
}

async fn keep_checkpoints(connection: &mut SqliteConnection, tasks: &[&Task]) -> Result<(), Error> {
    let checkpoints = super::checkpoints(tasks);
    if checkpoints.is_empty() {
        return Ok(());
    }
    run_on(connection, CHECKPOINT, &[keyed(checkpoints)?]).await.map(drop)
}
