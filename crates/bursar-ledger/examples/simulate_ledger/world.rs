//! One simulation: processes, their database, its clock and their callers, and who moves next. One
//! thread, no time but its own: a seed is a whole history.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;

use bursar_domain::call::{Intent, Settlement};
use bursar_domain::identity::Attribution;
use bursar_domain::span::Span;
use bursar_domain::time::Timestamp;

use crate::changes::random_change;
use crate::check::{Books, Violation, check_end};
use crate::locks::Locks;
use crate::mutant::Mutant;
use crate::process::{Process, Task};
use crate::random::Random;
use crate::rules::{Change, Open};
use crate::scenario::{START, amount, callers, menu};
use crate::tables::{CallNumber, Owner, Tables};

/// Processes on one ledger.
const PROCESSES: usize = 3;
/// How long an owner on PostgreSQL lives without renewing its lease.
const LEASE_MS: i64 = 30_000;
/// Steps that a violation is told with.
const TRACE_MAX: usize = 60;

/// A call, as its caller knows it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) intent: Rc<Intent>,
    pub(crate) process: usize,
    pub(crate) owner: Owner,
    /// Whether its caller left before it was answered.
    pub(crate) is_gone: bool,
    pub(crate) open: Option<Rc<Open>>,
}

/// What happened how often: a simulation that never gets somewhere proves nothing about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(pub(crate) BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn join(&mut self, other: Self) {
        for (what, times) in other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(what, times)| format!("{times:>12}  {what}"));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) is_sqlite: bool,
    pub(crate) tables: Tables,
    pub(crate) locks: Locks,
    pub(crate) processes: Vec<Process>,
    /// The database's clock.
    pub(crate) now: Timestamp,
    pub(crate) who: Vec<Attribution>,
    pub(crate) calls: Vec<Call>,
    /// Calls that were sent and have not ended, and what each that was sent costs in truth.
    pub(crate) running: Vec<CallNumber>,
    pub(crate) sent: BTreeMap<CallNumber, Rc<Settlement>>,
    pub(crate) books: Books,
    pub(crate) tally: Tally,
    /// Whether nothing goes wrong any more.
    pub(crate) is_calm: bool,
    next_owner: Owner,
    generation: u32,
    trace: Option<VecDeque<String>>,
    steps: u64,
}

impl World {
    /// Even seeds are PostgreSQL's way of writing, odd ones SQLite's.
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>, is_traced: bool) -> Self {
        let mut random = Random::new(seed);
        let mut tables = Tables { mutant, latest: START, ..Tables::default() };
        for mut limit in menu(0) {
            if random.chance(7_000) {
                limit.amount = amount(limit.unit, &mut random);
                tables.change(&Change::Set(limit));
            }
        }
        let mut world = Self {
            random,
            is_sqlite: seed % 2 == 1,
            tables,
            locks: Locks::default(),
            processes: Vec::new(),
            now: START,
            who: callers(),
            calls: Vec::new(),
            running: Vec::new(),
            sent: BTreeMap::new(),
            books: Books::default(),
            tally: Tally::default(),
            is_calm: false,
            next_owner: 0,
            generation: 0,
            trace: is_traced.then(VecDeque::new),
            steps: 0,
        };
        for number in 0..PROCESSES {
            world.processes.push(Process::new(0));
            world.start(number);
        }
        world
    }

    /// Notes what happens, where somebody will read it.
    pub(crate) fn note(&mut self, text: impl FnOnce() -> String) {
        let Some(trace) = &mut self.trace else { return };
        if trace.len() == TRACE_MAX {
            trace.pop_front();
        }
        trace.push_back(format!("{:>8}  {}", self.steps, text()));
    }

    /// The last steps.
    pub(crate) fn trace(&self) -> impl Iterator<Item = &String> {
        self.trace.iter().flatten()
    }

    /// Runs so many steps, then lets everything come to its end.
    pub(crate) fn run(&mut self, steps: u64) -> Result<(), (u64, Violation)> {
        for _ in 0..steps {
            self.steps += 1;
            self.step().map_err(|violation| (self.steps, violation))?;
        }
        self.end().map_err(|violation| (self.steps, violation))
    }

    /// One thing happens: mostly, a process that has something to do takes its next step.
    fn step(&mut self) -> Result<(), Violation> {
        let process = self.random.index(PROCESSES);
        let is_up = self.processes[process].is_up;
        match self.random.below(1_000) {
            0 if is_up => self.crash(process),
            1..=6 => self.move_clocks(process),
            7..=12 => self.change(process),
            13..=17 => self.sweep(process),
            18..=27 => self.renew(process),
            28..=117 => self.ask(process),
            118..=177 => self.finish(),
            178..=190 if !is_up => self.start(process),
            _ => {
                self.now.0 += 1;
                let able = (0..PROCESSES).map(|next| (process + next) % PROCESSES);
                let mut able = able.filter(|number| self.is_able(*number));
                if let Some(able) = able.next() {
                    return self.advance(able);
                }
            }
        }
        Ok(())
    }

    /// Whether a process has something to write and waits for nobody.
    fn is_able(&self, number: usize) -> bool {
        let process = &self.processes[number];
        process.is_up && process.is_busy() && !self.locks.is_waiting(number)
    }

    /// A process dies: its statement is undone, and its locks are free.
    pub(crate) fn crash(&mut self, number: usize) {
        self.note(|| format!("process {number} dies"));
        self.tally.add("crashes");
        self.locks.release(number);
        let process = &mut self.processes[number];
        process.die();
        if self.is_sqlite {
            // The lock on its owner file is free.
            self.tables.leases.remove(&process.owner);
        }
    }

    fn start(&mut self, number: usize) {
        self.next_owner += 1;
        let owner = self.next_owner;
        self.note(|| format!("process {number} starts as owner {owner}"));
        let skew_ms = self.random.between(-3_000, 3_000);
        self.processes[number] = Process { skew_ms, ..Process::new(owner) };
        let until = if self.is_sqlite { Span::FOREVER } else { self.lease() };
        self.tables.leases.insert(owner, until);
        self.processes[number].inbox.push_back(Task::Sweep);
    }

    fn lease(&self) -> Timestamp {
        Timestamp(self.now.0 + LEASE_MS)
    }

    fn renew(&mut self, number: usize) {
        let (owner, lease) = (self.processes[number].owner, self.lease());
        if self.processes[number].is_up && !self.is_sqlite {
            self.tables.leases.insert(owner, lease);
        }
    }

    fn sweep(&mut self, number: usize) {
        let process = &mut self.processes[number];
        if process.is_up && process.inbox.len() < 16 {
            process.inbox.push_back(Task::Sweep);
        }
    }

    /// The database's clock, or a process's own, is set: by a second, an hour or days, either way.
    fn move_clocks(&mut self, number: usize) {
        let sizes = [1_000, 61_000, 3_600_000, 90_000_000];
        let jump = sizes[self.random.index(sizes.len())];
        let by = self.random.between(-jump / 2, jump);
        self.note(|| format!("a clock jumps by {by} ms"));
        self.tally.add("clock jumps");
        if self.random.chance(5_000) {
            self.now = Timestamp((self.now.0 + by).max(START.0));
        } else {
            let process = &mut self.processes[number];
            process.skew_ms = (process.skew_ms + by).max(START.0 - self.now.0);
        }
    }

    /// Somebody changes a limit, or freezes a team, or thaws it.
    fn change(&mut self, number: usize) {
        let change = random_change(&self.tables, &mut self.generation, &mut self.random);
        if let (Some(change), true) = (change, self.processes[number].is_up) {
            self.processes[number].inbox.push_back(Task::Change(change));
        }
    }

    /// No more faults: every process dies, and one that starts anew sweeps what they left.
    fn end(&mut self) -> Result<(), Violation> {
        self.is_calm = true;
        for number in 0..PROCESSES {
            self.crash(number);
        }
        let last = self.tables.leases.values().max().copied();
        self.now = last.unwrap_or(self.now);
        self.start(0);
        while self.processes[0].is_busy() {
            self.advance(0)?;
        }
        self.books.check_all(&self.tables)?;
        check_end(&self.tables, &self.sent)
    }
}
