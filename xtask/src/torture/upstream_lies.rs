//! The room `upstream-lies`: an upstream that says nothing of usage, or what cannot be, or ends in
//! the middle, or never ends.
//!
//! Each such call has its row, flagged as failed or as an estimate, at no less than what was truly
//! used and at no more than was held.

use anyhow::Result;
use serde_json::json;

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("rounds", (25, 1), "times that each fault meets each operation"),
    Knob::new("procs", (3, 2), "processes"),
    Knob::new("tasks", (30, 20), "calls at a time in each"),
];
/// What goes wrong, in the simulator's words.
const FAULTS: [&str; 20] = [
    "fault=no-usage",
    "fault=lying-usage-negative",
    "fault=lying-usage-huge",
    "fault=bad-crc after=2",
    "fault=bad-crc after=0",
    "fault=cut-border after=2",
    "fault=cut-inside after=2",
    "fault=stream-throttle after=2",
    "fault=stream-internal after=1",
    "fault=stream-model-error after=3",
    "fault=stream-validation",
    "fault=stream-unavailable",
    "fault=stall after=1",
    "fault=hang",
    "fault=reset",
    "fault=not-json",
    "fault=internal",
    "fault=model-error",
    "fault=model-timeout",
    "fault=access-denied",
];
const OPERATIONS: u64 = 4;
/// How long silence is borne, here: the room is not about waiting.
const PATIENCE_MS: u64 = 700;
const PLENTY_MICRO: u64 = 1_000_000_000_000;

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&[])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let [rounds, procs, tasks] = ["rounds", "procs", "tasks"].map(|name| stage.scale.size(name));
    let count = FAULTS.len() as u64 * OPERATIONS * rounds;
    let mut doors = Doors::impatient(stage, (&ledger, &simulator), PATIENCE_MS)?;
    let mut calling = |proc: u64| {
        doors.caller(json!({
            "name": format!("l{proc}"), "tasks": tasks, "count": count, "words": FAULTS,
            "patience_ms": PATIENCE_MS, "seed": stage.scale.seed() + proc,
        }))
    };
    let mut workers = (0..procs).map(&mut calling).collect::<Result<Vec<Worker>>>()?;
    all_go(&mut workers)?;
    // A worker that panicked has failed, and so has the room.
    let tallies = all_done(workers)?;
    figures.plain("faults", format!("{} by {OPERATIONS} operations", FAULTS.len()));
    if doors.count() == 0 {
        figures.exactly("calls without a receipt", sum(&tallies, "failed"), 0);
    } else {
        figures.plain("answers that were no whole success", sum(&tallies, "failed"));
    }
    doors.stop()?;
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.exactly("rows", number(&told, "calls"), procs * count);
    figures.some("rows that are estimates", number(&told, "estimated"));
    let unflagged = number(&told["differences"], "unflagged");
    figures.exactly("rows of faulty answers that say nothing of it", unflagged, 0);
    figures.exactly("rows over what was held", number(&told, "overruns"), 0);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}
