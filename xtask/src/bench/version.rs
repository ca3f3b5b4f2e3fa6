//! `bursar --version`, the whole process, beside a program that does nothing.

use std::process::Command;

use anyhow::Result;

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, binary};
use super::timing::{in_turns, millis, once};

const TURNS: usize = 201;
const LIMIT_MS: f64 = 5.0;

pub(super) fn run() -> Result<Vec<Finding>> {
    let (bursar, sandbox) = (binary("bursar")?, Sandbox::new(RAM_DISK.as_ref())?);
    let nothing = || once(&mut Command::new("true"));
    let version = || once(sandbox.program(&bursar).arg("--version"));
    let (floor, version) = in_turns(TURNS, nothing, version)?;
    Ok(vec![
        Finding::at_most("`bursar --version`, median", millis(version), LIMIT_MS, " ms"),
        Finding::plain("`true`, median, in turns with it", format!("{:.2} ms", millis(floor))),
    ])
}
