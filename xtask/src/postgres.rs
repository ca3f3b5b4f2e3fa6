//! A PostgreSQL server of our own: a free loopback port, a temporary folder, gone afterwards.
//!
//! Never the machine's own server, which may hold somebody's data.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::step::{command, find, output, say, succeeds};

/// A server that is not ready by then never will be; a loaded two-core machine needs about five.
const START_LIMIT: Duration = Duration::from_secs(90);
/// Another process may take the free port before the server does.
const START_ATTEMPTS: u32 = 3;
const READY: &str = "database system is ready to accept connections";

/// What a server is started for, which decides how it treats the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// No fsync: a crash of the machine would lose a database that no one keeps.
    Tests,
    /// As in production: what a commit costs is what is measured.
    Measurement,
}

/// A running server; dropping it stops it and removes its folder.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    url: String,
    port: u16,
    purpose: Purpose,
}

impl Postgres {
    /// Makes a cluster below `parent` and starts it.
    pub(crate) fn start(purpose: Purpose, parent: &Path) -> Result<Self> {
        let programs = programs().context("no PostgreSQL server is installed")?;
        let template = parent.join("bursar-postgres.XXXXXX");
        let template = template.to_str().context("the temporary folder's name is no UTF-8")?;
        let folder = PathBuf::from(output(&mut as_server_user("mktemp", &["-d", template]))?);
        match Self::start_in(&folder, &programs, purpose) {
            Ok(postgres) => Ok(postgres),
            Err(error) => {
                let _ = fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    fn start_in(folder: &Path, programs: &Path, purpose: Purpose) -> Result<Self> {
        let password = initialise(folder, programs)?;
        let mut attempt = 1;
        loop {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            match launch(folder, programs, purpose, port) {
                Ok(server) => {
                    say(&format!(
                        "PostgreSQL on port {port}, {purpose:?}, in {}",
                        folder.display()
                    ));
                    let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
                    let folder = folder.to_owned();
                    return Ok(Self { server, folder, url, port, purpose });
                }
                Err(error) if attempt == START_ATTEMPTS => return Err(error),
                Err(error) => say(&format!("{error:#}; once more on another port")),
            }
            attempt += 1;
        }
    }

    /// The superuser's URL, password included.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server and says so; an error if it would not go.
    pub(crate) fn stop(mut self) -> Result<()> {
        say("stopping PostgreSQL");
        self.end()
    }

    /// Sends a signal to the server and to each of its sessions.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let (signal, server) = (format!("-{name}"), self.server.id().to_string());
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
        // The server first, so that it begins no other.
        output(&mut command("kill", [signal.as_str(), server.as_str()]))?;
        for child in children.split_whitespace() {
            // One that has just ended needs none.
            let _ = succeeds(&mut command("kill", [signal.as_str(), child]));
        }
        Ok(())
    }

    /// Kills the server with all its sessions, as a loss of the machine would, and starts it again.
    pub(crate) fn kill_and_restart(&mut self) -> Result<()> {
        self.signal("KILL")?;
        self.server.wait()?;
        let programs = programs().context("no PostgreSQL server is installed")?;
        let mut attempt = 1;
        self.server = loop {
            match launch(&self.folder, &programs, self.purpose, self.port) {
                Ok(server) => break server,
                // A session that is dying still has the old server's memory.
                Err(error) if attempt == START_ATTEMPTS => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
            attempt += 1;
        };
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.server.try_wait()?.is_none() {
            let id = self.server.id().to_string();
            // SIGINT is PostgreSQL's fast shutdown: it ends the sessions and goes.
            output(&mut command("kill", ["-INT", &id]))?;
            self.server.wait()?;
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!(
                "warning: PostgreSQL in {} was left behind: {error:#}",
                self.folder.display()
            );
        }
    }
}

/// The folder with `initdb` and `postgres`: Debian's newest, else what PATH leads to.
pub(crate) fn programs() -> Option<PathBuf> {
    let version = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = debian.filter_map(|entry| Some((version(&entry)?, entry))).collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let debian = versions.into_iter().map(|(_, entry)| entry.path().join("bin"));
    let on_path = find("initdb").and_then(|path| fs::canonicalize(path).ok());
    let on_path = on_path.and_then(|path| path.parent().map(Path::to_owned));
    let is_whole = |bin: &PathBuf| ["initdb", "postgres"].iter().all(|p| bin.join(p).is_file());
    debian.chain(on_path).find(is_whole)
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    output(&mut command("id", ["-u"])).is_ok_and(|id| id == "0")
}

/// `program`, run by somebody whom PostgreSQL accepts: it refuses to run as root.
///
/// `--pdeathsig` stops the server even when this process is killed outright.
fn as_server_user(program: &str, arguments: &[&str]) -> Command {
    const BOUND_TO_US: [&str; 3] = ["setpriv", "--pdeathsig=INT", "--"];
    const AS_POSTGRES: [&str; 6] = [
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--init-groups",
        "--pdeathsig=INT",
        "--",
    ];
    let prefix: &[&str] = match (is_root(), succeeds(&mut command("setpriv", ["--version"]))) {
        (true, _) => &AS_POSTGRES,
        (false, true) => &BOUND_TO_US,
        (false, false) => &[],
    };
    let words = [prefix, &[program], arguments].concat();
    let mut command = command(words[0], words[1..].iter().copied());
    // Root's home and root's working folder may be closed to that user.
    command.current_dir("/").env_remove("HOME");
    command
}

/// Makes the cluster and gives back its superuser's password.
///
/// A password and not trust: on a shared machine, a local user who may speak to a superuser of
/// PostgreSQL may run any program as the server's owner.
fn initialise(folder: &Path, programs: &Path) -> Result<String> {
    let mut random = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let password = format!("{:032x}", u128::from_ne_bytes(random));
    let file = folder.join("password");
    fs::write(&file, &password)?;
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o444))?;
    let (data, file) = (text(&folder.join("data"))?, text(&file)?);
    let initdb = text(&programs.join("initdb"))?;
    let fixed = ["--no-sync", "--no-locale", "--encoding=UTF8", "--username=postgres"];
    // Plain over loopback: the server hashes it once, where SCRAM would make each test's
    // unoptimised client do so for each connection.
    let login = ["--auth=password", "--pwfile", &file, "--pgdata", &data];
    output(&mut as_server_user(&initdb, &[&fixed[..], &login].concat()))?;
    Ok(password)
}

fn launch(folder: &Path, programs: &Path, purpose: Purpose, port: u16) -> Result<Child> {
    let (data, postgres) = (text(&folder.join("data"))?, text(&programs.join("postgres"))?);
    let port = format!("port={port}");
    // Every test has a database of its own and a pool on it, so many connections at once.
    let mut settings = vec![&port, "listen_addresses=127.0.0.1", "max_connections=500"];
    settings.push("unix_socket_directories=");
    if purpose == Purpose::Tests {
        settings.extend(["fsync=off", "full_page_writes=off"]);
    }
    let settings = settings.into_iter().flat_map(|setting| ["-c", setting]);
    let arguments: Vec<&str> = ["-D", &data].into_iter().chain(settings).collect();
    let mut command = as_server_user(&postgres, &arguments);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let log = server.stderr.take().context("the server has no stderr")?;
    match wait_until_ready(&follow(log)) {
        Ok(()) => Ok(server),
        Err(error) => {
            server.kill()?;
            server.wait()?;
            Err(error)
        }
    }
}

/// Reads the log for as long as the server lives, since a full pipe would stop it.
fn follow(log: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            // Once nobody waits any more, lines are read and dropped.
            let _ = sender.send(line);
        }
    });
    receiver
}

fn wait_until_ready(log: &Receiver<String>) -> Result<()> {
    let mut seen = Vec::new();
    loop {
        let line = log.recv_timeout(START_LIMIT).map_err(|_| {
            anyhow!("PostgreSQL did not become ready; its log:\n{}", seen.join("\n"))
        })?;
        if line.contains(READY) {
            return Ok(());
        }
        seen.push(line);
    }
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is no UTF-8", path.display()))
}
