//! Row locks as a database gives them: one holder, the others wait in line. A circle of waiting is
//! a deadlock, and is found when it closes.

use std::collections::{BTreeMap, VecDeque};

use bursar_domain::budget::WindowId;

use crate::tables::CallNumber;

/// What can be locked, in the order in which it has to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lock {
    /// The side file of a SQLite ledger: the turn to write.
    Turn,
    /// A hold's row.
    Hold(CallNumber),
    /// A window's row.
    Window(WindowId),
}

/// The answer to who asks for a lock.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is theirs until they end.
    Granted,
    /// They stand in line.
    Waits,
    /// Each of these waits for the next one, and the last for the first.
    Deadlock(Vec<usize>),
}

#[derive(Debug)]
struct Row {
    holder: usize,
    line: VecDeque<usize>,
}

/// Every lock that is held, and who waits for which.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    rows: BTreeMap<Lock, Row>,
    waits: BTreeMap<usize, Lock>,
}

impl Locks {
    /// Asks for a lock on behalf of a process.
    pub(crate) fn take(&mut self, lock: &Lock, process: usize) -> Taken {
        match self.rows.get_mut(lock) {
            None => {
                let row = Row { holder: process, line: VecDeque::new() };
                self.rows.insert(lock.clone(), row);
                return Taken::Granted;
            }
            Some(row) if row.holder == process => return Taken::Granted,
            Some(row) => row.line.push_back(process),
        }
        self.waits.insert(process, lock.clone());
        self.circle(process).map_or(Taken::Waits, Taken::Deadlock)
    }

    /// Whether a process stands in line.
    pub(crate) fn is_waiting(&self, process: usize) -> bool {
        self.waits.contains_key(&process)
    }

    /// Whether anybody has the lock.
    pub(crate) fn is_held(&self, lock: &Lock) -> bool {
        self.rows.contains_key(lock)
    }

    /// Lets go of all that a process has or waits for; whoever is next in a line has the lock.
    pub(crate) fn release(&mut self, process: usize) {
        if let Some(lock) = self.waits.remove(&process)
            && let Some(row) = self.rows.get_mut(&lock)
        {
            row.line.retain(|waiting| *waiting != process);
        }
        let waits = &mut self.waits;
        self.rows.retain(|_, row| {
            if row.holder != process {
                return true;
            }
            let Some(next) = row.line.pop_front() else { return false };
            waits.remove(&next);
            row.holder = next;
            true
        });
    }

    /// From one who waits to the holder, to whom that one waits for, until somebody does not wait.
    fn circle(&self, first: usize) -> Option<Vec<usize>> {
        let mut met = vec![first];
        loop {
            let lock = self.waits.get(met.last()?)?;
            let holder = self.rows.get(lock)?.holder;
            if holder == first {
                return Some(met);
            }
            if met.contains(&holder) {
                return None;
            }
            met.push(holder);
        }
    }
}
