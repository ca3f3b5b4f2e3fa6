//! Taking out again what the spool keeps, in order, a batch at a time: this process's files while
//! it lives, and those of dead processes whole. A file goes when all of it is in the ledger.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::Spool;
use super::record::{self, Glass, Record};
use super::segment::{Segment, scan};
use crate::admitted::Open;
use crate::queue::Task;

/// What waits to be taken out.
#[derive(Debug, Default)]
pub(super) struct Drain {
    sources: VecDeque<Source>,
    now: Option<Current>,
}

/// The files of one process.
#[derive(Debug)]
struct Source {
    /// Each with its lock, and with how much of it was written, where that is known.
    files: Vec<(PathBuf, File, Option<u64>)>,
    bytes: u64,
    /// Whether the process is this one: its calls may still end.
    is_ours: bool,
}

#[derive(Debug)]
struct Current {
    source: Source,
    next: usize,
    records: VecDeque<Record>,
    /// Calls of a dead process of which no end was seen yet.
    open: BTreeMap<String, Box<Open>>,
    glasses: BTreeMap<Glass, (u64, i64)>,
    is_damaged: bool,
}

/// What is to be written at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Calls to be held, whatever there is room for.
    pub(crate) restores: Vec<Task>,
    /// Their ends, and those of others.
    pub(crate) ends: Vec<Task>,
    /// With the last batch of a source: who opened hard limits, for how many calls, and for how
    /// much.
    pub(crate) glasses: Vec<(Glass, u64, i64)>,
    is_last: bool,
}

impl Drain {
    pub(super) fn bytes(&self) -> u64 {
        let now = self.now.iter().map(|current| &current.source);
        let ours = now.chain(&self.sources).filter(|source| source.is_ours);
        ours.map(|source| source.bytes).sum()
    }
}

impl Spool {
    /// Whether anything waits to be taken out.
    pub(crate) fn has_work(&self) -> bool {
        let is_used = self.active.as_ref().is_some_and(|active| active.used() > self.head_bytes());
        is_used || self.drain.now.is_some() || !self.drain.sources.is_empty()
    }

    /// Up to so many records. The same file goes on until [`Spool::finish`].
    pub(crate) fn batch(&mut self, most: usize) -> Option<Batch> {
        loop {
            if self.drain.now.is_none() {
                self.drain.now = Some(Current::new(self.next_source()?));
            }
            let current = self.drain.now.as_mut()?;
            if !current.records.is_empty() {
                return Some(current.take(most));
            }
            if !current.load() {
                return Some(current.rest(most));
            }
        }
    }

    /// A batch is in the ledger, but for `failures` of it, which are kept in a file set apart.
    pub(crate) fn finish(&mut self, batch: &Batch, failures: usize) {
        if let Some(current) = &mut self.drain.now {
            current.is_damaged |= failures > 0;
        }
        if batch.is_last
            && let Some(current) = self.drain.now.take()
        {
            current.remove();
        }
        self.tidy();
    }

    /// Takes up the files of processes that are dead.
    pub(crate) fn adopt(&mut self) {
        self.tidy();
        let Ok(entries) = std::fs::read_dir(&self.options.folder) else { return };
        let mut owners: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let owner = name.strip_suffix(".spool").and_then(|name| name.rsplit_once('-'));
            if let Some((owner, _)) = owner.filter(|(owner, _)| *owner != self.id) {
                owners.entry(owner.to_owned()).or_default().push(path);
            }
        }
        for (owner, mut paths) in owners {
            paths.sort();
            if let Some(source) = claim(&paths, &self.ledger) {
                tracing::warn!("the spool of a dead process, `{owner}`, is taken over");
                self.drain.sources.push_back(source);
            }
        }
    }

    /// Closes the file that is written, so that it can be taken out.
    pub(super) fn seal(&mut self) {
        if let Some(active) = self.active.take() {
            let (used, bytes) = (active.used(), active.size());
            let Segment { path, file, .. } = active;
            let files = vec![(path, file, Some(used))];
            self.drain.sources.push_back(Source { files, bytes, is_ours: true });
        }
    }

    fn next_source(&mut self) -> Option<Source> {
        if self.drain.sources.is_empty() && self.has_work() {
            self.seal();
        }
        self.drain.sources.pop_front()
    }

    /// Where nothing is kept any more, what was made ahead goes too.
    pub(super) fn tidy(&mut self) {
        if !self.has_work() {
            let files = self.active.take().into_iter().chain(self.ahead.drain(..));
            files.for_each(|segment| remove(&segment.path));
            (self.reserved, self.micro) = (0, 0);
        }
    }

    fn head_bytes(&self) -> u64 {
        let head = record::write(&Record::Ledger(self.ledger.clone())).unwrap_or_default();
        super::frame(&head).map_or(0, |frame| frame.len() as u64)
    }
}

impl Current {
    fn new(source: Source) -> Self {
        let (records, open, glasses) = (VecDeque::new(), BTreeMap::new(), BTreeMap::new());
        Self { source, next: 0, records, open, glasses, is_damaged: false }
    }

    /// Reads the next file; false when there is none.
    fn load(&mut self) -> bool {
        let Some((path, _, used)) = self.source.files.get(self.next) else { return false };
        self.next += 1;
        let mut bytes = std::fs::read(path).unwrap_or_else(|error| {
            tracing::error!("cannot read the spool `{}`: {error}", path.display());
            self.is_damaged = true;
            Vec::new()
        });
        bytes.truncate(used.and_then(|used| usize::try_from(used).ok()).unwrap_or(bytes.len()));
        let found = scan(&bytes);
        let records: Vec<_> = found.records.iter().map(|json| record::read(json)).collect();
        let unread = records.iter().filter(|record| record.is_none()).count();
        if found.damaged > 0 || unread > 0 {
            self.is_damaged = true;
            let (path, damaged) = (path.display(), found.damaged);
            tracing::error!(
                "the spool `{path}` is damaged: {damaged} bytes lost, {unread} records unknown"
            );
        }
        if found.torn > 0 {
            let (path, torn) = (path.display(), found.torn);
            tracing::warn!("the last {torn} bytes of the spool `{path}` were not finished");
        }
        self.records.extend(records.into_iter().flatten());
        true
    }

    fn take(&mut self, most: usize) -> Batch {
        let mut batch = Batch::default();
        let number = self.records.len().min(most);
        for record in self.records.drain(..number).collect::<Vec<_>>() {
            match record {
                Record::Ledger(_) => {}
                Record::Admitted { open, windows, glass } => {
                    self.note(&open, glass);
                    batch.restores.push(Task::Restore { open, windows });
                }
                Record::Ended(task) => {
                    let id = task.ended().map_or("", |open| open.intent.id.as_str());
                    self.open.remove(id);
                    batch.ends.push(task);
                }
            }
        }
        batch
    }

    fn note(&mut self, open: &Open, glass: Option<Glass>) {
        if let Some(glass) = glass {
            let sum = self.glasses.entry(glass).or_default();
            sum.0 += 1;
            sum.1 += open.held.map_or(0, |held| held.0);
        }
        if !self.source.is_ours {
            self.open.insert(open.intent.id.to_string(), Box::new(open.clone()));
        }
    }

    /// What a dead process will not end any more, and then who opened hard limits.
    fn rest(&mut self, most: usize) -> Batch {
        let mut batch = Batch::default();
        while batch.ends.len() < most
            && let Some((_, open)) = self.open.pop_first()
        {
            batch.ends.push(Task::Abandon { open, checkpoint: None });
        }
        if batch.ends.is_empty() {
            let glasses = self.glasses.iter();
            batch.glasses =
                glasses.map(|(glass, (calls, micro))| (glass.clone(), *calls, *micro)).collect();
            batch.is_last = true;
        }
        batch
    }

    /// Removes the files; what is damaged, or was not taken, is left for people under another name.
    fn remove(self) {
        for (path, _, _) in &self.source.files {
            if !self.is_damaged {
                remove(path);
                continue;
            }
            let aside = path.with_extension("damaged");
            match std::fs::rename(path, &aside) {
                Ok(()) => tracing::error!("what is left of it is in `{}`", aside.display()),
                Err(error) => tracing::error!("cannot rename `{}`: {error}", path.display()),
            }
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        // It would be taken out again, which changes nothing.
        tracing::warn!("cannot remove the spool `{}`: {error}", path.display());
    }
}

/// The files of a dead process; `None` when it lives, or wrote for another ledger.
fn claim(paths: &[PathBuf], ledger: &str) -> Option<Source> {
    let mut files = Vec::with_capacity(paths.len());
    let mut known = None;
    for path in paths {
        let file = File::open(path).ok()?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Error(error)) => {
                tracing::warn!("cannot look at the spool `{}`: {error}", path.display());
                return None;
            }
        }
        known = known.or_else(|| address(path));
        files.push((path.clone(), file, None));
    }
    match (known, paths.first()) {
        (None, Some(path)) => {
            let path = path.display();
            tracing::error!("the spool `{path}` is damaged: it does not say which ledger is meant");
            None
        }
        (known, _) => (known? == ledger).then_some(Source { files, bytes: 0, is_ours: false }),
    }
}

/// The ledger that a file was written for.
fn address(path: &Path) -> Option<String> {
    let records = scan(&std::fs::read(path).ok()?).records;
    records.iter().find_map(|json| match record::read(json) {
        Some(Record::Ledger(address)) => Some(address),
        _ => None,
    })
}
