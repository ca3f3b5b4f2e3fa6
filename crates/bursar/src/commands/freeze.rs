//! `bursar freeze` and `bursar thaw`: calls are refused until a person says otherwise.

use bursar_admin::FreezeRow;
use bursar_admin::api::{self, FreezeAsk, Nothing};
use serde_json::json;

use crate::door::Door;
use crate::failure::Failure;
use crate::output::Output;
use crate::selection::SelectionArgs;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar freeze --tag app=crawler --reason 'it loops; see the log of Monday'
  bursar freeze --list

From the next call on, every process refuses what is selected, with exit code 5 and this reason.
Calls that run go on: `bursar streams cut` ends them.")]
pub(crate) struct Freeze {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Why, for whoever is refused
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    reason: Option<String>,
    /// Show who is frozen
    #[arg(long, conflicts_with = "reason")]
    list: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar thaw --tag app=crawler --reason 'fixed'
  bursar thaw --all

What is narrower is thawed, too: --all thaws everybody.")]
pub(crate) struct Thaw {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Why, for the list of changes
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

impl Freeze {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let Some(reason) = &self.reason else { return list(settings, output).await };
        let (selectors, _) = self.selection.read(settings).await?;
        // Before a ledger is made for a selection that makes no sense.
        selectors.scope()?;
        let ask = FreezeAsk { select: selectors, reason: reason.clone() };
        let frozen = Door::ask_once(settings, &api::FREEZE, ask).await?;
        if output.json {
            return Ok(Output::object(&frozen)?);
        }
        let line = line(&frozen.freeze);
        let already = if frozen.already { " (it was before; nothing is changed)" } else { "" };
        Ok(Output::line(format!("{line}{already}"))?)
    }
}

impl Thaw {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (selectors, _) = self.selection.read(settings).await?;
        let name = selectors.scope()?.to_string();
        let ask = FreezeAsk { select: selectors, reason: self.reason };
        let thawed = Door::ask_once(settings, &api::THAW, ask).await?;
        if output.json {
            return Ok(Output::object(&thawed)?);
        }
        if thawed.thawed.is_empty() {
            Output::line(format!("nothing of `{name}` was frozen"))?;
        }
        for freeze in &thawed.thawed {
            Output::line(format!("`{}` is thawed; it was frozen: {}", freeze.name, freeze.reason))?;
        }
        for freeze in &thawed.still {
            output.note(format!("still refused: {}", line(freeze)));
        }
        Ok(())
    }
}

async fn list(settings: &Settings, output: Output) -> Result<(), Failure> {
    let rows = Door::ask_once(settings, &api::FREEZES, Nothing {}).await?.rows;
    if output.json {
        return Ok(Output::object(&json!({ "rows": rows }))?);
    }
    if rows.is_empty() {
        output.note("nobody is frozen");
    }
    rows.iter().try_for_each(|row| Output::line(line(row))).map_err(Failure::from)
}

fn line(FreezeRow { name, reason, by, at }: &FreezeRow) -> String {
    format!("`{name}` is frozen since {at} by {by}: {reason}")
}
