//! The developers' own tool, run as `cargo xtask COMMAND`.
//!
//! It drives cargo and a few system programs, prints each step before taking it, and fails on the
//! first one that fails. It is no part of the product, which neither calls nor ships it.

mod bench;
mod catalogue;
mod dist;
mod lint;
mod postgres;
mod screenshots;
mod simulate;
mod step;
mod test;
mod torture;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "usage: cargo xtask COMMAND

  test [ARGS…]      sets up PostgreSQL and the clients, then runs every test; ARGS go to the runner
  lint              format, clippy, documentation, dependency rules
  dist              the release binary with man pages, completions, checksums and SBOM
  bench [NAME…]     measures, and writes docs/benchmarks.md; without a NAME, everything
  torture [ROOM…]   hurts the program and says what held; without a ROOM, lists them
  screenshots [--keep]
                    every page of the dashboard as pictures, to look at; some of them into docs/images
  simulate-ledger [--steps N] [--seeds N] [--seed S] [--mutant NAME] [--store model|sqlite]
                    runs the ledger's admission under crashes, lost answers and jumping clocks
  catalogue MODELS.json PRICES.json ROUTING.json
                    regenerates the embedded catalogue from its sources";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        eprintln!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    match command.as_str() {
        "test" => return test::run(rest),
        "lint" => lint::run()?,
        "dist" => dist::run()?,
        "bench" => bench::run(rest)?,
        "torture" => return torture::run(rest),
        "screenshots" => screenshots::run(rest)?,
        "catalogue" => catalogue::run(rest)?,
        "simulate-ledger" => simulate::run(rest)?,
        "help" | "--help" | "-h" => println!("{USAGE}"),
        other => {
            eprintln!("error: there is no command `{other}`\n\n{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
