//! `bursar demo`: real traffic, metered on the simulator, with no AWS account.

use std::net::Ipv4Addr;
use std::path::Path;

use bursar_core::{Connection, Credentials};
use bursar_domain::identity::Attribution;
use bursar_domain::time::Clock;
use bursar_ledger::{Dimension, UsageQuery};
use bursar_simulator::Simulator;
use tokio::net::TcpListener;

use crate::commands::{replay, usage};
use crate::failure::{Failure, Situation};
use crate::output::{BOLD, Output};
use crate::player::{Api, Player};
use crate::settings::{Settings, data_folder};
use crate::showroom::Showroom;
use crate::{capped, stop, terminal, trace, wiring};

/// The first rows of a real production trace; `data/README.md` says whose.
const TRACE: &str = include_str!("../../data/azure_llm_2023_code.csv");
/// A share of calls that a busy account sees throttled, in parts per million.
const THROTTLE_PPM: u32 = 60_000;
/// The demo's ledger: always its own, made anew each time.
const LEDGER: &str = "demo.db";

/// Cheap enough for a cap of a fifth of a cent to have room for a few calls.
const CAPPED_MODEL: &str = "amazon.nova-lite-v1:0";

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar demo
  bursar demo --stay

Replays 1,200 calls of a real production trace over several models on Bursar's own simulator, some of
them throttled or failing, and shows what was recorded. Then a team hits its cap, and a stream that
runs away is cut. On a terminal it then serves the dashboard, with a link at which you come in as an
admin, until you press Enter. With --stay it does so anywhere, until Ctrl-C; it also serves two teams,
each with a key and a budget, and prints lines for boto3, the AWS CLI, curl, and OpenAI's and
Anthropic's clients to paste into another terminal. Before these calls the dashboard shows two months
that are made up. Nothing leaves this machine.")]
pub(crate) struct Demo {
    /// Calls to make, of the 1,200 recorded
    #[arg(long, default_value_t = 1_200, value_parser = clap::value_parser!(u32).range(1..=1_200))]
    calls: u32,
    /// Serve until Ctrl-C: the dashboard, and what to paste into another terminal
    #[arg(long)]
    stay: bool,
}

impl Demo {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let mut settings = settings.clone();
        if settings.ledger_is_usual {
            settings.ledger_url = format!("sqlite:{}", fresh_ledger()?.display());
        }
        let simulator = start().await.map_err(|error| {
            Failure::new(Situation::Failed, format!("cannot start the simulator: {error}"))
        })?;
        let mut rows = trace::parse("the demo's trace", TRACE.as_bytes())?;
        rows.truncate(usize::try_from(self.calls).unwrap_or(usize::MAX));
        let player = player(&settings, &simulator).await?;
        let is_new = !player.bursar.ledger.has_calls().await?;
        let tally = player.play(&rows, output).await?.tally;
        let admin = wiring::admin_of(&player.bursar.ledger, &settings);
        let model = settings.resolve(CAPPED_MODEL)?;
        let capped = Box::pin(capped::play(&player.bursar, &admin, &model)).await?;
        let query = |by| UsageQuery { by, since: None, until: None, count_tokens: false };
        let by_model = player.bursar.ledger.usage(&query(Dimension::Model)).await?;
        let by_outcome = player.bursar.ledger.usage(&query(Dimension::Outcome)).await?;
        player.bursar.ledger.close().await?;
        simulator.stop().await;
        let ledger = settings.database()?.to_string();
        let is_watched = !self.stay && !output.json && terminal::is_both_ways();
        let stays = self.stay || is_watched;
        let showroom =
            if stays { Some(Box::pin(Showroom::open(&settings, is_new)).await?) } else { None };
        let told = stays.then(stop::told);
        if output.json {
            let mut object = usage::as_json("model", &by_model);
            object["simulated"] = true.into();
            object["ledger"] = ledger.into();
            object["capped"] = capped.as_json();
            object["gateway"] = showroom.as_ref().map(Showroom::as_json).into();
            Output::object(&object)?;
        } else {
            Output::line(format!("{BOLD}Spend, errors and throttling by model{BOLD:#}"))?;
            Output::line(usage::show("model", &by_model))?;
            Output::line(format!("\n{BOLD}How the calls ended{BOLD:#}"))?;
            Output::line(usage::show("outcome", &by_outcome))?;
            Output::line(format!("\n{BOLD}A team at its cap, and a stream that ran away{BOLD:#}"))?;
            capped.lines().into_iter().try_for_each(Output::line)?;
            let calls = tally.report().total.calls.saturating_add_unsigned(capped.calls());
            Output::line(closing_words(&ledger, calls))?;
            if is_watched {
                showroom.iter().flat_map(Showroom::dashboard).try_for_each(Output::line)?;
                Output::line("\nPress Enter to end it all.")?;
            } else {
                showroom.iter().flat_map(Showroom::lines).try_for_each(Output::line)?;
            }
        }
        let Some((showroom, told)) = showroom.zip(told) else { return Ok(()) };
        let ended = async move {
            tokio::select! {
                () = told => {}
                () = terminal::enter(), if is_watched => {}
            }
        };
        showroom.until(ended).await
    }
}

/// Who plays the trace, against a simulator.
async fn player(settings: &Settings, simulator: &Simulator) -> Result<Player, Failure> {
    let connection = Connection {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(simulator.url().clone()),
        credentials: Credentials::Simulated,
        ..settings.connection()
    };
    let models: Vec<String> = replay::MODELS.split(',').map(str::to_owned).collect();
    let mut bursar = Box::pin(wiring::open_at(settings, &connection, true)).await?;
    bursar.limits.backoff_base = replay::SIMULATOR_BACKOFF;
    Ok(Player {
        bursar,
        models: replay::resolve(settings, &models)?,
        caller: Attribution::default(),
        api: Api::Mix,
        concurrency: 16,
        speed: None,
        extra: faults,
    })
}

async fn start() -> std::io::Result<Simulator> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let settings = bursar_simulator::Settings {
        seed: 7,
        throttle_ppm: THROTTLE_PPM,
        ..bursar_simulator::Settings::default()
    };
    Simulator::start(listener, settings, Clock::system())
}

/// A few things that go wrong in a real week. The operations go round in fours, streams on odd rows.
fn faults(index: usize) -> &'static str {
    match index % 200 {
        11 => "fault=cut-border",
        58 => "fault=validation",
        97 => "fault=stream-model-error",
        134 => "fault=model-error",
        175 => "fault=no-usage",
        _ => "",
    }
}

/// The demo's ledger is made anew, so that its figures are the same each time.
fn fresh_ledger() -> Result<std::path::PathBuf, Failure> {
    let folder = data_folder()?;
    let cannot = |error: std::io::Error| {
        let message = format!("cannot clear the last demo from `{}`: {error}", folder.display());
        Failure::new(Situation::NoFile, message).hint("name a ledger with --ledger")
    };
    for entry in std::fs::read_dir(&folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.file_name().to_string_lossy().starts_with(LEDGER) {
            remove(&entry.path()).map_err(cannot)?;
        }
    }
    Ok(folder.join(LEDGER))
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn closing_words(ledger: &str, calls: i64) -> String {
    // As it was called: after `cargo run` it is on nobody's path.
    let program = std::env::args().next().unwrap_or_else(|| "bursar".to_owned());
    format!(
        "
All {calls} calls ran on Bursar's own simulator: no AWS account, nothing spent. The token counts are
of a real production trace (Azure LLM inference trace 2023, CC-BY 4.0), the prices are Bedrock's.
The ledger is {ledger}

Try next:
  {program} demo --stay      (the dashboard, and a gateway with lines to paste for your clients)
  {program} calls --ledger {ledger} --outcome failed
  {program} usage --ledger {ledger} --by hour
  {program} budget list --ledger {ledger}
  {program} price us.anthropic.claude-haiku-4-5-20251001-v1:0 --input 12000 --output 800
  {program} converse -m amazon.nova-lite-v1:0 'Why is the sky blue?'     (with AWS credentials)"
    )
}
