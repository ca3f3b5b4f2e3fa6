//! The room `power`: the machine loses power at any moment at which something was synced, or a
//! request left.
//!
//! strace records what a worker writes, syncs and sends. The ledger is rebuilt from what was surely
//! on the disk, opened and audited; and it must know of every request that had left by then. SQLite
//! only: PostgreSQL's own log is PostgreSQL's to test.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::dice::Dice;
use super::figures::{Figures, number};
use super::scale::Knob;
use super::shadow::Shadow;
use super::stage::Stage;
use super::strace::{self, Act};
use crate::step::{find, say};

pub(super) const KNOBS: [Knob; 3] = [
    Knob::new("calls", (60, 8), "calls that are recorded"),
    Knob::new("tasks", (3, 2), "calls at a time"),
    Knob::new("tears", (3, 1), "times that chance says what survives besides"),
];
/// Ledgers that are written before they are looked at and removed.
const BATCH: usize = 100;
const PLENTY_MICRO: u64 = 1_000_000_000_000;

/// What the rebuilt ledgers said.
#[derive(Default)]
struct Survivors {
    looked_at: u64,
    unopened: u64,
    unsound: u64,
    /// Ledgers that did not know of every request that had left.
    ignorant: u64,
    first_problem: Option<String>,
}

pub(super) fn run(stage: &Stage, figures: &mut Figures) -> Result<()> {
    figures.holds("strace is installed (hint: apt-get install strace)", find("strace").is_some());
    let (acts, ledger) = record(stage, false)?;
    let count = |is_one: fn(&&Act) -> bool| acts.1.iter().filter(is_one).count() as u64;
    figures.some("syncs", count(|act| matches!(act, Act::Sync { .. })));
    figures.some("requests that left", count(|act| matches!(act, Act::Request)));
    let survivors = rebuild(stage, acts, &ledger)?;
    if let Some(problem) = &survivors.first_problem {
        figures.plain("the first problem", problem);
    }
    figures.some("ledgers rebuilt", survivors.looked_at);
    figures.exactly("of them that could not be opened", survivors.unopened, 0);
    figures.exactly("of them with findings of the audit", survivors.unsound, 0);
    figures.exactly("of them that missed a request that had left", survivors.ignorant, 0);
    let (acts, ledger) = record(stage, true)?;
    let mutant = rebuild(stage, acts, &ledger)?;
    figures.some("ledgers of a mutant without syncs that were caught", mutant.ignorant);
    Ok(())
}

/// The files before, and what was done.
type Record = (Shadow, Vec<Act>);

fn record(stage: &Stage, without_sync: bool) -> Result<(Record, PathBuf)> {
    let simulator = stage.simulator(&[])?;
    let ledger = stage.ledger()?;
    // The limit makes the ledger; what is recorded begins with a whole one.
    stage.limit(&ledger, None, ("total", PLENTY_MICRO))?;
    let path = PathBuf::from(ledger.strip_prefix("sqlite:").context("the ledger is no file")?);
    let before = Shadow::of(&path);
    let told = stage.folder().join("strace.txt");
    let output = ["-o", told.to_str().context("the folder is no UTF-8")?];
    let job = json!({
        "do": "call", "ledger": ledger, "endpoint": simulator.url(), "name": "w",
        "tasks": stage.scale.size("tasks"), "count": stage.scale.size("calls"),
        "seed": stage.scale.seed(), "without_sync": without_sync,
    });
    let mut worker = stage.worker_under(&[&strace::COMMAND[..], &output].concat(), &job)?;
    worker.ready()?;
    worker.go()?;
    worker.done()?;
    let acts = strace::read(&fs::read_to_string(&told)?)?;
    Ok(((before, acts), path))
}

/// Rebuilds the ledger at every sync and before every request, and looks at each.
fn rebuild(stage: &Stage, (mut disk, acts): Record, ledger: &Path) -> Result<Survivors> {
    let folder = stage.folder().join("survivors");
    let mut dice = Dice::new(stage.scale.seed(), 5);
    let tears = stage.scale.size("tears");
    let mut survivors = Survivors::default();
    let (mut requests, mut expected) = (0_u64, Vec::new());
    let count = acts.len();
    for (number, act) in acts.into_iter().enumerate() {
        let is_request = act == Act::Request;
        requests += u64::from(is_request);
        if !disk.take(act) && !is_request {
            continue;
        }
        for tear in 0..=tears {
            let place = folder.join(format!("{:05}", expected.len()));
            disk.leave(&place, (tear > 0).then_some(&mut dice))?;
            expected.push(requests);
        }
        if expected.len() >= BATCH {
            survivors.look(stage, &folder, &std::mem::take(&mut expected))?;
            say(&format!("{number} of {count} acts of {}", ledger.display()));
        }
    }
    survivors.look(stage, &folder, &expected)?;
    Ok(survivors)
}

impl Survivors {
    /// Opens and audits the ledgers of a folder, and removes it.
    fn look(&mut self, stage: &Stage, folder: &Path, expected: &[u64]) -> Result<()> {
        if expected.is_empty() {
            return Ok(());
        }
        let told = stage.worker(&json!({"do": "images", "folder": folder}))?.all_lines()?;
        anyhow::ensure!(told.len() == expected.len(), "not every rebuilt ledger was looked at");
        for (line, requests) in told.iter().zip(expected) {
            self.add(&line["told"], *requests);
        }
        fs::remove_dir_all(folder)?;
        Ok(())
    }

    fn add(&mut self, told: &Value, requests: u64) {
        self.looked_at += 1;
        if told["is_open"] != true {
            self.unopened += 1;
            self.first_problem.get_or_insert_with(|| told["error"].to_string());
            return;
        }
        if number(told, "findings") > 0 {
            self.unsound += 1;
            self.first_problem.get_or_insert_with(|| told["error"].to_string());
        }
        self.ignorant += u64::from(number(told, "intents") < requests);
    }
}
