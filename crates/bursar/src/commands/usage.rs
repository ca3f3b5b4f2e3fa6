//! `bursar usage`: where the money went.

use bursar_admin::{UsageAsk, UsageSums, api, dimension_word, parse_dimension};
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{Counters, Dimension, UsageQuery, UsageReport, UsageRow};
use serde_json::{Map, Value, json};

use crate::comparison::Comparison;
use crate::csv_rows;
use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::form::{Form, FormArgs};
use crate::output::Output;
use crate::period::PeriodArgs;
use crate::report::{self, Beside};
use crate::settings::Settings;
use crate::terminal::{self, Terminal};
use crate::trend::Trend;

/// The sums of a row, in the order of their columns.
const COUNTERS: [&str; 18] = [
    "calls",
    "succeeded",
    "rejected",
    "throttled",
    "failed",
    "cut",
    "abandoned",
    "refused",
    "attempts",
    "throttled_attempts",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cost_usd",
    "unpriced",
    "estimated",
];

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar usage --by model --since 7d
  bursar usage --by day --since 2026-11-01 --until 2026-12-01
  bursar usage --by team --since 7d --compare
  bursar usage --by tag:feature --json
  bursar usage --by user --since 30d --csv > usage.csv

Days and hours are UTC; --until is exclusive. Reports are kept by the hour. On a terminal, each row
has a line of what it cost over time. What calls will cost: `bursar estimate`, `bursar price`.")]
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
    /// Beside each row what it was in the period before, as long and just before --since
    #[arg(long)]
    compare: bool,
    #[command(flatten)]
    form: FormArgs,
}

impl Usage {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let form = self.form.form(output)?;
        let now = Clock::system().now();
        let (since, until) = self.period.range(now);
        if self.compare && since.is_none() {
            return Err(Failure::new(Situation::Usage, "what has no beginning has nothing before")
                .hint("give `--since`, as in `--since 7d --compare`"));
        }
        let query = UsageQuery { by: self.by, since, until, count_tokens: self.count_tokens };
        let door = Door::open(settings).await?;
        let mut report = read(&door, &query).await?;
        let comparison = if self.compare {
            Comparison::read(&door, &query, (&mut report, now)).await?
        } else {
            None
        };
        let terminal = Terminal::of_stdout().filter(|_| matches!(form, Form::Table { .. }));
        let trend = match terminal {
            Some(_) => Trend::read(&door, &query, (&report, now)).await?,
            None => None,
        };
        door.close().await?;
        let name = &name_of(&query.by);
        let comparison = comparison.as_ref();
        match form {
            Form::Json => Output::object(&compared_json(name, &report, comparison))?,
            Form::Csv => print_csv(name, &report, comparison)?,
            Form::Table { .. } if report.rows.is_empty() => {
                output.note("nothing was recorded in that time; `bursar demo` makes some calls");
            }
            Form::Table { may_page } => {
                let columns = terminal.map(|terminal| terminal.columns);
                let beside = Beside { comparison, trend: trend.as_ref(), columns };
                terminal::print(&report::show(name, &report, beside), may_page)?;
            }
        }
        Ok(())
    }
}

/// Asks for a report.
pub(crate) async fn read(door: &Door, query: &UsageQuery) -> Result<UsageReport, Failure> {
    let ask = UsageAsk {
        by: Some(dimension_word(&query.by)),
        since: query.since.map(|since| since.to_string()),
        until: query.until.map(|until| until.to_string()),
        count_tokens: query.count_tokens,
    };
    let report = door.ask(&api::USAGE, ask).await?.report();
    report.ok_or_else(|| Failure::new(Situation::BadData, "the report has figures that are none"))
}

/// The rows alone: a total is the spreadsheet's to make.
fn print_csv(
    name: &str,
    report: &UsageReport,
    comparison: Option<&Comparison>,
) -> Result<(), Failure> {
    let mut columns = vec![name];
    columns.extend(COUNTERS);
    if comparison.is_some() {
        columns.extend(["before_calls", "before_cost_usd"]);
    }
    let rows = report.rows.iter().map(|row| row_json(name, row, comparison));
    Ok(csv_rows::print(&columns, &rows.collect::<Vec<_>>())?)
}

/// The table of a report, with nothing beside it.
pub(crate) fn show(name: &str, report: &UsageReport) -> String {
    report::show(name, report, Beside::default())
}

/// A report as other programs read it; `name` is the key of each row's value.
pub(crate) fn as_json(name: &str, report: &UsageReport) -> Value {
    compared_json(name, report, None)
}

fn compared_json(name: &str, report: &UsageReport, comparison: Option<&Comparison>) -> Value {
    let rows = report.rows.iter().map(|row| row_json(name, row, comparison));
    let mut total = counters_json(&report.total);
    if let Some(comparison) = comparison {
        add_before(&mut total, &comparison.total);
    }
    let range = |end: Option<Timestamp>| end.map(|end| end.to_string());
    let mut object = json!({
        "rows": rows.collect::<Vec<_>>(),
        "total": total,
        "since": range(report.since),
        "until": range(report.until),
    });
    if let Some(Comparison { since, until, .. }) = comparison {
        object["before"] = json!({"since": since.to_string(), "until": until.to_string()});
    }
    object
}

fn row_json(name: &str, row: &UsageRow, comparison: Option<&Comparison>) -> Map<String, Value> {
    let mut object = counters_json(&row.counters);
    object.insert(name.to_owned(), json!(row.value));
    if let Some(comparison) = comparison {
        add_before(&mut object, &comparison.of(row.value.as_deref()));
    }
    object
}

fn add_before(object: &mut Map<String, Value>, before: &Counters) {
    object.insert("before_calls".to_owned(), json!(before.calls));
    object.insert("before_cost_usd".to_owned(), json!(before.cost.usd()));
}

fn counters_json(counters: &Counters) -> Map<String, Value> {
    match serde_json::to_value(UsageSums::from(counters)) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// What the rows' values are called.
fn name_of(by: &Dimension) -> String {
    match by {
        Dimension::Tag(_) => "tag".to_owned(),
        by => dimension_word(by),
    }
}

fn dimension(text: &str) -> Result<Dimension, String> {
    parse_dimension(text).map_err(|_| "it is a dimension that --help lists".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_csv_are_the_keys_of_json() {
        let object = counters_json(&Counters::default());
        let mut columns = COUNTERS.to_vec();
        columns.sort_unstable();
        assert_eq!(object.keys().collect::<Vec<_>>(), columns);
    }
}
