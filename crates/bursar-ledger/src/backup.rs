//! A ledger's file written to another file, as it is at one moment, while others go on writing.
//!
//! Only SQLite's. PostgreSQL has tools of its own, and [`dump_command`] names the one to use.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::database_url::Place;
use crate::ledger::Home;
use crate::owner::{beside, file_error};
use crate::queue::Queue;
use crate::statement::{Pool, Statement};
use crate::{AuditReport, DatabaseUrl, Error, Ledger};

pub(crate) const BACKUP: Statement =
    Statement { doing: "write the backup", sql: include_str!("../queries/sqlite/backup.sql") };

impl Ledger {
    /// Writes a SQLite ledger to a new file, and audits what was written. Never overwrites: a file
    /// of that name is an error. What could not be written whole is removed again.
    pub async fn backup(&self, file: &Path) -> Result<AuditReport, Error> {
        if !matches!(self.place.as_ref(), Home::File(_)) {
            return Err(Error::NoFile);
        }
        let Some(name) = file.to_str() else {
            let problem = "is not UTF-8".to_owned();
            return Err(Error::Unkept { field: "file", problem });
        };
        // Making it takes the name; SQLite writes into a file that is empty.
        File::create_new(file).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::FileExists { path: file.to_owned() },
            _ => file_error(file, error),
        })?;
        let written = self.write_backup(file, name).await;
        if written.is_err()
            && let Err(error) = std::fs::remove_file(file)
        {
            tracing::warn!("cannot remove the unfinished backup: {error}");
        }
        written
    }

    async fn write_backup(&self, file: &Path, name: &str) -> Result<AuditReport, Error> {
        self.reads.run(BACKUP, &[name.into()]).await?;
        // SQLite leaves it to the system when the pages reach the disk.
        let synced = File::open(file).and_then(|file| file.sync_all());
        synced.map_err(|error| file_error(file, error))?;
        let backup = open_read_only(file);
        let report = backup.audit().await;
        backup.reads.close().await;
        report
    }
}

/// A ledger without a writer: nothing is swept, and no file appears beside one that nobody has open.
pub(crate) fn open_read_only(file: &Path) -> Ledger {
    let is_open = ["-wal", "-shm"].iter().any(|suffix| beside(file, suffix).exists());
    let connect = SqliteConnectOptions::new().filename(file).read_only(true).immutable(!is_open);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(connect);
    let (queue, _) = Queue::new();
    Ledger {
        reads: Pool::Sqlite(pool),
        queue,
        place: Arc::new(Home::Memory),
        keyring: Arc::default(),
    }
}

/// One connection that may write.
pub(crate) fn open_alone(file: &Path) -> Pool {
    let connect = SqliteConnectOptions::new().filename(file);
    Pool::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_lazy_with(connect))
}

/// The command that backs up a ledger on PostgreSQL; `None` for any other. The password is asked
/// for, or comes from `PGPASSWORD` or `~/.pgpass`.
#[must_use]
pub fn dump_command(url: &DatabaseUrl, file: &Path) -> Option<String> {
    let (flags, database) = postgres_flags(url)?;
    let file = quoted(&file.display().to_string());
    Some(format!("pg_dump --format=custom --file={file} {flags} {database}"))
}

/// Where a PostgreSQL server is, as its tools take it, and the database's name.
pub(crate) fn postgres_flags(url: &DatabaseUrl) -> Option<(String, String)> {
    let Place::Postgres(options) = &url.0 else { return None };
    let flags = format!(
        "--host={} --port={} --username={}",
        quoted(options.get_host()),
        options.get_port(),
        quoted(options.get_username()),
    );
    Some((flags, quoted(options.get_database().unwrap_or(options.get_username()))))
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/:@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_postgres_is_whole_and_shows_no_password() {
        let url = DatabaseUrl::parse("postgres://me:s3cret@db.example:5433/the%20ledger").unwrap();
        assert_eq!(
            dump_command(&url, Path::new("it's.dump")).unwrap(),
            r"pg_dump --format=custom --file='it'\''s.dump' --host=db.example --port=5433 --username=me 'the ledger'"
        );
        let file = DatabaseUrl::parse("sqlite:a.db").unwrap();
        assert_eq!(dump_command(&file, Path::new("b.db")), None);
    }
}
