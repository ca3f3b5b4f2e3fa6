//! How processes on one SQLite file take turns, and how one knows that another is dead.
//!
//! Both are locks on small files beside the ledger, which the system lets go when a process ends,
//! however it ends. A side file for the turn: SQLite's own waiting is unfair. An owner file for
//! life: a process that wrote holds keeps its file locked while it lives.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::Error;

/// The file whose lock is a process's turn to write.
#[derive(Debug, Clone)]
pub(crate) struct SideFile {
    path: PathBuf,
    file: Arc<File>,
}

/// A turn; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Turn(Arc<File>);

/// A turn that is still waited for.
pub(crate) type PendingTurn = JoinHandle<io::Result<Turn>>;

impl SideFile {
    /// Opens the side file of a ledger, making it where there is none.
    pub(crate) fn open(ledger: &Path) -> Result<Self, Error> {
        let path = beside(ledger, "-lock");
        let file = open_file(&path)?;
        Ok(Self { path, file: Arc::new(file) })
    }

    /// Waits for the turn.
    pub(crate) async fn lock(&self) -> Result<Turn, Error> {
        let mut pending = None;
        loop {
            match self.lock_within(&mut pending, Duration::from_hours(1)).await {
                Err(Error::Locked) => {}
                locked => return locked,
            }
        }
    }

    /// Waits for the turn, but only so long: a process that was stopped would keep it for ever.
    /// What was given up goes on in `pending`, and is waited for first the next time.
    pub(crate) async fn lock_within(
        &self,
        pending: &mut Option<PendingTurn>,
        limit: Duration,
    ) -> Result<Turn, Error> {
        let mut waiting = if let Some(waiting) = pending.take() {
            waiting
        } else {
            let file = Arc::clone(&self.file);
            match file.try_lock() {
                Ok(()) => return Ok(Turn(file)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(file_error(&self.path, error)),
            }
            // Waiting blocks its thread, so it must not be one that runs other tasks.
            tokio::task::spawn_blocking(move || file.lock().map(|()| Turn(file)))
        };
        let Ok(turn) = tokio::time::timeout(limit, &mut waiting).await else {
            *pending = Some(waiting);
            return Err(Error::Locked);
        };
        turn.map_err(|_| Error::Closed)?.map_err(|error| file_error(&self.path, error))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            // The lock ends with the process at the latest.
            tracing::error!("cannot unlock the ledger's side file: {error}");
        }
    }
}

/// This process's sign of life. A ledger in memory has none: it dies with its process.
#[derive(Debug)]
pub(crate) struct Owner {
    id: String,
    ledger: Option<PathBuf>,
    file: Option<File>,
}

impl Owner {
    pub(crate) fn new(id: String, ledger: Option<PathBuf>) -> Self {
        Self { id, ledger, file: None }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Makes and locks the owner file, before the first hold is written.
    pub(crate) fn show(&mut self) -> Result<(), Error> {
        let Some(ledger) = self.ledger.as_deref().filter(|_| self.file.is_none()) else {
            return Ok(());
        };
        let path = owner_path(ledger, &self.id);
        let file = open_file(&path)?;
        file.try_lock().map_err(|error| file_error(&path, error.into()))?;
        self.file = Some(file);
        Ok(())
    }

    /// Removes the owner file: holds of this owner may be swept from here on.
    pub(crate) fn hide(&mut self) -> Result<(), Error> {
        match (&self.ledger, self.file.take()) {
            (Some(ledger), Some(_)) => remove(&owner_path(ledger, &self.id)),
            _ => Ok(()),
        }
    }
}

/// Whether the process behind an owner is dead: its file is gone, or its lock can be taken.
pub(crate) fn is_dead(ledger: &Path, owner: &str) -> Result<bool, Error> {
    let path = owner_path(ledger, owner);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(file_error(&path, error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(file_error(&path, error)),
    }
}

/// Removes the file of a dead owner.
pub(crate) fn bury(ledger: &Path, owner: &str) -> Result<(), Error> {
    remove(&owner_path(ledger, owner))
}

fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(path, error)),
        _ => Ok(()),
    }
}

fn owner_path(ledger: &Path, owner: &str) -> PathBuf {
    // An owner is a UUID; anything else in a damaged row must not name a path elsewhere.
    let plain: String =
        owner.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    beside(ledger, &format!("-owner-{plain}"))
}

pub(crate) fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

fn open_file(path: &Path) -> Result<File, Error> {
    let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
    options.map_err(|error| file_error(path, error))
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.to_owned(), source: Arc::new(source) }
}
