//! `cargo xtask test`: sets up what the suite talks to, runs all of it, and cleans up.
//!
//! Nothing is ever skipped for want of a database or of a client: what is missing is installed,
//! or the command fails and says what to install.

mod machine;
mod node;
pub(crate) mod python;
mod tally;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::postgres::{Postgres, Purpose};
use crate::step::{cargo, say, succeeds};
use crate::{torture, workspace};
use tally::Tally;

/// How long the output may stay open after the runner has ended.
const OUTPUT_LIMIT: Duration = Duration::from_secs(10);

/// Runs the suite. `arguments` go to the runner as they are; with none, the documentation's own
/// examples run too, and the torture rooms in their short form.
///
/// The last line on stdout is the verdict, in the words of Rust's own test harness, so that
/// whoever reads only that line knows all.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let (node, browser) = browser()?;
    let python = python::prepare()?;
    let postgres = Postgres::start(Purpose::Tests, &std::env::temp_dir())?;
    let settings = [
        ("BURSAR_TEST_POSTGRES", postgres.url()),
        ("BURSAR_TEST_PYTHON", &python),
        ("BURSAR_TEST_NODE", &node.program),
        ("BURSAR_TEST_NODE_MODULES", &node.modules),
        ("BURSAR_TEST_CHROMIUM", &browser),
    ];
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut passed = true;
    for mut runner in runners(arguments) {
        passed &= watch(runner.envs(settings), &tally)?;
    }
    if arguments.is_empty() {
        let (passed_rooms, failed_rooms) = torture::short(&postgres)?;
        if let Ok(mut tally) = tally.lock() {
            tally.passed += passed_rooms;
            tally.failed += failed_rooms;
        }
    }
    postgres.stop()?;
    let tally = tally.lock().map(|tally| *tally).unwrap_or_default();
    passed &= tally.failed == 0 && tally.passed > 0;
    println!("{}", tally.verdict(passed));
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Node.js with what drives a browser, and the browser.
pub(crate) fn browser() -> Result<(node::Node, String)> {
    machine::prepare()?;
    let browser = machine::browser().context("Chromium has just been there")?;
    Ok((node::prepare()?, browser))
}

/// The folder that says which clients test the simulator from outside, and what each must be told.
fn referees() -> PathBuf {
    workspace::root().join("tests/it/clients")
}

/// The commands that make up the suite.
fn runners(arguments: &[String]) -> Vec<Command> {
    let extra = arguments.iter().map(String::as_str);
    let names_packages = arguments.iter().any(|a| a.starts_with("-p") || a.starts_with("--pack"));
    let scope = if names_packages { None } else { Some("--workspace") };
    let nextest = succeeds(&mut cargo(["nextest", "--version"]));
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test", "--no-fail-fast"] };
    let main = cargo(runner.iter().copied().chain(scope).chain(extra));
    // `cargo test` runs the examples in the documentation by itself; nextest cannot.
    let examples =
        (nextest && arguments.is_empty()).then(|| cargo(["test", "--doc", "--workspace"]));
    std::iter::once(main).chain(examples).collect()
}

/// Runs one command, passing on what it prints while reading the counts out of it.
fn watch(runner: &mut Command, tally: &Arc<Mutex<Tally>>) -> Result<bool> {
    let words = runner.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>();
    say(&format!("cargo {}", words.join(" ")));
    let mut child = runner.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().context("the runner has no stdout")?;
    let stderr = child.stderr.take().context("the runner has no stderr")?;
    let (done, finished) = channel();
    pass_on(stdout, std::io::stdout(), tally.clone(), done.clone());
    pass_on(stderr, std::io::stderr(), tally.clone(), done);
    let passed = child.wait()?.success();
    for _ in 0..2 {
        if finished.recv_timeout(OUTPUT_LIMIT).is_err() {
            say("something that a test started still runs and holds the output open");
            return Ok(false);
        }
    }
    Ok(passed)
}

/// Copies line by line in a thread of its own, and says when all has come.
fn pass_on(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    tally: Arc<Mutex<Tally>>,
    done: Sender<()>,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            if let Ok(mut tally) = tally.lock() {
                tally.read(&String::from_utf8_lossy(&line));
            }
            let line = [line.as_slice(), b"\n"].concat();
            // With nobody left to read it, the suite still runs to its end.
            let _ = to.write_all(&line);
        }
        let _ = done.send(());
    });
}
