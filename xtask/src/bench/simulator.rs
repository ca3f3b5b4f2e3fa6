//! How fast the simulator is: plain calls beside a bare axum handler, frames of streams, and the
//! memory of streams that are open.
//!
//! Server and load are processes of their own, on the same cores, for both servers alike.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::report::Finding;
use super::sandbox::{Simulator, binary, peak_mib};
use super::timing::in_turns;
use crate::step::{self, cargo, command, output};

const TURNS: usize = 11;
const REQUESTS: u32 = 20_000;
const RATIO: f64 = 0.3;
/// Of a thousand frames and a few each.
const STREAMS: u32 = 400;
const FRAMES_PER_S: f64 = 200_000.0;
const HELD: u32 = 2_000;
const HELD_MIB: f64 = 150.0;

pub(super) fn run() -> Result<Vec<Finding>> {
    let build = ["build", "--release", "--locked", "--package", "bursar-simulator"];
    step::run(&mut cargo(build.into_iter().chain([
        "--example",
        "load",
        "--example",
        "bare_axum",
    ])))?;
    let mut findings = plain_calls()?;
    findings.extend(frames()?);
    findings.push(held()?);
    Ok(findings)
}

fn plain_calls() -> Result<Vec<Finding>> {
    let simulator = Simulator::start()?;
    let load = |url: &str, requests: u32| load("converse", url, requests);
    let bytes = load(simulator.url(), 1)?.bytes;
    let mut bare = Command::new(binary("examples/bare_axum")?);
    let bare = Simulator::of(bare.arg(bytes.to_string()))?;
    let of_load = |url: &str| Ok(load(url, REQUESTS)?.took);
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
        let brought = load("frames", simulator.url(), STREAMS)?;
        frames = brought.frames;
        rates.push(f64::from(brought.frames) / brought.took.as_secs_f64());
    }
    // The first warms up.
    rates.remove(0);
    rates.sort_by(f64::total_cmp);
    let what = format!("ConverseStream, {frames} frames of {STREAMS} streams, median");
    Ok(vec![Finding::at_least(what, rates[TURNS / 2], FRAMES_PER_S, " frames/s")])
}

fn held() -> Result<Finding> {
    let simulator = Simulator::start()?;
    let mut load = Command::new(binary("examples/load")?);
    load.args(["hold", simulator.url(), &HELD.to_string()]);
    let mut load = load.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let stdout = load.stdout.take().context("the load has no stdout")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let peak = peak_mib(simulator.process_id());
    // Its stdin ends, and with it the load.
    drop(load.stdin.take());
    let status = load.wait()?;
    let Some(peak) = peak.filter(|_| line == "open\n" && status.success()) else {
        bail!("{HELD} streams were not opened: `{}`, {status}", line.trim());
    };
    let what = format!("peak resident, {HELD} streams open, each on its own connection");
    Ok(Finding::at_most(what, peak, HELD_MIB, " MiB"))
}

/// What one run of the load brought.
struct Brought {
    took: Duration,
    bytes: u64,
    frames: u32,
}

fn load(what: &str, url: &str, count: u32) -> Result<Brought> {
    let program = binary("examples/load")?;
    let mut load = command(program.as_os_str(), [what.as_ref(), url.as_ref()]);
    let text = output(load.arg(count.to_string()))?;
    let told: Value = serde_json::from_str(&text).context("the load did not print JSON")?;
    let figure = |name: &str| told[name].as_f64().with_context(|| format!("no `{name}`: {text}"));
    let number = |name: &str| told[name].as_u64().with_context(|| format!("no `{name}`: {text}"));
    let took = Duration::from_secs_f64(figure("seconds")?);
    Ok(Brought { took, bytes: number("bytes")?, frames: u32::try_from(number("frames")?)? })
}
