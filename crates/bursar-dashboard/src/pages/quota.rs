//! What a model's calls took from Bedrock's quota of tokens a minute, as its throttler counts: a part
//! of a model's page.

use bursar_admin::SumLine;
use bursar_domain::quota::{RULE, burndown};
use bursar_domain::time::{DAY_MS, HOUR_MS};
use bursar_ledger::Counters;

use super::spend::all;
use crate::figures;
use crate::filters::Period;
use crate::sheet::Cell;

const MINUTE_MS: i64 = 60_000;

/// What is known of it. What the account's quota is, is not.
pub(super) fn facts(model: &str, lines: &[SumLine], period: &Period) -> Vec<(&'static str, Cell)> {
    let times = burndown(model);
    let step = if period.is_hourly { HOUR_MS } else { DAY_MS };
    let mut points = std::collections::BTreeMap::new();
    for line in lines {
        *points.entry(line.at).or_insert(0) += counted(&line.counters, times);
    }
    let most = points.values().copied().max().unwrap_or_default();
    let a_minute = |tokens: i64| {
        let each = tokens / (step / MINUTE_MS);
        Cell::figure(format!("{} a minute", figures::tokens(each)), each)
    };
    let sum = all(lines);
    let busiest = if period.is_hourly { "In its busiest hour" } else { "On its busiest day" };
    vec![
        (busiest, a_minute(most)),
        (
            "Throttled attempts",
            Cell::figure(
                format!(
                    "{} of {}",
                    figures::count(sum.throttled_attempts),
                    figures::count(sum.attempts)
                ),
                sum.throttled_attempts,
            ),
        ),
        (
            "A token of output counts",
            Cell::figure(
                if times == 1 { "once".to_owned() } else { format!("{times} times") },
                times,
            ),
        ),
        ("The quota itself", Cell::text("not known to Bursar")),
    ]
}

/// How it is counted, and where the quota is found.
pub(super) fn note() -> String {
    format!(
        "How the throttler counts: {RULE}. At the end input, what was written to caches, and output \
         as often as it counts are taken; the figures above are means of that. What an account may \
         take is in the Service Quotas console, under Amazon Bedrock, for each region, model and \
         cross-region profile."
    )
}

/// Tokens that stay taken from the quota when calls have ended.
fn counted(sums: &Counters, times: u64) -> i64 {
    let times = i64::try_from(times).unwrap_or(1);
    sums.input_tokens
        + sums.cache_write_5m_tokens
        + sums.cache_write_1h_tokens
        + sums.output_tokens.saturating_mul(times)
}
