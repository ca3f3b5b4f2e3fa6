//! A worker's process: its lines of JSON, its orders, its end.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::step::{command, output};

/// A worker that says nothing for so long is stuck.
const SILENCE_MAX: Duration = Duration::from_mins(3);
/// Makes the names of the files of complaints differ.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// A running worker; dropped, it is killed.
pub(super) struct Worker {
    process: Child,
    orders: Option<ChildStdin>,
    lines: Receiver<Value>,
    complaints: PathBuf,
    /// What it last said of its calls.
    tally: Value,
    /// Whether that was the last word.
    is_done: bool,
}

impl Worker {
    pub(super) fn start(command: &mut Command, folder: &Path) -> Result<Self> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let complaints = folder.join(format!("worker-{number}.stderr"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&complaints)?);
        let mut process = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let orders = process.stdin.take();
        let stdout = process.stdout.take().context("the worker has no stdout")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
                // Once nobody waits any more, lines are read and dropped.
                let _ = sender.send(line);
            }
        });
        Ok(Self { process, orders, lines, complaints, tally: json!({}), is_done: false })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it has opened what it needs.
    pub(super) fn ready(&mut self) -> Result<()> {
        self.wait_for("ready").map(drop)
    }

    /// Lets it work.
    pub(super) fn go(&mut self) -> Result<()> {
        let orders = self.orders.as_mut().context("the worker was stopped")?;
        writeln!(orders, "go").context("the worker has gone")
    }

    /// Tells it to stop when its calls have ended.
    pub(super) fn stop(&mut self) {
        self.orders = None;
    }

    /// Waits for its end; what its calls came to.
    pub(super) fn done(mut self) -> Result<Value> {
        if !self.is_done {
            self.wait_for("done")?;
        }
        self.ended()?;
        Ok(self.tally.take())
    }

    /// The last thing it says, for one that needs no orders.
    pub(super) fn last_line(self) -> Result<Value> {
        self.all_lines()?.pop().context("a worker said nothing")
    }

    /// All that it says, for one that needs no orders.
    pub(super) fn all_lines(mut self) -> Result<Vec<Value>> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(SILENCE_MAX) {
            lines.push(line);
        }
        self.ended()?;
        Ok(lines)
    }

    /// What it has said since the last time, and now.
    pub(super) fn said(&mut self) -> Vec<Value> {
        let said: Vec<Value> = self.lines.try_iter().collect();
        for line in &said {
            self.note(line);
        }
        said
    }

    /// How its calls stood when it last said so.
    pub(super) fn tally(&mut self) -> &Value {
        self.said();
        &self.tally
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> Result<bool> {
        Ok(self.process.try_wait()?.is_none())
    }

    /// Sends a signal: `STOP`, `CONT`, `KILL`.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let (name, id) = (format!("-{name}"), self.id().to_string());
        output(&mut command("kill", [name.as_str(), id.as_str()])).map(drop)
    }

    /// Ends it as the system does that has no memory left.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// What it wrote to stderr.
    pub(super) fn complaints(&self) -> String {
        std::fs::read_to_string(&self.complaints).unwrap_or_default()
    }

    fn wait_for(&mut self, what: &str) -> Result<Value> {
        loop {
            let line = match self.lines.recv_timeout(SILENCE_MAX) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => {
                    bail!("a worker was silent before `{what}`: {}", self.complaints());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.stop();
                    let status = self.process.wait()?;
                    bail!("a worker ended with {status} before `{what}`: {}", self.complaints());
                }
            };
            self.note(&line);
            if line["at"] == what {
                return Ok(line);
            }
        }
    }

    fn note(&mut self, line: &Value) {
        if line["tally"].is_object() {
            self.tally = line["tally"].clone();
            self.is_done = line["at"] == "done";
        }
    }

    fn ended(&mut self) -> Result<()> {
        self.orders = None;
        let start = Instant::now();
        let status = loop {
            match self.process.try_wait()? {
                Some(status) => break status,
                None if start.elapsed() > SILENCE_MAX => bail!("a worker did not end"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let complaints = self.complaints();
        if !status.success() || complaints.contains("panicked at") {
            bail!("a worker ended with {status}: {complaints}");
        }
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts all of them at once, and waits until each is ready.
pub(super) fn all_go(workers: &mut [Worker]) -> Result<()> {
    workers.iter_mut().try_for_each(Worker::ready)?;
    workers.iter_mut().try_for_each(Worker::go)
}

/// Waits for the end of all; what each of them came to.
pub(super) fn all_done(workers: Vec<Worker>) -> Result<Vec<Value>> {
    workers.into_iter().map(Worker::done).collect()
}

/// A figure of all of them together.
pub(super) fn sum(tallies: &[Value], name: &str) -> u64 {
    tallies.iter().map(|tally| tally[name].as_u64().unwrap_or_default()).sum()
}
