//! The ledger's admission under a deterministic scheduler: processes that die between any two
//! store calls, answers that are lost, clocks that jump, bills that come late or twice.
//!
//! `cargo xtask simulate-ledger` runs it. What decides is the product's own code; the database is
//! a model of the tables (`tables.rs`), or with `--store sqlite` the real ledger beside that model.
//! After every step that writes, the invariants of `check.rs` hold. A violation is told with its
//! seed, its step and the steps before it; the seed replays it exactly.

mod answers;
mod beside;
mod caller;
mod changes;
mod check;
mod ledgers;
mod locks;
mod mutant;
mod process;
mod random;
mod request;
mod rules;
mod scenario;
mod search;
mod tables;
mod turn;
mod world;
mod writer;

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::Instant;

use mutant::Mutant;
use request::{Request, USAGE};
use search::{Found, replay, search};

/// A mutant has to be found within so many histories.
const MUTANT_SEEDS: u64 = 10;
const MUTANT_STEPS: u64 = 20_000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let request = match Request::parse(&words) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("error: {problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let passed = match request.mutant {
        Some(mutant) if !request.is_replay => is_caught(mutant),
        _ => is_clean(&request) && (request.is_replay || request.is_sqlite || are_all_caught()),
    };
    println!("{}", if passed { "PASS" } else { "FAIL" });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs histories and says what came of them.
fn is_clean(request: &Request) -> bool {
    let start = Instant::now();
    let (found, tally) = search(request);
    println!(
        "{}: {} steps in {} histories, {:.1} s",
        if request.is_sqlite { "the ledger on SQLite, beside the model" } else { "model" },
        request.steps * request.seeds,
        request.seeds,
        start.elapsed().as_secs_f64()
    );
    println!("{tally}");
    if let Some(found) = &found {
        tell(request, found);
    }
    found.is_none()
}

/// Tells a violation with the steps before it.
fn tell(request: &Request, found: &Found) {
    let Found { seed, step, violation } = found;
    println!("violation at step {step} of seed {seed}: {}", violation.rule);
    println!("  {}", violation.detail);
    let (trace, is_same) = replay(request, found);
    for line in trace {
        println!("{line}");
    }
    println!("run again, it came out {}", if is_same { "the same" } else { "OTHERWISE" });
    let mutant = request.mutant.map(|mutant| format!(" --mutant {mutant}")).unwrap_or_default();
    let store = if request.is_sqlite { " --store sqlite" } else { "" };
    let steps = request.steps;
    println!("again: cargo xtask simulate-ledger --seed {seed} --steps {steps}{mutant}{store}");
}

fn are_all_caught() -> bool {
    Mutant::ALL.iter().filter(|mutant| !is_caught(**mutant)).count() == 0
}

/// Whether a broken rule is found.
fn is_caught(mutant: Mutant) -> bool {
    let request = Request {
        steps: MUTANT_STEPS,
        first: 0,
        seeds: MUTANT_SEEDS,
        mutant: Some(mutant),
        is_sqlite: false,
        is_replay: false,
    };
    let found = search(&request).0;
    match &found {
        Some(Found { seed, step, violation }) => {
            println!("mutant {mutant}: found by seed {seed} at step {step}: {}", violation.rule);
        }
        None => println!("mutant {mutant}: NOT found in {MUTANT_SEEDS} histories"),
    }
    found.is_some()
}
