//! The room `disk`: a disk that is full, one that fails to sync, and one that changes what was
//! written. SQLite only: PostgreSQL's disk is PostgreSQL's to watch.
//!
//! When the ledger cannot be written, nothing is sent; when there is space again, it goes on by
//! itself. After a failed sync nobody can know what is on the disk, so the process admits nothing
//! more.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::dice::Dice;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::stage::Stage;
use super::worker::Worker;
use crate::bench::sandbox::Simulator;
use crate::step::{command, find, output};

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("tasks", (8, 4), "calls at a time"),
    Knob::new("fulls", (10, 1), "times that the disk is full"),
    Knob::new("pages", (60, 12), "damaged pages, each in a copy of its own"),
];
const PLENTY_MICRO: u64 = 1_000_000_000_000;
/// Large enough for the calls of the room, and small enough to be filled at once.
const DISK: &str = "size=24m";
/// Where every caller was just ending a call, each waits a minute for its end to be kept before it is
/// told.
const NOTICES_BY: Duration = Duration::from_secs(75);
/// How long nothing must be sent.
const QUIET: Duration = Duration::from_secs(1);
/// Which sync fails, of each thread: after a few that succeed.
const FAILING_SYNC: &str = "inject=fsync,fdatasync:error=EIO:when=12";
const PAGE: usize = 4096;

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    full(stage, figures)?;
    failing(stage, figures)?;
    damaged(stage, figures)
}

/// A small disk of our own, in memory; taken away in the end.
struct Disk(PathBuf);

impl Disk {
    fn mount(place: PathBuf) -> Result<Self> {
        fs::create_dir(&place)?;
        let words = ["-t", "tmpfs", "-o", DISK, "bursar-torture", place.to_str().context("UTF-8")?];
        output(&mut command("mount", words))
            .context("cannot mount a small disk (hint: only root may)")?;
        Ok(Self(place))
    }

    /// Writes until there is no room.
    fn fill(&self) -> Result<()> {
        let mut ballast = fs::File::create(self.0.join("ballast"))?;
        for size in [1 << 20, 4096, 1] {
            while ballast.write_all(&vec![0x5a; size]).is_ok() {}
        }
        Ok(())
    }

    fn relieve(&self) -> Result<()> {
        Ok(fs::remove_file(self.0.join("ballast"))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let place = self.0.to_string_lossy();
        if let Err(error) = output(&mut command("umount", ["--lazy", place.as_ref()])) {
            eprintln!("warning: {place} is still mounted: {error:#}");
        }
    }
}

fn full(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&["--delay-ms", "5"])?;
    let disk = Disk::mount(stage.folder().join("small"))?;
    let ledger = format!("sqlite:{}", disk.0.join("ledger.db").display());
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let mut worker = stage.worker(&calling(stage, &ledger, &simulator))?;
    worker.ready()?;
    worker.go()?;
    let (mut sent, mut refused) = (0, 0);
    for _ in 0..stage.scale.size("fulls") {
        grows(&mut worker, "admitted")?;
        disk.fill()?;
        refused += grows(&mut worker, "failed")?;
        sent += sent_while_quiet(stage, &simulator)?;
        disk.relieve()?;
    }
    grows(&mut worker, "admitted")?;
    worker.stop();
    worker.done()?;
    figures.some("calls refused on a full disk", refused);
    figures.exactly("requests sent while it was full", sent, 0);
    figures.holds("calls went on when there was space", true);
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

fn failing(stage: &Stage, figures: &mut Figures) -> Result<()> {
    figures.holds("strace is installed (hint: apt-get install strace)", find("strace").is_some());
    let simulator = stage.simulator(&["--delay-ms", "5"])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e"];
    let prefix = [&strace[..], &[FAILING_SYNC]].concat();
    let mut worker = stage.worker_under(&prefix, &calling(stage, &ledger, &simulator))?;
    worker.ready()?;
    worker.go()?;
    let refused = grows(&mut worker, "failed")?;
    figures.some("calls refused after one sync had failed", refused);
    let sent = sent_while_quiet(stage, &simulator)?;
    figures.exactly("requests sent after it", sent, 0);
    worker.stop();
    worker.kill()?;
    let told = stage.check(&ledger, Some(&simulator))?;
    figures.books(&told);
    figures.truth(&told);
    Ok(())
}

/// Pages are overwritten, one in each copy: opening such a ledger, or its audit, must say so.
fn damaged(stage: &Stage, figures: &mut Figures) -> Result<()> {
    let simulator = stage.simulator(&[])?;
    let ledger = stage.ledger()?;
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let mut job = calling(stage, &ledger, &simulator);
    job["count"] = 100.into();
    let mut worker = stage.worker(&job)?;
    worker.ready()?;
    worker.go()?;
    worker.done()?;
    let whole = fs::read(ledger.trim_start_matches("sqlite:"))?;
    let folder = stage.folder().join("damaged");
    let mut dice = Dice::new(stage.scale.seed(), 3);
    let pages = (whole.len() / PAGE) as u64;
    for copy in 0..stage.scale.size("pages") {
        let page = if copy == 0 { 0 } else { usize::try_from(dice.between(0, pages - 1))? };
        damage(&folder.join(format!("{copy:04}")), &whole, page)?;
    }
    let told = stage.worker(&json!({"do": "images", "folder": folder}))?.all_lines()?;
    figures.some("ledgers with a damaged page", told.len() as u64);
    let told: Vec<&Value> = told.iter().map(|line| &line["told"]).collect();
    let is_silent = |told: &&&Value| told["is_open"] == true && number(told, "findings") == 0;
    figures.exactly(
        "of them that nothing was said of",
        told.iter().filter(is_silent).count() as u64,
        0,
    );
    let refused = told.iter().filter(|told| told["is_open"] == false).count();
    figures.plain("of them that were not opened", refused);
    Ok(())
}

fn damage(folder: &Path, whole: &[u8], page: usize) -> Result<()> {
    let mut bytes = whole.to_owned();
    bytes[page * PAGE..(page + 1) * PAGE].fill(0xa5);
    fs::create_dir_all(folder)?;
    Ok(fs::write(folder.join("ledger.db"), bytes)?)
}

fn calling(stage: &Stage, ledger: &str, simulator: &Simulator) -> Value {
    json!({
        "do": "call", "ledger": ledger, "endpoint": simulator.url(), "name": "w",
        "tasks": stage.scale.size("tasks"), "seed": stage.scale.seed(), "pause_ms": 20,
    })
}

/// Waits until a count of the worker's has grown; by how much.
fn grows(worker: &mut Worker, name: &str) -> Result<u64> {
    let count = |worker: &mut Worker| worker.tally()[name].as_u64().unwrap_or_default();
    let (start, before) = (Instant::now(), count(worker));
    while start.elapsed() < NOTICES_BY {
        std::thread::sleep(Duration::from_millis(50));
        if !worker.is_alive()? {
            bail!("the worker has ended: {}", worker.complaints());
        }
        let now = count(worker);
        if now > before {
            return Ok(now - before);
        }
    }
    bail!("`{name}` stood still at {before} for {} s", NOTICES_BY.as_secs())
}

/// How many requests are sent within a while. What was admitted just before may still leave.
fn sent_while_quiet(stage: &Stage, simulator: &Simulator) -> Result<u64> {
    std::thread::sleep(QUIET / 2);
    let before = stage.served(simulator)?;
    std::thread::sleep(QUIET);
    Ok(stage.served(simulator)? - before)
}
