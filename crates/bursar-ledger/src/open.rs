//! Opening: from an address to a ledger of this program's version, or a clear refusal.
//!
//! The only file that knows pragmas and session settings. Opening a ledger that is up to date
//! reads a few rows and writes nothing, for the command line opens it with every command.

mod file;
mod version;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::time::{Clock, HOUR_MS, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::backup::open_read_only;
use crate::database_url::Place;
use crate::lease::Lease;
use crate::ledger::Home;
use crate::owner::{Owner, SideFile};
use crate::queue::{Job, Queue};
use crate::roles::check_owner;
use crate::rules::{BUMP_REVISION, SETTINGS, Settings};
use crate::seal::{self, Sealing};
use crate::spool::{Spool, SpoolOptions};
use crate::statement::{Pool, Statement, failed};
use crate::writer::{Away, Store, Waiting, Writer, postgres, sqlite};
use crate::{DatabaseUrl, Error, Ledger};

pub(crate) use file::{check_header, check_pages, log_path};
pub(crate) use version::{check_same, found_version, known_version, migrations};

const STAMP_META: Statement =
    Statement { doing: "date the ledger", sql: include_str!("../queries/stamp_meta.sql") };
const DECLARE_TAG: Statement =
    Statement { doing: "declare a report tag", sql: include_str!("../queries/declare_tag.sql") };
const END_TRANSACTION: &str = concat!(
    include_str!("../queries/postgres/begin.sql"),
    ";\n",
    include_str!("../queries/postgres/end_transaction.sql")
);

/// How a ledger is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Where the time comes from.
    pub clock: Clock,
    /// Tags that roll-ups keep apart, at most [`OpenOptions::REPORT_TAGS_MAX`]. A tag once
    /// declared stays declared in its ledger.
    pub report_tags: Vec<String>,
    /// Whether a SQLite file that is not there is made.
    pub create: bool,
    /// Connections that read a SQLite file at a time. Each is a thread, and takes a millisecond to
    /// open: a program that reads one thing after the other needs one.
    pub readers: u32,
    /// How long a call waits for others to settle that hold the room it needs. It is refused then.
    pub admission_wait: Duration,
    /// How long PostgreSQL may take to answer a statement that admits or settles calls. Past this
    /// it is away, until it answers again. SQLite has five seconds.
    pub answer_limit: Duration,
    /// How long PostgreSQL may take to answer what is read. It ends a statement by itself before that;
    /// a server that was stopped ends nothing.
    pub read_limit: Duration,
    /// Where calls that no hard limit counts are recorded while the ledger is away. Without it none
    /// is admitted then.
    pub spool: Option<SpoolOptions>,
    /// Leaves a SQLite file unsynced, so that a crash of the machine loses calls. Only to show that
    /// the torture room `power` notices.
    #[doc(hidden)]
    pub without_sync: bool,
    /// The text of one more migration, as the program of the next version has it. Only to show that
    /// this one goes on serving beside that.
    #[doc(hidden)]
    pub next_version: Option<&'static str>,
    /// Whether, and how, what was written is sealed in the background.
    pub sealing: Option<Sealing>,
}

impl OpenOptions {
    /// The most report tags a ledger has: each is another row per call and day.
    pub const REPORT_TAGS_MAX: usize = 4;

    /// With no report tags, making the file where there is none.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            report_tags: Vec::new(),
            create: true,
            readers: 4,
            admission_wait: ADMISSION_WAIT,
            answer_limit: ANSWER_LIMIT,
            read_limit: READ_LIMIT,
            spool: None,
            without_sync: false,
            next_version: None,
            sealing: None,
        }
    }
}

/// Most calls end sooner than this, and a person waits no longer.
const ADMISSION_WAIT: Duration = Duration::from_secs(5);

/// A hundred times what a group takes; and as long as a caller should wait for bad news.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// More than the server itself gives a statement, and a connection before it.
const READ_LIMIT: Duration = Duration::from_secs(40);

impl Ledger {
    /// Opens a ledger, making and migrating it as needed, and settles what dead processes left
    /// open. Starts the writer's task on the current tokio runtime.
    ///
    /// Refuses a ledger that a newer program keeps to itself, a damaged file, a database of something
    /// else, an unsafe SQLite, and a file or folder that is not there.
    pub async fn open(url: &DatabaseUrl, options: OpenOptions) -> Result<Self, Error> {
        let ledger = match &url.0 {
            Place::Memory => open_memory(&options).await?,
            Place::File(path) => open_file(path, &options).await?,
            Place::Postgres(connect) => {
                open_postgres((&url.to_string(), connect), &options).await?
            }
        };
        if let Err(error) = ledger.sweep().await {
            // Readers must not be locked out by a hold that cannot be settled just now.
            tracing::warn!("cannot settle what a dead process left open: {error}");
        }
        Ok(ledger)
    }
}

async fn open_memory(options: &OpenOptions) -> Result<Ledger, Error> {
    // A second connection would be a second, empty database.
    let connect = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
    let pool = sqlite_pool(1).connect_lazy_with(connect);
    let reads = Pool::Sqlite(pool.clone());
    prepare(&reads, (&reads, None), options).await?;
    let owner = Owner::new(new_id(), None);
    let store = Store::Sqlite(sqlite::Store::new(pool, None, owner));
    Ok(start((reads, Home::Memory), options, None, (Queue::new(), store)))
}

async fn open_file(path: &Path, options: &OpenOptions) -> Result<Ledger, Error> {
    file::check_place(path, options.create)?;
    let is_small = file::check_header(path)?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(options.create)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .synchronous(SqliteSynchronous::Full);
    let reads: SqlitePool = sqlite_pool(options.readers.max(1)).connect_lazy_with(connect.clone());
    let reads = Pool::Sqlite(reads);
    file::check_sqlite_version(&reads).await?;
    if is_small {
        file::check_pages(&reads).await?;
    }
    let side = SideFile::open(path)?;
    // A statement of many rows keeps what it may have to undo: in memory, not in a file of its own.
    let mut writes = connect.journal_mode(SqliteJournalMode::Wal).pragma("temp_store", "memory");
    if options.without_sync {
        writes = writes.synchronous(SqliteSynchronous::Off);
    }
    let pool: SqlitePool = sqlite_pool(1).connect_lazy_with(writes);
    prepare(&reads, (&Pool::Sqlite(pool.clone()), Some(&side)), options).await?;
    let owner = Owner::new(new_id(), Some(path.to_owned()));
    let store = Store::Sqlite(sqlite::Store::new(pool, Some(side), owner));
    // The same file under whatever name: what a dead process left must be found.
    let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let spool = open_spool(&name.display().to_string(), options);
    Ok(start((reads, Home::File(path.to_owned())), options, spool, (Queue::new(), store)))
}

async fn open_postgres(
    (name, connect): (&str, &PgConnectOptions),
    options: &OpenOptions,
) -> Result<Ledger, Error> {
    let pool = reach_postgres(connect).await?;
    // A migration takes as long as it takes.
    let unlimited = Pool::Postgres(pool.clone());
    prepare(&unlimited, (&unlimited, None), options).await?;
    let reads = Pool::Limited(pool, options.read_limit);
    let (queue, tasks) = Queue::new();
    // A plan that is made while `call` is small is kept while it grows a thousandfold, and made for no
    // value: it must use an index. Planning these statements each time takes longer than running them.
    let kept = [("plan_cache_mode", "force_generic_plan")];
    let pool = postgres_pool().connect_lazy_with(session(connect).options(kept));
    let writes = Pool::Limited(pool, options.answer_limit);
    let lease = Lease::new(new_id(), writes.clone(), queue.downgrade());
    let store = Store::Postgres(postgres::Store::new(writes, Arc::clone(&lease)));
    let spool = open_spool(name, options);
    Ok(start((reads, Home::Postgres(lease)), options, spool, ((queue, tasks), store)))
}

fn session(connect: &PgConnectOptions) -> PgConnectOptions {
    connect.clone().application_name("bursar").options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "2s"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ])
}

/// The connections that read: what a list is picked by is a filter that may be there or not, so a plan
/// is right for its values alone.
async fn reach_postgres(connect: &PgConnectOptions) -> Result<PgPool, Error> {
    let connect = session(connect).options([("plan_cache_mode", "force_custom_plan")]);
    // The pool would knock until its time is up; one plain attempt says at once what is wrong.
    let probe = connect.connect().await.map_err(|error| failed("connect", error))?;
    probe.close().await.map_err(|error| failed("connect", error))?;
    Ok(postgres_pool().connect_lazy_with(connect))
}

/// A ledger that is only read: nothing is migrated or swept, and it cannot write.
pub(crate) async fn open_to_read(url: &DatabaseUrl) -> Result<Ledger, Error> {
    match &url.0 {
        Place::Memory => Err(Error::NoFile),
        Place::File(path) => {
            file::check_place(path, false)?;
            check_header(path)?;
            Ok(open_read_only(path))
        }
        Place::Postgres(connect) => {
            let reads = Pool::Postgres(reach_postgres(connect).await?);
            let (queue, _) = Queue::new();
            Ok(Ledger { reads, queue, place: Arc::new(Home::Memory), keyring: Arc::default() })
        }
    }
}

fn start(
    (reads, home): (Pool, Home),
    options: &OpenOptions,
    spool: Option<Spool>,
    ((queue, tasks), store): ((Queue, UnboundedReceiver<Job>), Store),
) -> Ledger {
    let (clock, waiting) = (options.clock.clone(), Waiting::new(options.admission_wait));
    let away = Away::new(queue.downgrade(), spool);
    let answer_limit = options.answer_limit;
    let writer = Writer { store, queue: queue.downgrade(), clock, waiting, away, answer_limit };
    tokio::spawn(writer.run(tasks));
    if let Some(sealing) = options.sealing.clone() {
        let of = (reads.clone(), queue.downgrade());
        tokio::spawn(seal::keep(sealing, options.clock.clone(), of));
    }
    Ledger { reads, queue, place: Arc::new(home), keyring: Arc::default() }
}

/// The spool, with what dead processes left in it for this ledger.
fn open_spool(ledger: &str, options: &OpenOptions) -> Option<Spool> {
    let spool = options.spool.clone()?;
    Some(Spool::new(spool, ledger.to_owned(), new_id()))
}

fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// A future that is dropped while it begins a transaction leaves the connection inside it, and
/// whoever borrows the connection next loses what it writes. Every loan starts by ending that.
pub(crate) fn postgres_pool() -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(3))
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            Box::pin(async move { connection.execute(END_TRANSACTION).await.map(|_| true) })
        })
}

/// A process's own id: the one thing here that must differ by chance.
fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Brings the schema to this program's version and declares the report tags. Writes take their
/// turn at the side file, where there is one.
async fn prepare(
    reads: &Pool,
    (writes, side): (&Pool, Option<&SideFile>),
    options: &OpenOptions,
) -> Result<(), Error> {
    let known = known_version() + i64::from(options.next_version.is_some());
    let found = found_version(reads).await?;
    if found > known {
        version::check_serves(reads, (found, known)).await?;
    }
    if found < known {
        if found > 0 && matches!(writes, Pool::Postgres(_)) {
            check_owner(writes, "migrate it").await?;
        }
        let _turn = match side {
            Some(side) => Some(side.lock().await?),
            None => None,
        };
        version::migrate(writes, &migrations(options.next_version)).await?;
        writes.run(STAMP_META, &[options.clock.now().0.into()]).await?;
    }
    // A ledger without a call keeps its tags apart from the first one on.
    let since = if found == 0 { 0 } else { options.clock.now().hour().0 + HOUR_MS };
    declare_tags(reads, (writes, side), (&options.report_tags, Timestamp(since))).await
}

async fn declare_tags(
    reads: &Pool,
    (writes, side): (&Pool, Option<&SideFile>),
    (wanted, since): (&[String], Timestamp),
) -> Result<(), Error> {
    let max = OpenOptions::REPORT_TAGS_MAX;
    let declared = Settings::read(reads.rows(SETTINGS, &[]).await?).report_tags;
    let is_new = |tag: &&String| declared.iter().all(|(known, _)| known != *tag);
    let new: Vec<&String> = wanted.iter().filter(is_new).collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut tags: Vec<String> = declared.iter().map(|(tag, _)| tag.clone()).collect();
    tags.extend(new.iter().map(|tag| (*tag).clone()));
    if tags.len() > max {
        return Err(Error::TooManyReportTags { tags, max });
    }
    let _turn = match side {
        Some(side) => Some(side.lock().await?),
        None => None,
    };
    for tag in new {
        let room = i64::try_from(max).unwrap_or(i64::MAX);
        writes.run(DECLARE_TAG, &[tag.as_str().into(), since.0.into(), room.into()]).await?;
    }
    writes.run(BUMP_REVISION, &[]).await.map(drop)
}
