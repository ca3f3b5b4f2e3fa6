//! A stranger's first minutes: the release build from an empty target directory.

use std::time::Instant;

use anyhow::Result;

use super::report::Finding;
use super::sandbox::Sandbox;
use crate::step::{self, cargo};
use crate::workspace::target_directory;

pub(super) fn run() -> Result<Vec<Finding>> {
    // The crates themselves are taken as downloaded: that part measures somebody's network.
    step::run(&mut cargo(["fetch", "--locked"]))?;
    let sandbox = Sandbox::new(&target_directory()?)?;
    let start = Instant::now();
    let mut build = cargo(["build", "--release", "--locked"]);
    step::run(build.env("CARGO_TARGET_DIR", sandbox.path()))?;
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    Ok(vec![Finding::plain("release build, nothing built before", format!("{minutes:.1} minutes"))])
}
