//! `bursar`: reads arguments and settings, builds the parts, prints.

use std::process::ExitCode;

mod administration;
mod advice;
mod agents;
mod alias;
mod args;
mod attachment;
mod attribution;
mod backdrop;
mod budget;
mod capped;
mod chat;
mod child;
mod commands;
mod comparison;
mod csv_rows;
mod doctor;
mod door;
mod errand;
mod exchange;
mod failure;
mod fill;
mod form;
mod help;
mod kept_file;
mod log;
mod lookup;
mod meters;
mod output;
mod paste;
mod period;
mod player;
mod refusal;
mod reload;
mod report;
mod selection;
mod settings;
mod showroom;
mod sole;
mod stop;
mod stream_limits;
mod table;
mod tally;
mod telemetry;
mod terminal;
mod top;
mod trace;
mod trend;
mod ways;
mod wiring;

fn main() -> ExitCode {
    let args = help::parse();
    let output = args.output();
    let reader = match args.command {
        args::Command::Serve(_) => log::Reader::Program,
        _ => log::Reader::Person,
    };
    let (level, _written) = log::start(reader);
    match commands::run(args, output, &level) {
        Ok(code) => code,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.situation.exit_code())
        }
    }
}
