//! A disk that loses power: what of each file is surely on it, and what may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::dice::Dice;
use super::strace::Act;

/// What a disk writes whole.
const SECTOR: usize = 512;
/// What of a ledger survives; the rest is made anew when it is opened.
const SUFFIXES: [&str; 3] = ["", "-wal", "-journal"];

/// The files of one ledger.
pub(super) struct Shadow {
    /// The ledger's own path.
    ledger: String,
    files: BTreeMap<&'static str, File>,
}

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    /// Written since the last sync, in order.
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

impl Shadow {
    /// The files as they are.
    pub(super) fn of(ledger: &Path) -> Self {
        let ledger = ledger.to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        for suffix in SUFFIXES {
            if let Ok(durable) = fs::read(format!("{ledger}{suffix}")) {
                files.insert(suffix, File { durable, pending: Vec::new() });
            }
        }
        Self { ledger, files }
    }

    /// Takes the next act; whether it was a sync of one of the files.
    pub(super) fn take(&mut self, act: Act) -> bool {
        match act {
            Act::Write { file, offset, bytes } => {
                self.change(&file, Change::Write { offset, bytes });
            }
            Act::Cut { file, length } => self.change(&file, Change::Cut { length }),
            Act::Remove { file } => {
                self.suffix(&file).map(|suffix| self.files.remove(suffix));
            }
            Act::Sync { file } => {
                let Some(suffix) = self.suffix(&file) else { return false };
                let file = self.files.entry(suffix).or_default();
                for change in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.durable);
                }
                return true;
            }
            Act::Request => {}
        }
        false
    }

    /// Writes what is left after a loss of power: what was synced, and of the rest nothing, or what
    /// chance leaves of it, some of it torn.
    pub(super) fn leave(&self, folder: &Path, mut chance: Option<&mut Dice>) -> Result<()> {
        fs::create_dir_all(folder)?;
        for (suffix, file) in &self.files {
            let mut bytes = file.durable.clone();
            if let Some(dice) = chance.as_deref_mut() {
                let left = file.pending.iter().filter_map(|change| change.after_loss(dice));
                left.for_each(|change| change.apply(&mut bytes));
            }
            fs::write(folder.join(format!("ledger.db{suffix}")), bytes)?;
        }
        Ok(())
    }

    fn change(&mut self, file: &str, change: Change) {
        if let Some(suffix) = self.suffix(file) {
            self.files.entry(suffix).or_default().pending.push(change);
        }
    }

    fn suffix(&self, file: &str) -> Option<&'static str> {
        let rest = file.strip_prefix(&self.ledger)?;
        SUFFIXES.into_iter().find(|suffix| *suffix == rest)
    }
}

impl Change {
    fn apply(self, file: &mut Vec<u8>) {
        match self {
            Self::Cut { length } => file.resize(length, 0),
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[offset..end].copy_from_slice(&bytes);
            }
        }
    }

    /// Nothing, all, or the first sectors of it.
    fn after_loss(&self, dice: &mut Dice) -> Option<Self> {
        let mut left = self.clone();
        match (dice.between(0, 3), &mut left) {
            (0 | 1, _) => return None,
            (2, Self::Write { bytes, .. }) => {
                let sectors = (bytes.len() / SECTOR) as u64;
                let kept = usize::try_from(dice.between(0, sectors)).unwrap_or(0);
                bytes.truncate(kept * SECTOR);
            }
            _ => {}
        }
        Some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_synced_is_lost() {
        let mut shadow = Shadow { ledger: "/a.db".into(), files: BTreeMap::new() };
        let write = |file: &str, offset, byte| Act::Write {
            file: file.to_owned(),
            offset,
            bytes: vec![byte],
        };
        assert!(!shadow.take(write("/a.db-wal", 0, 1)));
        assert!(shadow.take(Act::Sync { file: "/a.db-wal".into() }));
        assert!(!shadow.take(write("/a.db-wal", 1, 2)));
        assert!(!shadow.take(write("/b.db", 0, 3)) && !shadow.take(Act::Sync { file: "/".into() }));
        assert_eq!(shadow.files["-wal"].durable, [1]);
        assert_eq!(shadow.files.len(), 1);
    }
}
