//! A place to run the release binary in: its own folder, its own ledger, its own simulator.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::step::{command, output};
use crate::workspace::target_directory;

/// Where the kernel keeps files in memory.
pub(crate) const RAM_DISK: &str = "/dev/shm";

/// A release program that was built before: `bursar`, or `examples/NAME`.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    let path = target_directory()?.join("release").join(name);
    if !path.is_file() {
        bail!("{} has not been built", path.display());
    }
    Ok(path)
}

/// A folder of its own, removed in the end.
pub(crate) struct Sandbox(PathBuf);

impl Sandbox {
    /// Below `parent`.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        let template = parent.join("bursar-bench.XXXXXX");
        let path = output(&mut command("mktemp".as_ref(), ["-d".as_ref(), template.as_os_str()]))?;
        Ok(Self(PathBuf::from(path)))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The URL of a SQLite ledger in the folder.
    pub(crate) fn ledger(&self) -> String {
        format!("sqlite:{}", self.0.join("ledger.db").display())
    }

    /// `program` with this ledger, and with nothing of the machine's own settings.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).env_clear().env("HOME", &self.0).stdin(Stdio::null());
        command.env("BURSAR_LEDGER", self.ledger());
        command
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("warning: {} was left behind: {error}", self.0.display());
        }
    }
}

/// The most memory that a process has had at once, in MiB; gone with the process.
pub(crate) fn peak_mib(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}

/// `bursar simulate` on a free port, or another server that says where it listens as it does;
/// stopped in the end.
pub(crate) struct Simulator {
    process: Child,
    url: String,
    /// Kept open: a program that writes to a closed pipe is killed.
    stdout: BufReader<ChildStdout>,
}

impl Simulator {
    /// Starts it as it is by default.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts it with more arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary("bursar")?);
        command.args(["simulate", "--listen", "127.0.0.1:0", "--quiet"]);
        Self::of(command.args(arguments))
    }

    /// Starts a server and waits for the line that says where it listens.
    pub(crate) fn of(command: &mut Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("the simulator has no stdout")?;
        let mut simulator = Self { process, url: String::new(), stdout: BufReader::new(stdout) };
        let mut line = String::new();
        simulator.stdout.read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ");
        url.with_context(|| format!("the simulator began with `{}`", line.trim()))?
            .clone_into(&mut simulator.url);
        Ok(simulator)
    }

    /// Where it listens, such as `http://127.0.0.1:41237`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address in the next line that it prints, after `words`.
    pub(crate) fn next_url(&mut self, words: &str) -> Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let url = line.trim().strip_prefix(words);
        Ok(url.with_context(|| format!("the server went on with `{}`", line.trim()))?.to_owned())
    }

    /// The process's number.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as the system does that has no memory left.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Ends it as its operator does, and waits.
    pub(crate) fn end(mut self) -> Result<ExitStatus> {
        let id = self.process.id().to_string();
        output(&mut command("kill", ["-TERM", id.as_str()]))?;
        Ok(self.process.wait()?)
    }

    /// `command`, with this simulator for Bedrock.
    pub(crate) fn called_by(&self, mut command: Command) -> Command {
        command
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &self.url)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench");
        command
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
