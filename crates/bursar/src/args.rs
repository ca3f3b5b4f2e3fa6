//! The command line, exactly as it is typed. Nothing here reads a file or the environment's values
//! beyond what clap itself does for `BURSAR_*`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    admin_key, apply, budget, calls, chat, completions, config, converse, demo, doctor, estimate,
    freeze, generate, iam_policy, invoke, key, ledger, models, price, replay, run, serve, simulate,
    streams, team, top, usage, user, why,
};
use crate::output::Output;

/// Prices, meters and records every Amazon Bedrock call.
///
/// A call is priced, reserved, invoked, metered and settled; everything else reads what was settled.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "Examples:
  bursar demo
  bursar price us.anthropic.claude-sonnet-4-5-20250929-v1:0 --input 12000 --output 800
  bursar converse -m amazon.nova-lite-v1:0 'Why is the sky blue?'
  bursar usage --by model --since 7d

Exit codes: 0 done, 1 failed, 2 usage, 3 unknown or unpriced model, 4 no credentials, 5 over budget,
6 stream cut, 7 throttled, 8 upstream error, 9 findings, 10 ledger, 65 bad data, 66 no file,
78 configuration, 130 interrupted.")]
pub(crate) struct Args {
    /// One JSON object on stdout, for programs
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// No progress bars and no notes on stderr
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// No colour, as with `NO_COLOR`
    #[arg(long, global = true, env = "BURSAR_NO_COLOR", value_parser = clap::builder::FalseyValueParser::new(), help_heading = "Everywhere")]
    pub(crate) no_color: bool,
    /// Where calls are recorded: `sqlite:PATH` or `postgres://USER@HOST/NAME`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "BURSAR_LEDGER",
        hide_env_values = true,
        help_heading = "Everywhere"
    )]
    pub(crate) ledger: Option<String>,
    /// Ask this server, which has the ledger open, by the key in `BURSAR_ADMIN_KEY`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "BURSAR_SERVER",
        hide_env_values = true,
        help_heading = "Everywhere"
    )]
    pub(crate) server: Option<String>,
    /// The configuration file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "BURSAR_CONFIG",
        help_heading = "Everywhere"
    )]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch real traffic being metered, with no AWS account
    Demo(demo::Demo),
    /// Ask a model, in words
    Converse(converse::Converse),
    /// Talk with a model, its cost in sight
    Chat(chat::Chat),
    /// Send a provider's own JSON
    Invoke(invoke::Invoke),
    /// What a prompt would cost, before it is sent
    Estimate(estimate::Estimate),
    /// What so many tokens cost
    Price(price::PriceArgs),
    /// What models there are
    Models(models::Models),
    /// The calls that were recorded
    Calls(calls::Calls),
    /// What was spent, by model, team, day …
    Usage(usage::Usage),
    /// Set limits, and see how they stand
    Budget(budget::BudgetArgs),
    /// Refuse calls until a person thaws them
    Freeze(freeze::Freeze),
    /// Let what was frozen call again
    Thaw(freeze::Thaw),
    /// Why a call was admitted, refused or ended as it did
    Why(why::WhyArgs),
    /// Who pays: teams, their projects and users
    Team(team::TeamArgs),
    /// Make teams, keys, policies and limits what a file says
    Apply(apply::Apply),
    /// Keys of the admin API, for who administers from elsewhere
    AdminKey(admin_key::AdminKeyArgs),
    /// Who may sign in, in a browser, and see what
    User(user::UserArgs),
    /// Virtual keys, for programs and people of a team
    Key(key::KeyArgs),
    /// The calls that run now, how far they may go, and to cut them
    Streams(streams::Streams),
    /// Serve unmodified SDKs: their calls, capped and metered
    Serve(serve::Serve),
    /// Run a command whose calls are capped and metered
    Run(run::Run),
    /// Watch what runs, what it costs and what is refused
    Top(top::Top),
    /// Send a recorded trace as calls
    Replay(replay::Replay),
    /// Run a local Bedrock
    Simulate(simulate::Simulate),
    /// Find what stands in the way, and what to do about it
    Doctor(doctor::Doctor),
    /// What IAM has to allow, and no more
    IamPolicy(iam_policy::IamPolicy),
    /// Show, find and check the configuration
    Config(config::Config),
    /// Migrate, audit, copy and back up the ledger
    Ledger(ledger::LedgerArgs),
    /// Print what a shell needs to complete commands
    Completions(completions::Completions),
    /// Write man pages and completions
    #[command(hide = true)]
    Generate(generate::Generate),
}

impl Args {
    /// How this run speaks. Colour is a choice of the whole process.
    pub(crate) fn output(&self) -> Output {
        if self.no_color {
            anstream::ColorChoice::Never.write_global();
        }
        Output { json: self.json, quiet: self.quiet }
    }
}
