//! The memory that `bursar replay` takes for a trace of a whole hour's production.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, bail};

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, Simulator, binary, peak_mib};

/// As many rows as the published trace of one hour has.
const ROWS: u64 = 8_819;
const LIMIT_MIB: f64 = 64.0;
/// The kernel's high-water mark is gone with the process, so it is read until then.
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub(super) fn run() -> Result<Vec<Finding>> {
    let sandbox = Sandbox::new(RAM_DISK.as_ref())?;
    let trace = sandbox.path().join("trace.csv");
    fs::write(&trace, rows())?;
    let simulator = Simulator::start()?;
    let mut replay = simulator.called_by(sandbox.program(&binary("bursar")?));
    replay.arg("replay").arg(&trace).args(["--speed", "max"]);
    let mut process = replay.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut peak = 0.0_f64;
    let status = loop {
        if let Some(resident) = peak_mib(process.id()) {
            peak = peak.max(resident);
        }
        if let Some(status) = process.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK_EVERY);
    };
    if !status.success() || peak == 0.0 {
        bail!("`bursar replay` ended with {status}, and {peak} MiB were seen");
    }
    Ok(vec![Finding::at_most(format!("peak resident, {ROWS} rows"), peak, LIMIT_MIB, " MiB")])
}

/// A trace in the Azure format, with token counts of the published one's size.
fn rows() -> String {
    let row = |n: u64| {
        let (seconds, input, output) =
            (n * 3600 / ROWS, 1 + n * 7919 % 7_437, 1 + n * 104_729 % 252);
        let (minute, second) = (seconds / 60, seconds % 60);
        format!("2023-11-16 18:{minute:02}:{second:02}.0000000,{input},{output}\n")
    };
    let head = "TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned();
    (0..ROWS).fold(head, |text, n| text + &row(n))
}
