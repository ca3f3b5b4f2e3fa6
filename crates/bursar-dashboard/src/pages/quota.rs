//! What a model's calls took from Bedrock's quotas of tokens and requests a minute, as its throttler
//! counts, against what the settings say that they are: a part of a model's page.

use std::collections::BTreeMap;

use bursar_admin::SumLine;
use bursar_domain::quota::{Quota, RULE, burndown};
use bursar_domain::time::{DAY_MS, HOUR_MS};
use bursar_ledger::Counters;

use super::spend::all;
use crate::figures;
use crate::filters::Period;
use crate::sheet::Cell;

const MINUTE_MS: i64 = 60_000;

/// What is known of it: means of the hour, or the day, in which the most was taken.
pub(super) fn facts(
    (model, quota): (&str, Quota),
    lines: &[SumLine],
    period: &Period,
) -> Vec<(&'static str, Cell)> {
    let times = burndown(model);
    let tokens = busiest(lines, period, |sums| counted(sums, times));
    let requests = busiest(lines, period, |sums| sums.attempts);
    let sum = all(lines);
    let (of_tokens, of_requests) = if period.is_hourly {
        ("Tokens, in its busiest hour", "Requests, in its busiest hour")
    } else {
        ("Tokens, on its busiest day", "Requests, on its busiest day")
    };
    let mut facts = vec![
        (of_tokens, a_minute(tokens, figures::tokens)),
        (of_requests, a_minute(requests, figures::count)),
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
    ];
    if quota == Quota::default() {
        let told = Cell::text("not known to Bursar: `[models.quotas]` of the settings tells it");
        facts.push(("The quota itself", told));
    } else {
        facts.push(("The quota of tokens", against(quota.tokens, tokens, figures::tokens)));
        facts.push(("The quota of requests", against(quota.requests, requests, figures::count)));
    }
    facts
}

/// The most that was taken of something in an hour or a day of a period, by the minute.
fn busiest(lines: &[SumLine], period: &Period, of: impl Fn(&Counters) -> i64) -> i64 {
    let step = if period.is_hourly { HOUR_MS } else { DAY_MS };
    let mut points = BTreeMap::new();
    for line in lines {
        *points.entry(line.at).or_insert(0) += of(&line.counters);
    }
    points.values().copied().max().unwrap_or_default() / (step / MINUTE_MS)
}

fn a_minute(figure: i64, words: fn(i64) -> String) -> Cell {
    Cell::figure(format!("{} a minute", words(figure)), figure)
}

/// A quota, and how much of it was taken.
fn against(quota: Option<u64>, taken: i64, words: fn(i64) -> String) -> Cell {
    let Some(quota) = quota else { return Cell::text("not known to Bursar") };
    let most = i64::try_from(quota).unwrap_or(i64::MAX);
    let share = figures::share(taken.into(), most.into());
    Cell::figure(format!("{} a minute: {share} of it", words(most)), most)
}

/// How it is counted, and where the quota is found.
pub(super) fn note() -> String {
    format!(
        "How the throttler counts: {RULE}. At the end input, what was written to caches, and output \
         as often as it counts are taken; the figures above are means of that, and a minute can have \
         taken more. What an account may take is in the Service Quotas console, under Amazon Bedrock, \
         for each region, model and cross-region profile."
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
