//! Admission under a hot budget, beside the least that a guarded budget needs.
//!
//! The figures come from the ledger's example, which runs both in turns on one ledger, and from the
//! domain's, which watches a stream.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::machine::fsync;
use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox};
use super::timing::millis;
use crate::postgres::{Postgres, Purpose};
use crate::step::{self, cargo, output};
use crate::workspace::target_directory;

/// Calls a round, of each of the programs that are compared.
const CALLS: &str = "40000";
/// The same where each call is a statement and an fsync.
const POSTGRES_CALLS: &str = "4000";
const FRAMES: &str = "1000000";

pub(super) fn run() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (place, folder) in [("RAM disk", RAM_DISK.into()), ("disk", target_directory()?)] {
        let fsync = format!("{:.2} ms", millis(fsync(&folder)?));
        findings.push(Finding::plain(format!("fsync p50, {place}"), fsync));
        measure_sqlite(place, &folder, &mut findings)?;
        measure_postgres(place, &folder, &mut findings)?;
    }
    let watched = example("bursar-domain", "bench_watch", &[FRAMES])?;
    let frame_us = figure(&watched, "frame_ns_p50")? / 1_000.0;
    findings.push(Finding::at_most("watching one frame of a stream", frame_us, 2.0, " µs"));
    Ok(findings)
}

fn measure_sqlite(place: &str, folder: &Path, findings: &mut Vec<Finding>) -> Result<()> {
    let sandbox = Sandbox::new(folder)?;
    let told = example("bursar-ledger", "bench_admission", &[&sandbox.ledger(), CALLS])?;
    let place = format!("SQLite, {place}");
    let (one, bare) = (figure(&told, "one_per_s")?, figure(&told, "bare_per_s")?);
    findings.push(rate(format!("64 waiting on one budget, {place}"), one));
    findings.push(rate(format!("bare grouped guarded update, {place}"), bare));
    findings.push(Finding::at_least(format!("ratio, {place}"), one / bare, 0.5, " ×"));
    add_shared(&place, &told, findings)
}

fn measure_postgres(place: &str, folder: &Path, findings: &mut Vec<Finding>) -> Result<()> {
    // Below /tmp where the disk is meant: the server's own user may not enter a checkout.
    let temporary = std::env::temp_dir();
    let parent = if folder == Path::new(RAM_DISK) { folder } else { &temporary };
    let is_flushed = parent == temporary;
    let postgres = Postgres::start(Purpose::Measurement, parent)?;
    let told = example("bursar-ledger", "bench_admission", &[postgres.url(), POSTGRES_CALLS])?;
    postgres.stop()?;
    let place = format!("PostgreSQL, {place}");
    let (three, bare) = (figure(&told, "three_per_s")?, figure(&told, "bare_per_s")?);
    findings.push(rate(format!("3 processes, 64 waiting in each, {place}"), three));
    findings.push(rate(format!("bare single statement, 16 clients, {place}"), bare));
    let (what, ratio) = (format!("ratio, {place}"), three / bare);
    findings.push(if is_flushed {
        Finding::at_least(what, ratio, 5.0, " ×")
    } else {
        // Groups share a flush; where none is made they are measured for the processor alone.
        Finding::plain(what, format!("{ratio:.2} ×"))
    });
    add_shared(&place, &told, findings)
}

/// What is measured on both databases.
fn add_shared(place: &str, told: &Value, findings: &mut Vec<Finding>) -> Result<()> {
    let (one, eight) = (figure(told, "one_per_s")?, figure(told, "eight_per_s")?);
    let what = format!("eight limits on a call, beside one, {place}");
    findings.push(Finding::at_most(what, one / eight, 2.0, " ×"));
    let what = format!("sweeping 1,000 of 100,000 open holds, {place}");
    let seconds = figure(told, "sweep_us")? / 1_000_000.0;
    findings.push(Finding::at_most(what, seconds, 1.0, " s"));
    Ok(())
}

fn rate(what: String, per_s: f64) -> Finding {
    Finding::plain(what, format!("{per_s:.0} admissions/s"))
}

/// Runs an example and reads the line of JSON that it prints.
fn example(package: &str, name: &str, arguments: &[&str]) -> Result<Value> {
    step::say(&format!("example {name}"));
    let run = ["run", "--quiet", "--release", "--locked", "--package", package, "--example", name];
    let words = run.into_iter().chain(["--"]).chain(arguments.iter().copied());
    let text = output(&mut cargo(words))?;
    serde_json::from_str(&text).with_context(|| format!("{name} did not print JSON: {text}"))
}

fn figure(told: &Value, name: &str) -> Result<f64> {
    told[name].as_f64().with_context(|| format!("no figure `{name}` in {told}"))
}
