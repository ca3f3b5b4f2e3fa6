//! Every page of the dashboard, on ledgers of ten thousand, a million and ten million calls.
//!
//! The ledgers are filled by `bursar ledger fill`, the list of pages is read from the server. A page's
//! time is what a visitor on the same machine waits for its last byte. Files that are filled once can be
//! kept for another run.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::Finding;
use super::sandbox::{Sandbox, Simulator, binary};
use super::timing::millis;
use super::visitor::{PASSWORD, Visitor, sign_up};
use super::{paint, watching};
use crate::postgres::{Postgres, Purpose};
use crate::step::{output, say};
use crate::workspace::target_directory;

/// How many calls, where nothing else is asked for by [`SIZES_ASKED`].
const SIZES: &str = "10000,1000000,10000000";
/// Other sizes, with commas between: ten million take a while, and some 15 GB.
const SIZES_ASKED: &str = "BURSAR_BENCH_CALLS";
/// A folder for SQLite's ledgers, with what was told of their filling: those that are there already are
/// used as they are.
const LEDGERS_KEPT: &str = "BURSAR_BENCH_LEDGERS";
/// Visits to a page that count; one before them warms up.
const VISITS: usize = 20;
const P95_MS_MOST: f64 = 100.0;
const GROWTH_MOST: f64 = 2.0;
/// A page that is quicker than this has not grown, whatever the ratio says: less is the machine's noise.
const NOISE_MS: f64 = 5.0;
const WEIGHT_KB_MOST: f64 = 150.0;
/// What sessions hang on where no file stands beside the ledger.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What a page took: its p95 in milliseconds by the number of calls, and its weight at the last.
#[derive(Default)]
struct Page {
    p95_ms: Vec<(u64, f64)>,
    weight_kb: f64,
}

type Pages = BTreeMap<String, Page>;

pub(super) fn run() -> Result<Vec<Finding>> {
    let asked = setting(SIZES_ASKED).unwrap_or_else(|| SIZES.to_owned());
    let sizes = asked.split(',').map(|size| size.trim().parse::<u64>());
    let sizes: Vec<u64> = sizes.collect::<Result<_, _>>().context("sizes are whole numbers")?;
    let folder = target_directory()?;
    let mut findings = Vec::new();
    let mut pages = Pages::new();
    for size in &sizes {
        let sandbox = Sandbox::new(&folder)?;
        let kept = setting(LEDGERS_KEPT).map(PathBuf::from);
        let kept = kept.unwrap_or_else(|| sandbox.path().to_owned()).join(format!("sqlite-{size}"));
        let ledger = format!("sqlite:{}", kept.with_extension("db").display());
        let told = kept.with_extension("json");
        measure(("SQLite", &sandbox, &ledger), (*size, Some(&told)), (&mut findings, &mut pages))?;
    }
    tell("SQLite", &pages, &mut findings)?;
    let mut pages = Pages::new();
    for size in &sizes {
        // Below /tmp: the server's own user may not enter a checkout.
        let postgres = Postgres::start(Purpose::Measurement, &env::temp_dir())?;
        let sandbox = Sandbox::new(&folder)?;
        let of = ("PostgreSQL", &sandbox, postgres.url());
        measure(of, (*size, None), (&mut findings, &mut pages))?;
        postgres.stop()?;
    }
    tell("PostgreSQL", &pages, &mut findings)?;
    findings.extend(watching::run(&folder)?);
    Ok(findings)
}

/// Fills a ledger, and visits every page of a server on it.
fn measure(
    (database, sandbox, ledger): (&str, &Sandbox, &str),
    (calls, told): (u64, Option<&Path>),
    (findings, pages): (&mut Vec<Finding>, &mut Pages),
) -> Result<()> {
    let bursar = binary("bursar")?;
    let program = || {
        let mut program = sandbox.program(&bursar);
        program.env("BURSAR_LEDGER", ledger).env("BURSAR_MASTER_KEY", MASTER_KEY);
        program
    };
    say(&format!("{database}: {calls} calls"));
    findings.extend(fill((database, calls), (program(), told))?);
    // What is queued for blocks would be sealed beside the pages.
    output(program().args(["ledger", "seal"]))?;
    // A ledger that is kept knows those of earlier runs.
    let name = format!("bench-{}", std::process::id());
    sign_up(program(), &name)?;
    let upstream = Simulator::start()?;
    let mut serve = upstream.called_by(program());
    let serve = serve.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let log = fs::File::create(sandbox.path().join("log"))?;
    let mut server = Simulator::of(serve.stderr(log))?;
    let url = server.next_url("admin on ")?;
    let visitor = Visitor::new(&url, &name, PASSWORD)?;
    for path in paths(&visitor)? {
        let (p95, body) = visits(&visitor, &path)?;
        let page = pages.entry(label(&path)).or_default();
        page.p95_ms.push((calls, p95));
        page.weight_kb = compressed_kb(&body)?;
    }
    let what = format!("first paint of the overview, {calls} calls, {database}, median");
    findings.push(paint::first(&what, &url, (&name, PASSWORD))?);
    server.end().map(drop)
}

#[expect(clippy::disallowed_methods, reason = "this tool has no settings to read it")]
fn setting(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Fills a ledger, unless it was filled before.
fn fill(
    (database, calls): (&str, u64),
    (mut program, kept): (Command, Option<&Path>),
) -> Result<[Finding; 2]> {
    let mut fill = || {
        let fill = "ledger fill --json --months 13 --teams 50 --models 40 --seed 1 --calls";
        output(program.args(fill.split(' ')).arg(calls.to_string()))
    };
    let told = kept.and_then(|kept| fs::read_to_string(kept).ok());
    let told = told.map_or_else(&mut fill, Ok)?;
    if let Some(kept) = kept {
        fs::write(kept, &told)?;
    }
    let told: Value = serde_json::from_str(&told).context("`fill` printed no JSON")?;
    let figure = |name: &str| told[name].as_f64().with_context(|| format!("no `{name}` in {told}"));
    let what = format!("filled, {calls} calls, {database}");
    let rate = Finding::plain(what, format!("{:.0} calls/s", figure("calls_per_second")?));
    let bytes = format!("{:.0} bytes", figure("bytes_per_call")?);
    Ok([rate, Finding::plain(format!("room for a call, {calls} calls, {database}"), bytes)])
}

/// Every page that is linked to, the first of each kind that names one thing, and the lists of calls by
/// what they can be picked by.
fn paths(visitor: &Visitor) -> Result<Vec<String>> {
    let mut paths: Vec<String> = Vec::new();
    let pages = visitor.links("/")?;
    let is_page = |link: &&String| {
        let is_file = link.contains('.') && !link.starts_with("/models/");
        !is_file
            && !link.starts_with("/assets")
            && !link.starts_with("/api")
            && link.as_str() != "/logout"
    };
    let kind = |link: &str| label(link);
    for from in pages.iter().filter(is_page).cloned().collect::<Vec<_>>() {
        for link in visitor.links(&from)?.iter().chain([&from]).filter(is_page) {
            if !paths.iter().any(|known| kind(known) == kind(link)) {
                paths.push(link.clone());
            }
        }
    }
    let year = ["/", "/spend", "/models", "/reliability", "/versions"];
    paths.extend(year.map(|path| over(path, "365d")));
    let day = ["/", "/spend", "/models", "/reliability"];
    paths.extend(day.map(|path| over(path, "24h")));
    let groups = ["user", "region", "key", "team&then=model"];
    paths.extend(groups.map(|group| over(&format!("/spend?group={group}"), "30d")));
    let picked = ["outcome=abandoned", "outcome=cut", "team=translation", "model=none.such"];
    paths.extend(picked.map(|pick| over(&format!("/calls?{pick}"), "365d")));
    Ok(paths)
}

/// A page over a range.
fn over(path: &str, range: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}range={range}")
}

/// A page's path, without the one thing that it names.
fn label(path: &str) -> String {
    match path[1..].split_once('/') {
        Some((kind, _)) => format!("/{kind}/…"),
        None => path.to_owned(),
    }
}

/// The p95 in milliseconds, and the page.
fn visits(visitor: &Visitor, path: &str) -> Result<(f64, Vec<u8>)> {
    let (_, body) = visitor.open(path)?;
    let took = (0..VISITS).map(|_| Ok(visitor.open(path)?.0));
    let mut took: Vec<Duration> = took.collect::<Result<_>>()?;
    took.sort_unstable();
    let place = (took.len() * 95).div_ceil(100) - 1;
    Ok((millis(took.get(place).copied().unwrap_or_default()), body))
}

/// What a page would weigh on a wire that compresses.
fn compressed_kb(body: &[u8]) -> Result<f64> {
    let mut gzip = Command::new("gzip");
    let mut gzip = gzip.arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = gzip.stdin.take().context("no stdin")?;
    let body = body.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&body));
    let out = gzip.wait_with_output()?;
    writing.join().ok().context("gzip was not written to")??;
    Ok(u32::try_from(out.stdout.len()).map_or(f64::INFINITY, f64::from) / 1_000.0)
}

fn tell(database: &str, pages: &Pages, findings: &mut Vec<Finding>) -> Result<()> {
    for (path, page) in pages {
        let (_, first) = page.p95_ms.first().context("no page was opened")?;
        let (_, last) = page.p95_ms.last().context("no page was opened")?;
        let figures = page.p95_ms.iter().map(|(_, ms)| format!("{ms:.1}"));
        let has_grown = *last > NOISE_MS && *last > GROWTH_MOST * first;
        let target = format!("≤ {P95_MS_MOST} ms, ≤ {GROWTH_MOST} × the first");
        findings.push(Finding {
            what: format!("`{path}`, p95, {database}"),
            figure: format!("{} ms", figures.collect::<Vec<_>>().join(" / ")),
            target: Some((target, *last <= P95_MS_MOST && !has_grown)),
        });
    }
    let heaviest = pages.values().map(|page| page.weight_kb).fold(0.0, f64::max);
    let what = format!("the heaviest page, compressed, {database}");
    findings.push(Finding::at_most(what, heaviest, WEIGHT_KB_MOST, " KB"));
    Ok(())
}
