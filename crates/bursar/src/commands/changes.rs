//! `bursar ledger changes`: who changed what, and when, newest first.

use bursar_domain::time::Clock;
use bursar_ledger::ChangeRow;
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::period::When;
use crate::settings::Settings;
use crate::{table, wiring};

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
        let since = self.since.map(|since| since.at(Clock::system().now()));
        let ledger = wiring::open_ledger(settings).await?;
        let changes = ledger.changes(since, self.before, self.limit).await;
        ledger.close().await?;
        let changes = changes?;
        let is_full = changes.len() == usize::try_from(self.limit).unwrap_or(usize::MAX);
        let next = changes.last().filter(|_| is_full).map(|change| change.seq);
        if output.json {
            let rows: Vec<Value> = changes.iter().map(row).collect();
            return Ok(Output::object(&json!({"rows": rows, "next": next}))?);
        }
        if changes.is_empty() {
            output.note("nobody has changed anything; `bursar budget set` sets a limit");
            return Ok(());
        }
        Output::line(show(&changes))?;
        if let Some(next) = next {
            output.note(format!("older ones: --before {next}"));
        }
        Ok(())
    }
}

fn row(change: &ChangeRow) -> Value {
    json!({
        "number": change.seq,
        "at": change.at.to_string(),
        "actor": change.actor,
        "action": change.action,
        "subject": change.subject,
        "was": side(change.was.as_deref()),
        "becomes": side(change.becomes.as_deref()),
    })
}

/// An object where it is one, else the text itself.
fn side(text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match serde_json::from_str(text) {
        Ok(object @ Value::Object(_)) => object,
        _ => text.into(),
    }
}

fn show(changes: &[ChangeRow]) -> String {
    let mut table = table::new(&[">number", "when (UTC)", "who", "what", "of", "before", "after"]);
    for change in changes {
        let side = |text: &Option<String>| Cell::new(plain(text.as_deref().unwrap_or("–")));
        table.add_row([
            table::figure(change.seq),
            Cell::new(change.at),
            Cell::new(plain(&change.actor)),
            Cell::new(plain(&change.action)),
            Cell::new(plain(&change.subject)),
            side(&change.was),
            side(&change.becomes),
        ]);
    }
    table.to_string()
}

/// What was typed by somebody may hold what a terminal obeys.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
