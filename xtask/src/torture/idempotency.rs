//! The room `idempotency`: the same call, asked for many times at once and again later, by several
//! processes, some of which are killed over it.
//!
//! A key is good for one call: it is made once, billed once, and everybody else is told which it was.
//! Another request under the same key is refused, and another team's keys are its own.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};
use crate::bench::sandbox::Simulator;

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("keys", (100, 4), "keys, with one call each"),
    Knob::new("askers", (34, 10), "callers that ask for each at once, in each process"),
    Knob::new("procs", (3, 2), "processes"),
];

/// The limit is never reached: a hold that is given back must leave nothing behind in it.
const PLENTY_MICRO: u64 = 1_000_000_000_000;

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "20"])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let [keys, askers, procs] = ["keys", "askers", "procs"].map(|name| stage.scale.size(name));
    let teams = ["one", "two", "dead"].map(str::to_owned);
    let mut doors = Doors::open(stage, (&ledger, &simulator), &teams)?;
    let asking = |who: &str, seed: u64| {
        json!({
            "name": who, "team": who,
            "key": "key", "tasks": askers, "repeat": askers, "count": askers * keys, "seed": seed,
        })
    };
    // The same name makes the same requests; another team's are its own.
    let seed = stage.scale.seed();
    let mut workers =
        (0..procs).map(|_| doors.caller(asking("one", seed))).collect::<Result<Vec<Worker>>>()?;
    workers.push(doors.caller(asking("two", seed))?);
    all_go(&mut workers)?;
    let tallies = all_done(workers)?;
    figures.plain("calls asked for", (procs + 1) * askers * keys);
    figures.exactly(
        "calls made, one for each key of two teams",
        sum(&tallies, "admitted"),
        2 * keys,
    );
    let repeats: u64 = ["running", "ended"].map(|how| repeated(&tallies, how)).iter().sum();
    figures.exactly(
        "askers told that it was made",
        repeats,
        (procs + 1) * askers * keys - 2 * keys,
    );
    figures.exactly("calls that failed", sum(&tallies, "failed"), 0);
    other_request(&mut doors, asking("one", seed + 1), figures)?;
    killed(stage, (&mut doors, &simulator), figures)?;
    let told = doors.check(figures)?;
    figures.exactly("rows", number(&told, "calls"), 2 * keys + 1);
    figures.exactly("calls sent twice", number(&told["differences"], "served_again"), 0);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

/// Other requests under keys that were used.
fn other_request(doors: &mut Doors, job: Value, figures: &mut Figures) -> Result<()> {
    let asked = number(&job, "count");
    let mut workers = [doors.caller(job)?];
    all_go(&mut workers)?;
    let tallies = all_done(workers.into())?;
    figures.exactly("other requests under used keys, refused", repeated(&tallies, "other"), asked);
    Ok(())
}

/// A process is killed over a call; the same call is asked for again before and after the sweep.
fn killed(
    stage: &Stage,
    (doors, simulator): (&mut Doors, &Simulator),
    figures: &mut Figures,
) -> Result<()> {
    let job = json!({
        "name": "dead", "team": "dead", "key": "dead", "tasks": 1, "count": 1, "seed": stage.scale.seed(),
        "words": ["delay-ms=5000"],
    });
    let mut doomed = doors.caller(job.clone())?;
    doomed.ready()?;
    let before = stage.served(simulator)?;
    doomed.go()?;
    wait_for_request(stage, simulator, before)?;
    doomed.kill()?;
    if doors.count() > 0 {
        // A caller's task asks the first.
        doors.kill(0)?;
    }
    let ask_again = |doors: &mut Doors| -> Result<u64> {
        let mut workers = [doors.caller(job.clone())?];
        all_go(&mut workers)?;
        let tallies = all_done(workers.into())?;
        Ok(repeated(&tallies, "running") + repeated(&tallies, "ended"))
    };
    let at_once = ask_again(doors)?;
    doors.sweep()?;
    let swept = ask_again(doors)?;
    figures.exactly("calls of a killed process that were not made again", at_once + swept, 2);
    Ok(())
}

fn wait_for_request(stage: &Stage, simulator: &Simulator, before: u64) -> Result<()> {
    for _ in 0..200 {
        if stage.served(simulator)? > before {
            return Ok(());
        }
    }
    bail!("the call that was to be killed was never sent")
}

fn repeated(tallies: &[Value], how: &str) -> u64 {
    tallies.iter().filter_map(|tally| tally["repeated"][how].as_u64()).sum()
}
