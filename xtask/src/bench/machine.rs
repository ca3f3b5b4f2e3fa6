//! The machine that was measured, in one sentence.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::timing::{median, millis};
use crate::step::{command, output};
use crate::workspace::target_directory;

/// One page of a database file.
const PAGE: [u8; 4096] = [0x5a; 4096];
const SYNCS: usize = 200;

/// Processor, cores, kernel, memory, load, the disk's fsync and the day.
pub(super) fn describe() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let kernel = output(&mut command("uname", ["-sr"]))?;
    let day = output(&mut command("date", ["-u", "+%F"]))?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "?".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "?".to_owned());
    let disk = millis(fsync(&target_directory()?)?);
    Ok(format!(
        "{day}: {processor}, {cores} cores, {memory} memory, {kernel}, load {load}, \
         fsync p50 {disk:.2} ms on the disk"
    ))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The median time to append one page to a file in `folder` and see it on the disk.
pub(super) fn fsync(folder: &Path) -> Result<Duration> {
    let path = folder.join("bench-fsync");
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    fs::remove_file(&path)?;
    Ok(median(times))
}
