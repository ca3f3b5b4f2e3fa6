//! Holds and settlements in groups, beside a bare loop that writes the same rows.
//!
//! The figures come from the ledger's own example, which does both in one process and in turns.

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

/// Enough for many groups, few enough for a slow disk.
const CALLS: &str = "20000";
const LIMIT: f64 = 0.5;

pub(super) fn run() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (place, folder) in [("RAM disk", RAM_DISK.into()), ("disk", target_directory()?)] {
        let fsync = format!("{:.2} ms", millis(fsync(&folder)?));
        findings.push(Finding::plain(format!("fsync p50, {place}"), fsync));
        let sandbox = Sandbox::new(&folder)?;
        measure(&format!("SQLite, {place}"), &sandbox.ledger(), &mut findings)?;
        measure_postgres(place, &folder, &mut findings)?;
    }
    Ok(findings)
}

fn measure_postgres(place: &str, folder: &Path, findings: &mut Vec<Finding>) -> Result<()> {
    // Below /tmp where the disk is meant: the server's own user may not enter a checkout.
    let temporary = std::env::temp_dir();
    let parent = if folder == Path::new(RAM_DISK) { folder } else { &temporary };
    let postgres = Postgres::start(Purpose::Measurement, parent)?;
    measure(&format!("PostgreSQL, {place}"), postgres.url(), findings)?;
    postgres.stop()
}

/// Runs the example on `url` and states its three figures.
fn measure(place: &str, url: &str, findings: &mut Vec<Finding>) -> Result<()> {
    step::say(&format!("{place}: {CALLS} calls"));
    let run = ["run", "--quiet", "--release", "--locked", "--package", "bursar-ledger"];
    let example = ["--example", "bench_ledger", "--", url, CALLS];
    let text = output(&mut cargo(run.into_iter().chain(example)))?;
    let report: Value = serde_json::from_str(&text).context("bench_ledger did not print JSON")?;
    let figure = |name: &str| {
        report[name].as_f64().with_context(|| format!("bench_ledger printed no `{name}`: {text}"))
    };
    let (grouped, bare) = (figure("ledger_rows_per_s")?, figure("bare_rows_per_s")?);
    let rows = |rate: f64| format!("{rate:.0} rows/s");
    findings.push(Finding::plain(format!("hold and settle, {place}"), rows(grouped)));
    findings.push(Finding::plain(format!("bare loop, {place}"), rows(bare)));
    findings.push(Finding::at_least(format!("ratio, {place}"), grouped / bare, LIMIT, " ×"));
    Ok(())
}
