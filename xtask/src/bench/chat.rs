//! How long a question in a running `bursar chat` waits for the answer's first character, beside
//! the SDK's own stream.
//!
//! Both programs run all the time and are asked in turns, on pipes, so that neither's start counts.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, Simulator, binary};
use super::timing::{in_turns, millis};
use crate::step::{self, cargo};
use crate::workspace::target_directory;

const TURNS: usize = 101;
const LIMIT_MS: f64 = 2.0;
const MODEL: &str = "amazon.nova-lite-v1:0";
const QUESTION: &str = "Name one verb.\n";
/// Short: the first character is what counts.
const TOKENS: &str = "8";
/// Before the answer begins, and between its frames: a model that is quick.
const PACE: [&str; 4] = ["--delay-ms", "20", "--gap-ms", "2"];

pub(super) fn run() -> Result<Vec<Finding>> {
    let build = ["build", "--release", "--locked", "--package", "bursar-core"];
    step::run(&mut cargo(build.into_iter().chain(["--example", "bare_stream"])))?;
    let mut findings = Vec::new();
    for (place, folder) in [("RAM disk", RAM_DISK.into()), ("disk", target_directory()?)] {
        let sandbox = Sandbox::new(&folder)?;
        let simulator = Simulator::start_with(&PACE)?;
        let mut bare = simulator.called_by(sandbox.program(&binary("examples/bare_stream")?));
        let mut bursar = simulator.called_by(sandbox.program(&binary("bursar")?));
        let mut bare = Talk::begin(bare.args([MODEL, TOKENS]))?;
        let mut bursar = Talk::begin(bursar.args(["chat", "-m", MODEL, "--max-tokens", TOKENS]))?;
        // Cleared after each answer, so that both always send one question.
        let (of_bare, of_bursar) = in_turns(TURNS, || bare.ask(""), || bursar.ask("/clear\n"))?;
        let later = millis(of_bursar) - millis(of_bare);
        let what = |who: &str| format!("{who}, first character, median, ledger on the {place}");
        findings.push(Finding::plain(what("SDK's stream"), format!("{:.2} ms", millis(of_bare))));
        findings.push(Finding::plain(what("bursar chat"), format!("{:.2} ms", millis(of_bursar))));
        findings.push(Finding::at_most(format!("later by, {place}"), later, LIMIT_MS, " ms"));
    }
    Ok(findings)
}

/// A program that answers lines; ended with its end.
struct Talk {
    process: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

impl Talk {
    fn begin(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn()?;
        let questions = process.stdin.take().context("the program has no stdin")?;
        let answers = process.stdout.take().context("the program has no stdout")?;
        Ok(Self { process, questions, answers })
    }

    /// Asks, and returns when the first character came; the rest of the answer is read too.
    fn ask(&mut self, afterwards: &str) -> Result<Duration> {
        let start = Instant::now();
        self.questions.write_all(QUESTION.as_bytes())?;
        let mut byte = [0];
        self.answers.read_exact(&mut byte).context("no answer began")?;
        let took = start.elapsed();
        if byte == *b"\n" {
            bail!("the answer was empty");
        }
        while byte != *b"\n" {
            self.answers.read_exact(&mut byte).context("the answer broke off")?;
        }
        self.questions.write_all(afterwards.as_bytes())?;
        Ok(took)
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
