//! The room `disconnect`: callers that go away at some byte of their answer.
//!
//! The answer is read to its end for the ledger's sake, so each call has its row, with the tokens
//! that were truly used.

use anyhow::Result;
use serde_json::json;

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("callers", (1_000, 90), "callers that go away"),
    Knob::new("procs", (3, 2), "processes"),
    Knob::new("tasks", (50, 20), "of them at a time in each"),
];

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "5", "--gap-ms", "3"])?;
    let ledger = stage.ledger()?;
    let [callers, procs, tasks] = ["callers", "procs", "tasks"].map(|name| stage.scale.size(name));
    let each = callers.div_ceil(procs);
    let mut doors = Doors::for_anybody(stage, (&ledger, &simulator))?;
    let calling = |proc: u64| {
        json!({
            "name": format!("d{proc}"), "tasks": tasks, "leaving": "mid-reply",
            "seed": stage.scale.seed() + proc, "count": each.min(callers - proc * each),
        })
    };
    let mut workers =
        (0..procs).map(|proc| doors.caller(calling(proc))).collect::<Result<Vec<Worker>>>()?;
    all_go(&mut workers)?;
    let tallies = all_done(workers)?;
    figures.exactly("callers that went away", sum(&tallies, "left"), callers);
    doors.stop()?;
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.exactly("rows", number(&told, "calls"), callers);
    figures.some("rows that say so", number(&told, "client_gone"));
    figures.exactly("rows that are estimates", number(&told, "estimated"), 0);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}
