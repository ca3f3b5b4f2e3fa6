//! The room `soak`: as many calls as a busy day has, and nothing that grows with them.
//!
//! Memory and open files of each process are read while it calls, and the ledger's sums are
//! compared with each other at every look: what is held is what is open, what is spent is what is
//! recorded.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::doors::Doors;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::{Worker, all_done, all_go, sum};
use crate::step::say;

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("calls", (1_000_000, 200), "calls, by all processes together"),
    Knob::new("procs", (2, 2), "processes"),
    Knob::new("tasks", (32, 8), "calls at a time in each"),
];
const PLENTY_MICRO: u64 = 1_000_000_000_000_000;
const SLOPE_MAX_MIB: f64 = 1.0;
const GROWTH_MAX_MIB: f64 = 24.0;
const FILES_GROWTH_MAX: f64 = 8.0;
/// Fewer calls of one process than this tell nothing of what each of them leaves behind.
const SLOPE_NEEDS: u32 = 100_000;
const LOOKS: u64 = 200;
const TELL_EVERY: Duration = Duration::from_secs(20);

/// One look at one process.
#[derive(Clone, Copy)]
struct Look {
    calls: u32,
    resident_mib: f64,
    files: u32,
}

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&[])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let [calls, procs, tasks] = ["calls", "procs", "tasks"].map(|name| stage.scale.size(name));
    let mut doors = Doors::for_anybody(stage, (&ledger, &simulator))?;
    let mut calling = |proc: u64| {
        doors.caller(json!({
            "name": format!("k{proc}"), "tasks": tasks, "count": calls.div_ceil(procs),
            "seed": stage.scale.seed() + proc, "max_tokens": 64,
        }))
    };
    let every_ms = if stage.scale.is_short() { 200 } else { 5_000 };
    let mut watch =
        stage.worker(&json!({"do": "watch", "ledger": ledger, "every_ms": every_ms}))?;
    watch.ready()?;
    let mut workers = (0..procs).map(&mut calling).collect::<Result<Vec<Worker>>>()?;
    let mut looked_at = doors.processes();
    if looked_at.is_empty() {
        looked_at = workers.iter().map(Worker::id).collect();
    }
    // A process of few calls may have ended before it is looked at again.
    let first = looked_at.into_iter().map(|process| Ok((process, vec![look(process, 0)?])));
    let first = first.collect::<Result<Vec<_>>>()?;
    all_go(&mut workers)?;
    let looks = look_on(&mut workers, first, calls.div_ceil(procs))?;
    let tallies = all_done(workers)?;
    figures.exactly(
        "calls that were made",
        sum(&tallies, "admitted"),
        calls.next_multiple_of(procs),
    );
    for (_, looks) in &looks {
        judge(looks, figures);
    }
    sums(&watch.said(), figures);
    doors.stop()?;
    let told = stage.check(&ledger, None)?;
    figures.exactly("rows", number(&told, "calls"), calls.next_multiple_of(procs));
    figures.books(&told);
    Ok(())
}

/// Looks at each process until all workers have made their calls.
fn look_on(
    workers: &mut [Worker],
    mut looks: Vec<(u32, Vec<Look>)>,
    calls: u64,
) -> Result<Vec<(u32, Vec<Look>)>> {
    let all = calls * workers.len() as u64;
    let step = (all / looks.len().max(1) as u64).div_ceil(LOOKS).max(1);
    let mut told = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let mut made = 0;
        for worker in workers.iter_mut() {
            let admitted = worker.tally()["admitted"].as_u64().unwrap_or_default();
            if !worker.is_alive()? && admitted < calls {
                bail!("a worker ended after {admitted} calls: {}", worker.complaints());
            }
            made += admitted;
        }
        // Each of them makes as many as the others.
        let each = made / looks.len().max(1) as u64;
        for (process, looks) in &mut looks {
            let last = looks.last().map_or(0, |look| u64::from(look.calls));
            if each >= last + step
                && let Ok(look) = look(*process, u32::try_from(each)?)
            {
                looks.push(look);
            }
        }
        if made >= all {
            return Ok(looks);
        }
        if told.elapsed() > TELL_EVERY {
            told = Instant::now();
            say(&format!("{made} calls of {all}"));
        }
    }
}

fn look(process: u32, calls: u32) -> Result<Look> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    let files = u32::try_from(fs::read_dir(format!("/proc/{process}/fd"))?.count())?;
    Ok(Look { calls, resident_mib: kib / 1024.0, files })
}

/// After its first fifth, a process has all that it needs. Before its first call it has nothing, so
/// that look counts only where there is no other.
fn judge(looks: &[Look], figures: &mut Figures) {
    let looks = if looks.len() > 1 { &looks[1..] } else { looks };
    let warm = &looks[looks.len() / 5..];
    let (Some(first), Some(last)) = (warm.first(), warm.last()) else {
        figures.holds("a process was looked at", false);
        return;
    };
    figures.plain("resident at the end, MiB", format!("{:.1}", last.resident_mib));
    let growth = last.resident_mib - first.resident_mib;
    if last.calls - first.calls >= SLOPE_NEEDS {
        let slope = slope(warm) * 100_000.0;
        figures.at_most("MiB more for every 100,000 calls", slope, SLOPE_MAX_MIB);
    } else {
        figures.at_most("MiB more than when it was warm", growth, GROWTH_MAX_MIB);
    }
    let files = f64::from(last.files) - f64::from(first.files);
    figures.at_most("files more than when it was warm", files, FILES_GROWTH_MAX);
}

/// The straight line through all looks: memory per call.
fn slope(looks: &[Look]) -> f64 {
    let count: f64 = looks.iter().map(|_| 1.0).sum();
    let mean = |figure: fn(&Look) -> f64| looks.iter().map(figure).sum::<f64>() / count;
    let (calls, resident) = (mean(|look| f64::from(look.calls)), mean(|look| look.resident_mib));
    let off = |look: &Look| (f64::from(look.calls) - calls, look.resident_mib - resident);
    let both: f64 = looks.iter().map(off).map(|(calls, resident)| calls * resident).sum();
    let square: f64 = looks.iter().map(off).map(|(calls, _)| calls.powi(2)).sum();
    both / square
}

/// What must be nothing at every look at the ledger.
fn sums(samples: &[Value], figures: &mut Figures) {
    let samples: Vec<&Value> = samples.iter().filter(|line| line["at"] == "sample").collect();
    figures.some("looks at the ledger's sums", samples.len() as u64);
    let off = |name: &str| samples.iter().filter(|sample| sample[name] != 0).count() as u64;
    figures.exactly("looks: spent is not recorded", off("spent_less_recorded_pico"), 0);
    figures.exactly("looks: held is not open", off("held_less_open_micro"), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_is_a_slope() {
        let look =
            |n: u32| Look { calls: n * 1_000, resident_mib: 20.0 + f64::from(n) * 0.02, files: 9 };
        let looks: Vec<Look> = (0..50).map(look).collect();
        assert!((slope(&looks) * 100_000.0 - 2.0).abs() < 1e-6);
    }
}
