//! `bursar ledger changes`: who changed what, and when, newest first.

use bursar_admin::{ChangeQuery, ChangeReply, api};
use bursar_domain::time::Clock;
use comfy_table::Cell;
use serde_json::Value;

use crate::door::Door;
use crate::failure::Failure;
use crate::output::Output;
use crate::period::When;
use crate::settings::Settings;
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger changes
  bursar ledger changes --since 7d --json

With --json it prints {\"rows\":[…],\"next\":NUMBER}; pass `next` as --before for the rows behind.")]
pub(crate) struct ChangesArgs {
    /// From then on: a date, an RFC 3339 time, or `24h`, `7d`, `4w` ago (UTC)
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    since: Option<When>,
    /// Rows to print, 1000 at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only changes before this number
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
}

impl ChangesArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let since = self.since.map(|since| since.at(Clock::system().now()).to_string());
        let ask = ChangeQuery { since, before: self.before, limit: Some(self.limit) };
        let page = Door::ask_once(settings, &api::CHANGES, ask).await?;
        if output.json {
            return Ok(Output::object(&page)?);
        }
        let changes = page.rows;
        if changes.is_empty() {
            output.note("nobody has changed anything; `bursar budget set` sets a limit");
            return Ok(());
        }
        Output::line(show(&changes))?;
        if let Some(next) = page.next {
            output.note(format!("older ones: --before {next}"));
        }
        Ok(())
    }
}

fn show(changes: &[ChangeReply]) -> String {
    let mut table = table::new(&[">number", "when (UTC)", "who", "what", "of", "before", "after"]);
    for change in changes {
        table.add_row([
            table::figure(change.number),
            Cell::new(&change.at),
            Cell::new(plain(&change.actor)),
            Cell::new(plain(&change.action)),
            Cell::new(plain(&change.subject)),
            side(&change.was),
            side(&change.becomes),
        ]);
    }
    table.to_string()
}

/// One side of a change in a line.
fn side(side: &Value) -> Cell {
    match side {
        Value::Null => Cell::new("–"),
        Value::String(text) => Cell::new(plain(text)),
        object => Cell::new(plain(&object.to_string())),
    }
}

/// What was typed by somebody may hold what a terminal obeys.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
