//! The room `usable`: a budget must not only hold, it must be possible to use it up.
//!
//! Real traffic by many connections, under a limit of so many average calls: how much of it is
//! spent when the first call is told that it is spent. What is held for a call is more than it
//! costs, so a gate that counted holds as spent would turn calls away from an unspent budget.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};
use crate::workspace::root;

pub(super) const KNOBS: [Knob; 4] = [
    Knob::new("procs", (2, 2), "processes"),
    Knob::new("connections", (64, 16), "calls at a time, in all of them"),
    Knob::new("mean-calls", (1_000, 150), "average calls that the limit has room for"),
    Knob::new("max-tokens", (1_024, 128), "output tokens that each call asks for"),
];
const SHARE_PERCENT: f64 = 95.0;
/// How long a call that was refused for what is held is tried again: the product's own patience.
const HELD_PATIENCE_MS: u64 = 5_000;
/// What the room's model costs, in pico-dollars for a token of input and of output.
const RATES: (u64, u64) = (60_000, 240_000);

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let trace = root().join("crates/bursar/data/azure_llm_2023_code.csv");
    let [procs, connections, calls, max_tokens] =
        ["procs", "connections", "mean-calls", "max-tokens"].map(|name| stage.scale.size(name));
    let simulator = stage.simulator(&["--delay-ms", "30", "--gap-ms", "1"])?;
    let ledger = stage.ledger()?;
    let limit = calls * mean_micro(&trace)?;
    stage.limit(&ledger, None, ("total", limit))?;
    let mut doors = Doors::for_anybody(stage, (&ledger, &simulator))?;
    let calling = |proc: u64| {
        json!({
            "name": format!("u{proc}"), "tasks": connections.div_ceil(procs), "kind": "trace",
            "trace": trace, "max_tokens": max_tokens, "until_spent": true,
            "held_patience_ms": HELD_PATIENCE_MS, "count": 5 * calls,
        })
    };
    let mut workers =
        (0..procs).map(|proc| doors.caller(calling(proc))).collect::<Result<Vec<Worker>>>()?;
    all_go(&mut workers)?;
    let tallies = all_done(workers)?;
    let first = tallies.iter().filter_map(share_at_first_no).reduce(f64::min);
    figures.plain("calls admitted", sum(&tallies, "admitted"));
    figures.at_least("% spent at the first refusal as spent", first.unwrap_or(0.0), SHARE_PERCENT);
    for (name, what) in [("ratio_p50", "hold ÷ cost, p50"), ("ratio_p99", "hold ÷ cost, p99")] {
        // A client of the gateway is told one of the two.
        if let Some(most) = tallies.iter().filter_map(|tally| tally[name].as_f64()).reduce(f64::max)
        {
            figures.plain(what, format!("{:.2}", most / 100.0));
        }
    }
    let held: u64 = tallies.iter().filter_map(|tally| tally["refused"]["held"].as_u64()).sum();
    figures.plain("calls that waited in vain for what is held", held);
    figures.exactly("calls that failed", sum(&tallies, "failed"), 0);
    let told = doors.check(figures)?;
    figures.exactly("moments at which the limit was passed", number(&told, "over_at_all"), 0);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

fn share_at_first_no(tally: &Value) -> Option<f64> {
    let (spent, limit) = (&tally["spent_at_first_no"], &tally["limit_at_first_no"]);
    Some(100.0 * spent.as_f64()? / limit.as_f64()?)
}

/// What the average row of the trace costs, in micro-dollars, rounded up.
fn mean_micro(trace: &PathBuf) -> Result<u64> {
    let text = fs::read_to_string(trace)?;
    let (mut rows, mut pico) = (0_u64, 0_u64);
    for line in text.lines().skip(1) {
        let mut fields = line.split(',').skip(1).map(|field| field.trim().parse::<u64>());
        let mut next = || fields.next().with_context(|| format!("`{line}` is too short"));
        pico += next()?? * RATES.0 + next()?? * RATES.1;
        rows += 1;
    }
    Ok((pico / rows.max(1)).div_ceil(1_000_000))
}
