//! `bursar price`, the whole process, beside a program that does nothing.

use std::process::Command;

use anyhow::Result;

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, binary};
use super::timing::{in_turns, millis, once};

const TURNS: usize = 201;
const LIMIT_MS: f64 = 10.0;
/// One with regional and global rows and a long-context band: the longest resolution there is.
const MODEL: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";

pub(super) fn run() -> Result<Vec<Finding>> {
    let (bursar, sandbox) = (binary("bursar")?, Sandbox::new(RAM_DISK.as_ref())?);
    let nothing = || once(&mut Command::new("true"));
    let arguments = ["price", MODEL, "--input", "1000000", "--output", "1000", "--json"];
    let price = || once(sandbox.program(&bursar).args(arguments));
    let (floor, price) = in_turns(TURNS, nothing, price)?;
    Ok(vec![
        Finding::at_most(
            format!("`bursar price {MODEL} …`, median"),
            millis(price),
            LIMIT_MS,
            " ms",
        ),
        Finding::plain("`true`, median, in turns with it", format!("{:.2} ms", millis(floor))),
    ])
}
