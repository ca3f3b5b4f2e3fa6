//! The sum of the calls that one command made, in the shape of a usage report.

use std::collections::BTreeMap;

use bursar_core::Receipt;
use bursar_domain::call::{Attempt, AttemptOutcome, Outcome};
use bursar_domain::model::ModelId;
use bursar_ledger::{Counters, UsageReport, UsageRow};

/// Calls counted by model, and all together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    models: BTreeMap<String, Counters>,
    total: Counters,
}

impl Tally {
    /// Counts one settled call, under its model and in the total.
    pub(crate) fn add(&mut self, model: &ModelId, receipt: &Receipt) {
        count(self.models.entry(model.to_string()).or_default(), receipt);
        count(&mut self.total, receipt);
    }

    /// The report, dearest model first.
    pub(crate) fn report(self) -> UsageReport {
        let rows = self.models.into_iter();
        let rows = rows.map(|(model, counters)| UsageRow { value: Some(model), counters });
        let mut rows: Vec<UsageRow> = rows.collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.counters.cost));
        UsageReport { rows, total: self.total, since: None, until: None }
    }
}

fn count(counters: &mut Counters, receipt: &Receipt) {
    let settlement = &receipt.settlement;
    counters.calls += 1;
    *match settlement.ending.outcome {
        Outcome::Succeeded => &mut counters.succeeded,
        Outcome::Rejected => &mut counters.rejected,
        Outcome::Throttled => &mut counters.throttled,
        Outcome::Failed => &mut counters.failed,
        Outcome::Cut => &mut counters.cut,
        Outcome::Abandoned => &mut counters.abandoned,
    } += 1;
    let is_throttled = |attempt: &&Attempt| attempt.outcome == AttemptOutcome::Throttled;
    let throttled = settlement.attempts.iter().filter(is_throttled).count();
    let usage = &settlement.bill.usage;
    for (sum, more) in [
        (&mut counters.attempts, settlement.attempts.len() as u64),
        (&mut counters.throttled_attempts, throttled as u64),
        (&mut counters.input_tokens, usage.input),
        (&mut counters.output_tokens, usage.output),
        (&mut counters.cache_read_tokens, usage.cache_read),
        (&mut counters.cache_write_5m_tokens, usage.cache_write_5m),
        (&mut counters.cache_write_1h_tokens, usage.cache_write_1h),
    ] {
        *sum = sum.saturating_add(i64::try_from(more).unwrap_or(i64::MAX));
    }
    match settlement.bill.cost {
        Some(cost) => counters.cost += cost.into(),
        None => counters.unpriced += 1,
    }
    counters.estimated += i64::from(settlement.bill.estimated);
}
