//! What a talk has used so far.

use bursar_core::Receipt;
use bursar_domain::money::{Cost, Total};
use serde_json::{Value, json};

/// Sums over the calls of one talk.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// Questions that were asked, answered or not.
    pub(crate) turns: u64,
    /// Those of them that failed.
    pub(crate) failed: u64,
    input: u64,
    cached: u64,
    output: u64,
    cost: Total,
    /// Whether a call's usage never came, so that its cost is an upper bound.
    estimated: bool,
    unpriced: u64,
    /// Tokens of the last question and its answer: what the next question starts from.
    pub(crate) context: u64,
}

impl Sums {
    /// Adds a settled call.
    pub(crate) fn add(&mut self, receipt: &Receipt) {
        let bill = &receipt.settlement.bill;
        let usage = &bill.usage;
        let cached = usage.cache_read + usage.cache_write_5m + usage.cache_write_1h;
        self.input += usage.input;
        self.cached += cached;
        self.output += usage.output;
        self.cost += Total::from(bill.cost.unwrap_or(Cost::ZERO));
        self.unpriced += u64::from(bill.cost.is_none());
        self.estimated |= bill.estimated;
        if usage.context_tokens() > 0 {
            self.context = usage.context_tokens() + usage.output;
        }
    }

    /// The cost for people.
    pub(crate) fn cost(&self) -> String {
        let bound = if self.estimated { "≤ " } else { "" };
        let unpriced = match self.unpriced {
            0 => String::new(),
            calls => format!(" and {calls} unpriced"),
        };
        format!("{bound}{}{unpriced}", self.cost.rounded())
    }

    /// `3 turns (1 failed), 120 in, 80 out, $0.000024`
    pub(crate) fn line(&self) -> String {
        let turns = if self.turns == 1 { "turn" } else { "turns" };
        let failed =
            if self.failed > 0 { format!(" ({} failed)", self.failed) } else { String::new() };
        let cached =
            if self.cached > 0 { format!(", {} cached", self.cached) } else { String::new() };
        let (input, output) = (self.input, self.output);
        format!("{} {turns}{failed}, {input} in{cached}, {output} out, {}", self.turns, self.cost())
    }

    /// The keys of `--json`.
    pub(crate) fn json(&self) -> Value {
        json!({
            "turns": self.turns,
            "failed": self.failed,
            "input_tokens": self.input,
            "cached_tokens": self.cached,
            "output_tokens": self.output,
            "cost_usd": self.cost.usd(),
            "estimated": self.estimated,
            "unpriced": self.unpriced,
        })
    }
}
