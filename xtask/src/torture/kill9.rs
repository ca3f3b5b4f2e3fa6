//! The room `kill9`: processes that are killed while they call, again and again, under a limit that
//! is always nearly used up. Through the gateway it is the gateways that are killed, over the streams
//! of clients who live on.
//!
//! What they leave behind must be settled by whoever comes next: no call is lost or counted twice,
//! and nothing stays held.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use super::dice::Dice;
use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};
use crate::step::say;

pub(super) const KNOBS: [Knob; 4] = [
    Knob::new("kills", (500, 6), "processes that are killed"),
    Knob::new("procs", (3, 3), "processes at a time"),
    Knob::new("tasks", (20, 8), "calls at a time in each"),
    Knob::new("minute", (1_500_000, 30_000), "micro-dollars that a minute has room for"),
];
/// When a process is killed, in milliseconds after its start.
const LIVES_MS: (u64, u64) = (50, 1_500);
/// A limit that is never reached: it must agree with what is recorded all the same.
const PLENTY_MICRO: u64 = 1_000_000_000_000;
const TELL_EVERY: u64 = 50;

/// A process, and when it dies.
struct Doomed {
    worker: Worker,
    dies_at: Instant,
}

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "60", "--gap-ms", "2"])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    stage.limit(&ledger, None, ("1m", stage.scale.size("minute")))?;
    let mut dice = Dice::new(stage.scale.seed(), 9);
    let mut doors = Doors::for_anybody(stage, (&ledger, &simulator))?;
    if doors.count() > 0 {
        kill_gateways(stage, (&mut doors, &mut dice), figures)?;
    } else {
        kill_callers(stage, (&mut doors, &mut dice))?;
    }
    let told = doors.check(figures)?;
    figures.plain("kills", stage.scale.size("kills"));
    figures.some("calls that a kill left open", number(&told, "abandoned"));
    figures.plain("milliseconds until nothing was held", number(&told, "swept_in_ms"));
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

fn calling(stage: &Stage, name: &str, seed: u64) -> Value {
    json!({"name": name, "tasks": stage.scale.size("tasks"), "seed": seed, "pause_ms": 20})
}

/// Each kill is of the process whose time has come, and another takes its place.
fn kill_callers(stage: &Stage, (doors, dice): (&mut Doors, &mut Dice)) -> Result<()> {
    let mut born = 0_u64;
    let mut give_birth = || -> Result<Doomed> {
        born += 1;
        let mut worker = doors.caller(calling(stage, &format!("p{born}"), dice.roll()))?;
        worker.go()?;
        let lives = Duration::from_millis(dice.between(LIVES_MS.0, LIVES_MS.1));
        Ok(Doomed { worker, dies_at: Instant::now() + lives })
    };
    let (kills, procs) = (stage.scale.size("kills"), stage.scale.size("procs"));
    let mut living = (0..procs).map(|_| give_birth()).collect::<Result<Vec<Doomed>>>()?;
    for kill in 1..=kills {
        living.sort_by_key(|doomed| std::cmp::Reverse(doomed.dies_at));
        let Some(mut next) = living.pop() else { break };
        std::thread::sleep(next.dies_at.saturating_duration_since(Instant::now()));
        next.worker.kill()?;
        if kill % TELL_EVERY == 0 {
            say(&format!("{kill} of {kills} kills"));
        }
        if kill + procs <= kills {
            living.push(give_birth()?);
        }
    }
    Ok(())
}

/// The gateways take turns: each serves for a while, is killed, and is started again.
fn kill_gateways(
    stage: &Stage,
    (doors, dice): (&mut Doors, &mut Dice),
    figures: &mut Figures,
) -> Result<()> {
    let (kills, procs) = (stage.scale.size("kills"), stage.scale.size("procs"));
    let mut clients = (0..procs)
        .map(|proc| doors.caller(calling(stage, &format!("c{proc}"), dice.roll())))
        .collect::<Result<Vec<Worker>>>()?;
    all_go(&mut clients)?;
    for kill in 1..=kills {
        // As many die in a time as where it is the callers.
        let pause = dice.between(LIVES_MS.0, LIVES_MS.1) / procs.max(1);
        std::thread::sleep(Duration::from_millis(pause));
        doors.kill(usize::try_from(kill)? % doors.count())?;
        if kill % TELL_EVERY == 0 {
            say(&format!("{kill} of {kills} kills"));
        }
    }
    clients.iter_mut().for_each(Worker::stop);
    let tallies = all_done(clients)?;
    figures.some("requests that failed with their gateway", sum(&tallies, "failed"));
    Ok(())
}
