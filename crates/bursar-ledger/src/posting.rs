//! What a group of tasks writes, gathered in memory: the same for both databases, which differ
//! only in how they post it. Nothing here reads or writes a database.

mod rows;

use std::collections::BTreeMap;

use bursar_domain::budget::{RefusalReason, WindowId};
use bursar_domain::call::{Bill, Ending, Guardrail, Intent, Outcome, Settlement, VersionEvidence};
use bursar_domain::limit::Line;
use bursar_domain::money::{Cost, Micros, PICO_PER_MICRO};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use serde::Serialize;

use crate::admitted::Open;
use crate::rollup::{Rollup, Rooms, Sums};
use crate::seal::Entry;

pub(crate) use rows::{AttemptJson, CallJson, CorrectionJson, RefusalJson, TagJson};

/// A change of one window on behalf of one call. `n` numbers the lines of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct JournalLine {
    pub(crate) window_id: String,
    pub(crate) call_id: String,
    pub(crate) kind: &'static str,
    pub(crate) d_held: i64,
    pub(crate) d_spent: i64,
    pub(crate) d_rest: i64,
    pub(crate) n: i64,
}

/// What a call asks of a window: the line's number in the group, what it holds, what the group holds
/// there up to it, and whether anything bounds the call.
pub(crate) type AskedLine = (i64, i64, i64, bool);

/// The sum of a window's lines. `bounded` is false when a call without a bound is among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct WindowSum {
    pub(crate) d_held: i64,
    pub(crate) d_spent: i64,
    pub(crate) d_rest: i64,
    pub(crate) n: i64,
    pub(crate) refused: i64,
    pub(crate) bounded: bool,
}

impl Default for WindowSum {
    fn default() -> Self {
        Self { d_held: 0, d_spent: 0, d_rest: 0, n: 0, refused: 0, bounded: true }
    }
}

/// A refusal, as it is counted and kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct No<'a> {
    pub(crate) reason: RefusalReason,
    pub(crate) detail: &'a str,
    /// The window that had no room.
    pub(crate) window: Option<&'a WindowId>,
}

/// An open hold. Its lines are numbered where it is written: by the statement on PostgreSQL, before
/// it on SQLite.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HoldJson {
    pub(crate) owner: String,
    pub(crate) epoch: i64,
    pub(crate) started_ms: i64,
    pub(crate) held_micro: Option<i64>,
    pub(crate) facts: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) lines: BTreeMap<String, HeldLine>,
}

/// What a hold holds in a window: the line's number in the window's journal, millionths, and the
/// hard limit that it was judged by.
pub(crate) type HeldLine = (i64, i64, Option<i64>);

/// The end of a window's journal, and the hard limit that its next line is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hard_micro: Option<i64>,
}

/// How a call that came too late was recorded.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(crate) cost: Option<Cost>,
    pub(crate) estimated: bool,
}

/// Rows and sums to write, all or nothing.
#[derive(Debug, Default)]
pub(crate) struct Posting {
    /// Holds that must still be there, and go.
    pub(crate) tokens: Vec<String>,
    pub(crate) holds: BTreeMap<String, HoldJson>,
    pub(crate) calls: Vec<CallJson>,
    pub(crate) attempts: Vec<AttemptJson>,
    pub(crate) tags: Vec<TagJson>,
    pub(crate) corrections: Vec<CorrectionJson>,
    pub(crate) refusals: Vec<RefusalJson>,
    pub(crate) windows: BTreeMap<String, WindowSum>,
    /// What the holds hold, by call and window.
    pub(crate) held: BTreeMap<String, BTreeMap<String, AskedLine>>,
    /// What ends or corrects calls.
    pub(crate) journal: Vec<JournalLine>,
    pub(crate) rollup: Rollup,
    pub(crate) rooms: Rooms,
}

impl Posting {
    pub(crate) fn new(rooms: Rooms) -> Self {
        Self { rooms, ..Self::default() }
    }

    /// Opens a hold, with the facts of its intent.
    pub(crate) fn hold(&mut self, owner: &str, open: &Open, facts: String) {
        let intent = &open.intent;
        let hold = HoldJson {
            owner: owner.to_owned(),
            epoch: 1,
            started_ms: intent.started_at.0,
            held_micro: open.held.map(|held| held.0),
            facts,
            lines: BTreeMap::new(),
        };
        self.holds.insert(intent.id.to_string(), hold);
        let lines = self.move_windows(open, "hold", |line| (held_amount(line), (0, 0)));
        let asked = lines.into_iter().zip(&open.lines).map(|(line, of)| {
            let sum = self.windows.get(&line.window_id).map_or(line.d_held, |sum| sum.d_held);
            (line.window_id, (line.n, line.d_held, sum, of.amount.is_some()))
        });
        self.held.insert(intent.id.to_string(), asked.collect());
    }

    /// Records an ended call and releases its hold.
    pub(crate) fn settle(&mut self, open: &Open, settlement: &Settlement) {
        let id = open.intent.id.to_string();
        let lines = self.move_windows(open, "settle", |line| {
            (-held_amount(line), line.unit.adds(line.amount, settlement))
        });
        self.journal.extend(lines);
        self.calls.push(CallJson::new(open, settlement));
        self.push_attempts(&id, settlement);
        let tags = &open.intent.attribution.tags;
        self.tags.extend(tags.iter().map(|tag| TagJson::new(&open.intent, tag)));
        let mut sums = Sums::call(settlement.ending.outcome);
        add_bill(&mut sums, settlement);
        self.rollup.add_call(&self.rooms, (&open.intent, settlement), &sums);
        self.tokens.push(id);
    }

    /// Records a call that ended before the ledger heard of it: held and settled at once.
    pub(crate) fn record(&mut self, open: &Open, settlement: &Settlement) {
        let lines = self.move_windows(open, "hold", |line| (held_amount(line), (0, 0)));
        self.journal.extend(lines);
        self.settle(open, settlement);
    }

    /// Undoes a hold whose call was never sent.
    pub(crate) fn void(&mut self, open: &Open) {
        let lines = self.move_windows(open, "void", |line| (-held_amount(line), (0, 0)));
        self.journal.extend(lines);
        self.tokens.push(open.intent.id.to_string());
    }

    /// Posts the difference between a swept call as it was recorded and its true bill. It stays
    /// counted under `abandoned`, where the sweep put it.
    pub(crate) fn correct(
        &mut self,
        open: &Open,
        settlement: &Settlement,
        before: &Before,
        now: Timestamp,
    ) {
        let mut swept = abandon(open, None, now);
        swept.bill.cost = before.cost;
        let lines = self.move_windows(open, "correction", |line| {
            let (true_sum, true_rest) = line.unit.adds(line.amount, settlement);
            let (sum, rest) = line.unit.adds(line.amount, &swept);
            (0, (true_sum - sum, true_rest - rest))
        });
        self.journal.extend(lines);
        self.corrections.push(CorrectionJson::new(open, settlement, now));
        self.push_attempts(open.intent.id.as_str(), settlement);
        let mut sums = Sums::default();
        add_bill(&mut sums, settlement);
        let mut recorded = Sums::default();
        recorded.add_cost(before.cost);
        recorded.estimated = i64::from(before.estimated);
        sums.subtract(&recorded);
        self.rollup.add_call(&self.rooms, (&open.intent, &swept), &sums);
    }

    /// Gives the holds their lines, numbered after the last line of each window.
    pub(crate) fn number_lines(&mut self, heads: &BTreeMap<String, Head>) {
        for (id, lines) in &self.held {
            let numbered = lines.iter().filter_map(|(window, (n, held, ..))| {
                let head = heads.get(window)?;
                Some((window.clone(), (head.seq + n, *held, head.hard_micro)))
            });
            if let Some(hold) = self.holds.get_mut(id) {
                hold.lines.extend(numbered);
            }
        }
    }

    /// Counts a refusal, and keeps it if its key's minute has room.
    pub(crate) fn refuse(&mut self, intent: &Intent, no: No<'_>, now: Timestamp) {
        if let Some(window) = no.window {
            self.windows.entry(window.0.clone()).or_default().refused += 1;
        }
        let mut row = RefusalJson::new(intent, no, now);
        let same = |other: &&RefusalJson| other.is_beside(&row);
        row.slot = i64::try_from(self.refusals.iter().filter(same).count()).unwrap_or(i64::MAX);
        self.refusals.push(row);
        self.rollup.add_refusal(&self.rooms, intent);
    }

    /// Counts what shadows would have refused.
    pub(crate) fn shadow(&mut self, windows: Vec<WindowId>) {
        for window in windows {
            self.windows.entry(window.0).or_default().refused += 1;
        }
    }

    /// Whether it opens holds, and does nothing but move their windows beside.
    pub(crate) fn is_of_holds(&self) -> bool {
        !self.holds.is_empty() && self.tells_nothing()
    }

    /// Whether nothing is recorded with it: what has ended, what was refused.
    pub(crate) fn tells_nothing(&self) -> bool {
        let is_silent = self.refusals.is_empty() && self.rollup.hours.is_empty();
        is_silent && self.tokens.is_empty() && self.corrections.is_empty()
    }

    /// What has ended with this, to be sealed.
    pub(crate) fn ended(&self) -> Vec<Entry> {
        let entry = |kind: &str, id: &String| Entry { kind: kind.into(), subject: id.clone() };
        let calls = self.tokens.iter().map(|id| entry("call", id));
        let corrections = self.corrections.iter().map(|row| entry("correction", &row.call_id));
        calls.chain(corrections).collect()
    }

    fn push_attempts(&mut self, id: &str, settlement: &Settlement) {
        let numbered = (1..).zip(&settlement.attempts);
        self.attempts
            .extend(numbered.map(|(number, attempt)| AttemptJson::new(id, number, attempt)));
    }

    /// One line in each of the call's windows: what is held, and what is spent with its rest.
    fn move_windows(
        &mut self,
        open: &Open,
        kind: &'static str,
        change: impl Fn(&Line) -> (i64, (i64, i64)),
    ) -> Vec<JournalLine> {
        let mut lines = Vec::with_capacity(open.lines.len());
        for line in &open.lines {
            let (d_held, (spent, rest)) = change(line);
            // Floored, so that the rest is never negative and carries at most one.
            let d_spent = spent + rest.div_euclid(PICO_PER_MICRO);
            let d_rest = rest.rem_euclid(PICO_PER_MICRO);
            let sum = self.windows.entry(line.window.0.clone()).or_default();
            sum.n += 1;
            sum.d_held += d_held;
            sum.bounded &= line.amount.is_some();
            let rest = sum.d_rest + d_rest;
            sum.d_spent += d_spent + rest / PICO_PER_MICRO;
            sum.d_rest = rest % PICO_PER_MICRO;
            lines.push(JournalLine {
                window_id: line.window.0.clone(),
                call_id: open.intent.id.to_string(),
                kind,
                d_held,
                d_spent,
                d_rest,
                n: sum.n,
            });
        }
        lines
    }
}

fn held_amount(line: &Line) -> i64 {
    line.amount.unwrap_or(Micros(0)).0
}

fn add_bill(sums: &mut Sums, settlement: &Settlement) {
    let usage = &settlement.bill.usage;
    sums.attempts = i64::try_from(settlement.attempts.len()).unwrap_or(i64::MAX);
    sums.throttled_attempts = rows::throttled(settlement);
    sums.input_tokens = rows::tokens(usage.input);
    sums.output_tokens = rows::tokens(usage.output);
    sums.cache_read_tokens = rows::tokens(usage.cache_read);
    sums.cache_write_5m_tokens = rows::tokens(usage.cache_write_5m);
    sums.cache_write_1h_tokens = rows::tokens(usage.cache_write_1h);
    sums.add_cost(settlement.bill.cost);
    sums.estimated = i64::from(settlement.bill.estimated);
}

/// The settlement of a call that nobody will settle: at its hold, for it may have been sent; where
/// nothing bounds it, at what is known to have been used.
pub(crate) fn abandon(open: &Open, checkpoint: Option<Cost>, now: Timestamp) -> Settlement {
    let intent = &open.intent;
    let held = open.held.and_then(Micros::cost).or(intent.ceiling);
    Settlement {
        id: intent.id.clone(),
        first_token_at: None,
        ended_at: now.max(intent.started_at),
        chosen: None,
        model_version: intent.model.to_string(),
        version_evidence: VersionEvidence::Requested,
        served_region: None,
        tier: intent.tier_requested,
        ending: Ending {
            outcome: Outcome::Abandoned,
            client_gone: true,
            http_status: None,
            error_code: Some("Abandoned".to_owned()),
            error_message: None,
            stop_reason: None,
        },
        attempts: Vec::new(),
        bill: Bill {
            usage: Usage::default(),
            price: intent.price.clone(),
            cost: held.or(checkpoint),
            estimated: true,
            cost_low: checkpoint,
        },
        request_id: None,
        guardrail: Guardrail::default(),
    }
}

/// Whether a call cost more than was held for it.
pub(crate) fn is_overrun(open: &Open, settlement: &Settlement) -> bool {
    match (open.held, settlement.bill.cost) {
        (Some(held), Some(cost)) => cost.micros_up() > held,
        _ => false,
    }
}
