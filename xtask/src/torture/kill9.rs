//! The room `kill9`: processes that are killed while they call, again and again, under a limit that
//! is always nearly used up.
//!
//! What they leave behind must be settled by whoever comes next: no call is lost or counted twice,
//! and nothing stays held.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::dice::Dice;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::Worker;
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
    let mut born = 0_u64;
    let mut give_birth = || -> Result<Doomed> {
        born += 1;
        let mut worker = stage.worker(&json!({
            "do": "call", "ledger": ledger, "endpoint": simulator.url(),
            "name": format!("p{born}"), "tasks": stage.scale.size("tasks"), "seed": dice.roll(),
            "pause_ms": 20,
        }))?;
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
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.plain("kills", kills);
    figures.some("calls that a kill left open", number(&told, "abandoned"));
    figures.plain("milliseconds until nothing was held", number(&told, "swept_in_ms"));
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}
