//! A group on SQLite: one transaction under the side-file lock, one statement a table.
//!
//! Balances are read after the lock is taken and written before it is let go, so the decision is
//! exact whatever other processes do.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::admission::{Decision, decide, least_room};
use bursar_domain::budget::{Balance, Mode, Refusal, WindowId};
use bursar_domain::money::{Micros, PICO_PER_MICRO};
use bursar_domain::time::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, FromRow};

use super::alone::{self, is_alone};
use super::asked::{Asked, missing, refuse, remember};
use super::kept::Kept;
use super::late::{Late, RECORDED, late, settled};
use super::sqlite_rows::{keep_checkpoints, open_holds, post, take_holds, write_posting};
use super::thresholds::{TELL, told};
use super::true_lines::with_true_lines;
use super::{Done, Failure, Written, gather, past, posted};
use crate::Error;
use crate::facts::write_intent;
use crate::history::PastCall;
use crate::owner::{Owner, PendingTurn, SideFile};
use crate::posting::{Head, Posting};
use crate::queue::{Asking, Patience, Task};
use crate::rules::{Rules, SETTINGS, Settings, WindowRow};
use crate::statement::{Session, Statement, failed, keyed, rows_on, run_on};

const BEGIN: &str = include_str!("../../queries/sqlite/begin.sql");
const WINDOWS: Statement = Statement {
    doing: "read budget windows",
    sql: include_str!("../../queries/sqlite/windows.sql"),
};
pub(super) const MAKE_WINDOWS: Statement =
    Statement { doing: "make budget windows", sql: include_str!("../../queries/make_windows.sql") };
const KEEP_TIME: Statement =
    Statement { doing: "keep the time", sql: include_str!("../../queries/sqlite/keep_time.sql") };
/// How long another process may take for its turn; as long as SQLite itself waits for a lock.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// The writer's connection, its turn among processes, and its sign of life.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Kept,
    side: Option<SideFile>,
    owner: Owner,
    /// The lock that another process would not let go of in time, still waited for.
    turn: Option<PendingTurn>,
    rules: Option<Arc<Rules>>,
    made: BTreeSet<WindowId>,
    /// Once a sync has failed, nobody knows what is on the disk: nothing more is written.
    unsynced: Option<Error>,
}

impl Store {
    pub(crate) fn new(pool: SqlitePool, side: Option<SideFile>, owner: Owner) -> Self {
        let (turn, rules, made, unsynced) = (None, None, BTreeSet::new(), None);
        let connection = Kept::new(pool, side.is_some());
        Self { connection, side, owner, turn, rules, made, unsynced }
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
        if tasks.iter().any(|task| matches!(task, Task::Reserve { .. } | Task::Restore { .. })) {
            self.owner.show()?;
        }
        let _turn = match &self.side {
            Some(side) => Some(side.lock_within(&mut self.turn, TURN_LIMIT).await?),
            None => None,
        };
        let begin = |error| failed("begin a transaction", error);
        let mut connection = self.connection.take().await.map_err(begin)?;
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
        match ended {
            Ok(()) => self.connection.put(connection),
            Err(_) => self.connection.give_up(connection),
        }
        written
    }

    /// The rules that this process knows by heart.
    pub(super) fn by_heart(&self) -> (Option<Arc<Rules>>, i64) {
        (self.rules.clone(), 0)
    }

    /// Reads anew what is known by heart, where it is not of the ledger's revision.
    pub(super) async fn refresh(&mut self) -> Result<(), Error> {
        let taken = self.connection.take().await;
        let mut connection = taken.map_err(|error| failed("read the limits", error))?;
        let settings = Settings::read(rows_on(&mut connection, SETTINGS, &[]).await?);
        self.rules(&mut connection, &settings).await?;
        self.connection.put(connection);
        Ok(())
    }

    /// Whether the database takes a write: that of the time.
    pub(super) async fn probe(&mut self, now: Timestamp) -> Result<(), Error> {
        match self.write(&[], now).await {
            Ok(_) => Ok(()),
            Err(Failure::Failed(error)) => Err(error),
            Err(Failure::Split) => Err(Error::Locked),
        }
    }

    /// Takes away the sign of life: what is still held may be swept.
    pub(super) async fn release(&mut self) -> Result<(), Error> {
        self.connection.close().await;
        self.owner.hide()
    }

    async fn write_in(
        &mut self,
        connection: &mut SqliteConnection,
        tasks: &[&Task],
        now: Timestamp,
    ) -> Written {
        if tasks.is_empty() {
            run_on(connection, KEEP_TIME, &[now.0.into()]).await?;
            return Ok(Vec::new());
        }
        if let [Task::Record(calls)] = tasks {
            return self.record(connection, calls).await;
        }
        if let [task] = tasks
            && is_alone(task)
        {
            let mut session = Session::Sqlite(connection);
            return Ok(vec![Ok(alone::write(&mut session, task, now).await?)]);
        }
        if let [Task::Restore { .. }, ..] = tasks {
            return self.restore(connection, tasks).await;
        }
        match with_true_lines(&mut Session::Sqlite(connection), tasks).await? {
            Some(known) => {
                self.write_true(connection, &known.tasks.iter().collect::<Vec<_>>(), now).await
            }
            None => self.write_true(connection, tasks, now).await,
        }
    }

    async fn write_true(
        &mut self,
        connection: &mut SqliteConnection,
        tasks: &[&Task],
        now: Timestamp,
    ) -> Written {
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
        write_posting(connection, &posting, (tasks.len(), admitted)).await?;
        if !settled.is_empty() {
            let values = [keyed(settled.iter().map(|window| (window, ())))?, now.0.into()];
            let rules = self.rules.clone().unwrap_or_default();
            told(&rules, rows_on(connection, TELL, &values).await?);
        }
        keep_checkpoints(connection, tasks).await?;
        Ok(done)
    }

    /// Writes calls that have ended already.
    async fn record(&mut self, connection: &mut SqliteConnection, calls: &[PastCall]) -> Written {
        let settings = Settings::read(rows_on(connection, SETTINGS, &[]).await?);
        let rules = self.rules(connection, &settings).await?;
        past::on_sqlite(connection, &rules, (settings.rooms(0), calls)).await?;
        Ok(vec![Ok(Done::Nothing)])
    }

    /// Holds calls that were admitted while the ledger was away; none where one is known already.
    async fn restore(&self, connection: &mut SqliteConnection, tasks: &[&Task]) -> Written {
        let mut posting = Posting::default();
        for task in tasks {
            let Task::Restore { open, windows } = task else { return Err(Failure::Split) };
            run_on(connection, MAKE_WINDOWS, &[keyed(windows)?]).await?;
            posting.hold(self.owner.id(), open, write_intent(&open.intent));
        }
        // No limit judges them any more.
        let rows = read_windows(connection, posting.windows.keys().collect()).await?;
        let heads = rows.into_iter().map(|row| (row.window.window_id, head(row.seq, None)));
        posting.number_lines(&heads.collect());
        match open_holds(connection, &posting, (tasks.len(), tasks.len())).await {
            Ok(()) => post(connection, &posting).await?,
            Err(Failure::Failed(Error::DuplicateCall { .. })) => {}
            Err(failure) => return Err(failure),
        }
        Ok(tasks.iter().map(|_| Ok(Done::Nothing)).collect())
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
        let (mut balances, heads) = read_balances(connection, (posting, &rules), &counted).await?;
        let mut done = Vec::with_capacity(tasks.len());
        for (task, asked) in tasks.iter().zip(asked) {
            done.push(match (asked, reserved(task)) {
                (Some(Ok(asked)), _) => self.take(posting, (asked, &mut balances), now),
                (Some(Err(refusal)), Some((asking, _))) => {
                    refuse(posting, &asking.intent, &refusal, now);
                    Ok(Done::Refused { refusal: Box::new(refusal), freeze: None })
                }
                _ => Ok(posted(task)),
            });
        }
        posting.number_lines(&heads);
        remember(&mut self.made, new);
        Ok(done)
    }

    /// Decides on one reservation, and gathers what it posts.
    fn take(
        &self,
        posting: &mut Posting,
        (mut asked, balances): (Asked<'_>, &mut BTreeMap<WindowId, Balance>),
        now: Timestamp,
    ) -> Result<Done, Error> {
        if let Some(window) = asked.waits_for() {
            return Ok(Done::Waits { window });
        }
        match decide(balances, slice::from_ref(&asked.open.lines)).pop() {
            Some(Decision::Admit { shadows }) => {
                posting.hold(self.owner.id(), &asked.open, asked.facts.to_string());
                posting.shadow(shadows);
                asked.open.room = least_room(balances, &asked.open.lines);
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
        let known = self.rules.clone().filter(|rules| rules.revision == settings.revision);
        if let Some(rules) = known {
            return Ok(rules);
        }
        let mut session = Session::Sqlite(connection);
        let rules = Rules::renewed(&mut session, self.rules.as_deref(), settings.revision).await?;
        let rules = Arc::new(rules);
        self.rules = Some(Arc::clone(&rules));
        Ok(rules)
    }
}

fn reserved(task: &Task) -> Option<(&Asking, &Patience)> {
    match task {
        Task::Reserve { asking, patience } => Some((asking, patience)),
        _ => None,
    }
}

/// A window, and the last line of its journal.
#[derive(Debug, FromRow)]
struct NumberedRow {
    #[sqlx(flatten)]
    window: WindowRow,
    seq: i64,
}

/// Balances by window, and where each window's journal ends.
type Standings = (BTreeMap<WindowId, Balance>, BTreeMap<String, Head>);

async fn read_windows(
    connection: &mut SqliteConnection,
    wanted: BTreeSet<&String>,
) -> Result<Vec<NumberedRow>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = [keyed(wanted.into_iter().map(|window| (window, ())))?];
    rows_on(connection, WINDOWS, &wanted).await
}

fn head(seq: i64, judge: Option<&Balance>) -> Head {
    let hard = judge.filter(|balance| balance.mode == Mode::Hard);
    Head { seq, hard_micro: hard.map(|balance| balance.limit.0) }
}

/// The balances that the reservations touch, as they stand once the settlements are posted.
async fn read_balances(
    connection: &mut SqliteConnection,
    (posting, rules): (&Posting, &Rules),
    asked: &[&Asked<'_>],
) -> Result<Standings, Error> {
    let lines = asked.iter().flat_map(|asked| &asked.open.lines);
    let rows = read_windows(connection, lines.map(|line| &line.window.0).collect()).await?;
    let (mut balances, mut heads) = Standings::default();
    for NumberedRow { window, seq } in rows {
        let mut balance = window.balance(rules)?;
        heads.insert(balance.window.0.clone(), head(seq, Some(&balance)));
        if let Some(sum) = posting.windows.get(&balance.window.0) {
            let rest = balance.spent_rest + sum.d_rest;
            balance.held = Micros(balance.held.0 + sum.d_held);
            balance.spent = Micros(balance.spent.0 + sum.d_spent + rest / PICO_PER_MICRO);
            balance.spent_rest = rest % PICO_PER_MICRO;
        }
        balances.insert(balance.window.clone(), balance);
    }
    Ok((balances, heads))
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
