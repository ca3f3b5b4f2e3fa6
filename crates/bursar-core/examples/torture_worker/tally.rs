//! What one process saw: admissions, refusals by reason, errors by text, and how dear holds were.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use bursar_core::Receipt;
use bursar_domain::budget::{Refusal, RefusalReason};
use bursar_domain::call::CallId;
use bursar_domain::money::Micros;
use bursar_domain::once::Repeat;
use serde_json::{Value, json};

/// The most different error texts that are kept apart.
const ERRORS_MAX: usize = 50;
/// A hold that is a thousand times its cost, or more, in hundredths.
const RATIO_MAX: i128 = 100_000;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    admitted: u64,
    acknowledgements: u64,
    left: u64,
    refused: BTreeMap<&'static str, u64>,
    /// Calls that were made before under their key, by how that one stands.
    repeated: BTreeMap<&'static str, u64>,
    errors: BTreeMap<String, u64>,
    /// The slowest refusal or error, in milliseconds.
    slowest_no_ms: u128,
    /// The most that was held for a call.
    held_micro: i64,
    /// How many calls had which hold ÷ cost, in hundredths.
    ratios: BTreeMap<u64, u64>,
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
            let hundredths = u64::try_from(hundredths.min(RATIO_MAX)).unwrap_or(0);
            *self.ratios.entry(hundredths).or_default() += 1;
        }
        self.acknowledge(&receipt.settlement.id);
    }

    pub(crate) fn acknowledge(&mut self, id: &CallId) {
        self.acknowledgements += 1;
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

    pub(crate) fn repeated(&mut self, repeat: &Repeat) {
        let stands = match repeat {
            Repeat::Running(_) => "running",
            Repeat::Ended(_) => "ended",
            Repeat::OtherRequest(_) => "other",
        };
        *self.repeated.entry(stands).or_default() += 1;
    }

    pub(crate) fn failed(&mut self, error: &bursar_core::Error, took: Duration) {
        self.slowest_no_ms = self.slowest_no_ms.max(took.as_millis());
        let text = bursar_domain::causes::with_causes(error.to_string(), error);
        if self.errors.len() < ERRORS_MAX || self.errors.contains_key(&text) {
            *self.errors.entry(text).or_default() += 1;
        }
    }

    pub(crate) fn has_spent(&self) -> bool {
        self.first_spent.is_some()
    }

    /// The ratio that so many percent of the calls do not exceed.
    fn ratio(&self, percent: u64) -> Option<u64> {
        let mut left = self.ratios.values().sum::<u64>().saturating_mul(percent).div_ceil(100);
        let reached = |(ratio, count): (&u64, &u64)| {
            left = left.saturating_sub(*count);
            (left == 0).then_some(*ratio)
        };
        self.ratios.iter().find_map(reached)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "admitted": self.admitted,
            "acknowledged": self.acknowledgements,
            "left": self.left,
            "refused": self.refused,
            "repeated": self.repeated,
            "errors": self.errors,
            "failed": self.errors.values().sum::<u64>(),
            "slowest_no_ms": u64::try_from(self.slowest_no_ms).unwrap_or(u64::MAX),
            "held_micro": self.held_micro,
            "ratio_p50": self.ratio(50),
            "ratio_p99": self.ratio(99),
            "spent_at_first_no": self.first_spent.map(|(spent, _)| spent),
            "limit_at_first_no": self.first_spent.map(|(_, limit)| limit),
        })
    }
}
