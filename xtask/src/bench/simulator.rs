//! How fast the simulator is: plain calls beside a bare axum handler, frames of streams, and the
//! memory of streams that are open.
//!
//! Server and load are processes of their own, on the same cores, for both servers alike.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::load::{Held, Told, build, load};
use super::report::Finding;
use super::sandbox::{Simulator, binary, peak_mib};
use super::timing::in_turns;

const TURNS: usize = 11;
const REQUESTS: u32 = 20_000;
const RATIO: f64 = 0.3;
/// Of a thousand frames and a few each.
const STREAMS: u32 = 400;
const FRAMES_PER_S: f64 = 200_000.0;
const HELD: u32 = 2_000;
const HELD_MIB: f64 = 150.0;

pub(super) fn run() -> Result<Vec<Finding>> {
    build("bursar-simulator", &["load", "bare_axum"])?;
    let mut findings = plain_calls()?;
    findings.extend(frames()?);
    findings.push(held()?);
    Ok(findings)
}

fn plain_calls() -> Result<Vec<Finding>> {
    let simulator = Simulator::start()?;
    let bytes = load("converse", simulator.url(), 1, None)?.number("bytes")?;
    let mut bare = Command::new(binary("examples/bare_axum")?);
    let bare = Simulator::of(bare.arg(bytes.to_string()))?;
    let of_load = |url: &str| took(&load("converse", url, REQUESTS, None)?);
    let (of_bare, of_simulator) =
        in_turns(TURNS, || of_load(bare.url()), || of_load(simulator.url()))?;
    let rate = |took: Duration| f64::from(REQUESTS) / took.as_secs_f64();
    let ratio = rate(of_simulator) / rate(of_bare);
    let what = |who: &str| format!("{who}, Converse, {bytes} bytes each, median");
    let figure = |took: Duration| format!("{:.0} requests/s", rate(took));
    Ok(vec![
        Finding::plain(what("bare axum handler"), figure(of_bare)),
        Finding::plain(what("simulator"), figure(of_simulator)),
        Finding::at_least("ratio", ratio, RATIO, " ×"),
    ])
}

fn frames() -> Result<Vec<Finding>> {
    let simulator = Simulator::start()?;
    let mut rates = Vec::new();
    let mut frames = 0;
    for _ in 0..=TURNS {
        let told = load("frames", simulator.url(), STREAMS, None)?;
        frames = told.number("frames")?;
        rates.push(told.figure("frames")? / told.figure("seconds")?);
    }
    // The first warms up.
    rates.remove(0);
    rates.sort_by(f64::total_cmp);
    let what = format!("ConverseStream, {frames} frames of {STREAMS} streams, median");
    Ok(vec![Finding::at_least(what, rates[TURNS / 2], FRAMES_PER_S, " frames/s")])
}

fn took(told: &Told) -> Result<Duration> {
    Ok(Duration::from_secs_f64(told.figure("seconds")?))
}

fn held() -> Result<Finding> {
    let simulator = Simulator::start()?;
    let held = Held::open(simulator.url(), HELD, None)?;
    let peak = peak_mib(simulator.process_id()).context("the simulator is gone")?;
    drop(held);
    let what = format!("peak resident, {HELD} streams open, each on its own connection");
    Ok(Finding::at_most(what, peak, HELD_MIB, " MiB"))
}
