//! Writing a month's archive: a SQLite ledger of its own, made in a folder of its own and put in its
//! place whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use bursar_domain::time::Clock;

use super::page::{Calls, is_of, last_id};
use super::steps::PUT;
use super::{Month, Summary};
use crate::backup::BACKUP;
use crate::copy::tables::{TABLES, Table};
use crate::copy::{CopiedRow, first_key, key, write};
use crate::database_url::Place;
use crate::owner::file_error;
use crate::statement::{Statement, Value, bulk};
use crate::{DatabaseUrl, Error, Ledger, OpenOptions};

/// The rows of these calls, by table; the copy's own statements write them.
const ROWS: [(&str, Statement); 6] = [
    ("budget_window", rows(include_str!("../../queries/archive_windows.sql"))),
    ("journal", rows(include_str!("../../queries/sealed_journal.sql"))),
    ("call", rows(include_str!("../../queries/sealed_calls.sql"))),
    ("attempt", rows(include_str!("../../queries/sealed_attempts.sql"))),
    ("correction", rows(include_str!("../../queries/sealed_corrections.sql"))),
    ("sealed", rows(include_str!("../../queries/archive_sealed.sql"))),
];
const TAGS: Statement = rows(include_str!("../../queries/archive_tags.sql"));

const fn rows(sql: &'static str) -> Statement {
    Statement { doing: "read what is to be archived", sql }
}

/// Writes the archive of a month to a file that is not there yet.
pub(super) async fn write_file(ledger: &Ledger, month: Month, path: &Path) -> Result<(), Error> {
    let folder = unfinished(path);
    // What a run that was killed has left.
    remove(&folder)?;
    std::fs::create_dir_all(&folder).map_err(|error| file_error(&folder, error))?;
    let whole = folder.join("whole.db");
    fill(ledger, month, &folder, &whole).await?;
    let put = File::open(&whole).and_then(|file| file.sync_all());
    let put = put.and_then(|()| std::fs::rename(&whole, path));
    put.map_err(|error| file_error(path, error))?;
    if let Some(parent) = path.parent() {
        let synced = File::open(parent).and_then(|parent| parent.sync_all());
        synced.map_err(|error| file_error(parent, error))?;
    }
    remove(&folder)
}

/// Where an archive is made before it is whole.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

fn remove(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(file_error(folder, error))
        }
        _ => Ok(()),
    }
}

async fn fill(ledger: &Ledger, month: Month, folder: &Path, whole: &Path) -> Result<(), Error> {
    let url = DatabaseUrl(Place::File(folder.join("ledger.db")));
    let mut options = OpenOptions::new(Clock::new(move || month.end()));
    options.readers = 1;
    let to = Box::pin(Ledger::open(&url, options)).await?;
    let filled = copy(ledger, &to, month).await;
    let name = whole
        .to_str()
        .ok_or_else(|| Error::Unkept { field: "folder", problem: "is not UTF-8".to_owned() })?;
    // Into one file, whose pages are all in it.
    let filled = match filled {
        Ok(()) => to.reads.run(BACKUP, &[name.into()]).await.map(drop),
        Err(error) => Err(error),
    };
    to.close().await?;
    filled
}

async fn copy(from: &Ledger, to: &Ledger, month: Month) -> Result<(), Error> {
    for name in ["report_tag", "budget"] {
        copy_table(from, to, name, |_| true).await?;
    }
    let mut after = String::new();
    let until = last_id(&from.reads, month).await?;
    while let Some(calls) = Calls::read(&from.reads, month, (&after, &until)).await? {
        // What is in no block could not be checked.
        calls.sealed(&from.reads, month).await?;
        for (name, what) in ROWS {
            put(to, name, from.reads.rows(what, &[calls.keys()?]).await?).await?;
        }
        put(to, "call_tag", from.reads.rows(TAGS, &[calls.tag_keys()?]).await?).await?;
        calls.last().clone_into(&mut after);
    }
    copy_table(from, to, "usage_hour", |row| is_of(month, row, "hour_ms")).await?;
    copy_table(from, to, "usage_grain", |row| is_of(month, row, "start_ms")).await?;
    let here = Summary::of_file(to, month).await?.json();
    let values: [Value; 4] =
        [month.start().0.into(), "here".into(), "".into(), here.as_str().into()];
    write(to, PUT, &values).await.map(drop)
}

async fn copy_table(
    from: &Ledger,
    to: &Ledger,
    name: &str,
    is_wanted: impl Fn(&CopiedRow) -> bool,
) -> Result<(), Error> {
    let Some(table) = table(name) else { return Ok(()) };
    let mut after = first_key(table);
    loop {
        let rows: Vec<CopiedRow> = from.reads.rows(table.page, &after).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = key(table, last);
        put(to, name, rows.into_iter().filter(&is_wanted).collect()).await?;
    }
}

async fn put(to: &Ledger, name: &str, rows: Vec<CopiedRow>) -> Result<(), Error> {
    match table(name) {
        Some(table) if !rows.is_empty() => write(to, table.put, &[bulk(rows)?]).await.map(drop),
        _ => Ok(()),
    }
}

fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
