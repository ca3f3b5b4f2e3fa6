//! Looking at a SQLite file before it is used, without writing to it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sqlx::FromRow;

use crate::Error;
use crate::owner::file_error;
use crate::statement::{Pool, Statement};

const QUICK_CHECK: Statement = Statement {
    doing: "check the file",
    sql: include_str!("../../queries/sqlite/quick_check.sql"),
};

const SQLITE_VERSION: Statement =
    Statement { doing: "read the version", sql: include_str!("../../queries/sqlite/version.sql") };

/// Below this, a checkpoint can lose writes of another process in WAL mode.
const SQLITE_NEEDED: &str = "3.51.3";
/// Files up to this size are checked page by page when opened: about a millisecond. Larger ones
/// are checked by the audit, and fail with the same error when a damaged page is met.
const CHECKED_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, FromRow)]
struct QuickCheckRow {
    quick_check: String,
}

/// Whether there is a file, or may be one.
pub(crate) fn check_place(path: &Path, create: bool) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(Error::MissingDirectory { path: folder.to_owned() });
    }
    if !create && !path.exists() {
        return Err(Error::Missing { path: path.to_owned() });
    }
    Ok(())
}

/// Whether the file starts as SQLite's do and is as long as it says; true when it is small enough
/// to be checked whole. An empty or absent file is a ledger to be.
pub(crate) fn check_header(path: &Path) -> Result<bool, Error> {
    if !path.exists() {
        return Ok(false);
    }
    let read = |error| file_error(path, error);
    let file = File::open(path).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let mut header = Vec::new();
    file.take(100).read_to_end(&mut header).map_err(read)?;
    let damaged =
        |detail: &str| Error::Corrupt { detail: format!("`{}` {detail}", path.display()) };
    if length == 0 {
        return Ok(false);
    }
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(damaged("does not start as a SQLite file does"));
    }
    let number =
        |at: usize| header[at..at + 4].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    let page_bytes = match number(14) & 0xffff {
        1 => 65_536,
        bytes => bytes,
    };
    // The page count holds only if the last writer knew of it; a log may hold the missing pages.
    let is_counted = number(24) == number(92);
    let has_log = std::fs::metadata(log_path(path)).is_ok_and(|log| log.len() > 0);
    if is_counted && !has_log && length < number(28) * page_bytes {
        return Err(damaged("is shorter than it says"));
    }
    Ok(length <= CHECKED_BYTES_MAX)
}

/// Whether every page makes sense.
pub(crate) async fn check_pages(pool: &Pool) -> Result<(), Error> {
    let row: Option<QuickCheckRow> = pool.row(QUICK_CHECK, &[]).await?;
    match row {
        Some(row) if row.quick_check != "ok" => Err(Error::Corrupt { detail: row.quick_check }),
        _ => Ok(()),
    }
}

pub(crate) fn log_path(path: &Path) -> std::path::PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

#[derive(Debug, FromRow)]
struct VersionRow {
    version: String,
}

/// Refuses a SQLite that can lose writes.
pub(super) async fn check_sqlite_version(pool: &Pool) -> Result<(), Error> {
    let row: Option<VersionRow> = pool.row(SQLITE_VERSION, &[]).await?;
    let found = row.map(|row| row.version).unwrap_or_default();
    if is_older(&found, SQLITE_NEEDED) {
        return Err(Error::OldSqlite { found, needed: SQLITE_NEEDED });
    }
    Ok(())
}

fn is_older(found: &str, needed: &str) -> bool {
    let parts = |text: &str| -> Vec<u32> {
        text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    parts(found) < parts(needed)
}
