//! One `bursar converse` to the simulator, beside a bare SDK program that asks the same.

use anyhow::Result;

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, Simulator, binary};
use super::timing::{in_turns, millis, once};
use crate::step::{self, cargo};
use crate::workspace::target_directory;

const TURNS: usize = 101;
const LIMIT: f64 = 2.0;
const MODEL: &str = "amazon.nova-lite-v1:0";
const PROMPT: &str = "Name the five verbs of a metered call.";

pub(super) fn run() -> Result<Vec<Finding>> {
    let build = ["build", "--release", "--locked", "--package", "bursar-core"];
    step::run(&mut cargo(build.into_iter().chain(["--example", "bare_sdk"])))?;
    let places = [("RAM disk", RAM_DISK.into()), ("disk", target_directory()?)];
    let mut findings = Vec::new();
    for (place, folder) in places {
        let sandbox = Sandbox::new(&folder)?;
        let simulator = Simulator::start()?;
        let mut bare = simulator.called_by(sandbox.program(&binary("examples/bare_sdk")?));
        let mut bursar = simulator.called_by(sandbox.program(&binary("bursar")?));
        bare.args([MODEL, PROMPT]);
        bursar.args(["converse", "-m", MODEL, "--no-stream", PROMPT]);
        let (of_bare, of_bursar) = in_turns(TURNS, || once(&mut bare), || once(&mut bursar))?;
        let ratio = of_bursar.as_secs_f64() / of_bare.as_secs_f64();
        let what = |who: &str| format!("{who}, whole process, median, ledger on the {place}");
        findings.push(Finding::plain(what("bare SDK"), format!("{:.2} ms", millis(of_bare))));
        findings.push(Finding::plain(what("bursar"), format!("{:.2} ms", millis(of_bursar))));
        findings.push(Finding::at_most(format!("ratio, {place}"), ratio, LIMIT, " ×"));
    }
    Ok(findings)
}
