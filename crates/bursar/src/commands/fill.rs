//! `bursar ledger fill`: a large ledger to try things on.

use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{Ledger, OpenOptions};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::fill::{Made, Wanted, fill};
use crate::output::Output;
use crate::period::When;
use crate::settings::Settings;

/// Past these, names and prices are no longer those of anything like a company.
const MONTHS_MAX: u32 = 60;
const TEAMS_MAX: u32 = 1_000;
const MODELS_MAX: u32 = 200;
/// Two terabytes of rows.
const CALLS_MAX: u64 = 1_000_000_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger fill --calls 1000 --months 2 --teams 3 --models 4 --seed 7 --ledger sqlite:try.db
  bursar ledger fill --calls 1000000 --json --ledger sqlite:try.db

It makes teams with keys that nobody can use, budgets for the last month, and calls that follow days
and weeks, grow, fail and are throttled, at the catalogue's prices of their own day. All of them are
marked as a simulator's. The same seed, up to the same hour, makes the same. What was written is queued
for blocks: `bursar ledger seal` seals it.")]
pub(crate) struct FillArgs {
    /// How many calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=CALLS_MAX))]
    calls: u64,
    /// Over how many months
    #[arg(long, value_name = "M", default_value_t = 13,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MONTHS_MAX)))]
    months: u32,
    /// Of how many teams, with three keys each
    #[arg(long, value_name = "T", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(TEAMS_MAX)))]
    teams: u32,
    /// To how many models of the catalogue
    #[arg(long, value_name = "K", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MODELS_MAX)))]
    models: u32,
    /// What chance begins with
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The end, which is no longer part of it: a date or a time (UTC); now, where nothing is said
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    until: Option<When>,
    /// Also where the ledger holds calls already
    #[arg(long)]
    add: bool,
}

impl FillArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let wanted = self.wanted(Clock::system().now());
        let database = settings.database()?;
        let mut options = OpenOptions::new(Clock::system());
        options.report_tags.clone_from(&settings.report_tags);
        options.readers = 1;
        // Sealing beside it would only take turns with it.
        options.sealing = None;
        let ledger = Box::pin(Ledger::open(&database, options)).await?;
        if !self.add && ledger.has_calls().await? {
            ledger.close().await?;
            let message = format!("{database} holds calls already");
            return Err(Failure::new(Situation::Usage, message)
                .hint("name another ledger with `--ledger`, or add to this one with `--add`"));
        }
        let Wanted { calls, months, teams, models, .. } = wanted;
        output.note(format!(
            "making {calls} calls of {teams} teams to {models} models over {months} months in \
             {database}"
        ));
        let bar = bar(calls, output);
        let prices = (settings.catalogue()?, &settings.prices);
        let made = Box::pin(fill(&ledger, &settings.actor, prices, wanted, &bar)).await;
        bar.finish_and_clear();
        ledger.close().await?;
        show(&made?, output)
    }

    fn wanted(&self, now: Timestamp) -> Wanted {
        Wanted {
            calls: self.calls,
            months: self.months,
            teams: usize::try_from(self.teams).unwrap_or(usize::MAX),
            models: usize::try_from(self.models).unwrap_or(usize::MAX),
            seed: self.seed,
            until: self.until.map_or(now, |when| when.at(now)),
        }
    }
}

fn bar(calls: u64, output: Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(calls);
    let style = "{bar:30} {pos}/{len} calls, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

fn show(made: &Made, output: Output) -> Result<(), Failure> {
    let object = made_json(made);
    if output.json {
        return Ok(Output::object(&object)?);
    }
    let Made { calls, refused, succeeded, cost, took, .. } = made;
    Output::line(format!(
        "{calls} calls, {succeeded} of which succeeded, for {}; {refused} refused",
        cost.rounded()
    ))?;
    Output::line(format!(
        "{:.1} s: {} calls a second, {} bytes a call",
        took.as_secs_f64(),
        object["calls_per_second"],
        object["bytes_per_call"]
    ))?;
    Ok(())
}

fn made_json(made: &Made) -> Value {
    let Made { calls, refused, succeeded, cost, took, bytes } = made;
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    json!({
        "calls": calls,
        "refused": refused,
        "succeeded": succeeded,
        "cost_usd": cost.usd(),
        "seconds": took.as_secs_f64(),
        "calls_per_second": calls.saturating_mul(1_000) / ms.max(1),
        "bytes": bytes,
        "bytes_per_call": bytes / calls.max(&1),
    })
}
