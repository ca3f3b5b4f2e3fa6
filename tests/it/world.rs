//! The world a test lives in: a real simulator process, a real ledger, the real program.
//!
//! - [`World::start`], [`World::start_with`]: a simulator, and a SQLite ledger in a folder of its own
//! - [`World::on`]: the same with a ledger on the given [`Database`]
//! - [`World::bursar`], [`World::json`], [`World::spawn`]: runs the program
//! - [`World::served`]: what the simulator says it served
//! - [`World::calls`]: what the ledger says was made
//!
//! Nothing here sleeps to wait: a listener is bound before its address is printed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bursar");
pub(crate) const NOVA: &str = "amazon.nova-lite-v1:0";
pub(crate) const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// Where a world keeps its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

pub(crate) const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// What a run of the program gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}\n{}", self.stdout, self.stderr))
    }

    /// Asserts the exit code, and shows what was said when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// Runs the program outside of any world: no simulator, no credentials, an empty home.
pub(crate) fn bare(arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    Ran::from(program(home.path()).args(arguments).output().expect("the program starts"))
}

/// The program with nothing of this machine's settings.
fn program(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    // Without this the AWS chain would look for a metadata service when there are no credentials.
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

pub(crate) struct World {
    home: TempDir,
    simulator: Child,
    pub(crate) endpoint: String,
    pub(crate) ledger: String,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(simulator: &[&str]) -> Self {
        Self::on(Database::Sqlite, simulator)
    }

    pub(crate) fn on(database: Database, simulator: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let ledger = match database {
            Database::Sqlite => format!("sqlite:{}", home.path().join("ledger.db").display()),
            Database::Postgres => new_postgres_database(),
        };
        let mut child = program(home.path())
            .args(["simulate", "--quiet", "--listen", "127.0.0.1:0"])
            .args(simulator)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let endpoint = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        Self { home, simulator: child, endpoint, ledger }
    }

    /// The program in this world, ready to be given arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = program(self.home.path());
        command
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .env("BURSAR_LEDGER", &self.ledger);
        command
    }

    pub(crate) fn bursar(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command().args(arguments).output().expect("the program starts"))
    }

    /// Runs the program with `--json` and reads what it printed; it must succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.bursar(&[arguments, &["--json"]].concat()).exits(0).json()
    }

    /// Starts the program and leaves it running, its output piped.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.to_str().expect("its name is UTF-8").to_owned()
    }

    /// Every call that the simulator served, oldest first.
    pub(crate) fn served(&self) -> Vec<Value> {
        let mut calls = Vec::new();
        loop {
            let after = calls.last().and_then(|call: &Value| call["number"].as_u64()).unwrap_or(0);
            let page = self.get(&format!("/_simulator/calls?after={after}"));
            let page = page["calls"].as_array().expect("it lists calls").clone();
            if page.is_empty() {
                return calls;
            }
            calls.extend(page);
        }
    }

    /// Every call in the ledger, newest first.
    pub(crate) fn calls(&self) -> Vec<Value> {
        let mut calls: Vec<Value> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut arguments = vec!["calls", "--limit", "1000"];
            if let Some(next) = &next {
                arguments.extend(["--after", next.as_str()]);
            }
            let page = self.json(&arguments);
            calls.extend(page["rows"].as_array().expect("it lists rows").clone());
            match page["next"].as_str() {
                Some(id) => next = Some(id.to_owned()),
                None => return calls,
            }
        }
    }

    /// The only call in the ledger.
    #[track_caller]
    pub(crate) fn only_call(&self) -> Value {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1, "{calls:#?}");
        calls.remove(0)
    }

    /// The ledger's books agree.
    #[track_caller]
    pub(crate) fn audit(&self) {
        let report = self.json(&["ledger", "audit"]);
        assert_eq!(report["clean"], true, "{report:#}");
    }

    fn get(&self, path: &str) -> Value {
        let address = self.endpoint.strip_prefix("http://").expect("it speaks plain http");
        let mut stream = TcpStream::connect(address).expect("the simulator listens");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("it is there");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("it answers");
        let (_, body) = reply.split_once("\r\n\r\n").expect("the answer has a body");
        serde_json::from_str(body).expect("the body is JSON")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It may have ended by itself in a test that stops it.
        drop(self.simulator.kill());
        drop(self.simulator.wait());
    }
}

/// A database of its own on the test server; gone with the server.
fn new_postgres_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("it_{}_{number}", std::process::id());
    #[expect(clippy::disallowed_methods, reason = "the test server's address comes from outside")]
    let admin = std::env::var("BURSAR_TEST_POSTGRES")
        .expect("these tests need PostgreSQL: run them with `cargo xtask test`");
    let made = Command::new("psql")
        .args([&admin, "--quiet", "--command", &format!("CREATE DATABASE {name}")])
        .output()
        .expect("psql is installed beside the server");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (server, _) = admin.rsplit_once('/').expect("the address names a database");
    format!("{server}/{name}")
}
