//! A private Python with the referees that `PyPI` has: boto3, the AWS CLI, and the clients of OpenAI
//! and Anthropic.

use std::fs;

use anyhow::{Context, Result};

use super::referees;
use crate::step::{self, command, say, succeeds};
use crate::workspace::target_directory;

/// What is installed, to the last package, pinned, so that a red test means a change of ours.
const LIST: &str = "requirements.txt";

/// Makes `target/python` where it is not there yet, or holds something else, and gives back its
/// interpreter.
pub(crate) fn prepare() -> Result<String> {
    let list = referees().join(LIST);
    let folder = target_directory()?.join("python");
    let installed = folder.join(LIST);
    let wanted = fs::read_to_string(&list).with_context(|| format!("no `{}`", list.display()))?;
    let python = folder.join("bin/python");
    let python = python.to_str().context("the target directory's name is no UTF-8")?;
    let is_there = fs::read_to_string(&installed).is_ok_and(|found| found == wanted);
    if is_there && succeeds(&mut command(python, ["--version"])) {
        say(&format!("Python's referees: found in {}", folder.display()));
        return Ok(python.to_owned());
    }
    step::run(command("python3", ["-m", "venv", "--clear"]).arg(&folder))?;
    let quietly = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    step::run(command(python, quietly).arg("--requirement").arg(&list)).context(
        "the referees need the packages in tests/it/clients/requirements.txt\n\
         hint: give pip a package index it can reach",
    )?;
    // Last, so that what was interrupted is done again.
    fs::write(&installed, wanted)?;
    Ok(python.to_owned())
}
