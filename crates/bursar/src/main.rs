//! `bursar`: reads arguments and settings, builds the parts, prints.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod attribution;
mod commands;
mod exchange;
mod failure;
mod log;
mod output;
mod period;
mod player;
mod row;
mod settings;
mod table;
mod tally;
mod trace;
mod wiring;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let output = args.output();
    log::start();
    match commands::run(args, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.situation.exit_code())
        }
    }
}
