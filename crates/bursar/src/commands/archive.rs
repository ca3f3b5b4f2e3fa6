//! `bursar ledger archive`: months that are over, written to files of their own and taken out of the
//! ledger.

use std::path::{Path, PathBuf};

use bursar_admin::ArchivePlace;
use bursar_domain::time::Clock;
use bursar_ledger::{ArchiveRequest, ArchiveState, ArchivedMonth, Month};
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::{table, wiring};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger archive --before 2026-06
  bursar ledger archive --before 2026-06 --to archives --json
  bursar ledger archive --before 2026-06 --drop

Each month (UTC) becomes a SQLite ledger, bursar-YYYY-MM.db, which any reading command opens with
--ledger. It is checked by counts, by sums and by the hash that each row was sealed with; then
--drop takes its calls out of this ledger. Usage, limits, changes and the signed chain stay. Run it
again whenever you like: what is there is checked, and what was interrupted goes on. On PostgreSQL
only the schema's owner can take history out. Exit 9 when an archive is not what was sealed.")]
pub(crate) struct ArchiveArgs {
    /// Every month before this one, `YYYY-MM`
    #[arg(long, value_name = "MONTH", value_parser = month)]
    before: Month,
    /// The folder for the files; beside a SQLite ledger when nothing is said
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Take what is archived out of the ledger
    #[arg(long)]
    drop: bool,
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "write a month like `2026-06`".to_owned())
}

impl ArchiveArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let request = ArchiveRequest {
            before: self.before,
            folder: self.folder(settings)?,
            drop: self.drop,
            actor: settings.actor.clone(),
        };
        let ledger = wiring::open_ledger(settings).await?;
        let done = ledger.archive(&request, Clock::system().now()).await;
        ledger.close().await?;
        let done = done?;
        if output.json {
            let rows: Vec<Value> = done.iter().map(row).collect();
            return Ok(Output::object(&json!({ "rows": rows }))?);
        }
        if done.is_empty() {
            output.note(format!("no call is older than {}", self.before));
            return Ok(());
        }
        Output::line(show(&done))?;
        if !self.drop && done.iter().any(|month| month.state == ArchiveState::Written) {
            output.note("the calls are in the ledger, too: `--drop` takes them out");
        }
        Ok(())
    }

    fn folder(&self, settings: &Settings) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.to {
            return Ok(folder.clone());
        }
        let database = settings.database()?;
        let beside = database.file().map(|file| match file.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        });
        beside.ok_or_else(|| {
            Failure::new(Situation::Usage, "nobody says where the archives are to be")
                .hint("name a folder with `--to`")
        })
    }
}

fn row(done: &ArchivedMonth) -> Value {
    json!({
        "month": done.month.to_string(),
        "file": done.file.display().to_string(),
        "calls": done.calls,
        "cost_usd": done.cost_usd,
        "state": done.state,
    })
}

fn show(done: &[ArchivedMonth]) -> String {
    let mut table = table::new(&["month", ">calls", ">cost", "", "file"]);
    for month in done {
        let state = match month.state {
            ArchiveState::Written => "written",
            ArchiveState::Checked => "checked",
            ArchiveState::Dropped => "taken out",
            ArchiveState::Elsewhere => "not there, not checked",
        };
        table.add_row(vec![
            Cell::new(month.month),
            table::figure(month.calls),
            table::figure(month.cost().rounded()),
            Cell::new(state),
            Cell::new(month.file.display()),
        ]);
    }
    table.trim_fmt()
}

/// Where the calls of a month are.
pub(crate) fn pointer(archive: &ArchivePlace) -> String {
    let ArchivePlace { month, file } = archive;
    format!("the calls of {month} are archived: `--ledger sqlite:{file}`")
}
