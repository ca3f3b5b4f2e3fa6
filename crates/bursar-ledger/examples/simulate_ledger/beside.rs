//! A history of real ledgers beside the model: the same tasks to both, and after each of them the
//! same answers and the same balances, or a violation.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use bursar_domain::budget::Refusal;
use bursar_domain::call::{Intent, Settlement};
use bursar_domain::money::Cost;
use bursar_domain::span::Span;
use bursar_domain::time::Timestamp;
use bursar_ledger::{Admission, Admitted, Settled};

use crate::changes::{as_product, random_change};
use crate::check::{Books, Violation, broken, check_end};
use crate::ledgers::{File, Home, failed};
use crate::random::Random;
use crate::rules::{Change, Open};
use crate::scenario::{START, amount, callers, intent, menu, truth};
use crate::tables::{CallNumber, End, Owner, Tables};
use crate::turn::{Answer, Group, Writer};
use crate::world::Tally;

const HOMES: usize = 3;
/// Tasks that reach a writer at once, at most.
const GROUP_MAX: u64 = 6;
/// Holds that are open at a time, at most: enough for every limit to be met.
const OPEN_MAX: usize = 64;
/// The ledger's own audit reads all there is, so not after every step.
const AUDIT_STEPS: u64 = 1_000;
const TRACE_MAX: usize = 40;

/// A proof of admission, and what the model holds for it.
#[derive(Debug)]
struct Proof {
    admitted: Admitted,
    open: Rc<Open>,
    truth: Rc<Settlement>,
    owner: Owner,
}

/// One history.
#[derive(Debug)]
pub(crate) struct Beside {
    random: Random,
    file: File,
    homes: Vec<Home>,
    proofs: Vec<Proof>,
    tables: Tables,
    books: Books,
    sent: BTreeMap<CallNumber, Rc<Settlement>>,
    next_call: CallNumber,
    next_owner: Owner,
    generation: u32,
    steps: u64,
    pub(crate) tally: Tally,
    pub(crate) trace: VecDeque<String>,
}

impl Beside {
    pub(crate) fn new(seed: u64) -> Result<Self, Violation> {
        let mut beside = Self {
            random: Random::new(seed),
            file: File::new()?,
            homes: Vec::new(),
            proofs: Vec::new(),
            tables: Tables { latest: START, ..Tables::default() },
            books: Books::default(),
            sent: BTreeMap::new(),
            next_call: 0,
            next_owner: 0,
            generation: 0,
            steps: 0,
            tally: Tally::default(),
            trace: VecDeque::new(),
        };
        for _ in 0..HOMES {
            let home = beside.start(START)?;
            beside.homes.push(home);
        }
        for mut limit in menu(0) {
            limit.amount = amount(limit.unit, &mut beside.random);
            beside.change(0, &Change::Set(limit))?;
        }
        Ok(beside)
    }

    /// Runs so many steps, then lets every process die, and one sweep.
    pub(crate) fn run(&mut self, steps: u64) -> Result<(), (u64, Violation)> {
        let mut audited = 0;
        while self.steps < steps {
            self.step().map_err(|violation| (self.steps, violation))?;
            if self.steps - audited >= AUDIT_STEPS {
                audited = self.steps;
                self.audit().map_err(|violation| (self.steps, violation))?;
            }
        }
        self.end().map_err(|violation| (self.steps, violation))
    }

    fn step(&mut self) -> Result<(), Violation> {
        let home = self.random.index(HOMES);
        self.steps += 1;
        match self.random.below(100) {
            0 => self.die(home)?,
            1..=4 => self.move_clock(home),
            5..=8 => {
                let change = random_change(&self.tables, &mut self.generation, &mut self.random);
                if let Some(change) = change {
                    self.change(home, &change)?;
                }
            }
            9..=10 => self.sweep(home)?,
            11..=14 => self.lose_proof()?,
            15..=18 => self.lose_caller(home)?,
            19..=58 if self.proofs.len() < OPEN_MAX => self.reserve(home)?,
            _ if self.proofs.is_empty() => self.reserve(home)?,
            _ => self.settle(home)?,
        }
        self.compare_balances()
    }

    fn note(&mut self, text: &str) {
        if self.trace.len() == TRACE_MAX {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{:>8}  {text}", self.steps));
    }

    fn start(&mut self, now: Timestamp) -> Result<Home, Violation> {
        self.next_owner += 1;
        self.tables.leases.insert(self.next_owner, Span::FOREVER);
        let home = self.file.start(self.next_owner, now)?;
        self.sweep_model()?;
        Ok(home)
    }

    /// A process dies, with reservations in its queue, and another one starts in its place.
    fn die(&mut self, number: usize) -> Result<(), Violation> {
        self.note(&format!("process {number} dies"));
        self.tally.add("crashes");
        let intent = self.new_intent(number);
        let home = self.homes.remove(number);
        let now = home.now();
        home.ask_and_leave(&intent.1);
        self.tables.leases.remove(&home.owner);
        drop(home.runtime);
        drop(home.ledger);
        let home = self.start(now)?;
        self.homes.insert(number, home);
        Ok(())
    }

    fn move_clock(&mut self, number: usize) {
        let sizes = [1_000, 61_000, 3_600_000, 90_000_000];
        let size = sizes[self.random.index(sizes.len())];
        let by = self.random.between(-size / 2, size);
        let home = &self.homes[number];
        let now = Timestamp((home.now().0 + by).max(START.0));
        home.set_clock(now);
        self.tally.add("clock jumps");
        self.note(&format!("the clock of process {number} is set to {now}"));
    }

    fn change(&mut self, number: usize, change: &Change) -> Result<(), Violation> {
        self.note(&format!("process {number} changes {change:?}"));
        self.tally.add("changes");
        let made = as_product(change, &self.tables.rules);
        let home = &self.homes[number];
        home.runtime.block_on(home.ledger.change("a simulation", vec![made])).map_err(failed)?;
        self.write(number, &Group::Change(change)).map(drop)
    }

    /// Writes to the model what the ledger was asked to write.
    fn write(&mut self, number: usize, group: &Group<'_>) -> Result<Vec<Answer>, Violation> {
        let home = &mut self.homes[number];
        let (owner, now) = (home.owner, home.now());
        let Some((answers, seen)) =
            self.tables.write_group(group, Writer { owner, now, made: &mut home.made })
        else {
            // As the ledger does: what it made may have been undone with its group.
            home.made.clear();
            let Group::End(ends) = group else { return Ok(Vec::new()) };
            let one = |end: &End| self.write(number, &Group::End(vec![end.clone()]));
            let answers = ends.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            return Ok(answers.into_iter().flatten().collect());
        };
        self.books.check(&mut self.tables, Some(&seen))?;
        Ok(answers)
    }

    fn new_intent(&mut self, number: usize) -> (CallNumber, Rc<Intent>) {
        self.next_call += 1;
        let who = callers();
        let who = &who[self.random.index(who.len())];
        let at = self.homes[number].now();
        (self.next_call, Rc::new(intent(self.next_call, at, who, &mut self.random)))
    }

    fn reserve(&mut self, number: usize) -> Result<(), Violation> {
        let size = 1 + self.random.below(GROUP_MAX);
        self.steps += size - 1;
        let calls: Vec<_> = (0..size).map(|_| self.new_intent(number)).collect();
        let numbers: Vec<CallNumber> = calls.iter().map(|call| call.0).collect();
        self.note(&format!("process {number} reserves for {numbers:?}"));
        let home = &self.homes[number];
        let asked = calls.iter().map(|(_, intent)| home.ledger.reserve(Intent::clone(intent)));
        let told = home.runtime.block_on(futures_util::future::join_all(asked));
        let owner = home.owner;
        let answers = self.write(number, &Group::Reserve(calls))?;
        for (told, answer) in told.into_iter().zip(answers) {
            match (told.map_err(failed)?, answer) {
                (Admission::Admitted(admitted), Answer::Admitted(open)) => {
                    self.tally.add("admitted");
                    let truth = Rc::new(truth(&open.intent, &mut self.random));
                    self.sent.insert(open.call, Rc::clone(&truth));
                    self.proofs.push(Proof { admitted, open, truth, owner });
                }
                (Admission::Refused(told), Answer::Refused(expected)) => {
                    self.tally.add(told.reason().as_str());
                    compare_refusals(&told, expected.as_deref())?;
                }
                (told, expected) => {
                    return broken("one verdict", format!("{expected:?} expected, {told:?} told"));
                }
            }
        }
        Ok(())
    }

    /// Settles some calls of a process; those of one that has died, by way of another.
    fn settle(&mut self, other: usize) -> Result<(), Violation> {
        let owner = self.proofs[self.random.index(self.proofs.len())].owner;
        let number = self.homes.iter().position(|home| home.owner == owner).unwrap_or(other);
        let most = 1 + self.random.index(4);
        let mut proofs: Vec<Proof> =
            self.proofs.extract_if(.., |proof| proof.owner == owner).collect();
        let kept = proofs.len().saturating_sub(most);
        self.proofs.extend(proofs.drain(..kept));
        self.steps += (proofs.len() as u64).saturating_sub(1);
        let ends: Vec<End> = proofs
            .iter()
            .map(|proof| End::Settle(Rc::clone(&proof.open), Rc::clone(&proof.truth)))
            .collect();
        self.note(&format!("process {number} settles {ends:?}"));
        let home = &self.homes[number];
        let expected: Vec<bool> =
            proofs.iter().map(|proof| is_overrun(&proof.open, &proof.truth)).collect();
        let settled = proofs
            .into_iter()
            .map(|proof| home.ledger.settle(proof.admitted, Settlement::clone(&proof.truth)));
        let told = home.runtime.block_on(futures_util::future::join_all(settled));
        let answers = self.write(number, &Group::End(ends))?;
        for ((told, answer), overrun) in told.into_iter().zip(answers).zip(expected) {
            let told = told.map_err(failed)?;
            let Answer::Ended { late } = answer else {
                return broken("one verdict", format!("{answer:?} expected, {told:?} told"));
            };
            if told != (Settled { overrun, late }) {
                return broken("one verdict", format!("{answer:?} expected, {told:?} told"));
            }
            self.tally.add(if late { "settled late" } else { "settled" });
        }
        Ok(())
    }

    /// A proof is dropped: its call is settled at the hold, if its process lives.
    fn lose_proof(&mut self) -> Result<(), Violation> {
        if self.proofs.is_empty() {
            return Ok(());
        }
        let place = self.random.index(self.proofs.len());
        let Proof { admitted, open, owner, .. } = self.proofs.swap_remove(place);
        self.note(&format!("the proof of call {} is lost", open.call));
        drop(admitted);
        let Some(number) = self.homes.iter().position(|home| home.owner == owner) else {
            return Ok(());
        };
        self.homes[number].settle_down()?;
        self.tally.add("proofs lost");
        self.write(number, &Group::End(vec![End::Abandon(open)])).map(drop)
    }

    /// A caller goes away before it is answered: its hold is undone.
    fn lose_caller(&mut self, number: usize) -> Result<(), Violation> {
        let call = self.new_intent(number);
        self.note(&format!("the caller of call {} goes away", call.0));
        let home = &self.homes[number];
        home.ask_and_leave(&call.1);
        home.settle_down()?;
        home.settle_down()?;
        self.tally.add("callers lost");
        let answers = self.write(number, &Group::Reserve(vec![call]))?;
        match answers.into_iter().next() {
            Some(Answer::Admitted(open)) => {
                self.write(number, &Group::End(vec![End::Void(open)])).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn sweep(&mut self, number: usize) -> Result<(), Violation> {
        self.note(&format!("process {number} sweeps"));
        let home = &self.homes[number];
        let swept = home.runtime.block_on(home.ledger.sweep()).map_err(failed)?;
        let expected = self.sweep_model()?;
        if swept != expected {
            return broken("one verdict", format!("{expected} to sweep, {swept} were swept"));
        }
        Ok(())
    }

    fn sweep_model(&mut self) -> Result<u64, Violation> {
        let left: Vec<End> = self.tables.left().into_iter().map(End::Abandon).collect();
        let count = left.len() as u64;
        if count > 0 {
            self.tally.add("sweeps that found something");
            self.tables.end(&left);
            self.books.check(&mut self.tables, None)?;
        }
        Ok(count)
    }

    /// The file says of every window what the model says.
    fn compare_balances(&mut self) -> Result<(), Violation> {
        let found = self.file.standings()?;
        if found.len() != self.tables.windows.len() {
            let (model, file) = (self.tables.windows.len(), found.len());
            return broken("the same windows", format!("{model} in the model, {file} in the file"));
        }
        for row in found {
            let id = bursar_domain::budget::WindowId(row.id);
            let file = (row.held_micro, row.spent_micro, row.spent_rest);
            let model = self.tables.windows.get(&id);
            let model = model.map(|window| (window.held, window.spent, window.rest));
            if model != Some(file) {
                return broken(
                    "the same balances",
                    format!("{id}: {model:?}, in the file {file:?}"),
                );
            }
        }
        Ok(())
    }

    fn audit(&mut self) -> Result<(), Violation> {
        let home = &self.homes[0];
        let report = home.runtime.block_on(home.ledger.audit()).map_err(failed)?;
        self.tally.add("audits");
        match report.findings.first() {
            Some(finding) => broken("the ledger's audit is clean", format!("{finding:?}")),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Violation> {
        for number in 0..HOMES {
            self.die(number)?;
        }
        self.compare_balances()?;
        self.audit()?;
        self.books.check_all(&self.tables)?;
        check_end(&self.tables, &self.sent)
    }
}

fn is_overrun(open: &Open, truth: &Settlement) -> bool {
    let cost = truth.bill.cost.map(Cost::micros_up);
    open.held.zip(cost).is_some_and(|(held, cost)| cost > held)
}

fn compare_refusals(told: &Refusal, expected: Option<&Refusal>) -> Result<(), Violation> {
    let figures = |refusal: &Refusal| {
        let figures = refusal.balance().map(|balance| {
            (balance.window.clone(), balance.limit, balance.held, balance.spent, balance.spent_rest)
        });
        (refusal.reason(), figures)
    };
    let is_frozen = matches!(told, Refusal::Frozen(_));
    let is_same = expected.map_or(is_frozen, |expected| figures(expected) == figures(told));
    if is_same {
        return Ok(());
    }
    broken("one verdict", format!("{expected:?} expected, {told:?} told"))
}
