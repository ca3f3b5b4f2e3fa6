//! The room `clocks`: processes whose clocks are wrong, jump, or pass the end of a month, and a
//! process that stops and comes back when others have given it up.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::{Database, Stage};
use super::worker::{all_done, all_go};
use crate::bench::sandbox::Simulator;
use crate::step::{command, output, say};

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("calls", (400, 12), "calls of each process"),
    Knob::new("tasks", (8, 4), "calls at a time in each"),
    Knob::new("zombies", (20, 5), "calls that are open when their process stops"),
];
const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;
/// How far off the clock of each process is, and by how much it jumps.
const CLOCKS: [(i64, i64); 6] =
    [(0, 0), (HOUR_MS, 0), (-HOUR_MS, 0), (YEAR_MS, 0), (-YEAR_MS, 0), (0, HOUR_MS)];
/// Room for a part of the calls only, so that limits are at their edge.
const MICRO_PER_CALL: u64 = 60;
/// Longer than a lease of thirty seconds.
const LEASE: Duration = Duration::from_secs(40);
/// How long before the end of a month the calls begin.
const BEFORE_EDGE_MS: i64 = 700;

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    wrong_clocks(stage, figures)?;
    if stage.database == Database::Sqlite {
        // PostgreSQL goes by its own clock, which nobody here may set.
        month_edge(stage, figures)?;
    }
    zombie(stage, figures)
}

fn wrong_clocks(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "2"])?;
    let ledger = stage.ledger()?;
    let calls = stage.scale.size("calls");
    let room = calls * CLOCKS.len() as u64 * MICRO_PER_CALL;
    for span in ["1m", "day", "month", "total"] {
        stage.limit(&ledger, None, (span, room))?;
    }
    let mut workers = Vec::new();
    for (clock, (off, jumps)) in CLOCKS.into_iter().enumerate() {
        let job = calling(stage, (&ledger, &simulator), &format!("c{clock}"));
        let clock = json!({"clock_ms": off, "clock_jumps_ms": jumps, "count": calls});
        workers.push(stage.worker(&with(job, &clock))?);
    }
    all_go(&mut workers)?;
    all_done(workers)?;
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.plain("processes with a clock of their own", CLOCKS.len());
    if stage.database == Database::Postgres {
        let months = of_span(&told, "month");
        figures.at_most(
            "months, by the database's clock",
            f64::from(u32::try_from(months.len())?),
            2.0,
        );
    }
    settled_in_each(&told, figures);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

/// Every call is counted by every limit, in one window of it.
fn settled_in_each(told: &Value, figures: &mut Figures) {
    let calls = number(told, "calls");
    for span in ["1m", "day", "month", "total"] {
        let lines: u64 = of_span(told, span).iter().map(|w| number(w, "settle_lines")).sum();
        figures.exactly(&format!("calls counted in a window of a {span}"), lines, calls);
    }
}

fn of_span<'t>(told: &'t Value, span: &str) -> Vec<&'t Value> {
    let windows = told["windows"].as_array().map(Vec::as_slice).unwrap_or_default();
    // A window is made before a call is counted in it, and may then be seen to be the wrong one.
    let is_used = |window: &&Value| window["span"] == span && number(window, "settle_lines") > 0;
    windows.iter().filter(is_used).collect()
}

fn month_edge(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "2"])?;
    let ledger = stage.ledger()?;
    let calls = stage.scale.size("calls").max(60);
    stage.limit(&ledger, None, ("month", calls * MICRO_PER_CALL))?;
    let mut worker = stage.worker(&with(
        calling(stage, (&ledger, &simulator), "m"),
        &json!({"clock_ms": ms_to_next_month()? - BEFORE_EDGE_MS, "count": calls, "pause_ms": 60}),
    ))?;
    worker.ready()?;
    worker.go()?;
    worker.done()?;
    let told = stage.check(&ledger, Some(&simulator))?;
    let months = of_span(&told, "month");
    figures.exactly("months, over the end of one", months.len() as u64, 2);
    let lines: u64 = months.iter().map(|window| number(window, "settle_lines")).sum();
    figures.exactly("calls counted in one of the two", lines, number(&told, "calls"));
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

/// A process is stopped over its open calls, for longer than its lease.
fn zombie(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "1500"])?;
    let ledger = stage.ledger()?;
    let zombies = stage.scale.size("zombies");
    let mut job = calling(stage, (&ledger, &simulator), "z");
    job["tasks"] = zombies.into();
    job["count"] = zombies.into();
    let mut worker = stage.worker(&job)?;
    worker.ready()?;
    worker.go()?;
    wait_for_holds(stage, &ledger, zombies)?;
    worker.signal("STOP")?;
    if stage.database == Database::Postgres && !stage.scale.is_short() {
        say("waiting for the lease to lapse");
        std::thread::sleep(LEASE);
    }
    let is_postgres = stage.database == Database::Postgres;
    let given_up = if is_postgres { zombies } else { 0 };
    let told = stage.ask(&json!({
        "do": "check", "ledger": ledger, "end_leases": is_postgres && stage.scale.is_short(),
        "patience_ms": if is_postgres { 10_000 } else { 0 },
    }))?;
    figures.exactly(
        "open calls of a stopped process, given up",
        number(&told, "abandoned"),
        given_up,
    );
    let still = zombies - given_up;
    figures.exactly("of them still held, for it lives", number(&told, "open_holds"), still);
    worker.signal("CONT")?;
    worker.done()?;
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.exactly("bills that came late, as corrections", number(&told, "corrections"), given_up);
    figures.exactly("rows", number(&told, "calls"), zombies);
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

fn wait_for_holds(stage: &Stage, ledger: &str, wanted: u64) -> Result<()> {
    for _ in 0..100 {
        let told = stage.ask(&json!({"do": "look", "ledger": ledger}))?;
        if number(&told, "open_holds") == wanted {
            return Ok(());
        }
    }
    bail!("{wanted} calls were never open at a time")
}

fn calling(stage: &Stage, (ledger, simulator): (&str, &Simulator), name: &str) -> Value {
    json!({
        "do": "call", "ledger": ledger, "endpoint": simulator.url(), "name": name,
        "tasks": stage.scale.size("tasks"), "seed": stage.scale.seed(),
    })
}

fn with(mut job: Value, more: &Value) -> Value {
    if let (Some(job), Some(more)) = (job.as_object_mut(), more.as_object()) {
        job.extend(more.clone());
    }
    job
}

/// Milliseconds from now to the first instant of the next month, in Greenwich.
fn ms_to_next_month() -> Result<i64> {
    let date = |arguments: &[&str]| {
        output(&mut command("date", [&["-u"], arguments].concat())).context("`date` failed")
    };
    let first = date(&["+%Y-%m-01"])?;
    let next: i64 = date(&["-d", &format!("{first} +1 month"), "+%s"])?.parse()?;
    let now: i64 = date(&["+%s%3N"])?.parse()?;
    Ok(next * 1_000 - now)
}
