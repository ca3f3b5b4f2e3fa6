//! The local spool: what a process admits and records while its ledger is away, in files of its own
//! that survive it. Everything here blocks its thread; nothing here knows a database.

pub(crate) mod drain;
pub(crate) mod glass;
pub(crate) mod record;
pub(crate) mod segment;
mod settlement;

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;

use bursar_domain::money::{Cost, Micros};

use crate::admitted::Open;
use crate::queue::Task;
use drain::Drain;
use record::Record;
use segment::{Segment, frame};

/// Where a process records while its ledger is away, and how much.
#[derive(Debug, Clone)]
pub struct SpoolOptions {
    /// The folder. Processes may share it; each has files of its own.
    pub folder: PathBuf,
    /// The most bytes that one process keeps there. Past this no call is admitted.
    pub bytes_max: u64,
    /// The most that the calls in it may cost together. Past this no call is admitted.
    pub usd_max: Micros,
    /// A file that opens hard limits while the ledger is away, if one is named.
    pub break_glass: Option<PathBuf>,
}

impl SpoolOptions {
    /// The fewest bytes that are of use.
    pub const BYTES_MIN: u64 = 4 * SEGMENT_MIN;
}

const SEGMENT_MIN: u64 = 1 << 16;
const SEGMENT_MAX: u64 = 1 << 20;
/// The room that is kept free for the end of each call that is admitted: several times what one
/// takes.
const END_ROOM: u64 = 16 << 10;

/// A process's part of the spool.
#[derive(Debug)]
pub(crate) struct Spool {
    options: SpoolOptions,
    /// The ledger's address, without its password.
    ledger: String,
    id: String,
    number: u64,
    active: Option<Segment>,
    ahead: VecDeque<Segment>,
    drain: Drain,
    /// Bytes that are kept free for calls that have not ended.
    reserved: u64,
    /// What the calls in it may cost, or have cost.
    micro: i64,
    failure: Option<String>,
}

impl Spool {
    /// Takes up what dead processes left; makes nothing.
    pub(crate) fn new(options: SpoolOptions, ledger: String, id: String) -> Self {
        let (active, ahead, drain) = (None, VecDeque::new(), Drain::default());
        let (number, reserved, micro, failure) = (0, 0, 0, None);
        let mut spool =
            Self { options, ledger, id, number, active, ahead, drain, reserved, micro, failure };
        spool.adopt();
        spool
    }

    pub(crate) fn break_glass(&self) -> Option<&PathBuf> {
        self.options.break_glass.as_ref()
    }

    /// A file that this process has made.
    pub(crate) fn own_file(&mut self) -> Result<&File, String> {
        self.make_room(1, true)?;
        let segment = self.active.as_ref().or(self.ahead.front());
        segment.map(|segment| &segment.file).ok_or_else(|| "the spool has no file".to_owned())
    }

    /// Keeps records; each is durable when this returns, or why it is not kept. Calls are taken
    /// only while there is room for them and their ends.
    pub(crate) fn take_in(&mut self, records: &[Record]) -> Vec<Result<(), String>> {
        let mut frames = Vec::with_capacity(records.len());
        let mut pending = 0;
        let mut taken: Vec<Result<(), String>> = Vec::with_capacity(records.len());
        for record in records {
            let weighed = self.weigh(record, pending).map(|frame| {
                pending += frame.len() as u64;
                frames.push((taken.len(), frame));
            });
            taken.push(weighed);
        }
        if let Err((kept, problem)) = self.write(&frames) {
            tracing::error!("the spool cannot be written: {problem}");
            for (index, _) in &frames[kept..] {
                taken[*index] = Err(format!("the spool cannot be written: {problem}"));
            }
        }
        for (record, _) in records.iter().zip(&taken).filter(|(_, taken)| taken.is_ok()) {
            self.count(record);
        }
        taken
    }

    /// A record as it is written, if there is room for it.
    fn weigh(&mut self, record: &Record, pending: u64) -> Result<Vec<u8>, String> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let json = record::write(record).ok_or("the spool does not keep this")?;
        let frame = frame(&json).map_err(|error| error.to_string())?;
        let length = frame.len() as u64;
        let wanted = match record {
            Record::Admitted { open, .. } => {
                self.check_money(open)?;
                self.reserved + END_ROOM + pending + length
            }
            _ => pending + length,
        };
        self.make_room(wanted, matches!(record, Record::Admitted { .. }))
            .map_err(|problem| format!("the spool has no room: {problem}"))?;
        if let Record::Admitted { open, .. } = record {
            self.reserved += END_ROOM;
            self.micro += open.held.map_or(0, |held| held.0);
        }
        Ok(frame)
    }

    fn check_money(&self, open: &Open) -> Result<(), String> {
        let Some(held) = open.held else {
            return Err("nothing bounds what the call may cost".to_owned());
        };
        let most = self.options.usd_max;
        if self.micro.saturating_add(held.0) > most.0 {
            let usd = most.cost().map(Cost::usd).unwrap_or_default();
            return Err(format!("the spool keeps calls of ${usd} at most"));
        }
        Ok(())
    }

    /// Lets go of what was kept free for the end of a call.
    fn count(&mut self, record: &Record) {
        let Record::Ended(task) = record else { return };
        let (open, cost) = match task {
            Task::Settle { open, settlement } => (open, settlement.bill.cost.map(Cost::micros_up)),
            Task::Abandon { open, .. } => (open, open.held),
            Task::Void { open } => (open, Some(Micros(0))),
            _ => return,
        };
        if open.by_heart {
            self.reserved = self.reserved.saturating_sub(END_ROOM);
            let held = open.held.map_or(0, |held| held.0);
            self.micro = (self.micro - held + cost.map_or(held, |cost| cost.0)).max(0);
        }
    }

    /// Makes files until so many bytes are free on the disk. The last quarter is for ends of calls.
    fn make_room(&mut self, bytes: u64, is_new: bool) -> Result<(), String> {
        let size = self.segment_bytes();
        if bytes > self.options.bytes_max {
            return Err(self.is_full());
        }
        let most = if is_new { self.options.bytes_max / 4 * 3 } else { self.options.bytes_max };
        loop {
            let active = self.active.as_ref().map_or(0, Segment::room);
            // Of each file, what the last record does not fill is lost.
            let ahead = self.ahead.iter().map(|segment| segment.room() - END_ROOM);
            if active.saturating_sub(END_ROOM) + ahead.sum::<u64>() >= bytes {
                return Ok(());
            }
            if self.bytes() + size > most {
                return Err(self.is_full());
            }
            let segment = self.create().map_err(|error| error.to_string())?;
            self.ahead.push_back(segment);
        }
    }

    fn is_full(&self) -> String {
        format!("it keeps {} bytes at most", self.options.bytes_max)
    }

    /// What this process's files take on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        let files = self.active.iter().chain(&self.ahead).map(Segment::size);
        files.sum::<u64>() + self.drain.bytes()
    }

    fn segment_bytes(&self) -> u64 {
        (self.options.bytes_max / 64).clamp(SEGMENT_MIN, SEGMENT_MAX)
    }

    fn create(&mut self) -> std::io::Result<Segment> {
        std::fs::create_dir_all(&self.options.folder)?;
        self.number += 1;
        let name = format!("{}-{:06}.spool", self.id, self.number);
        let mut segment = Segment::create(self.options.folder.join(name), self.segment_bytes())?;
        let json = record::write(&Record::Ledger(self.ledger.clone())).unwrap_or_default();
        segment.append(&frame(&json)?)?;
        Ok(segment)
    }

    /// Writes records; when that fails, how many are kept all the same, and the problem.
    fn write(&mut self, frames: &[(usize, Vec<u8>)]) -> Result<(), (usize, String)> {
        let mut gathered = Vec::new();
        let mut kept = 0;
        for (number, (_, frame)) in frames.iter().enumerate() {
            let wanted = (gathered.len() + frame.len()) as u64;
            if self.active.as_ref().is_none_or(|active| active.room() < wanted) {
                self.flush(&mut gathered).map_err(|problem| (kept, problem))?;
                kept = number;
                self.turn_over(frame.len() as u64).map_err(|problem| (kept, problem))?;
            }
            gathered.extend(frame);
        }
        self.flush(&mut gathered).map_err(|problem| (kept, problem))
    }

    fn flush(&mut self, gathered: &mut Vec<u8>) -> Result<(), String> {
        let Some(active) = self.active.as_mut().filter(|_| !gathered.is_empty()) else {
            return Ok(());
        };
        let written = active.append(gathered).map_err(|error| error.to_string());
        gathered.clear();
        if let Err(problem) = &written {
            self.failure = Some(format!("the spool failed: {problem}"));
        }
        written
    }

    /// Goes on in the next file.
    fn turn_over(&mut self, wanted: u64) -> Result<(), String> {
        self.seal();
        let next = match self.ahead.pop_front() {
            Some(next) => next,
            None => self.create().map_err(|error| error.to_string())?,
        };
        let fits = next.room() >= wanted;
        self.active = Some(next);
        if fits { Ok(()) } else { Err("a record is longer than a file".to_owned()) }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.tidy();
    }
}
