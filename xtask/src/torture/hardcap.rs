//! The room `hardcap`: far more callers than a limit has room for, all at once, over and over.
//!
//! Each call costs exactly what is held for it, so the limit has room for so many calls and no
//! more: one more would be an overshoot, one less a refusal that need not have been.

use anyhow::Result;
use serde_json::{Value, json};

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};
use crate::step::say;

pub(super) const KNOBS: [Knob; 4] = [
    Knob::new("procs", (3, 2), "processes"),
    Knob::new("clients", (500, 40), "callers in each, with one call each"),
    Knob::new("runs", (100, 2), "times"),
    Knob::new("room", (50, 10), "calls that the limit has room for"),
];
/// How often it is told how far the room is.
const TELL_EVERY: u64 = 10;

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "20"])?;
    let ledger = stage.ledger()?;
    let [procs, clients, runs, room] =
        ["procs", "clients", "runs", "room"].map(|name| stage.scale.size(name));
    let teams = (0..runs).map(|run| format!("run{run}")).chain(["probe".to_owned()]);
    let mut doors = Doors::open(stage, (&ledger, &simulator), &teams.collect::<Vec<_>>())?;
    // What one call holds: nothing limits the first.
    let mut probe = doors.caller(calling("probe", 1))?;
    probe.ready()?;
    probe.go()?;
    let held = number(&probe.done()?, "held_micro");
    let (mut over, mut under, mut untyped, mut refused) = (0, 0, 0, 0);
    for run in 0..runs {
        let team = format!("run{run}");
        stage.limit(&ledger, Some(&team), ("total", room * held))?;
        let jobs = (0..procs).map(|proc| calling(&format!("{team}-{proc}"), clients));
        let mut workers = jobs.map(|job| doors.caller(job)).collect::<Result<Vec<Worker>>>()?;
        all_go(&mut workers)?;
        let tallies = all_done(workers)?;
        let admitted = sum(&tallies, "admitted");
        over += admitted.saturating_sub(room);
        under += room.min(procs * clients).saturating_sub(admitted);
        let typed = typed(&tallies);
        untyped += procs * clients - admitted - typed;
        refused += typed;
        if (run + 1) % TELL_EVERY == 0 {
            say(&format!("{} of {runs} runs, {refused} refusals", run + 1));
        }
    }
    figures.plain("calls asked for", runs * procs * clients);
    figures.exactly("calls admitted over a limit", over, 0);
    figures.exactly("calls refused that a limit had room for", under, 0);
    figures.exactly("refusals without a reason of ours", untyped, 0);
    let told = doors.check(figures)?;
    figures.exactly("moments at which a limit was passed", number(&told, "over_at_all"), 0);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

fn calling(name: &str, clients: u64) -> Value {
    json!({
        "name": name, "team": name.split('-').next(), "tasks": clients, "count": clients,
        "kind": "full",
    })
}

/// Refusals that name what was spent or held.
fn typed(tallies: &[Value]) -> u64 {
    let of = |tally: &Value, reason: &str| tally["refused"][reason].as_u64().unwrap_or_default();
    tallies.iter().map(|tally| of(tally, "spent") + of(tally, "held")).sum()
}
