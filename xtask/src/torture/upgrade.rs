//! The room `upgrade`: the ledger is migrated by the program of the next version while this one serves
//! on it; both go on, and this one can be started again.
//!
//! The next version is this program with one more migration, which adds to every table that calls
//! pass through. What it shows is that such a migration, and the ledger that it leaves, stop nobody.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::doors::{ANYBODY, Doors};
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};

pub(super) const KNOBS: [Knob; 5] = [
    Knob::new("calls", (5_000, 20), "calls of either version, at the least, at each step"),
    Knob::new("procs", (3, 2), "processes of callers of this version"),
    Knob::new("tasks", (20, 6), "calls at a time in each"),
    Knob::new("crowd", (500, 30), "callers in each that ask at once in the end"),
    Knob::new("room", (50, 10), "calls that the limit has room for then"),
];
const PLENTY_MICRO: u64 = 1_000_000_000_000;
/// Whose limit both versions use up together, and who finds out what a call of theirs holds.
const CROWD: &str = "crowd";
const PROBE: &str = "probe";
/// How long a step may take, whatever its size.
const GIVE_UP: Duration = Duration::from_mins(10);

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "5"])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let teams = [ANYBODY, CROWD, PROBE].map(str::to_owned);
    let mut doors = Doors::open(stage, (&ledger, &simulator), &teams)?;
    let (calls, procs) = (stage.scale.size("calls"), stage.scale.size("procs"));
    let mut callers = (0..procs)
        .map(|proc| doors.caller(calling(stage, &format!("this{proc}"))))
        .collect::<Result<Vec<Worker>>>()?;
    all_go(&mut callers)?;
    grows(&mut callers, calls)?;
    let before = version(stage, &ledger)?;
    let mut next = [doors.next_version(calling(stage, "next"))?];
    // It is ready once it has migrated the ledger.
    all_go(&mut next)?;
    figures.exactly("the ledger's version, one on", version(stage, &ledger)?, before + 1);
    grows(&mut callers, calls)?;
    grows(&mut next, calls)?;
    let is_direct = doors.count() == 0;
    start_again(stage, (&mut doors, &mut callers))?;
    grows(&mut callers, calls)?;
    callers.extend(next);
    callers.iter_mut().for_each(Worker::stop);
    let tallies = all_done(callers)?;
    figures.plain("calls admitted", sum(&tallies, "admitted"));
    if is_direct {
        figures.exactly("calls that failed", sum(&tallies, "failed"), 0);
    } else {
        // Of those whose gateway was being started again.
        figures.plain("requests that failed", sum(&tallies, "failed"));
    }
    crowd(stage, (&mut doors, &ledger), figures)?;
    let told = doors.check(figures)?;
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

fn calling(stage: &Stage, name: &str) -> Value {
    json!({
        "name": name, "tasks": stage.scale.size("tasks"), "pause_ms": 5, "max_tokens": 64,
        "seed": stage.scale.seed(),
    })
}

/// This version is started on the ledger of the next: its gateways again, one after the other, or
/// another process of callers.
fn start_again(stage: &Stage, (doors, callers): (&mut Doors, &mut Vec<Worker>)) -> Result<()> {
    for gateway in 0..doors.count() {
        doors.kill(gateway)?;
    }
    if doors.count() == 0 {
        let mut again = doors.caller(calling(stage, "again"))?;
        again.ready()?;
        again.go()?;
        callers.push(again);
    }
    Ok(())
}

/// Both versions at once at a limit that has room for a part of them.
fn crowd(stage: &Stage, (doors, ledger): (&mut Doors, &str), figures: &mut Figures) -> Result<()> {
    let [procs, crowd, room] = ["procs", "crowd", "room"].map(|name| stage.scale.size(name));
    let asking = |name: &str, team: &str, count: u64| json!({"name": name, "team": team, "tasks": count, "count": count, "kind": "full"});
    let mut probe = vec![doors.caller(asking("probe", PROBE, 1))?];
    all_go(&mut probe)?;
    let held = sum(&all_done(probe)?, "held_micro");
    stage.limit(ledger, Some(CROWD), ("total", room * held))?;
    let mut workers = (0..procs)
        .map(|proc| doors.caller(asking(&format!("crowd{proc}"), CROWD, crowd)))
        .collect::<Result<Vec<Worker>>>()?;
    workers.push(doors.next_version(asking("crowd-next", CROWD, crowd))?);
    all_go(&mut workers)?;
    let admitted = sum(&all_done(workers)?, "admitted");
    figures.exactly("calls of both versions under one limit, used up", admitted, room);
    Ok(())
}

/// Waits until so many more calls were made.
fn grows(workers: &mut [Worker], calls: u64) -> Result<()> {
    let mut made = || -> u64 {
        let admitted = |worker: &mut Worker| worker.tally()["admitted"].as_u64();
        workers.iter_mut().filter_map(admitted).sum()
    };
    let (start, before) = (Instant::now(), made());
    while start.elapsed() < GIVE_UP {
        if made() >= before + calls {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("{calls} calls were not made within {} s", GIVE_UP.as_secs())
}

fn version(stage: &Stage, ledger: &str) -> Result<u64> {
    Ok(number(&stage.ask(&json!({"do": "look", "ledger": ledger}))?, "version"))
}
