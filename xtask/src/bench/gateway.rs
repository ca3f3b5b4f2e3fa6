//! What the gateway costs: requests per second and CPU beside nginx as a plain proxy and beside a
//! gateway without a ledger, and what a call waits for it. Streams are in `spaced.rs`.
//!
//! Load, servers and upstream share the same cores, for all alike. Every call is one that a key's
//! hard budget holds, and that is settled and logged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::crowd::Crowd;
use super::load::{build, load};
use super::machine::fsync;
use super::nginx::Nginx;
use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, Simulator, binary};
use super::spaced;
use super::timing::millis;
use crate::workspace::target_directory;

const TURNS: usize = 5;
/// Of each turn. nginx is asked for more, since it is done with them so soon.
const CALLS: u32 = 8_000;
const OF_NGINX: u32 = 32_000;
const OF_NGINX_LEAST: f64 = 0.12;
const OF_UNMETERED_LEAST: f64 = 0.6;
const CPU_US_MOST: f64 = 200.0;
/// The rate at which nobody waits for a core, and for how many calls.
const PACE: &str = "paced-1000";
const PACED_CALLS: u32 = 3_000;
const PACED_TURNS: usize = 3;
const ADDED_P50_MS: f64 = 0.3;
const ADDED_P99_MS: f64 = 1.0;
const TEAMS: u32 = 10;
/// What `apply` makes in seconds: its time grows with the square of what is there.
const CROWDS: [u32; 3] = [10, 1_000, 100_000];
const CROWD_MOST: f64 = 1.3;
/// What the kernel counts a process's time in: a hundredth of a second, on every Linux there is.
const TICK_US: f64 = 10_000.0;

pub(super) fn run() -> Result<Vec<Finding>> {
    build("bursar-simulator", &["load", "constant_bedrock"])?;
    build("bursar-core", &["unmetered"])?;
    let mut findings = Vec::new();
    let upstream = Simulator::of(&mut Command::new(binary("examples/constant_bedrock")?))?;
    for (place, folder) in [("RAM disk", RAM_DISK.into()), ("disk", target_directory()?)] {
        rates(place, &folder, &upstream, &mut findings)?;
    }
    waits(&upstream, &mut findings)?;
    spaced::run(&mut findings)?;
    crowds(&upstream, &mut findings)?;
    Ok(findings)
}

/// One of those that are asked in turns.
struct Contender {
    url: String,
    process: u32,
    keys: Option<PathBuf>,
    calls: u32,
    per_s: Vec<f64>,
    cpu_us: Vec<f64>,
}

impl Contender {
    fn new(server: (&str, u32), keys: Option<&Path>, calls: u32) -> Self {
        let (url, process) = (server.0.to_owned(), server.1);
        let keys = keys.map(Path::to_path_buf);
        Self { url, process, keys, calls, per_s: Vec::new(), cpu_us: Vec::new() }
    }

    fn of(server: &Simulator, keys: Option<&Path>) -> Self {
        Self::new((server.url(), server.process_id()), keys, CALLS)
    }

    fn turn(&mut self) -> Result<()> {
        let before = cpu_us(self.process)?;
        let told = load("converse", &self.url, self.calls, self.keys.as_deref())?;
        let calls = f64::from(self.calls);
        self.per_s.push(calls / told.figure("seconds")?);
        self.cpu_us.push((cpu_us(self.process)? - before) / calls);
        Ok(())
    }

    fn per_s(&self) -> f64 {
        middle(&self.per_s)
    }

    fn cpu_us(&self) -> f64 {
        middle(&self.cpu_us)
    }
}

/// All in turns; the first turn warms up.
fn in_turns<const N: usize>(mut contenders: [Contender; N]) -> Result<[Contender; N]> {
    for _ in 0..=TURNS {
        for contender in &mut contenders {
            contender.turn()?;
        }
    }
    Ok(contenders)
}

/// The median of all but the first.
fn middle(figures: &[f64]) -> f64 {
    let mut figures = figures.get(1..).unwrap_or_default().to_vec();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The processor time that a process has used, user's and system's, in microseconds.
pub(super) fn cpu_us(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in front of the fields may hold blanks, and ends with the last bracket.
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields.split(' ').skip(11).take(2));
    let ticks = fields.context("a process's stat is not as it was")?;
    let ticks = ticks.map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    Ok(ticks.iter().sum::<f64>() * TICK_US)
}

fn rates(
    place: &str,
    folder: &Path,
    upstream: &Simulator,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let (crowd, home) = (Crowd::of(TEAMS, folder)?, Sandbox::new(folder)?);
    let gateway = crowd.serve(upstream)?;
    let nginx = Nginx::start(upstream.url())?;
    let unmetered = |way: &str| {
        let bare = home.program(&binary("examples/unmetered")?);
        Simulator::of(upstream.called_by(bare).args([way, upstream.url()]))
    };
    let (sdk, hand) = (unmetered("sdk")?, unmetered("hand")?);
    let [nginx, sdk, hand, gateway] = in_turns([
        Contender::new((nginx.url(), nginx.process_id()), None, OF_NGINX),
        Contender::of(&sdk, None),
        Contender::of(&hand, None),
        Contender::of(&gateway, Some(crowd.keys())),
    ])?;
    let named = [
        ("nginx, a plain proxy", &nginx),
        ("unmetered, through the SDK", &sdk),
        ("unmetered, signed by hand", &hand),
        ("`bursar serve`", &gateway),
    ];
    for (who, contender) in named {
        let figures =
            format!("{:.0} requests/s, {:.0} µs CPU", contender.per_s(), contender.cpu_us());
        findings.push(Finding::plain(format!("{who}, 64 connections, {place}"), figures));
    }
    let rates = [
        ("of nginx's rate", &nginx, OF_NGINX_LEAST),
        ("of the rate unmetered", &sdk, OF_UNMETERED_LEAST),
    ];
    for (what, beside, least) in rates {
        let ratio = gateway.per_s() / beside.per_s();
        findings.push(Finding::at_least(format!("{what}, {place}"), ratio, least, " ×"));
    }
    let what = format!("CPU for a metered call, {place}");
    findings.push(Finding::at_most(what, gateway.cpu_us(), CPU_US_MOST, " µs"));
    Ok(())
}

/// What a call waits for the gateway beyond what it waits for nginx, at a rate that is none of both
/// one's limit.
fn waits(upstream: &Simulator, findings: &mut Vec<Finding>) -> Result<()> {
    let disk = target_directory()?;
    let crowds = [Crowd::of(TEAMS, RAM_DISK.as_ref())?, Crowd::of(TEAMS, &disk)?];
    let gateways = [crowds[0].serve(upstream)?, crowds[1].serve(upstream)?];
    let nginx = Nginx::start(upstream.url())?;
    let servers = [
        (nginx.url(), None),
        (gateways[0].url(), Some(crowds[0].keys())),
        (gateways[1].url(), Some(crowds[1].keys())),
    ];
    let mut waited = [const { (Vec::new(), Vec::new()) }; 3];
    for _ in 0..=PACED_TURNS {
        for ((url, keys), (p50, p99)) in servers.iter().zip(&mut waited) {
            let told = load(PACE, url, PACED_CALLS, *keys)?;
            p50.push(told.figure("p50_us")? / 1_000.0);
            p99.push(told.figure("p99_us")? / 1_000.0);
        }
    }
    let [of_nginx, of_ram, of_disk] = waited.map(|(p50, p99)| [middle(&p50), middle(&p99)]);
    let at = "1,000 calls/s";
    for (who, [p50, p99]) in [("nginx", of_nginx), ("RAM disk", of_ram), ("disk", of_disk)] {
        let figures = format!("{p50:.2} ms, p99 {p99:.2} ms");
        findings.push(Finding::plain(format!("a call's p50 at {at}, {who}"), figures));
    }
    let added = |of: [f64; 2], at: usize| of[at] - of_nginx[at];
    let what = |which: &str| format!("added to nginx's {which} at {at}, RAM disk");
    findings.push(Finding::at_most(what("p50"), added(of_ram, 0), ADDED_P50_MS, " ms"));
    findings.push(Finding::at_most(what("p99"), added(of_ram, 1), ADDED_P99_MS, " ms"));
    let what = format!("added to nginx's p50 at {at}, disk");
    let of_fsync = 2.0 * millis(fsync(&disk)?);
    let figure = format!("{:.2} ms, two fsyncs being {of_fsync:.2} ms", added(of_disk, 0));
    findings.push(Finding::plain(what, figure));
    Ok(())
}

/// Whether a call costs more where there are more teams, keys and budgets.
fn crowds(upstream: &Simulator, findings: &mut Vec<Finding>) -> Result<()> {
    let [few, more, many] = CROWDS.map(|teams| Crowd::of(teams, RAM_DISK.as_ref()));
    let crowds = [few?, more?, many?];
    let [few, more, many] = [0, 1, 2].map(|at| crowds[at].serve(upstream));
    let gateways = [few?, more?, many?];
    let asked = [0, 1, 2].map(|at| Contender::of(&gateways[at], Some(crowds[at].keys())));
    let asked = in_turns(asked)?;
    for ((teams, crowd), contender) in CROWDS.iter().zip(&crowds).zip(&asked) {
        let figures =
            format!("{:.0} requests/s, {:.0} µs CPU", contender.per_s(), contender.cpu_us());
        let made = crowd.took.as_secs_f64();
        let what = format!("{teams} teams, keys and budgets (applied in {made:.1} s), RAM disk");
        findings.push(Finding::plain(what, figures));
    }
    for (teams, contender) in CROWDS.iter().zip(&asked).skip(1) {
        let what = format!("CPU for a call with {teams} of each, beside 10");
        let ratio = contender.cpu_us() / asked[0].cpu_us();
        findings.push(Finding::at_most(what, ratio, CROWD_MOST, " ×"));
    }
    Ok(())
}
