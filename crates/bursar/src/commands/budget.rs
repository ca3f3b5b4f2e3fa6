//! `bursar budget`: limits on what calls may use, and how they stand.

use bursar_admin::api::{self, Nothing, SetLimit};
use bursar_admin::{BudgetChange, LimitQuery, LimitWords};
use clap::Subcommand;
use serde_json::json;

use crate::budget::check::Check;
use crate::budget::{forecast, show};
use crate::door::Door;
use crate::failure::Failure;
use crate::output::Output;
use crate::selection::SelectionArgs;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar budget set --all --window month --limit 500usd
  bursar budget set --all --each user --window day --limit 5.00usd --on-limit freeze
  bursar budget set -m amazon.nova-pro-v1:0 --window 1m --limit 100requests --mode shadow
  bursar budget list
  bursar budget show --all --window month --json
  bursar budget check --all --fail-at 90%
  bursar budget forecast

A limit counts from when it is set. A hard one refuses what does not fit (exit code 5), before
anything is sent; a soft one only counts, and a shadow also counts what it would have refused.")]
pub(crate) struct BudgetArgs {
    #[command(subcommand)]
    command: BudgetCommand,
}

#[derive(Debug, Subcommand)]
enum BudgetCommand {
    /// Set a limit, or change one
    Set(SetArgs),
    /// End a limit; what it has counted stays
    #[command(alias = "remove")]
    End(OneArgs),
    /// How a limit stands
    Show(OneArgs),
    /// Every limit, and how it stands
    List(ListArgs),
    /// Whether a call would be admitted now, and by which limits
    Check(Check),
    /// How fast limits are used up, and when they will be
    Forecast(ListArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar budget set --all --window month --limit 500usd --zone Europe/Berlin
  bursar budget set --tag env=dev --window day --limit 1000000tokens --mode soft
  bursar budget set --all --window total --limit 10concurrent

A limit on the same calls, with the same --each, unit and --window, is changed, and keeps what it
has counted. What is not said of it is as for a new one.")]
struct SetArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// A counter for each: user, key or session
    #[arg(long, value_name = "WHOM")]
    each: Option<String>,
    /// How long before it begins anew: 1m, 5m, hour, day, week, month, quarter or total
    #[arg(long)]
    window: String,
    /// How much: `5.00usd`, `1000000tokens`, `100requests` or `10concurrent`
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    limit: String,
    /// hard, soft or shadow
    #[arg(long, default_value = "hard")]
    mode: String,
    /// What becomes of what hits it: refuse, or freeze until a person thaws it
    #[arg(long, value_name = "ANSWER", default_value = "refuse")]
    on_limit: String,
    /// Whose clocks begin a window
    #[arg(long, default_value = "UTC")]
    zone: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar budget show --all --window month --json
  bursar budget end --all --window month --unit usd")]
struct OneArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The one with a counter for each: user, key or session
    #[arg(long, value_name = "WHOM")]
    each: Option<String>,
    /// The one with this window
    #[arg(long)]
    window: Option<String>,
    /// The one that counts usd, tokens, requests or concurrent
    #[arg(long)]
    unit: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar budget list --json
  bursar budget forecast --all")]
struct ListArgs {
    #[command(flatten)]
    selection: SelectionArgs,
}

impl BudgetArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        match self.command {
            BudgetCommand::Set(set) => set.run(settings, output).await,
            BudgetCommand::End(one) => one.end(settings, output).await,
            BudgetCommand::Show(one) => one.show(settings, output).await,
            BudgetCommand::List(list) => list.run(settings, output).await,
            BudgetCommand::Check(check) => Box::pin(check.run(settings, output)).await,
            BudgetCommand::Forecast(list) => list.forecast(settings, output).await,
        }
    }
}

impl SetArgs {
    async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (selectors, _) = self.selection.read(settings).await?;
        let words = LimitWords {
            each: self.each,
            window: self.window,
            limit: self.limit,
            mode: Some(self.mode),
            on_limit: Some(self.on_limit),
            zone: Some(self.zone),
        };
        // Before a ledger is made for words that mean nothing.
        words.check(&selectors)?;
        let ask = SetLimit { select: selectors, limit: words };
        say(&Door::ask_once(settings, &api::SET_BUDGET, ask).await?, output)
    }
}

impl OneArgs {
    async fn query(&self, settings: &Settings) -> Result<LimitQuery, Failure> {
        let (selectors, _) = self.selection.read(settings).await?;
        let (each, window, unit) = (self.each.clone(), self.window.clone(), self.unit.clone());
        Ok(LimitQuery { selectors, each, window, unit })
    }

    async fn end(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let query = self.query(settings).await?;
        say(&Door::ask_once(settings, &api::END_BUDGET, query).await?, output)
    }

    async fn show(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let query = self.query(settings).await?;
        let rows = Door::ask_once(settings, &api::BUDGET, query).await?.rows;
        if output.json {
            return Ok(Output::object(&show::one(&rows))?);
        }
        Ok(Output::line(show::table(&rows))?)
    }
}

impl ListArgs {
    async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (selectors, _) = self.selection.read(settings).await?;
        let door = Door::open(settings).await?;
        let rows = door.ask(&api::BUDGETS, selectors).await?.rows;
        let freezes = door.ask(&api::FREEZES, Nothing {}).await?.rows;
        door.close().await?;
        if output.json {
            return Ok(Output::object(&json!({ "rows": rows }))?);
        }
        if rows.is_empty() {
            output.note("no limit is set; `bursar budget set --help` shows how to set one");
        } else {
            Output::line(show::table(&rows))?;
        }
        for freeze in freezes {
            output.note(format!(
                "`{}` is frozen since {} by {}: {}",
                freeze.name, freeze.at, freeze.by, freeze.reason
            ));
        }
        Ok(())
    }

    async fn forecast(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (selectors, _) = self.selection.read(settings).await?;
        let rows = Door::ask_once(settings, &api::FORECAST, selectors).await?.rows;
        if output.json {
            return Ok(Output::object(&json!({ "rows": rows }))?);
        }
        if rows.is_empty() {
            output.note("no limit is set that could run out; `bursar budget set --help`");
            return Ok(());
        }
        Ok(Output::line(forecast::table(&rows))?)
    }
}

fn say(change: &BudgetChange, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(change)?);
    }
    Ok(Output::line(show::change(change))?)
}
