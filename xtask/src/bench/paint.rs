//! When a browser first shows something of the overview, as the browser itself tells it. Every load is
//! in a profile of its own, so that the style sheet is loaded, too.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::report::Finding;
use super::timing::{median, millis};
use crate::step::{output, say};
use crate::{test, workspace};

const LOADS: usize = 11;
const FIRST_MS_MOST: f64 = 500.0;

/// The first paint on a dashboard, for somebody with that name and password.
pub(super) fn first(what: &str, url: &str, (name, password): (&str, &str)) -> Result<Finding> {
    let (node, browser) = test::browser()?;
    let walk = json!({"url": url, "name": name, "password": password, "loads": LOADS});
    let script = workspace::root().join("tests/it/clients/dashboard_paint.cjs");
    let mut loads = Command::new(&node.program);
    loads.env("NODE_PATH", &node.modules).env("BURSAR_TEST_CHROMIUM", browser);
    let told = output(loads.env("BURSAR_WALK", walk.to_string()).arg(script))?;
    let told: Value = serde_json::from_str(&told).context("the browser told no JSON")?;
    let times = told["first_paint_ms"].as_array().context("the browser told no times")?;
    let times = times.iter().map(|ms| Some(Duration::from_secs_f64(ms.as_f64()? / 1e3)));
    let times: Vec<Duration> = times.collect::<Option<_>>().context("a time is no number")?;
    anyhow::ensure!(times.len() == LOADS, "{} of {LOADS} loads were told", times.len());
    say(&format!("{what}: {times:?}"));
    Ok(Finding::at_most(what, millis(median(times)), FIRST_MS_MOST, " ms"))
}
