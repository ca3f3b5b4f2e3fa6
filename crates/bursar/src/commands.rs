//! One file a command; each ends in what it prints.

use std::process::ExitCode;

use crate::args::{Args, Command};
use crate::failure::{Failure, Situation};
use crate::log::Level;
use crate::output::Output;
use crate::settings::Settings;

pub(crate) mod admin_key;
pub(crate) mod apply;
pub(crate) mod archive;
pub(crate) mod budget;
pub(crate) mod calls;
pub(crate) mod changes;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod converse;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod estimate;
mod fill;
pub(crate) mod freeze;
pub(crate) mod generate;
pub(crate) mod iam_policy;
pub(crate) mod invoke;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod models;
pub(crate) mod preview;
pub(crate) mod price;
pub(crate) mod refresh;
pub(crate) mod replay;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod seal;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod streams;
pub(crate) mod team;
pub(crate) mod top;
pub(crate) mod usage;
pub(crate) mod user;
pub(crate) mod verify;
pub(crate) mod why;

/// Runs the command. Those that need no settings never read them.
pub(crate) fn run(args: Args, output: Output, log: &Level) -> Result<ExitCode, Failure> {
    let load = || {
        let settings = Settings::load(args.config.as_deref(), args.ledger.as_deref())?;
        settings.at_server(args.server.as_deref())
    };
    match args.command {
        Command::Generate(generate) => generate.run(),
        Command::Completions(completions) => completions.run(),
        Command::Simulate(simulate) => block_on_all_cores(simulate.run(output)),
        Command::Serve(serve) => block_on_all_cores(serve.run(&load()?, log)),
        Command::Config(config) => {
            config.run(args.config.as_deref(), args.ledger.as_deref(), output)
        }
        Command::Price(price) => price.run(&load()?, output),
        Command::Doctor(doctor) => block_on_and_leave(doctor.run(&load()?, output)),
        Command::IamPolicy(policy) => block_on(policy.run(&load()?, output)),
        Command::Models(models) => block_on(models.run(&load()?, output)),
        Command::Demo(demo) => block_on_all_cores(demo.run(&load()?, output)),
        Command::Estimate(estimate) => block_on(estimate.run(&load()?, output)),
        Command::Converse(converse) => block_on(converse.run(&load()?, output)),
        Command::Chat(chat) => block_on(chat.run(&load()?, output)),
        Command::Invoke(invoke) => block_on(invoke.run(&load()?, output)),
        Command::Calls(calls) => block_on(calls.run(&load()?, output)),
        Command::Usage(usage) => block_on(usage.run(&load()?, output)),
        Command::Budget(budget) => block_on(budget.run(&load()?, output)),
        Command::Freeze(freeze) => block_on(freeze.run(&load()?, output)),
        Command::Thaw(thaw) => block_on(thaw.run(&load()?, output)),
        Command::Why(why) => block_on(why.run(&load()?, output)),
        Command::Streams(streams) => block_on(streams.run(&load()?, output)),
        Command::Top(top) => block_on(top.run(&load()?, output)),
        Command::Team(team) => block_on(team.run(&load()?, output)),
        Command::Apply(apply) => block_on(apply.run(&load()?, output)),
        Command::AdminKey(key) => block_on(key.run(&load()?, output)),
        Command::User(user) => block_on(user.run(&load()?, output)),
        Command::Key(key) => block_on(key.run(&load()?, output)),
        Command::Replay(replay) => block_on_all_cores(replay.run(&load()?, output)),
        Command::Ledger(ledger) if ledger.is_long() => {
            block_on_all_cores(ledger.run(&load()?, output))
        }
        Command::Ledger(ledger) => block_on(ledger.run(&load()?, output)),
        // Its end is another program's.
        Command::Run(run) => return block_on_all_cores(run.run(&load()?, output)),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// A runtime only for commands that wait for something: `price` and `--version` are instant. One
/// thread, since a command that makes one call has nothing to share out.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    run_on(&mut tokio::runtime::Builder::new_current_thread(), command)
}

/// For commands that make, or serve, many calls at a time.
fn block_on_all_cores<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run_on(&mut tokio::runtime::Builder::new_multi_thread(), command)
}

/// For a command that gives up on what hangs: it does not wait for that at its end either.
fn block_on_and_leave(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = start(&mut tokio::runtime::Builder::new_current_thread())?;
    let ended = runtime.block_on(command);
    runtime.shutdown_background();
    ended
}

fn run_on<T>(
    runtime: &mut tokio::runtime::Builder,
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    start(runtime)?.block_on(command)
}

fn start(runtime: &mut tokio::runtime::Builder) -> Result<tokio::runtime::Runtime, Failure> {
    let cannot = |error| Failure::new(Situation::Failed, format!("cannot start: {error}"));
    runtime.enable_all().build().map_err(cannot)
}
