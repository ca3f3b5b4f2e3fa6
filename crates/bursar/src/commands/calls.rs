//! `bursar calls`: what was recorded, newest first.

use bursar_domain::call::{CallId, Operation, Outcome};
use bursar_domain::money::{Cost, Total};
use bursar_domain::time::Clock;
use bursar_ledger::{Archive, CallFilter, CallRow, Ledger, Page};
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::commands::archive;
use crate::failure::{Failure, Situation};
use crate::form::{Form, FormArgs};
use crate::output::Output;
use crate::period::PeriodArgs;
use crate::row::Row;
use crate::settings::Settings;
use crate::{csv_rows, table, terminal, wiring};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar calls --since 24h --outcome throttled
  bursar calls --id 0193a5b2-0000-7000-8000-000000000000 --json
  bursar calls --since 7d --limit 1000 --csv > calls.csv

With --json it prints {\"rows\":[…],\"next\":ID}; pass `next` as --after for the rows behind.
Months that are archived are named, with their files.")]
pub(crate) struct Calls {
    #[command(flatten)]
    period: PeriodArgs,
    /// Calls to this model (canonical base id, or any name of it)
    #[arg(short, long)]
    model: Option<String>,
    /// Calls that ended so
    #[arg(long)]
    outcome: Option<Outcome>,
    /// Calls of this operation
    #[arg(long)]
    operation: Option<Operation>,
    /// The call with this id
    #[arg(long, value_name = "ID", value_parser = call_id)]
    id: Option<CallId>,
    /// The call with this AWS request id
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Rows to print, 1000 at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only calls older than this one
    #[arg(long, value_name = "ID", value_parser = call_id)]
    after: Option<CallId>,
    #[command(flatten)]
    form: FormArgs,
}

impl Calls {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let form = self.form.form(output)?;
        let filter = self.filter(settings)?;
        let page = Page { after: self.after, limit: self.limit };
        let ledger = wiring::open_ledger(settings).await?;
        let calls = ledger.calls(&filter, &page).await?;
        let archives = archives(&ledger, &filter).await?;
        ledger.close().await?;
        let is_full = calls.len() == usize::try_from(self.limit).unwrap_or(usize::MAX);
        let next = calls.last().filter(|_| is_full).map(|call| call.id.to_string());
        match form {
            Form::Json => {
                let rows: Vec<Row> = calls.into_iter().map(Row::from).collect();
                let places = archive::places(&archives);
                Output::object(&json!({"rows": rows, "next": next, "archived": places}))?;
                return Ok(());
            }
            Form::Csv => print_csv(calls)?,
            Form::Table { .. } if calls.is_empty() && !archives.is_empty() => {}
            Form::Table { .. } if calls.is_empty() => {
                output.note("no such calls are recorded; `bursar demo` makes some");
            }
            Form::Table { may_page } => terminal::print(&show(&calls), may_page)?,
        }
        for archive in &archives {
            output.note(archive::pointer(archive));
        }
        if let Some(next) = next {
            output.note(format!("older ones: --after {next}"));
        }
        Ok(())
    }

    fn filter(&self, settings: &Settings) -> Result<CallFilter, Failure> {
        let (since, until) = self.period.range(Clock::system().now());
        let model = match &self.model {
            Some(text) => Some(settings.resolve(text)?.base.ok_or_else(|| {
                Failure::new(Situation::UnknownModel, format!("what `{text}` is is not known"))
            })?),
            None => None,
        };
        Ok(CallFilter {
            since,
            until,
            model: model.map(|model| model.to_string()),
            outcome: self.outcome,
            operation: self.operation,
            request_id: self.request_id.clone(),
            id: self.id.clone(),
            ..CallFilter::default()
        })
    }
}

/// The archives that hold calls which were asked for, too.
async fn archives(ledger: &Ledger, filter: &CallFilter) -> Result<Vec<Archive>, Failure> {
    if let Some(id) = &filter.id {
        return Ok(ledger.archive_of(id).await?.into_iter().collect());
    }
    let mut archives = ledger.archives().await?;
    archives.retain(|archive| !archive.is_here() && archive.overlaps(filter.since, filter.until));
    Ok(archives)
}

fn print_csv(calls: Vec<CallRow>) -> Result<(), Failure> {
    let objects = calls.into_iter().map(|call| match serde_json::to_value(Row::from(call)) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::new(Situation::Failed, "a call is no object")),
        Err(error) => Err(Failure::new(Situation::Failed, error.to_string())),
    });
    Ok(csv_rows::print(&Row::COLUMNS, &objects.collect::<Result<Vec<_>, _>>()?)?)
}

fn show(calls: &[CallRow]) -> String {
    let mut table = table::new(&[
        "started (UTC)",
        "model",
        "outcome",
        ">in",
        ">out",
        ">cached",
        ">cost",
        ">took",
        "id",
    ]);
    for call in calls {
        let usage = &call.bill.usage;
        let cached = usage.context_tokens() - usage.input;
        let outcome = match &call.ending.error_code {
            Some(code) => format!("{} ({code})", call.ending.outcome),
            None => call.ending.outcome.to_string(),
        };
        table.add_row(vec![
            Cell::new(call.started_at.to_string().replace('T', " ").trim_end_matches('Z')),
            Cell::new(asked_for(call)),
            Cell::new(outcome),
            table::figure(usage.input),
            table::figure(usage.output),
            table::figure(cached),
            table::figure(cost(call.bill.cost, call.bill.estimated)),
            table::figure(format!("{} ms", call.ended_at.0 - call.started_at.0)),
            Cell::new(&call.id),
        ]);
    }
    table.trim_fmt()
}

fn cost(cost: Option<Cost>, estimated: bool) -> String {
    match cost {
        None => "unpriced".to_owned(),
        Some(cost) if estimated => format!("≤ {}", Total::from(cost).rounded()),
        Some(cost) => Total::from(cost).rounded(),
    }
}

fn call_id(text: &str) -> Result<CallId, String> {
    CallId::parse(text).ok_or_else(|| "it is no call id".to_owned())
}

/// The model by the name that was used; of an ARN, which tells nobody anything, the model itself.
fn asked_for(call: &CallRow) -> &str {
    if call.model_requested.starts_with("arn:") {
        return call.model.as_str();
    }
    &call.model_requested
}
