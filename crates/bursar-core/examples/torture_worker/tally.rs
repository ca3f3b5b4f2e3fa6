//! What one process saw: admissions, refusals by reason, errors by text, and how dear holds were.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use bursar_core::Receipt;
use bursar_domain::budget::{Refusal, RefusalReason};
use bursar_domain::call::CallId;
use bursar_domain::money::Micros;
use serde_json::{Value, json};

/// The most different error texts that are kept apart.
const ERRORS_MAX: usize = 50;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    admitted: u64,
    left: u64,
    refused: BTreeMap<&'static str, u64>,
    errors: BTreeMap<String, u64>,
    /// The slowest refusal or error, in milliseconds.
    slowest_no_ms: u128,
    /// The most that was held for a call.
    held_micro: i64,
    /// Hold ÷ cost of each call, in hundredths.
    ratios: Vec<u64>,
    /// Spent and limit at the first refusal for what is spent.
    first_spent: Option<(i64, i64)>,
    acknowledged: Option<File>,
}

impl Tally {
    pub(crate) fn keeping(acknowledged: Option<File>) -> Self {
        Self { acknowledged, ..Self::default() }
    }

    pub(crate) fn settled(&mut self, receipt: &Receipt) {
        self.admitted += 1;
        let cost = receipt.settlement.bill.cost.map_or(0, bursar_domain::money::Cost::pico);
        let held_micro = receipt.held.map_or(0, |held| held.micros_up().0);
        self.held_micro = self.held_micro.max(held_micro);
        if let (Some(held), true) = (receipt.held, cost > 0) {
            let hundredths = i128::from(held.pico()) * 100 / i128::from(cost);
            self.ratios.push(u64::try_from(hundredths).unwrap_or(0));
        }
        self.acknowledge(&receipt.settlement.id);
    }

    fn acknowledge(&mut self, id: &CallId) {
        if let Some(file) = &mut self.acknowledged
            && let Err(error) = writeln!(file, "{id}")
        {
            *self
                .errors
                .entry(format!("cannot note what was acknowledged: {error}"))
                .or_default() += 1;
        }
    }

    pub(crate) fn left(&mut self) {
        self.left += 1;
    }

    pub(crate) fn refused(&mut self, refusal: &Refusal, took: Duration) {
        self.slowest_no_ms = self.slowest_no_ms.max(took.as_millis());
        *self.refused.entry(refusal.reason().as_str()).or_default() += 1;
        if let (RefusalReason::Spent, Some(balance)) = (refusal.reason(), refusal.balance()) {
            let Micros(spent) = balance.spent;
            self.first_spent.get_or_insert((spent, balance.limit.0));
        }
    }

    pub(crate) fn failed(&mut self, error: &bursar_core::Error, took: Duration) {
        self.slowest_no_ms = self.slowest_no_ms.max(took.as_millis());
        let text = bursar_core::with_causes(error.to_string(), error);
        if self.errors.len() < ERRORS_MAX || self.errors.contains_key(&text) {
            *self.errors.entry(text).or_default() += 1;
        }
    }

    pub(crate) fn has_spent(&self) -> bool {
        self.first_spent.is_some()
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut ratios = self.ratios.clone();
        ratios.sort_unstable();
        let at = |percent: usize| ratios.get(ratios.len().saturating_sub(1) * percent / 100);
        json!({
            "admitted": self.admitted,
            "left": self.left,
            "refused": self.refused,
            "errors": self.errors,
            "failed": self.errors.values().sum::<u64>(),
            "slowest_no_ms": u64::try_from(self.slowest_no_ms).unwrap_or(u64::MAX),
            "held_micro": self.held_micro,
            "ratio_p50": at(50),
            "ratio_p99": at(99),
            "spent_at_first_no": self.first_spent.map(|(spent, _)| spent),
            "limit_at_first_no": self.first_spent.map(|(_, limit)| limit),
        })
    }
}
