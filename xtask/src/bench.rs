//! `cargo xtask bench`: measures, and writes what it found to docs/benchmarks.md.
//!
//! Times of one machine mean little elsewhere, so each bench states a ratio of two programs that
//! ran in turns, and the machine stands beside every figure. No test depends on these numbers.

mod admission;
mod chat;
mod cold;
mod converse;
mod crowd;
mod dashboard;
mod gateway;
mod ledger;
mod load;
mod machine;
mod nginx;
mod paint;
mod price;
mod process;
mod replay;
mod report;
pub(crate) mod sandbox;
mod simulator;
mod spaced;
mod timing;
mod usage;
mod version;
mod visitor;
mod watching;

use anyhow::{Result, bail};

use crate::step::{self, cargo, say};
use report::Finding;

/// One thing that is measured: its name, what it proves, and the function that does it.
struct Bench {
    name: &'static str,
    question: &'static str,
    run: fn() -> Result<Vec<Finding>>,
}

const BENCHES: [Bench; 13] = [
    Bench {
        name: "cold",
        question: "How long does a stranger wait for the first `cargo run --release -- demo`?",
        run: cold::run,
    },
    Bench {
        name: "version",
        question: "How long does `bursar --version` take, the whole process?",
        run: version::run,
    },
    Bench {
        name: "price",
        question: "How long does one price look-up take, the whole process?",
        run: price::run,
    },
    Bench {
        name: "converse",
        question: "What does metering add to one call, beside a bare SDK program?",
        run: converse::run,
    },
    Bench {
        name: "process",
        question: "How long does one `bursar converse` take, beside the AWS CLI?",
        run: process::run,
    },
    Bench {
        name: "chat",
        question: "How much later than the SDK's own stream does an answer begin in `bursar chat`?",
        run: chat::run,
    },
    Bench {
        name: "simulator",
        question: "Can the simulator stand behind a load test?",
        run: simulator::run,
    },
    Bench {
        name: "gateway",
        question: "What does a call through `bursar serve` cost, beside a plain proxy?",
        run: gateway::run,
    },
    Bench {
        name: "dashboard",
        question: "Does a page slow down as the ledger grows to ten million calls?",
        run: dashboard::run,
    },
    Bench {
        name: "ledger",
        question: "How near do grouped holds and settlements come to bare inserts?",
        run: ledger::run,
    },
    Bench {
        name: "admission",
        question: "How near does admission under a hot budget come to a bare guarded update?",
        run: admission::run,
    },
    Bench {
        name: "usage",
        question: "Does a report slow down as the ledger grows?",
        run: usage::run,
    },
    Bench {
        name: "replay",
        question: "How much memory does replaying 8,819 rows take?",
        run: replay::run,
    },
];

/// Runs the benches named in `names`, or all of them, and rewrites their sections of the report.
pub(crate) fn run(names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| BENCHES.iter().all(|b| b.name != **name)) {
        let known = BENCHES.map(|bench| bench.name).join(", ");
        bail!("there is no bench `{unknown}`\nhint: there are {known}");
    }
    let machine = machine::describe()?;
    say(&machine);
    step::run(&mut cargo(["build", "--release", "--locked", "--package", "bursar"]))?;
    let wanted = |bench: &&Bench| names.is_empty() || names.iter().any(|name| name == bench.name);
    for bench in BENCHES.iter().filter(wanted) {
        say(&format!("bench {}: {}", bench.name, bench.question));
        let findings = (bench.run)()?;
        for finding in &findings {
            say(&finding.to_string());
        }
        report::replace(bench.name, bench.question, &machine, &findings)?;
    }
    Ok(())
}
