//! One file a command; each ends in what it prints.

use crate::args::{Args, Command};
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;

pub(crate) mod calls;
pub(crate) mod config;
pub(crate) mod converse;
pub(crate) mod demo;
pub(crate) mod generate;
pub(crate) mod invoke;
pub(crate) mod ledger;
pub(crate) mod models;
pub(crate) mod preview;
pub(crate) mod price;
pub(crate) mod replay;
pub(crate) mod simulate;
pub(crate) mod usage;

/// Runs the command. Those that need no settings never read them.
pub(crate) fn run(args: Args, output: Output) -> Result<(), Failure> {
    let load = || Settings::load(args.config.as_deref(), args.ledger.as_deref());
    match args.command {
        Command::Generate(generate) => generate.run(),
        Command::Simulate(simulate) => block_on(simulate.run(output)),
        Command::Config(config) => {
            config.run(args.config.as_deref(), args.ledger.as_deref(), output)
        }
        Command::Price(price) => price.run(&load()?, output),
        Command::Models(models) => models.run(&load()?, output),
        Command::Demo(demo) => block_on(demo.run(&load()?, output)),
        Command::Converse(converse) => block_on(converse.run(&load()?, output)),
        Command::Invoke(invoke) => block_on(invoke.run(&load()?, output)),
        Command::Calls(calls) => block_on(calls.run(&load()?, output)),
        Command::Usage(usage) => block_on(usage.run(&load()?, output)),
        Command::Replay(replay) => block_on(replay.run(&load()?, output)),
        Command::Ledger(ledger) => block_on(ledger.run(&load()?, output)),
    }
}

/// A runtime only for commands that wait for something: `price` and `--version` are instant.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Situation::Failed, format!("cannot start: {error}")))?
        .block_on(command)
}
