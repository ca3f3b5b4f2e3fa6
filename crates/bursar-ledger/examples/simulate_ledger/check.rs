//! What has to hold after every step, and at the end. It keeps books of its own from what was
//! written, and never asks the steps what they meant to do.

use std::collections::BTreeMap;
use std::rc::Rc;

use bursar_domain::budget::{Mode, WindowId};
use bursar_domain::call::{Outcome, Settlement};
use bursar_domain::limit::Limit;
use bursar_domain::money::{Micros, PICO_PER_MICRO};

use crate::rules::Open;
use crate::tables::{CallNumber, Kind, Posted, Row, Seen, Tables, Window, held_amount};

/// A rule that was broken, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) detail: String,
}

/// Fails with a rule and where it was broken.
pub(crate) fn broken<T>(rule: &'static str, detail: String) -> Result<T, Violation> {
    Err(Violation { rule, detail })
}

/// What a window should stand at.
#[derive(Debug, Default)]
struct Book {
    /// The fold of its journal: millionths held, and spent with its pico-dollars.
    held: i64,
    spent: i128,
    /// What the calls that have ended owe it.
    owed: i128,
}

/// The books of one simulation.
#[derive(Debug, Default)]
pub(crate) struct Books {
    windows: BTreeMap<WindowId, Book>,
    read: usize,
    /// What each ended call was counted with, to count it anew when it is corrected.
    counted: BTreeMap<CallNumber, Vec<i128>>,
}

impl Books {
    /// Checks what was written since the last time. `admitted` is what a statement that reserves
    /// saw when it began.
    pub(crate) fn check(
        &mut self,
        tables: &mut Tables,
        admitted: Option<&Seen>,
    ) -> Result<(), Violation> {
        for call in std::mem::take(&mut tables.touched) {
            if let Some(row) = tables.calls.get(&call) {
                self.count(call, row)?;
            } else if let (Some(hold), Some(seen)) = (tables.holds.get(&call), admitted) {
                check_lines(tables, &hold.open, seen)?;
            }
        }
        let new = &tables.journal[self.read..];
        self.read = tables.journal.len();
        for posted in new {
            let book = self.windows.entry(posted.window.clone()).or_default();
            book.held += posted.held;
            book.spent += pico(posted.spent, posted.rest);
        }
        for posted in new {
            self.check_window(tables, posted, admitted)?;
        }
        Ok(())
    }

    /// Counts what an ended call owes each of its windows.
    fn count(&mut self, call: CallNumber, row: &Row) -> Result<(), Violation> {
        if row.times > 1 {
            return broken("a call settles at most once", format!("call {call}: {}", row.times));
        }
        let found = row.correction.as_ref().unwrap_or(&row.settlement);
        check_guess(&row.open, &row.settlement)?;
        let owes = row.open.lines.iter().map(|line| {
            let (whole, rest) = line.unit.adds(line.amount, found);
            pico(whole, rest)
        });
        let owes: Vec<i128> = owes.collect();
        let before = self.counted.insert(call, owes.clone());
        for (number, line) in row.open.lines.iter().enumerate() {
            let book = self.windows.entry(line.window.clone()).or_default();
            book.owed += owes[number] - before.as_ref().map_or(0, |before| before[number]);
        }
        Ok(())
    }

    fn check_window(
        &self,
        tables: &Tables,
        posted: &Posted,
        admitted: Option<&Seen>,
    ) -> Result<(), Violation> {
        let id = &posted.window;
        let Some(window) = tables.windows.get(id) else {
            return broken("what is counted has a window", id.to_string());
        };
        let book = &self.windows[id];
        let spent = pico(window.spent, window.rest);
        let lines: i64 = lines_on(tables, id);
        compare("held is the sum of open lines", id, (lines.into(), window.held.into()))?;
        compare("held is the fold of the journal", id, (book.held.into(), window.held.into()))?;
        compare("spent is the fold of the journal", id, (book.spent, spent))?;
        compare("spent is what ended calls owe", id, (book.owed, spent))?;
        if let (Kind::Hold, Some(seen)) = (posted.kind, admitted)
            && let Some(limit) = seen.rules.limits.get(&window.limit)
        {
            return check_room(limit, id, window);
        }
        Ok(())
    }

    /// Everything at once, from nothing but the rows.
    pub(crate) fn check_all(&self, tables: &Tables) -> Result<(), Violation> {
        let mut fold: BTreeMap<&WindowId, (i64, i128)> = BTreeMap::new();
        for posted in &tables.journal {
            let sums = fold.entry(&posted.window).or_default();
            sums.0 += posted.held;
            sums.1 += pico(posted.spent, posted.rest);
        }
        for (id, window) in &tables.windows {
            let (held, spent) = fold.get(id).copied().unwrap_or_default();
            let lines = lines_on(tables, id);
            compare("held is the sum of open lines", id, (lines.into(), window.held.into()))?;
            compare("held is the fold of the journal", id, (held.into(), window.held.into()))?;
            let stands = pico(window.spent, window.rest);
            compare("spent is the fold of the journal", id, (spent, stands))?;
            let owed = self.windows.get(id).map_or(0, |book| book.owed);
            compare("spent is what ended calls owe", id, (owed, stands))?;
        }
        Ok(())
    }
}

/// A call is counted by every limit that was in force, in the window that the clock said.
fn check_lines(tables: &Tables, open: &Open, seen: &Seen) -> Result<(), Violation> {
    let call = || format!("call {}: {:?}", open.call, open.lines);
    let places = seen.rules.limits.values();
    let in_force = places.filter(|limit| limit.place(&open.intent, seen.now).is_some()).count();
    if in_force != open.lines.len() {
        return broken("every limit in force counts a call", call());
    }
    for line in &open.lines {
        let Some(window) = tables.windows.get(&line.window) else {
            return broken("what is counted has a window", call());
        };
        if !seen.rules.limits.contains_key(&window.limit) {
            return broken("only limits in force count a call", call());
        }
        if seen.now < window.start || seen.now >= window.end {
            return broken("a call is counted in the window of its time", call());
        }
    }
    Ok(())
}

/// Held money is not given back on a guess: who did not say what a call cost settles at the hold.
fn check_guess(open: &Open, settlement: &Settlement) -> Result<(), Violation> {
    let is_guess = settlement.ending.outcome == Outcome::Abandoned;
    let held = open.held.and_then(Micros::cost);
    if is_guess && held != settlement.bill.cost {
        let detail = format!("call {}: {held:?}, {:?}", open.call, settlement.bill.cost);
        return broken("what is abandoned is settled at its hold", detail);
    }
    Ok(())
}

/// A hard limit has room for what was just held.
fn check_room(limit: &Limit, id: &WindowId, window: &Window) -> Result<(), Violation> {
    let total = window.spent + i64::from(window.rest > 0) + window.held;
    if limit.mode == Mode::Hard && total > limit.amount.0 {
        let detail = format!("{id}: {total} of {}", limit.amount.0);
        return broken("no admission takes a hard window over its limit", detail);
    }
    Ok(())
}

/// At the very end, when every owner has died and all was swept: nothing is open, and each call
/// that was sent is recorded once, at what it cost or at its hold.
pub(crate) fn check_end(
    tables: &Tables,
    sent: &BTreeMap<CallNumber, Rc<Settlement>>,
) -> Result<(), Violation> {
    if let Some((call, _)) = tables.holds.first_key_value() {
        return broken("no hold is left open", format!("call {call}"));
    }
    for (call, truth) in sent {
        let Some(row) = tables.calls.get(call) else {
            return broken("a call that was sent is recorded", format!("call {call}"));
        };
        let found = row.correction.as_ref().unwrap_or(&row.settlement);
        let is_guess = found.ending.outcome == Outcome::Abandoned;
        if !is_guess && found != truth {
            return broken("a call is recorded as it was", format!("call {call}"));
        }
    }
    Ok(())
}

fn lines_on(tables: &Tables, id: &WindowId) -> i64 {
    let lines = tables.holds.values().flat_map(|hold| &hold.open.lines);
    lines.filter(|line| line.window == *id).map(held_amount).sum()
}

fn compare(rule: &'static str, id: &WindowId, (want, have): (i128, i128)) -> Result<(), Violation> {
    if want == have {
        return Ok(());
    }
    broken(rule, format!("{id}: {want} expected, {have} found"))
}

fn pico(micro: i64, rest: i64) -> i128 {
    i128::from(micro) * i128::from(PICO_PER_MICRO) + i128::from(rest)
}
