//! A backup made the ledger again, on SQLite. The old one is set aside, never deleted; what was open
//! when the backup was made is settled, and the end is an audit.
//!
//! PostgreSQL has tools of its own, and [`restore_command`] names the one to use.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::FromRow;

use crate::backup::{BACKUP, open_alone, open_read_only, postgres_flags, quoted};
use crate::change::Change;
use crate::database_url::Place;
use crate::open::{check_header, check_pages, found_version};
use crate::owner::{SideFile, beside, file_error};
use crate::statement::Statement;
use crate::{AuditReport, DatabaseUrl, Error, Ledger, OpenOptions};

const LEAVE_WAL: Statement = Statement {
    doing: "close the ledger's log",
    sql: include_str!("../queries/sqlite/leave_wal.sql"),
};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the ledger lies that was there before.
    pub set_aside: Option<PathBuf>,
    /// Calls that were open in the backup, and are settled now.
    pub swept: u64,
    /// The audit of what was restored.
    pub audit: AuditReport,
}

#[derive(Debug, FromRow)]
struct ModeRow {
    journal_mode: String,
}

impl Ledger {
    /// Makes a backup the ledger. One that is there is set aside under a new name where `force`
    /// says so, and only while no process has it open.
    ///
    /// # Errors
    /// [`Error::LedgerExists`], [`Error::Locked`], or whatever is wrong with the backup: then
    /// nothing is changed.
    pub async fn restore(
        url: &DatabaseUrl,
        (backup, force): (&Path, bool),
        (actor, options): (&str, OpenOptions),
    ) -> Result<Restored, Error> {
        let Place::File(path) = &url.0 else { return Err(Error::NoFile) };
        if path.exists() && !force {
            return Err(Error::LedgerExists { path: path.clone() });
        }
        let fresh = beside(path, "-restoring");
        let holds = write_fresh(backup, &fresh).await;
        let placed = match holds {
            Ok(holds) => place(path, &fresh, options.clock.now().0).await.map(|old| (old, holds)),
            Err(error) => Err(error),
        };
        if placed.is_err() {
            // It may not have been made.
            drop(std::fs::remove_file(&fresh));
        }
        let (set_aside, swept) = placed?;
        let ledger = Self::open(url, options).await?;
        let note = Change::Note {
            action: "ledger restore",
            subject: path.display().to_string(),
            becomes: backup.display().to_string(),
        };
        ledger.change(actor, vec![note]).await?;
        let audit = ledger.audit().await;
        ledger.close().await?;
        Ok(Restored { set_aside, swept, audit: audit? })
    }
}

/// Writes what the backup holds, its log included, to a new file; how many calls are open in it.
async fn write_fresh(backup: &Path, fresh: &Path) -> Result<u64, Error> {
    if !backup.is_file() {
        return Err(Error::NoBackup { path: backup.to_owned() });
    }
    check_header(backup)?;
    let Some(name) = fresh.to_str() else {
        let problem = "is not UTF-8".to_owned();
        return Err(Error::Unkept { field: "file", problem });
    };
    // What an interrupted restore left behind is in the way.
    drop(std::fs::remove_file(fresh));
    let from = open_read_only(backup);
    let written = async {
        if found_version(&from.reads).await? == 0 {
            return Err(Error::Foreign);
        }
        check_pages(&from.reads).await?;
        let holds = from.count_holds().await?;
        from.reads.run(BACKUP, &[name.into()]).await?;
        let synced = File::open(fresh).and_then(|file| file.sync_all());
        synced.map_err(|error| file_error(fresh, error))?;
        Ok(holds)
    };
    let written = written.await;
    from.reads.close().await;
    written
}

/// Puts the fresh file in the ledger's place, in the ledger's turn; where the old one went.
async fn place(path: &Path, fresh: &Path, now_ms: i64) -> Result<Option<PathBuf>, Error> {
    let _turn = SideFile::open(path)?.lock().await?;
    let renamed =
        |from: &Path, to: &Path| std::fs::rename(from, to).map_err(|error| file_error(from, error));
    let mut set_aside = None;
    if path.exists() {
        leave_wal(path).await?;
        let old = beside(path, &format!("-before-{now_ms}"));
        renamed(path, &old)?;
        // Only a file that could not be read keeps its log.
        for suffix in ["-wal", "-shm"] {
            let log = beside(path, suffix);
            if log.exists() {
                renamed(&log, &beside(&old, suffix))?;
            }
        }
        set_aside = Some(old);
    }
    renamed(fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| file_error(folder, error))?;
    Ok(set_aside)
}

/// Makes sure that nobody has the file open, and that all of it is in the file. One that is damaged
/// cannot be asked; that may be why it is to be replaced.
async fn leave_wal(path: &Path) -> Result<(), Error> {
    let pool = open_alone(path);
    let mode: Result<Option<ModeRow>, Error> = pool.row(LEAVE_WAL, &[]).await;
    pool.close().await;
    match mode {
        Ok(Some(row)) if row.journal_mode != "delete" => Err(Error::Locked),
        Ok(_) | Err(Error::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The command that restores a ledger on PostgreSQL; `None` for any other. What it restores into
/// must be an empty database.
#[must_use]
pub fn restore_command(url: &DatabaseUrl, file: &Path) -> Option<String> {
    let (flags, database) = postgres_flags(url)?;
    let file = quoted(&file.display().to_string());
    Some(format!(
        "pg_restore --exit-on-error --single-transaction {flags} --dbname={database} {file}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_postgres_is_whole_and_shows_no_password() {
        let url = DatabaseUrl::parse("postgres://me:s3cret@db.example:5433/the%20ledger").unwrap();
        assert_eq!(
            restore_command(&url, Path::new("a.dump")).unwrap(),
            "pg_restore --exit-on-error --single-transaction --host=db.example --port=5433 \
             --username=me --dbname='the ledger' a.dump"
        );
        let file = DatabaseUrl::parse("sqlite:a.db").unwrap();
        assert_eq!(restore_command(&file, Path::new("b.db")), None);
    }
}
