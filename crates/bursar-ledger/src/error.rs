//! What can go wrong at the ledger, by situation. A refusal is an answer and is not here.

use std::path::PathBuf;
use std::sync::Arc;

/// A ledger that cannot be opened, a value it cannot keep, or a database that failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The address is no ledger address. Never contains the address: it may hold a password.
    #[error("{problem}\nhint: use `sqlite:PATH`, `sqlite::memory:` or `postgres://USER@HOST/NAME`")]
    BadUrl {
        /// What is wrong with it.
        problem: String,
    },
    /// There is no such ledger, and none was to be made.
    #[error(
        "there is no ledger at `{}`\nhint: make one with `bursar ledger migrate`",
        path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder of the ledger does not exist.
    #[error("the folder `{}` does not exist\nhint: make it, or name another ledger", path.display())]
    MissingDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// A later program wrote it.
    #[error(
        "the ledger has version {found}, this program knows {known}\nhint: use a newer `bursar`"
    )]
    Newer {
        /// The ledger's version.
        found: i64,
        /// The last version this program knows.
        known: i64,
    },
    /// The database has other tables than this program knows, while it works on them.
    #[error(
        "the ledger is not as this program knows it: {detail}\n\
         hint: a newer program may have migrated it meanwhile: start a newer `bursar`"
    )]
    Altered {
        /// What the database says.
        detail: String,
    },
    /// The file is damaged, or no SQLite file at all.
    #[error("the ledger is damaged: {detail}\nhint: restore it from a backup; nothing was written")]
    Corrupt {
        /// What is wrong with it.
        detail: String,
    },
    /// The database belongs to something else.
    #[error("the database holds other tables and no ledger\nhint: name an empty database")]
    Foreign,
    /// SQLite below the version that fixed lost writes in WAL mode.
    #[error("SQLite {found} can lose writes\nhint: build with SQLite {needed} or newer")]
    OldSqlite {
        /// The version that is linked.
        found: String,
        /// The first version that is safe.
        needed: &'static str,
    },
    /// Another process keeps the ledger busy.
    #[error("the ledger is locked by another process\nhint: try again, or end that process")]
    Locked,
    /// There is no room for what was to be written. Once there is, writing goes on.
    #[error("the disk is full: {detail}\nhint: make room; nothing is sent until there is")]
    Full {
        /// What the database says.
        detail: String,
    },
    /// The disk did not keep what was written, and nobody can know what is on it.
    #[error(
        "the disk failed to keep what was written: {detail}\n\
         hint: check the disk, then start again: this process admits nothing more"
    )]
    Unsynced {
        /// What the database says.
        detail: String,
    },
    /// The database did not answer.
    #[error("the database cannot be reached: {detail}\nhint: check the address and that it runs")]
    Unreachable {
        /// What the driver says, without the address.
        detail: String,
    },
    /// The database is there, but keeps nothing.
    #[error("the ledger cannot be written: {detail}\nhint: look at its disk: room and permissions")]
    Unwritable {
        /// What the database says.
        detail: String,
    },
    /// The database does not answer, and this must not be done without it.
    #[error(
        "the ledger is away ({cause}), and {why}\n\
         hint: nothing was sent; ask again when the ledger is back"
    )]
    Away {
        /// Why it cannot be done meanwhile.
        why: String,
        /// How the database failed.
        cause: String,
    },
    /// More tags than a roll-up row has room for.
    #[error(
        "the ledger reports by {} tags, at most {max}: {}\nhint: declare fewer in `[tags] report`",
        tags.len(), tags.join(", ")
    )]
    TooManyReportTags {
        /// Every tag that is or was to be declared.
        tags: Vec<String>,
        /// The most there can be.
        max: usize,
    },
    /// A value that the ledger does not keep.
    #[error("`{field}` {problem}\nhint: send less, or something plainer")]
    Unkept {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A page would have to read more sums than one may.
    #[error(
        "that is of more than {most} rows of sums\n\
         hint: choose a shorter range, one team, or another grouping"
    )]
    TooMuch {
        /// So many may be read.
        most: i64,
    },
    /// A call of this id is known already.
    #[error("a call `{id}` is already recorded\nhint: make a new id for each call")]
    DuplicateCall {
        /// The id.
        id: String,
    },
    /// Neither a hold nor a call of this id is known.
    #[error("no call `{id}` is open\nhint: this is a defect; run `bursar ledger audit`")]
    UnknownCall {
        /// The id.
        id: String,
    },
    /// A settlement that names another call than its admission.
    #[error(
        "a settlement of `{settlement}` was given for the call `{call}`\nhint: this is a defect"
    )]
    WrongCall {
        /// The call that was admitted.
        call: String,
        /// The call that the settlement names.
        settlement: String,
    },
    /// There is no such limit, or it was ended.
    #[error("there is no limit `{id}`\nhint: `bursar budget list` names every limit")]
    UnknownLimit {
        /// The id.
        id: String,
    },
    /// There is no such team, project, user or key, or it has ended.
    #[error("there is no {what} `{id}`\nhint: `bursar team list` and `bursar key list` name them")]
    UnknownAccess {
        /// What was meant: `team`, `project`, `user`, `key`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// Another one lives under this name.
    #[error("there is a {what} `{name}` already\nhint: use it, or take another name")]
    Taken {
        /// What it is: `team`, `project`, `user`, `key`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The ledger's hashes were made with another master key.
    #[error(
        "the ledger is bound to the master key `{bound}`, and this is `{given}`\n\
         hint: give the one that its keys were made with, in BURSAR_MASTER_KEY or \
         BURSAR_MASTER_KEY_FILE"
    )]
    OtherMasterKey {
        /// The fingerprint of the one it is bound to.
        bound: String,
        /// The fingerprint of the one that was given.
        given: String,
    },
    /// Calls of a team that was to end are running.
    #[error(
        "{calls} calls of the team `{team}` are running\n\
         hint: end it when they have ended, or with `--force`: they are recorded all the same"
    )]
    BusyTeam {
        /// The team's name.
        team: String,
        /// How many calls are open.
        calls: usize,
    },
    /// A window that a call is counted in does not exist.
    #[error(
        "budget window `{window}` does not exist\nhint: this is a defect; run `bursar ledger audit`"
    )]
    MissingWindow {
        /// The window.
        window: String,
    },
    /// A row that is no value of ours.
    #[error("`{table}.{column}` of row `{row}` is none of ours\nhint: run `bursar ledger audit`")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// Calls are open in a ledger that is copied, or copied into.
    #[error(
        "{holds} calls are open in the {side}\nhint: copy when they have ended, and nothing calls"
    )]
    OpenCalls {
        /// Which of the two: `source` or `target`.
        side: &'static str,
        /// How many.
        holds: i64,
    },
    /// A copy's target has what its source has not.
    #[error(
        "the target has {rows} rows of `{table}` that the source has not\n\
         hint: copy into a new ledger, or the other way round"
    )]
    OtherRows {
        /// The table.
        table: &'static str,
        /// How many rows of it.
        rows: i64,
    },
    /// A copy is not what its source is.
    #[error(
        "the copy differs in `{what}`: {source_has} in the source, {target_has} in the target\n\
         hint: something wrote meanwhile; stop it, and copy again: what is there is kept"
    )]
    CopyDiffers {
        /// The table, or what was summed.
        what: String,
        /// What the source has.
        source_has: String,
        /// What the target has.
        target_has: String,
    },
    /// A file that should hold a key.
    #[error("`{}` holds no key\nhint: `bursar ledger keygen` makes one", path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
    },
    /// A backup would overwrite a file.
    #[error("there is a file `{}` already\nhint: name a new one", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A restore would take the place of a ledger.
    #[error("there is a ledger at `{}`\nhint: `--force` sets it aside, and keeps it", path.display())]
    LedgerExists {
        /// The ledger's file.
        path: PathBuf,
    },
    /// There is no backup to restore.
    #[error("there is no backup `{}`\nhint: name a file of `bursar ledger backup`", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
    },
    /// An earlier program wrote it, and it is only to be read.
    #[error(
        "the ledger has version {found}, and {needed} is needed\n\
         hint: bring it up to date with `bursar ledger migrate`"
    )]
    Older {
        /// The ledger's version.
        found: i64,
        /// The first version that has what is asked for.
        needed: i64,
    },
    /// A role that does not own the schema was to do what only the owner may.
    #[error(
        "`{role}` does not own the ledger, and cannot {doing}\n\
         hint: run `bursar ledger migrate`, `grant` or `archive` as the schema's owner"
    )]
    NotOwner {
        /// What was to be done.
        doing: &'static str,
        /// Who was to do it.
        role: String,
    },
    /// Rights were to be given where there are no roles.
    #[error("SQLite has no roles\nhint: its file's permissions say who may use the ledger")]
    NoRoles,
    /// A backup was asked of a ledger that is no file.
    #[error("the ledger is no file\nhint: back up PostgreSQL with `pg_dump`")]
    NoFile,
    /// A month is not to be archived, or not yet.
    #[error("the month {month} cannot be archived: {why}\nhint: {hint}")]
    NotArchivable {
        /// The month, `YYYY-MM`.
        month: String,
        /// Why not.
        why: String,
        /// What to do first.
        hint: &'static str,
    },
    /// An archive is not what the ledger has, or had.
    #[error(
        "the archive `{}` is not what the ledger says: {what}\n\
         hint: nothing was taken out of the ledger; look for another copy of the archive",
        path.display()
    )]
    ArchiveDiffers {
        /// The archive.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// What is asked for is only known of single calls, and those are archived.
    #[error(
        "the calls of {month} are archived, and only they can tell this\n\
         hint: ask the archive, `--ledger sqlite:{place}`, or leave that month out"
    )]
    Archived {
        /// The month, `YYYY-MM`.
        month: String,
        /// The archive's file.
        place: String,
    },
    /// The ledger was closed.
    #[error("the ledger is closed\nhint: open it again")]
    Closed,
    /// A file beside the ledger could not be used.
    #[error("cannot use `{}`\nhint: check the folder's permissions and space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The database failed.
    #[error("the ledger failed to {doing}\nhint: the database's own message follows")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database says.
        #[source]
        source: Arc<sqlx::Error>,
    },
}

impl Error {
    /// What went wrong, without what to do about it.
    pub(crate) fn problem(&self) -> String {
        let text = self.to_string();
        text.split('\n').next().unwrap_or_default().to_owned()
    }
}
