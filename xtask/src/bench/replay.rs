//! The memory that `bursar replay` takes for a trace of a whole hour's production.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, bail};

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, Simulator, binary};

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
        if let Some(resident) = resident_mib(process.id()) {
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

/// The most memory that a process has had at once.
fn resident_mib(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
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
