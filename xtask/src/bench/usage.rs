//! `bursar usage --by model` over thirteen months, on a small ledger and on a large one.

use anyhow::Result;

use super::report::Finding;
use super::sandbox::{Sandbox, binary};
use super::timing::{in_turns, millis, once};
use crate::step::{self, cargo};
use crate::workspace::target_directory;

const TURNS: usize = 51;
const SMALL: &str = "10000";
const LARGE: &str = "1000000";
const LIMIT: f64 = 1.5;
/// Thirteen months, which the example spreads its calls over.
const DAYS: &str = "396d";

pub(super) fn run() -> Result<Vec<Finding>> {
    let folder = target_directory()?;
    let (small, large) = (Sandbox::new(&folder)?, Sandbox::new(&folder)?);
    fill(&small, SMALL)?;
    fill(&large, LARGE)?;
    let bursar = binary("bursar")?;
    let usage = |sandbox: &Sandbox| {
        let mut command = sandbox.program(&bursar);
        command.args(["usage", "--by", "model", "--since", DAYS, "--json"]);
        once(&mut command)
    };
    let (of_small, of_large) = in_turns(TURNS, || usage(&small), || usage(&large))?;
    let ratio = of_large.as_secs_f64() / of_small.as_secs_f64();
    let what = |calls: &str| format!("`usage --by model`, whole process, median, {calls} calls");
    Ok(vec![
        Finding::plain(what(SMALL), format!("{:.2} ms", millis(of_small))),
        Finding::plain(what(LARGE), format!("{:.2} ms", millis(of_large))),
        Finding::at_most("ratio", ratio, LIMIT, " ×"),
    ])
}

fn fill(sandbox: &Sandbox, calls: &str) -> Result<()> {
    let run = ["run", "--release", "--locked", "--package", "bursar-ledger"];
    let ledger = sandbox.ledger();
    let example = ["--example", "fill_ledger", "--", ledger.as_str(), calls, DAYS];
    step::run(&mut cargo(run.into_iter().chain(example)))
}
