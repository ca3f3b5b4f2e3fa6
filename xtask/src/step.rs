//! One external program: announced, run without input, and an error when it fails.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What cargo tells the programs it runs about *this* package. Left in place, build scripts that
/// watch these names (ring's does) would see them change between `cargo test` and
/// `cargo xtask test`, and half the workspace would be compiled again each time.
const CARGO_PREFIXES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// A program with its arguments, with no input to wait for.
pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(
    program: S,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// cargo, as if called from the workspace's root by a person.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut cargo = command("cargo", arguments);
    cargo.current_dir(crate::workspace::root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| CARGO_PREFIXES.iter().any(|p| n.starts_with(p))) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Says what is being done, in the one form in which every step is printed.
pub(crate) fn say(text: &str) {
    println!("==> {text}");
}

/// Announces `command`, runs it, and fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say(&line(command));
    let status = command.status().with_context(|| format!("cannot run `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Runs `command` silently and gives back what it wrote to stdout, trimmed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run `{}`", line(command)))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}\n{}", line(command), output.status, errors.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether `command` can be run and succeeds; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Where the shell finds `program`, if it does.
pub(crate) fn find(program: &str) -> Option<String> {
    output(&mut command("sh", ["-c", "command -v \"$0\"", program])).ok()
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
