//! One gateway for one SQLite ledger: two would each wait for the other's turn at every call, and
//! one alone is faster than both. On PostgreSQL there may be any number.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use crate::failure::{Failure, Situation};
use crate::settings::Settings;

/// The right to serve a ledger, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Sole(#[expect(dead_code, reason = "held for its lock")] Option<File>);

/// Takes the right to serve the ledger.
///
/// # Errors
/// When another process has it, or the file that says so cannot be made.
pub(crate) fn lock(settings: &Settings) -> Result<Sole, Failure> {
    let database = settings.database()?;
    let Some(ledger) = database.file() else { return Ok(Sole(None)) };
    let mut path = ledger.as_os_str().to_owned();
    path.push("-serve");
    let path = PathBuf::from(path);
    let cannot = |error: std::io::Error| {
        let message = format!("cannot use `{}`: {error}", path.display());
        Failure::new(Situation::Ledger, message).hint("check the folder and its permissions")
    };
    let file = File::create(&path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Sole(Some(file))),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another gateway serves `{}`", ledger.display());
            Err(Failure::new(Situation::Ledger, message)
                .hint("one gateway serves a SQLite ledger; several serve one on PostgreSQL"))
        }
    }
}
