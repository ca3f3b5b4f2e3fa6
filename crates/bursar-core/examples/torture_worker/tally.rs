//! What one process saw: admissions, refusals by reason, errors by text, and how dear holds were.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ended::{Ended, Settled};

/// The most different error texts that are kept apart.
const ERRORS_MAX: usize = 50;

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

    /// Counts a call that has ended, so long after it was asked for.
    pub(crate) fn take(&mut self, ended: Ended, took: Duration) {
        if matches!(ended, Ended::Refused(_) | Ended::Failed(_)) {
            self.slowest_no_ms = self.slowest_no_ms.max(took.as_millis());
        }
        match ended {
            Ended::Settled(settled) => self.settled(&settled),
            Ended::Acknowledged(id) => self.acknowledge(&id, None),
            Ended::Left => self.left += 1,
            Ended::Refused(no) => {
                *self.refused.entry(no.reason).or_default() += 1;
                self.first_spent = self.first_spent.or(no.spent);
            }
            Ended::Repeated(stands) => *self.repeated.entry(stands).or_default() += 1,
            Ended::Failed(text) => self.failed(text),
        }
    }

    fn settled(&mut self, settled: &Settled) {
        self.admitted += 1;
        self.held_micro = self.held_micro.max(settled.held_micro);
        if let Some(ratio) = settled.ratio {
            *self.ratios.entry(ratio).or_default() += 1;
        }
        self.acknowledge(&settled.id, settled.tokens);
    }

    /// Notes the call, and its tokens where its caller has read them.
    fn acknowledge(&mut self, id: &str, tokens: Option<(u64, u64)>) {
        self.acknowledgements += 1;
        let Some(file) = &mut self.acknowledged else { return };
        let tokens =
            tokens.map_or_else(String::new, |(input, output)| format!(" {input} {output}"));
        if let Err(error) = writeln!(file, "{id}{tokens}") {
            self.failed(format!("cannot note what was acknowledged: {error}"));
        }
    }

    fn failed(&mut self, text: String) {
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
