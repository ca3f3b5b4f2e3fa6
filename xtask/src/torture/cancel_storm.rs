//! The room `cancel-storm`: futures that are dropped at any time, whatever they wait for.
//!
//! The known way to lose acknowledged writes on PostgreSQL is a pooled connection that a dropped
//! future left inside a transaction; who borrows it next is told that its writes are kept.

use anyhow::Result;
use serde_json::{Value, json};

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("futures", (10_000, 200), "futures that may be dropped"),
    Knob::new("procs", (3, 2), "processes"),
    Knob::new("tasks", (50, 20), "of them at a time in each"),
];
/// More than everything costs: the limit's sums must agree with what is recorded.
const PLENTY_MICRO: u64 = 1_000_000_000_000;

/// How PostgreSQL says that a transaction has failed before.
const BROKEN: [&str; 2] = ["25P02", "current transaction is"];

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "3"])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let [futures, procs, tasks] = ["futures", "procs", "tasks"].map(|name| stage.scale.size(name));
    let mut doors = Doors::for_anybody(stage, (&ledger, &simulator))?;
    let mut calling = |proc: u64| {
        doors.caller(json!({
            "name": format!("s{proc}"), "tasks": tasks, "count": futures.div_ceil(procs),
            "leaving": "anywhere", "seed": stage.scale.seed() + proc,
        }))
    };
    let mut watch = stage.worker(&json!({"do": "watch", "ledger": ledger, "every_ms": 250}))?;
    watch.ready()?;
    let mut workers = (0..procs).map(&mut calling).collect::<Result<Vec<Worker>>>()?;
    all_go(&mut workers)?;
    let tallies = all_done(workers)?;
    let samples = watch.said();
    figures.plain("futures that were dropped", sum(&tallies, "left"));
    figures.exactly("calls that failed", sum(&tallies, "failed"), 0);
    figures.exactly(
        "errors of a broken transaction (25P02)",
        broken(&tallies) + doors.logged(&BROKEN)?,
        0,
    );
    let idle = samples.iter().map(|sample| number(sample, "idle_in_transaction"));
    figures.exactly("sessions idle in a transaction", idle.max().unwrap_or(u64::MAX), 0);
    let told = doors.check(figures)?;
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

/// Errors that PostgreSQL gives to whoever writes in a transaction that has failed.
fn broken(tallies: &[Value]) -> u64 {
    let errors = tallies.iter().filter_map(|tally| tally["errors"].as_object()).flatten();
    let is_broken = |text: &str| BROKEN.iter().any(|word| text.contains(word));
    errors.filter(|(text, _)| is_broken(text)).filter_map(|(_, count)| count.as_u64()).sum()
}
