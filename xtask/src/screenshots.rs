//! `cargo xtask screenshots`: every page of the dashboard on the demo's ledger, at three widths, in light
//! and dark, as pictures to look at. No test: what is ugly is for people to say.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::step::{self, cargo, say};
use crate::{test, workspace};

/// Which of them stand in the documentation: each page at a desk, and on a phone at night.
const KEPT: [&str; 2] = ["-1280-light.png", "-390-dark.png"];

/// Writes the pictures to a folder below the target directory, made anew; with `--keep`, some of them
/// also to docs/images, in place of those there.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let keeps = match arguments {
        [] => false,
        [word] if word == "--keep" => true,
        _ => bail!("screenshots takes `--keep`, or nothing"),
    };
    let (node, browser) = test::browser()?;
    step::run(&mut cargo(["build", "--package", "bursar"]))?;
    let target = workspace::target_directory()?;
    let folder = target.join("screenshots");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let (mut demo, told) = demo(target.join("debug/bursar").as_path(), &folder)?;
    let dashboard = &told["gateway"]["dashboard"];
    let walk = json!({"url": dashboard["url"], "link": dashboard["link"], "folder": folder});
    let script = workspace::root().join("tests/it/clients/dashboard_pictures.cjs");
    let mut pictures = Command::new(&node.program);
    pictures.env("NODE_PATH", &node.modules).env("BURSAR_TEST_CHROMIUM", browser);
    let taken = step::run(pictures.env("BURSAR_WALK", walk.to_string()).arg(script));
    // Told as by Ctrl-C, so that its streams are settled.
    step::run(Command::new("kill").args(["-TERM", &demo.id().to_string()]))?;
    demo.wait()?;
    taken?;
    if keeps {
        keep(&folder)?;
    }
    say(&format!("the pictures are in {}", folder.display()));
    Ok(())
}

fn keep(folder: &Path) -> Result<()> {
    let images = workspace::root().join("docs/images");
    fs::create_dir_all(&images)?;
    let named = |folder: &Path| -> Result<Vec<PathBuf>> {
        let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        let paths = paths.collect::<Result<Vec<_>>>()?;
        let is_kept = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| KEPT.iter().any(|end| name.ends_with(end)))
        };
        Ok(paths.into_iter().filter(is_kept).collect())
    };
    for old in named(&images)? {
        fs::remove_file(old)?;
    }
    for new in named(folder)? {
        let name = new.file_name().context("a picture has no name")?;
        fs::copy(&new, images.join(name))?;
    }
    Ok(())
}

/// A demo that stays, on a ledger of its own, and what it says of itself.
fn demo(program: &Path, folder: &Path) -> Result<(Child, Value)> {
    let mut demo = Command::new(program)
        .args(["demo", "--stay", "--json", "--quiet", "--ledger"])
        .arg(format!("sqlite:{}", folder.join("demo.db").display()))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let stdout = demo.stdout.take().context("the demo has no stdout")?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok((demo, serde_json::from_str(&line).context("the demo did not start")?))
}
