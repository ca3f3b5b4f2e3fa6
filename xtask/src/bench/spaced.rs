//! What the gateway adds to streams, beside nginx and before the same simulator; and its memory and
//! its start.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::crowd::Crowd;
use super::load::{Held, load};
use super::nginx::Nginx;
use super::report::Finding;
use super::sandbox::{RAM_DISK, Simulator, peak_mib};
use super::timing::{median, millis};

const TURNS: usize = 3;
const STREAMS: u32 = 320;
const FIRST_MS: f64 = 0.5;
const GAP_P99_MS: f64 = 1.0;
const HELD: u32 = 2_000;
const HELD_MIB: f64 = 200.0;
const IDLE_MIB: f64 = 40.0;
const STARTS: usize = 11;
const START_MS: f64 = 200.0;
const TEAMS: u32 = 10;
/// So long after its start a gateway has nothing left to do.
const SETTLED: Duration = Duration::from_secs(3);

pub(super) fn run(findings: &mut Vec<Finding>) -> Result<()> {
    let crowd = Crowd::of(TEAMS, RAM_DISK.as_ref())?;
    let simulator = Simulator::start()?;
    added(&crowd, &simulator, findings)?;
    let gateway = crowd.serve(&simulator)?;
    std::thread::sleep(SETTLED);
    let idle = peak_mib(gateway.process_id()).context("the gateway is gone")?;
    findings.push(Finding::at_most("resident, idle", idle, IDLE_MIB, " MiB"));
    let held = Held::open(gateway.url(), HELD, Some(crowd.keys()))?;
    let peak = peak_mib(gateway.process_id()).context("the gateway is gone")?;
    drop(held);
    let what = format!("peak resident, {HELD} streams open, each on its own connection");
    findings.push(Finding::at_most(what, peak, HELD_MIB, " MiB"));
    drop(gateway);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        let gateway = crowd.serve(&simulator)?;
        starts.push(start.elapsed());
        drop(gateway);
    }
    let start = millis(median(starts));
    findings.push(Finding::at_most("from its start to ready, median", start, START_MS, " ms"));
    Ok(())
}

fn added(crowd: &Crowd, simulator: &Simulator, findings: &mut Vec<Finding>) -> Result<()> {
    let (gateway, nginx) = (crowd.serve(simulator)?, Nginx::start(simulator.url())?);
    let servers = [(nginx.url(), None), (gateway.url(), Some(crowd.keys()))];
    let mut seen = [const { [const { Vec::new() }; 2] }; 2];
    for turn in 0..=TURNS {
        for ((url, keys), figures) in servers.iter().zip(&mut seen) {
            let told = load("spaced", url, STREAMS, *keys)?;
            // The first warms up.
            let taken = if turn == 0 { &[][..] } else { &["first_p50_us", "gap_p99_us"] };
            for (name, figures) in taken.iter().zip(figures) {
                figures.push(Duration::from_secs_f64(told.figure(name)? / 1e6));
            }
        }
    }
    let [of_nginx, of_gateway] = seen.map(|figures| figures.map(|of| millis(median(of))));
    let whats = [("time to first byte, p50", FIRST_MS), ("between two chunks, p99", GAP_P99_MS)];
    for (at, (what, limit)) in whats.into_iter().enumerate() {
        let figures = format!("{:.2} ms, nginx {:.2} ms", of_gateway[at], of_nginx[at]);
        findings.push(Finding::plain(format!("32 streams, {what}"), figures));
        let added = of_gateway[at] - of_nginx[at];
        findings.push(Finding::at_most(format!("added, {what}"), added, limit, " ms"));
    }
    Ok(())
}
