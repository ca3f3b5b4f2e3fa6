//! A private Python with the AWS SDK: the client that tests the simulator from outside Rust.

use anyhow::{Context, Result};

use crate::step::{self, command, output, say};
use crate::workspace::target_directory;

/// Pinned, so that a red test means a change of ours.
const BOTO3: &str = "1.44.5";

/// Makes `target/python` where it is not there yet, and gives back its interpreter.
pub(super) fn prepare() -> Result<String> {
    let folder = target_directory()?.join("python");
    let folder = folder.to_str().context("the target directory's name is no UTF-8")?;
    let python = format!("{folder}/bin/python");
    if installed_version(&python).as_deref() == Some(BOTO3) {
        say(&format!("boto3 {BOTO3}: found in {folder}"));
        return Ok(python);
    }
    step::run(&mut command("python3", ["-m", "venv", "--clear", folder]))?;
    let wanted = format!("boto3=={BOTO3}");
    let quietly = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    step::run(&mut command(python.as_str(), quietly.into_iter().chain([wanted.as_str()])))
        .with_context(|| {
            format!(
                "the conformance test needs {wanted}\nhint: give pip a package index it can reach"
            )
        })?;
    Ok(python)
}

fn installed_version(python: &str) -> Option<String> {
    output(&mut command(python, ["-c", "import boto3; print(boto3.__version__)"])).ok()
}
