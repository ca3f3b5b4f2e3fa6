//! `cargo xtask simulate-ledger`: the ledger's admission under a deterministic scheduler.
//!
//! The simulation is the ledger's own example, built as a release; its manual is its `--help`.

use anyhow::Result;

use crate::step::{self, cargo};

/// Runs it with these arguments; fails when an invariant was broken, or a mutant not found.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let run = ["run", "--quiet", "--release", "--locked", "--package", "bursar-ledger"];
    let example = ["--example", "simulate_ledger", "--"];
    let words = run.into_iter().chain(example).chain(arguments.iter().map(String::as_str));
    step::run(&mut cargo(words))
}
