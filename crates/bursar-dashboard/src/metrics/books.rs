//! What the ledger has summed, for all of its processes.

use std::collections::BTreeMap;

use bursar_admin::{Admin, BudgetRow, Selectors, write_amount};
use bursar_domain::limit::Unit;
use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use bursar_ledger::{Counters, Dimension, Error, UsageQuery};

use super::{Family, Kind, Sample};

/// The most values of one label; what is behind the dearest of them is summed as [`OTHER`].
const VALUES_MAX: usize = 100;
const OTHER: &str = "other";
/// The most limits; the rest are left to the API.
const LIMITS_MAX: usize = 200;

/// What is no label: whom a limit is about, if it is one person or program.
const PERSONS: [&str; 3] = ["user", "key", "session"];

/// What the ledger has summed since a day.
pub(super) async fn families(admin: &Admin, since: Timestamp) -> Vec<Family> {
    let read = read(admin, since).await;
    let up = Family {
        name: "bursar_ledger_up",
        help: "Whether the ledger answered this scrape.",
        kind: Kind::Gauge,
        samples: vec![Sample::new(&[], i64::from(read.is_ok()))],
    };
    let mut families = vec![up];
    families.extend(read.unwrap_or_default());
    families
}

async fn read(admin: &Admin, since: Timestamp) -> Result<Vec<Family>, bursar_admin::Error> {
    let mut families = calls(&by(admin, Dimension::Model, since).await?);
    families.push(spend_by_team(&by(admin, Dimension::Team, since).await?));
    families.extend(limits(&admin.budgets(&Selectors::default()).await?));
    let running = admin.running_calls().await?;
    let streams = running.iter().filter(|call| call.is_stream).count();
    let oldest_ms = running.iter().map(|call| call.age_ms).max().unwrap_or_default();
    let frozen = admin.freezes().await?.len();
    families.extend([
        gauge("bursar_calls_in_flight", "Calls that run.", running.len()),
        gauge("bursar_streams_in_flight", "Calls that run and are streamed.", streams),
        gauge(
            "bursar_oldest_call_seconds",
            "How long the oldest of the calls that run has run.",
            oldest_ms / 1_000,
        ),
        gauge("bursar_freezes", "Freezes that stand.", frozen),
    ]);
    Ok(families)
}

fn gauge(name: &'static str, help: &'static str, value: impl std::fmt::Display) -> Family {
    Family { name, help, kind: Kind::Gauge, samples: vec![Sample::new(&[], value)] }
}

/// The sums of each value, the dearest of them by name.
async fn by(
    admin: &Admin,
    by: Dimension,
    since: Timestamp,
) -> Result<BTreeMap<String, Counters>, Error> {
    let query = UsageQuery { by, since: Some(since), until: None, count_tokens: true };
    let mut rows = admin.ledger.usage(&query).await?.rows;
    rows.sort_by_key(|row| std::cmp::Reverse((row.counters.cost.0, row.counters.calls)));
    let mut named: BTreeMap<String, Counters> = BTreeMap::new();
    for (place, row) in rows.into_iter().enumerate() {
        let value = row
            .value
            .filter(|_| place < VALUES_MAX)
            .unwrap_or_else(|| if place < VALUES_MAX { String::new() } else { OTHER.to_owned() });
        add(named.entry(value).or_default(), &row.counters);
    }
    Ok(named)
}

fn add(sums: &mut Counters, more: &Counters) {
    sums.succeeded += more.succeeded;
    sums.rejected += more.rejected;
    sums.throttled += more.throttled;
    sums.failed += more.failed;
    sums.cut += more.cut;
    sums.abandoned += more.abandoned;
    sums.refused += more.refused;
    sums.attempts += more.attempts;
    sums.throttled_attempts += more.throttled_attempts;
    sums.input_tokens += more.input_tokens;
    sums.output_tokens += more.output_tokens;
    sums.cache_read_tokens += more.cache_read_tokens;
    sums.cache_write_5m_tokens += more.cache_write_5m_tokens;
    sums.cache_write_1h_tokens += more.cache_write_1h_tokens;
    sums.cost = Total(sums.cost.0.saturating_add(more.cost.0));
    sums.unpriced += more.unpriced;
    sums.estimated += more.estimated;
}

fn calls(models: &BTreeMap<String, Counters>) -> Vec<Family> {
    let one = |read: fn(&Counters) -> String| -> Vec<Sample> {
        models.iter().map(|(model, sums)| Sample::new(&[("model", model)], read(sums))).collect()
    };
    let counter = |name, help, samples| Family { name, help, kind: Kind::Counter, samples };
    vec![
        counter(
            "bursar_requests_total",
            "Requests by how they ended; a refusal is one that was not sent.",
            models.iter().flat_map(|(model, sums)| outcomes(model, sums)).collect(),
        ),
        counter(
            "bursar_tokens_total",
            "Tokens by kind, as they are billed.",
            models.iter().flat_map(|(model, sums)| tokens(model, sums)).collect(),
        ),
        counter("bursar_cost_usd_total", "What calls cost.", one(|sums| sums.cost.usd())),
        counter(
            "bursar_attempts_total",
            "Requests to Bedrock, retries among them.",
            one(|sums| sums.attempts.to_string()),
        ),
        counter(
            "bursar_throttled_attempts_total",
            "Requests to Bedrock that were throttled.",
            one(|sums| sums.throttled_attempts.to_string()),
        ),
        counter(
            "bursar_calls_cut_total",
            "Calls that were cut after their output began.",
            one(|sums| sums.cut.to_string()),
        ),
        counter(
            "bursar_unpriced_requests_total",
            "Calls without a price.",
            one(|sums| sums.unpriced.to_string()),
        ),
        counter(
            "bursar_estimated_requests_total",
            "Calls whose cost is a bound, since their usage was not reported.",
            one(|sums| sums.estimated.to_string()),
        ),
    ]
}

fn outcomes(model: &str, sums: &Counters) -> Vec<Sample> {
    let outcomes = [
        ("succeeded", sums.succeeded),
        ("rejected", sums.rejected),
        ("throttled", sums.throttled),
        ("failed", sums.failed),
        ("cut", sums.cut),
        ("abandoned", sums.abandoned),
        ("refused", sums.refused),
    ];
    let sample = |(outcome, count)| Sample::new(&[("model", model), ("outcome", outcome)], count);
    outcomes.map(sample).into()
}

fn tokens(model: &str, sums: &Counters) -> Vec<Sample> {
    let kinds = [
        ("input", sums.input_tokens),
        ("output", sums.output_tokens),
        ("cache_read", sums.cache_read_tokens),
        ("cache_write_5m", sums.cache_write_5m_tokens),
        ("cache_write_1h", sums.cache_write_1h_tokens),
    ];
    kinds.map(|(kind, count)| Sample::new(&[("model", model), ("type", kind)], count)).into()
}

fn spend_by_team(teams: &BTreeMap<String, Counters>) -> Family {
    let sample = |(team, sums): (&String, &Counters)| {
        Sample::new(&[("team", team.as_str())], sums.cost.usd())
    };
    Family {
        name: "bursar_team_cost_usd_total",
        help: "What the calls of a team cost; those of nobody under an empty name.",
        kind: Kind::Counter,
        samples: teams.iter().map(sample).collect(),
    }
}

/// Limits of money that are about nobody in particular.
fn limits(rows: &[BudgetRow]) -> Vec<Family> {
    let is_shown = |row: &&BudgetRow| {
        let is_person = PERSONS.iter().any(|facet| row.scope.contains_key(*facet));
        row.each.is_none() && !is_person && row.figures.unit == Unit::Usd.as_str()
    };
    let rows: Vec<&BudgetRow> = rows.iter().filter(is_shown).take(LIMITS_MAX).collect();
    let one = |read: fn(&BudgetRow) -> &str| -> Vec<Sample> {
        rows.iter().map(|row| Sample::new(&[("limit", &row.name)], read(row))).collect()
    };
    let share = |row: &&BudgetRow| {
        let (used, most) = row.figures.used_of();
        // In millionths, as an exact decimal.
        let parts = used.saturating_mul(1_000_000).checked_div(most).unwrap_or(1_000_000);
        let ratio = write_amount(Total(parts.saturating_mul(1_000_000)));
        Sample::new(&[("limit", &row.name)], ratio)
    };
    let gauge = |name, help, samples| Family { name, help, kind: Kind::Gauge, samples };
    vec![
        gauge(
            "bursar_budget_limit_usd",
            "What a limit allows in its window.",
            one(|row| &row.figures.limit),
        ),
        gauge(
            "bursar_budget_spent_usd",
            "What calls that ended have used of a limit.",
            one(|row| &row.figures.spent),
        ),
        gauge(
            "bursar_budget_reserved_usd",
            "What is held of a limit for calls that run.",
            one(|row| &row.figures.held),
        ),
        gauge(
            "bursar_budget_used_ratio",
            "How much of a limit is spent or held: 1 is all of it.",
            rows.iter().map(share).collect(),
        ),
    ]
}
