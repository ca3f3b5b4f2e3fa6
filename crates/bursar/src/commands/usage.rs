//! `bursar usage`: where the money went.

use bursar_domain::time::Clock;
use bursar_ledger::{Counters, Dimension, UsageQuery, UsageReport};
use comfy_table::Cell;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::{BOLD, Output};
use crate::period::PeriodArgs;
use crate::settings::Settings;
use crate::{table, wiring};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar usage --by model --since 7d
  bursar usage --by day --since 2026-11-01 --until 2026-12-01
  bursar usage --by tag:feature --json

Days and hours are UTC; --until is exclusive. Reports are kept by the hour.")]
pub(crate) struct Usage {
    /// model, provider, team, project, user, key, operation, outcome, region, routing, tier, day,
    /// hour or tag:KEY
    #[arg(long, value_name = "DIM", default_value = "model", value_parser = dimension)]
    by: Dimension,
    #[command(flatten)]
    period: PeriodArgs,
    /// Count CountTokens calls, too
    #[arg(long)]
    count_tokens: bool,
}

impl Usage {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (since, until) = self.period.range(Clock::system().now());
        let query = UsageQuery { by: self.by, since, until, count_tokens: self.count_tokens };
        let ledger = wiring::open_ledger(settings).await?;
        let report = ledger.usage(&query).await?;
        ledger.close().await?;
        if output.json {
            Output::object(&as_json(name_of(&query.by), &report))?;
            return Ok(());
        }
        if report.rows.is_empty() {
            output.note("nothing was recorded in that time; `bursar demo` makes some calls");
            return Ok(());
        }
        Output::line(show(name_of(&query.by), &report))?;
        Ok(())
    }
}

/// The table of a report: one row a value, dearest first as the ledger gives them, then the total.
pub(crate) fn show(name: &str, report: &UsageReport) -> String {
    let total = &report.total;
    let mut table = table::new(&[
        name,
        ">calls",
        ">in",
        ">out",
        ">cached",
        ">cost",
        ">share",
        "",
        ">errors",
        ">throttled",
    ]);
    for row in &report.rows {
        let value = row.value.as_deref().unwrap_or("–");
        table.add_row(line(value, &row.counters, total));
    }
    table.add_row(line("total", total, total));
    let text = table.trim_fmt();
    match text.rsplit_once('\n') {
        Some((rows, total)) => format!("{rows}\n{BOLD}{total}{BOLD:#}"),
        None => text,
    }
}

fn line(value: &str, counters: &Counters, total: &Counters) -> Vec<Cell> {
    let cached = counters.cache_read_tokens
        + counters.cache_write_5m_tokens
        + counters.cache_write_1h_tokens;
    let errors = counters.rejected + counters.failed;
    let mut cost = counters.cost.rounded();
    if counters.unpriced > 0 {
        cost = format!("{cost} + {} unpriced", counters.unpriced);
    }
    vec![
        Cell::new(value),
        table::figure(table::count(counters.calls)),
        table::figure(table::count(counters.input_tokens)),
        table::figure(table::count(counters.output_tokens)),
        table::figure(table::count(cached)),
        table::figure(cost),
        table::figure(table::share(counters.cost.0, total.cost.0)),
        Cell::new(table::bar(counters.cost.0, total.cost.0)),
        table::figure(table::share(errors.into(), counters.calls.into())),
        table::figure(table::share(counters.throttled_attempts.into(), counters.attempts.into())),
    ]
}

/// A report as other programs read it; `name` is the key of each row's value.
pub(crate) fn as_json(name: &str, report: &UsageReport) -> Value {
    let rows = report.rows.iter().map(|row| {
        let mut object = counters_json(&row.counters);
        object.insert(name.to_owned(), json!(row.value));
        Value::Object(object)
    });
    let range = |end: Option<bursar_domain::time::Timestamp>| end.map(|end| end.to_string());
    json!({
        "rows": rows.collect::<Vec<_>>(),
        "total": counters_json(&report.total),
        "since": range(report.since),
        "until": range(report.until),
    })
}

fn counters_json(counters: &Counters) -> Map<String, Value> {
    let object = json!({
        "calls": counters.calls,
        "succeeded": counters.succeeded,
        "rejected": counters.rejected,
        "throttled": counters.throttled,
        "failed": counters.failed,
        "cut": counters.cut,
        "abandoned": counters.abandoned,
        "refused": counters.refused,
        "attempts": counters.attempts,
        "throttled_attempts": counters.throttled_attempts,
        "input_tokens": counters.input_tokens,
        "output_tokens": counters.output_tokens,
        "cache_read_tokens": counters.cache_read_tokens,
        "cache_write_5m_tokens": counters.cache_write_5m_tokens,
        "cache_write_1h_tokens": counters.cache_write_1h_tokens,
        "cost_usd": counters.cost.usd(),
        "unpriced": counters.unpriced,
        "estimated": counters.estimated,
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn name_of(by: &Dimension) -> &'static str {
    match by {
        Dimension::Model => "model",
        Dimension::Provider => "provider",
        Dimension::Team => "team",
        Dimension::Project => "project",
        Dimension::User => "user",
        Dimension::Key => "key",
        Dimension::Operation => "operation",
        Dimension::Outcome => "outcome",
        Dimension::Region => "region",
        Dimension::Routing => "routing",
        Dimension::Tier => "tier",
        Dimension::Day => "day",
        Dimension::Hour => "hour",
        Dimension::Tag(_) => "tag",
    }
}

fn dimension(text: &str) -> Result<Dimension, String> {
    Ok(match text {
        "model" => Dimension::Model,
        "provider" => Dimension::Provider,
        "team" => Dimension::Team,
        "project" => Dimension::Project,
        "user" => Dimension::User,
        "key" => Dimension::Key,
        "operation" => Dimension::Operation,
        "outcome" => Dimension::Outcome,
        "region" => Dimension::Region,
        "routing" => Dimension::Routing,
        "tier" => Dimension::Tier,
        "day" => Dimension::Day,
        "hour" => Dimension::Hour,
        _ => match text.strip_prefix("tag:").filter(|key| !key.is_empty()) {
            Some(key) => Dimension::Tag(key.to_owned()),
            None => return Err("it is a dimension that --help lists".to_owned()),
        },
    })
}
