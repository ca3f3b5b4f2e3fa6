//! `bursar calls`: what was recorded, newest first.

use bursar_admin::{CallQuery, CallReply, api};
use bursar_domain::call::{CallId, Operation, Outcome};
use bursar_domain::money::{Cost, Total};
use bursar_domain::time::{Clock, Timestamp};
use comfy_table::Cell;
use serde_json::Value;

use crate::commands::archive;
use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::form::{Form, FormArgs};
use crate::output::Output;
use crate::period::PeriodArgs;
use crate::settings::Settings;
use crate::{csv_rows, table, terminal};

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
        let page = Door::ask_once(settings, &api::CALLS, self.query(settings)?).await?;
        match form {
            Form::Json => return Ok(Output::object(&page)?),
            Form::Csv => print_csv(&page.rows)?,
            Form::Table { .. } if page.rows.is_empty() && !page.archived.is_empty() => {}
            Form::Table { .. } if page.rows.is_empty() => {
                output.note("no such calls are recorded; `bursar demo` makes some");
            }
            Form::Table { may_page } => terminal::print(&show(&page.rows), may_page)?,
        }
        for archive in &page.archived {
            output.note(archive::pointer(archive));
        }
        if let Some(next) = page.next {
            output.note(format!("older ones: --after {next}"));
        }
        Ok(())
    }

    fn query(&self, settings: &Settings) -> Result<CallQuery, Failure> {
        let (since, until) = self.period.range(Clock::system().now());
        let model = match &self.model {
            Some(text) => Some(settings.resolve(text)?.base.ok_or_else(|| {
                Failure::new(Situation::UnknownModel, format!("what `{text}` is is not known"))
            })?),
            None => None,
        };
        Ok(CallQuery {
            since: since.map(|since| since.to_string()),
            until: until.map(|until| until.to_string()),
            model: model.map(|model| model.to_string()),
            outcome: self.outcome.map(|outcome| outcome.to_string()),
            operation: self.operation.map(|operation| operation.to_string()),
            request_id: self.request_id.clone(),
            id: self.id.as_ref().map(CallId::to_string),
            limit: Some(self.limit),
            after: self.after.as_ref().map(CallId::to_string),
            ..CallQuery::default()
        })
    }
}

fn print_csv(calls: &[CallReply]) -> Result<(), Failure> {
    let objects = calls.iter().map(|call| match serde_json::to_value(call) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::new(Situation::Failed, "a call is no object")),
        Err(error) => Err(Failure::new(Situation::Failed, error.to_string())),
    });
    Ok(csv_rows::print(&CallReply::COLUMNS, &objects.collect::<Result<Vec<_>, _>>()?)?)
}

fn show(calls: &[CallReply]) -> String {
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
        let cached =
            call.cache_read_tokens + call.cache_write_5m_tokens + call.cache_write_1h_tokens;
        let outcome = match &call.error_code {
            Some(code) => format!("{} ({code})", call.outcome),
            None => call.outcome.clone(),
        };
        table.add_row(vec![
            Cell::new(call.started_at.replace('T', " ").trim_end_matches('Z')),
            Cell::new(asked_for(call)),
            Cell::new(outcome),
            table::figure(call.input_tokens),
            table::figure(call.output_tokens),
            table::figure(cached),
            table::figure(cost(call)),
            table::figure(took(call)),
            Cell::new(&call.id),
        ]);
    }
    table.trim_fmt()
}

fn cost(call: &CallReply) -> String {
    let parsed = |usd: &String| Cost::parse_usd(&format!("{usd}usd")).ok();
    match call.cost_usd.as_ref().and_then(parsed) {
        None => "unpriced".to_owned(),
        Some(cost) if call.estimated => format!("≤ {}", Total::from(cost).rounded()),
        Some(cost) => Total::from(cost).rounded(),
    }
}

fn took(call: &CallReply) -> String {
    let ms = |text: &str| Timestamp::parse_rfc3339(text).map_or(0, |time| time.0);
    format!("{} ms", ms(&call.ended_at) - ms(&call.started_at))
}

fn call_id(text: &str) -> Result<CallId, String> {
    CallId::parse(text).ok_or_else(|| "it is no call id".to_owned())
}

/// The model by the name that was used; of an ARN, which tells nobody anything, the model itself.
fn asked_for(call: &CallReply) -> &str {
    if call.model_requested.starts_with("arn:") {
        return &call.model;
    }
    &call.model_requested
}
