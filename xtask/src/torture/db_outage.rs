//! The room `db-outage`: PostgreSQL is stopped, killed and started again under calls.
//!
//! Under a hard limit, nothing is sent that the ledger does not know of; when the database is back,
//! calls go on by themselves, and no call was lost or counted twice.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};
use crate::bench::sandbox::Simulator;
use crate::postgres::{Postgres, Purpose};
use crate::step::say;

pub(super) const KNOBS: [Knob; 4] = [
    Knob::new("seconds", (60, 2), "seconds that the database is stopped"),
    Knob::new("kills", (20, 1), "times that it is killed"),
    Knob::new("procs", (3, 2), "processes"),
    Knob::new("tasks", (10, 5), "calls at a time in each"),
];
const PLENTY_MICRO: u64 = 1_000_000_000_000;
/// What was admitted before the database stopped may still leave within this time.
const GRACE: Duration = Duration::from_secs(1);
/// How soon calls have to go on.
const RECOVERS_BY_MS: f64 = 5_000.0;
const GIVE_UP: Duration = Duration::from_mins(1);

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "10"])?;
    // One of its own: what else uses the suite's must not suffer.
    let mut postgres = Postgres::start(Purpose::Measurement, &std::env::temp_dir())?;
    let ledger = postgres.url().to_owned();
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let mut doors = Doors::for_anybody(stage, (&ledger, &simulator))?;
    let mut calling = |proc: u64| {
        doors.caller(json!({
            "name": format!("o{proc}"), "tasks": stage.scale.size("tasks"), "pause_ms": 20,
            "seed": stage.scale.seed() + proc,
        }))
    };
    let mut workers =
        (0..stage.scale.size("procs")).map(&mut calling).collect::<Result<Vec<Worker>>>()?;
    all_go(&mut workers)?;
    recovers(stage, &simulator)?;
    stop_for_a_while(stage, (&postgres, &simulator), figures)?;
    let mut slowest = 0.0_f64;
    for kill in 1..=stage.scale.size("kills") {
        postgres.kill_and_restart()?;
        slowest = slowest.max(recovers(stage, &simulator)?);
        if kill % 5 == 0 {
            say(&format!("{kill} kills of the database"));
        }
    }
    figures.at_most("ms until calls went on after a kill, slowest", slowest, RECOVERS_BY_MS);
    workers.iter_mut().for_each(Worker::stop);
    let tallies = all_done(workers)?;
    figures.plain("calls that were told no", sum(&tallies, "failed"));
    let slowest = tallies.iter().filter_map(|tally| tally["slowest_no_ms"].as_u64()).max();
    figures.plain("ms until the slowest of them was told", slowest.unwrap_or(0));
    let told = doors.check(figures)?;
    figures.books(&told);
    figures.truth(&told);
    figures.exactly("calls sent twice", number(&told["differences"], "served_again"), 0);
    postgres.stop()
}

fn stop_for_a_while(
    stage: &Stage,
    (postgres, simulator): (&Postgres, &Simulator),
    figures: &mut Figures,
) -> Result<()> {
    postgres.signal("STOP")?;
    std::thread::sleep(GRACE);
    let before = stage.served(simulator)?;
    std::thread::sleep(Duration::from_secs(stage.scale.size("seconds")));
    let sent = stage.served(simulator)? - before;
    postgres.signal("CONT")?;
    figures.exactly("requests sent while the database was stopped", sent, 0);
    let took = recovers(stage, simulator)?;
    figures.at_most("ms until calls went on after it was stopped", took, RECOVERS_BY_MS);
    Ok(())
}

/// Waits until another request is served; how long that took, in milliseconds.
fn recovers(stage: &Stage, simulator: &Simulator) -> Result<f64> {
    let (start, before) = (Instant::now(), stage.served(simulator)?);
    while start.elapsed() < GIVE_UP {
        if stage.served(simulator)? > before {
            return Ok(start.elapsed().as_secs_f64() * 1_000.0);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("no call was made within {} s", GIVE_UP.as_secs())
}
