//! What a group of tasks writes, gathered in memory: the same for both databases, which differ
//! only in how they post it. Nothing here reads or writes a database.

mod rows;

use std::collections::BTreeMap;

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::{Bill, Ending, Guardrail, Intent, Outcome, Settlement, VersionEvidence};
use bursar_domain::money::{Cost, Micros, PICO_PER_MICRO};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use serde::Serialize;

use crate::admitted::Open;
use crate::facts::write_intent;
use crate::rollup::{Rollup, Rooms, Sums};

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

/// The sum of a window's lines. `bounded` is false when a call without a ceiling is among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct WindowSum {
    pub(crate) d_held: i64,
    pub(crate) d_spent: i64,
    pub(crate) d_rest: i64,
    pub(crate) n: i64,
    pub(crate) bounded: bool,
}

/// An open hold.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HoldJson {
    pub(crate) owner: String,
    pub(crate) epoch: i64,
    pub(crate) started_ms: i64,
    pub(crate) held_micro: Option<i64>,
    pub(crate) facts: String,
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
    pub(crate) journal: Vec<JournalLine>,
    pub(crate) rollup: Rollup,
    pub(crate) rooms: Rooms,
}

impl Posting {
    pub(crate) fn new(rooms: Rooms) -> Self {
        Self { rooms, ..Self::default() }
    }

    /// Opens a hold.
    pub(crate) fn hold(&mut self, owner: &str, open: &Open) {
        let intent = &open.intent;
        let hold = HoldJson {
            owner: owner.to_owned(),
            epoch: 1,
            started_ms: intent.started_at.0,
            held_micro: open.held.map(|held| held.0),
            facts: write_intent(intent),
        };
        self.holds.insert(intent.id.to_string(), hold);
        self.move_windows(open, "hold", (held_amount(open), 0));
    }

    /// Records an ended call and releases its hold.
    pub(crate) fn settle(&mut self, open: &Open, settlement: &Settlement) {
        let id = open.intent.id.to_string();
        let cost = settlement.bill.cost.map_or(0, Cost::pico);
        self.move_windows(open, "settle", (-held_amount(open), cost));
        self.calls.push(CallJson::new(open, settlement));
        self.push_attempts(&id, settlement);
        let tags = &open.intent.attribution.tags;
        self.tags.extend(tags.iter().map(|tag| TagJson::new(&open.intent, tag)));
        let mut sums = Sums::call(settlement.ending.outcome);
        add_bill(&mut sums, settlement);
        self.rollup.add_call(&self.rooms, (&open.intent, settlement), &sums);
        self.tokens.push(id);
    }

    /// Undoes a hold whose call was never sent.
    pub(crate) fn void(&mut self, open: &Open) {
        self.move_windows(open, "void", (-held_amount(open), 0));
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
        let paid = before.cost.map_or(0, Cost::pico);
        let cost = settlement.bill.cost.map_or(0, Cost::pico);
        self.move_windows(open, "correction", (0, cost - paid));
        self.corrections.push(CorrectionJson::new(open, settlement, now));
        self.push_attempts(open.intent.id.as_str(), settlement);
        let mut sums = Sums::default();
        add_bill(&mut sums, settlement);
        let mut recorded = Sums::default();
        recorded.add_cost(before.cost);
        recorded.estimated = i64::from(before.estimated);
        sums.subtract(&recorded);
        let swept = abandon(open, None, now);
        self.rollup.add_call(&self.rooms, (&open.intent, &swept), &sums);
    }

    /// Counts a refusal, and keeps it if its key's minute has room.
    pub(crate) fn refuse(
        &mut self,
        intent: &Intent,
        refusal: (RefusalReason, &str),
        now: Timestamp,
    ) {
        let mut row = RefusalJson::new(intent, refusal, now);
        let same = |other: &&RefusalJson| other.is_beside(&row);
        row.slot = i64::try_from(self.refusals.iter().filter(same).count()).unwrap_or(i64::MAX);
        self.refusals.push(row);
        self.rollup.add_refusal(&self.rooms, intent);
    }

    fn push_attempts(&mut self, id: &str, settlement: &Settlement) {
        let numbered = (1..).zip(&settlement.attempts);
        self.attempts
            .extend(numbered.map(|(number, attempt)| AttemptJson::new(id, number, attempt)));
    }

    /// One line in each of the call's windows: micro-dollars held, pico-dollars spent.
    fn move_windows(&mut self, open: &Open, kind: &'static str, (d_held, spent): (i64, i64)) {
        // Floored, so that the rest is never negative and carries at most one micro-dollar.
        let (d_spent, d_rest) =
            (spent.div_euclid(PICO_PER_MICRO), spent.rem_euclid(PICO_PER_MICRO));
        for window in &open.windows {
            let sum = self.windows.entry(window.0.clone()).or_insert_with(|| WindowSum {
                d_held: 0,
                d_spent: 0,
                d_rest: 0,
                n: 0,
                bounded: true,
            });
            sum.n += 1;
            sum.d_held += d_held;
            sum.bounded &= open.held.is_some();
            let rest = sum.d_rest + d_rest;
            sum.d_spent += d_spent + rest / PICO_PER_MICRO;
            sum.d_rest = rest % PICO_PER_MICRO;
            self.journal.push(JournalLine {
                window_id: window.0.clone(),
                call_id: open.intent.id.to_string(),
                kind,
                d_held,
                d_spent,
                d_rest,
                n: sum.n,
            });
        }
    }
}

fn held_amount(open: &Open) -> i64 {
    open.held.unwrap_or(Micros(0)).0
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
