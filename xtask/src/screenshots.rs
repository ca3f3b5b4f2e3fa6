//! `cargo xtask screenshots`: every page of the dashboard, on the demo's ledger, on one in which there is
//! nothing, and on one of many calls, models and teams; at three widths, in light and dark, as pictures to
//! look at. No test: what is ugly is for people to say.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::bench::sandbox::{Sandbox, Simulator};
use crate::step::{self, cargo, say};
use crate::{test, workspace};

/// Which of the demo's stand in the documentation: each page at a desk, and on a phone at night.
const KEPT: [&str; 2] = ["-1280-light.png", "-390-dark.png"];

/// The calls of a ledger that has many, over thirteen months.
const MANY: &str = "50000";
/// The ranges of which the overview is photographed there, beside the usual one.
const RANGES: [&str; 2] = ["24h", "365d"];
/// What the names of pictures of the other ledgers begin with.
const NONE: &str = "none-";
const FULL: &str = "many-";
const NAME: &str = "photographer";
const PASSWORD: &str = "a-name-for-pictures-1";

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
    let (program, folder) = (target.join("debug/bursar"), target.join("screenshots"));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let pictures = |walk: Value| {
        let script = workspace::root().join("tests/it/clients/dashboard_pictures.cjs");
        let mut pictures = Command::new(&node.program);
        pictures.env("NODE_PATH", &node.modules).env("BURSAR_TEST_CHROMIUM", &browser);
        step::run(pictures.env("BURSAR_WALK", walk.to_string()).arg(script))
    };
    let (mut demo, told) = demo(&program, &folder)?;
    let dashboard = &told["gateway"]["dashboard"];
    let taken = pictures(json!({"url": dashboard["url"], "link": dashboard["link"],
        "folder": folder, "prefix": "", "ranges": []}));
    // Told as by Ctrl-C, so that its streams are settled.
    step::run(Command::new("kill").args(["-TERM", &demo.id().to_string()]))?;
    demo.wait()?;
    taken?;
    for (prefix, calls, ranges) in [(NONE, None, &RANGES[..0]), (FULL, Some(MANY), &RANGES[..])] {
        let (sandbox, server, url) = served(&program, &folder, calls)?;
        pictures(json!({"url": url, "name": NAME, "password": PASSWORD,
            "folder": folder, "prefix": prefix, "ranges": ranges}))?;
        server.end()?;
        drop(sandbox);
    }
    if keeps {
        keep(&folder)?;
    }
    say(&format!("the pictures are in {}", folder.display()));
    Ok(())
}

/// A server on a ledger of its own, with nothing in it or with so many calls, and where its pages are.
fn served(
    program: &Path,
    folder: &Path,
    calls: Option<&str>,
) -> Result<(Sandbox, Simulator, String)> {
    let sandbox = Sandbox::new(folder)?;
    if let Some(calls) = calls {
        let fill = "ledger fill --months 13 --teams 50 --models 40 --seed 1 --calls";
        step::run(sandbox.program(program).args(fill.split(' ')).arg(calls))?;
    }
    let mut create = sandbox.program(program);
    let create = create.args(["user", "create", NAME, "--role", "admin"]);
    let mut create = create.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    create.stdin.take().context("no stdin")?.write_all(PASSWORD.as_bytes())?;
    anyhow::ensure!(create.wait()?.success(), "the account was not made");
    let mut serve = sandbox.program(program);
    let serve = serve.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    // Nothing is called: what is there was filled in.
    let nowhere = [("AWS_ACCESS_KEY_ID", "none"), ("AWS_SECRET_ACCESS_KEY", "none")];
    let mut server = Simulator::of(serve.envs(nowhere).env("AWS_REGION", "us-east-1"))?;
    let url = server.next_url("admin on ")?;
    Ok((sandbox, server, url))
}

fn keep(folder: &Path) -> Result<()> {
    let images = workspace::root().join("docs/images");
    fs::create_dir_all(&images)?;
    let named = |folder: &Path| -> Result<Vec<PathBuf>> {
        let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        let paths = paths.collect::<Result<Vec<_>>>()?;
        let is_kept = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| {
                let is_demos = ![NONE, FULL].iter().any(|prefix| name.starts_with(prefix));
                is_demos && KEPT.iter().any(|end| name.ends_with(end))
            })
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
