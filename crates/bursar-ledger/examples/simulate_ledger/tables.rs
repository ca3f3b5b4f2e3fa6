//! The ledger's tables in memory, and its steps as each database makes them: all of a step, or
//! none of it. What decides is the product's own code; what writes is written here a second time,
//! so that one can be held against the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use bursar_domain::admission::{Decision, decide};
use bursar_domain::budget::{Balance, Mode, WindowId};
use bursar_domain::call::{Outcome, Settlement};
use bursar_domain::limit::{LimitId, Line};
use bursar_domain::money::{Micros, PICO_PER_MICRO};
use bursar_domain::time::Timestamp;

use crate::mutant::Mutant;
use crate::rules::{Change, Open, Rules};
use crate::scenario::abandoned;

/// A call's number in its simulation.
pub(crate) type CallNumber = u32;
/// A process from its start to its end; the next start is another owner.
pub(crate) type Owner = u32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) limit: LimitId,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) held: i64,
    pub(crate) spent: i64,
    pub(crate) rest: i64,
}

#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) owner: Owner,
    pub(crate) open: Rc<Open>,
}

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) open: Rc<Open>,
    pub(crate) settlement: Rc<Settlement>,
    pub(crate) correction: Option<Rc<Settlement>>,
    /// How often it was settled.
    pub(crate) times: u32,
}

/// A line of the journal.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) window: WindowId,
    pub(crate) kind: Kind,
    pub(crate) held: i64,
    pub(crate) spent: i64,
    pub(crate) rest: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Hold,
    Settle,
    Void,
    Correction,
}

/// What a task does with a hold.
#[derive(Clone)]
pub(crate) enum End {
    Settle(Rc<Open>, Rc<Settlement>),
    Abandon(Rc<Open>),
    Void(Rc<Open>),
}

/// What became of a statement that reserves.
#[derive(Debug)]
pub(crate) enum Verdict {
    Admitted,
    /// Not all of it fits, or a window is not there; how the others stood.
    Short(BTreeMap<WindowId, Balance>),
    Stale,
    Untimely,
    Known,
}

/// What a statement sees besides the rows that it locks: how things stood when it began.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) rules: Rc<Rules>,
    pub(crate) now: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) windows: BTreeMap<WindowId, Window>,
    pub(crate) holds: BTreeMap<CallNumber, Hold>,
    pub(crate) calls: BTreeMap<CallNumber, Row>,
    pub(crate) journal: Vec<Posted>,
    pub(crate) rules: Rc<Rules>,
    /// Until when each owner lives, by the database's clock.
    pub(crate) leases: BTreeMap<Owner, Timestamp>,
    /// The latest time that windows were chosen by.
    pub(crate) latest: Timestamp,
    pub(crate) mutant: Option<Mutant>,
    /// Calls that were touched since somebody looked.
    pub(crate) touched: Vec<CallNumber>,
}

impl Tables {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Makes windows that are not there.
    pub(crate) fn make_windows(&mut self, open: &Open) {
        for (limit, place) in &open.counted {
            self.windows.entry(place.window.clone()).or_insert_with(|| Window {
                limit: limit.clone(),
                start: place.start,
                end: place.end,
                held: 0,
                spent: 0,
                rest: 0,
            });
        }
    }

    /// PostgreSQL's statement: holds a group, all or none. `known` are the rules of who asks.
    pub(crate) fn reserve(
        &mut self,
        owner: Owner,
        group: &[Rc<Open>],
        (known, seen): (&Rules, &Seen),
    ) -> Verdict {
        if known.revision != seen.rules.revision && !self.is(Mutant::StaleLimits) {
            return Verdict::Stale;
        }
        let mut asked: BTreeMap<&WindowId, (i64, bool)> = BTreeMap::new();
        for line in group.iter().flat_map(|open| &open.lines) {
            let sum = asked.entry(&line.window).or_insert((0, true));
            sum.0 += held_amount(line);
            sum.1 &= line.amount.is_some();
        }
        let mut balances = BTreeMap::new();
        let (mut fits, mut timely) = (true, true);
        for (id, (amount, bounded)) in asked {
            let row = self.windows.get(id);
            let found = row.and_then(|window| Some((window, known.balance(id, window)?)));
            let Some((window, balance)) = found else {
                fits = false;
                continue;
            };
            let room = balance.limit.0 - window.spent - i64::from(window.rest > 0) - window.held;
            fits &= balance.mode != Mode::Hard || (bounded && amount <= room);
            timely &= window.start <= seen.now && seen.now < window.end;
            balances.insert(id.clone(), balance);
        }
        if !timely && !self.is(Mutant::OwnClock) {
            return Verdict::Untimely;
        }
        if group.iter().any(|open| self.calls.contains_key(&open.call)) {
            return Verdict::Known;
        }
        if !fits && !self.is(Mutant::NoGuard) {
            return Verdict::Short(balances);
        }
        // The primary key: met only by what gets so far.
        if group.iter().any(|open| self.holds.contains_key(&open.call)) {
            return Verdict::Known;
        }
        for open in group {
            self.hold(owner, open);
        }
        Verdict::Admitted
    }

    /// SQLite's step: decides on one call and holds it.
    pub(crate) fn admit(&mut self, owner: Owner, open: &Rc<Open>) -> Decision {
        let rules = Rc::clone(&self.rules);
        let balance = |line: &Line| {
            let window = self.windows.get(&line.window)?;
            Some((line.window.clone(), rules.balance(&line.window, window)?))
        };
        let mut balances = open.lines.iter().filter_map(balance).collect();
        let mut decision = decide(&mut balances, std::slice::from_ref(&open.lines)).pop();
        if self.is(Mutant::NoGuard) && matches!(decision, Some(Decision::Refuse(_))) {
            decision = Some(Decision::Admit { shadows: Vec::new() });
        }
        if matches!(decision, Some(Decision::Admit { .. })) {
            self.hold(owner, open);
        }
        decision.unwrap_or(Decision::Admit { shadows: Vec::new() })
    }

    /// Whether a call is held or has ended.
    pub(crate) fn is_known(&self, call: CallNumber) -> bool {
        self.holds.contains_key(&call) || self.calls.contains_key(&call)
    }

    fn hold(&mut self, owner: Owner, open: &Rc<Open>) {
        self.post(open, Kind::Hold, |line| (held_amount(line), (0, 0)));
        self.holds.insert(open.call, Hold { owner, open: Rc::clone(open) });
    }

    /// Takes the holds of a group and ends its calls; false, and nothing, when one hold is gone.
    pub(crate) fn end(&mut self, ends: &[End]) -> bool {
        let ids: BTreeSet<CallNumber> = ends.iter().map(|end| end.open().call).collect();
        let is_whole = ids.len() == ends.len() && ids.iter().all(|id| self.holds.contains_key(id));
        if !is_whole && !self.is(Mutant::TokenIgnored) {
            return false;
        }
        for end in ends {
            self.end_one(end);
        }
        true
    }

    fn end_one(&mut self, end: &End) {
        let open = end.open();
        let settlement = match end {
            End::Void(_) => None,
            End::Settle(_, settlement) => Some(Rc::clone(settlement)),
            End::Abandon(_) => {
                let mut guess = abandoned(&open.intent);
                if self.is(Mutant::SweepRefunds) {
                    guess.bill.cost = None;
                }
                Some(Rc::new(guess))
            }
        };
        self.holds.remove(&open.call);
        let Some(settlement) = settlement else {
            self.post(open, Kind::Void, |line| (-held_amount(line), (0, 0)));
            return;
        };
        self.post(open, Kind::Settle, |line| {
            (-held_amount(line), line.unit.adds(line.amount, &settlement))
        });
        let times = self.calls.get(&open.call).map_or(1, |row| row.times + 1);
        let row = Row { open: Rc::clone(open), settlement, correction: None, times };
        self.calls.insert(open.call, row);
    }

    /// Posts what a swept call has cost in truth, once; whether there was anything to post.
    pub(crate) fn correct(&mut self, open: &Rc<Open>, truth: &Rc<Settlement>) -> bool {
        let Some(row) = self.calls.get_mut(&open.call) else { return false };
        if row.settlement.ending.outcome != Outcome::Abandoned || row.correction.is_some() {
            return false;
        }
        row.correction = Some(Rc::clone(truth));
        let swept = Rc::clone(&row.settlement);
        self.post(open, Kind::Correction, |line| {
            let (sum, rest) = line.unit.adds(line.amount, truth);
            let (swept_sum, swept_rest) = line.unit.adds(line.amount, &swept);
            (0, (sum - swept_sum, rest - swept_rest))
        });
        true
    }

    /// Passes holds of lapsed owners to another owner, but for those that are being settled.
    pub(crate) fn claim(
        &mut self,
        owner: Owner,
        now: Timestamp,
        is_locked: impl Fn(CallNumber) -> bool,
    ) -> Vec<Rc<Open>> {
        let leases = &self.leases;
        let lapsed = |hold: &Hold| {
            hold.owner != owner && leases.get(&hold.owner).is_none_or(|lease| *lease <= now)
        };
        let left = self.holds.iter_mut().filter(|(call, hold)| lapsed(hold) && !is_locked(**call));
        let left = left.map(|(_, hold)| {
            hold.owner = owner;
            Rc::clone(&hold.open)
        });
        left.collect()
    }

    /// Holds whose owner has died, as SQLite's sweep finds them: they keep their owner.
    pub(crate) fn left(&self) -> Vec<Rc<Open>> {
        let is_left = |hold: &&Hold| !self.leases.contains_key(&hold.owner);
        self.holds.values().filter(is_left).map(|hold| Rc::clone(&hold.open)).collect()
    }

    pub(crate) fn change(&mut self, change: &Change) {
        self.rules = Rc::new(self.rules.changed(change));
    }

    /// One line in each of the call's windows, and the windows moved by it.
    fn post(&mut self, open: &Open, kind: Kind, moved: impl Fn(&Line) -> (i64, (i64, i64))) {
        self.touched.push(open.call);
        for line in &open.lines {
            let (held, (spent, rest)) = moved(line);
            let (spent, rest) =
                (spent + rest.div_euclid(PICO_PER_MICRO), rest.rem_euclid(PICO_PER_MICRO));
            let window = line.window.clone();
            if let Some(row) = self.windows.get_mut(&window) {
                row.held += held;
                row.spent += spent + (row.rest + rest) / PICO_PER_MICRO;
                row.rest = (row.rest + rest) % PICO_PER_MICRO;
            }
            self.journal.push(Posted { window, kind, held, spent, rest });
        }
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settle(open, settlement) => {
                write!(f, "settle {open:?} at {:?}", settlement.bill.cost)
            }
            Self::Abandon(open) => write!(f, "abandon {open:?}"),
            Self::Void(open) => write!(f, "void {open:?}"),
        }
    }
}

impl End {
    pub(crate) fn open(&self) -> &Rc<Open> {
        match self {
            Self::Settle(open, _) | Self::Abandon(open) | Self::Void(open) => open,
        }
    }
}

pub(crate) fn held_amount(line: &Line) -> i64 {
    line.amount.unwrap_or(Micros(0)).0
}
