//! Another program that is run: what its clients find in its environment, signals that are meant
//! for it, and its end as a shell would tell it.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, ExitStatus};

use crate::failure::{Failure, Situation};
use crate::settings::{endpoint_names, variable};

/// What a client gets that wants a key: the address proves who calls.
const NO_KEY: &str = "bursar-run";
/// Where AWS's tools are told to overlook the addresses that variables say.
const IGNORE_ENDPOINTS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Starts a command whose clients call at `base`. With `has_credentials` it finds its own for AWS,
/// as it would by itself; without there are none, and it gets some that nobody else takes.
pub(crate) fn start(
    words: &[OsString],
    base: &str,
    has_credentials: bool,
) -> Result<Child, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::new(Situation::Usage, "there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    say_where(&mut command, base);
    if !has_credentials {
        command.env("AWS_ACCESS_KEY_ID", NO_KEY).env("AWS_SECRET_ACCESS_KEY", NO_KEY);
    }
    command.spawn().map_err(|error| {
        let situation = match error.kind() {
            io::ErrorKind::NotFound => Situation::NoCommand,
            _ => Situation::NotRun,
        };
        Failure::new(situation, format!("cannot run `{}`: {error}", program.display()))
            .hint("what stands behind `--` is run as it is; for a shell's line, `-- sh -c 'LINE'`")
    })
}

fn say_where(command: &mut Command, base: &str) {
    if variable(IGNORE_ENDPOINTS).as_deref() == Some("true") {
        // What was overlooked so far must not come to be heard.
        for name in endpoint_names() {
            command.env_remove(name);
        }
    }
    command
        .env(IGNORE_ENDPOINTS, "false")
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", base)
        // The SDKs send it over TLS alone; they sign instead.
        .env_remove("AWS_BEARER_TOKEN_BEDROCK")
        .env("OPENAI_BASE_URL", format!("{base}/v1"))
        .env("OPENAI_API_KEY", NO_KEY)
        .env("ANTHROPIC_BASE_URL", base)
        .env("ANTHROPIC_API_KEY", NO_KEY)
        .env("ANTHROPIC_AUTH_TOKEN", NO_KEY)
        .env("ANTHROPIC_BEDROCK_BASE_URL", base);
    for name in ["NO_PROXY", "no_proxy"] {
        let hosts = variable(name).map_or_else(String::new, |hosts| format!("{hosts},"));
        command.env(name, format!("{hosts}127.0.0.1"));
    }
}

/// The exit code that a shell would tell.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + signal_of(status));
    u8::try_from(code).unwrap_or(1)
}

#[cfg(unix)]
pub(crate) use unix::{Signals, wait};

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default()
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::process::{Child, ExitStatus};

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    /// The signals by which this process, and the command that it runs, are told to end.
    pub(crate) struct Signals {
        interrupt: Stream,
        terminate: Stream,
        hang_up: Stream,
    }

    impl Signals {
        /// Listens from now on.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The next one.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::INT,
                _ = self.terminate.recv() => Signal::TERM,
                _ = self.hang_up.recv() => Signal::HUP,
            }
        }
    }

    /// Waits until a command has ended; what this process is told goes to it.
    pub(crate) async fn wait(mut child: Child, signals: &mut Signals) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(&child);
        let mut ended = tokio::task::spawn_blocking(move || until_ended(pid));
        loop {
            tokio::select! {
                _ = &mut ended => return child.wait(),
                told = signals.next() => pass_on(told, pid),
            }
        }
    }

    /// Its id stays its own until it is waited for once more.
    fn until_ended(pid: Pid) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
    }

    fn pass_on(told: Signal, pid: Pid) {
        if told == Signal::INT && is_in_front() {
            return; // The terminal has told the command, too.
        }
        if let Err(error) = kill_process(pid, told) {
            tracing::warn!("cannot pass a signal on to the command: {error}");
        }
    }

    /// Whether what is typed at the terminal is for this process and its command.
    fn is_in_front() -> bool {
        let front = File::open("/dev/tty").and_then(|tty| Ok(rustix::termios::tcgetpgrp(tty)?));
        front.is_ok_and(|group| group == getpgrp())
    }
}

#[cfg(not(unix))]
pub(crate) use elsewhere::{Signals, wait};

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> i32 {
    0
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::process::{Child, ExitStatus};

    /// Ctrl-C, which the command gets as well.
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn next(&mut self) {
            drop(tokio::signal::ctrl_c().await);
        }
    }

    pub(crate) async fn wait(mut child: Child, signals: &mut Signals) -> io::Result<ExitStatus> {
        let mut ended = tokio::task::spawn_blocking(move || child.wait());
        loop {
            tokio::select! {
                status = &mut ended => return status.map_err(io::Error::other)?,
                () = signals.next() => {}
            }
        }
    }
}
