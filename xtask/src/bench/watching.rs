//! What it costs the server that somebody watches `/live` while many streams run: the processor time it
//! uses with the page open, less what it uses without.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::gateway::cpu_us;
use super::load::{self, Held};
use super::report::Finding;
use super::sandbox::{Sandbox, Simulator, binary};
use super::visitor::{PASSWORD, Visitor, sign_up};

const NAME: &str = "watcher";
const STREAMS: u32 = 500;
const CORE_PERCENT_MOST: f64 = 5.0;
/// The page comes every two seconds: of so many the figure is a mean.
const UPDATES: usize = 10;
const WITHOUT: Duration = Duration::from_secs(10);
/// So long after the streams have begun nothing but themselves is left to do.
const SETTLED: Duration = Duration::from_secs(3);

/// On a ledger of its own below `folder`.
pub(super) fn run(folder: &Path) -> Result<[Finding; 2]> {
    load::build("bursar-simulator", &["load"])?;
    let (sandbox, upstream) = (Sandbox::new(folder)?, Simulator::start()?);
    sign_up(sandbox.program(&binary("bursar")?), NAME)?;
    let serve = ["serve", "--open", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let mut program = upstream.called_by(sandbox.program(&binary("bursar")?));
    let log = File::create(sandbox.path().join("log"))?;
    let mut server = Simulator::of(program.args(serve).stderr(log))?;
    let visitor = Visitor::new(&server.next_url("admin on ")?, NAME, PASSWORD)?;
    let held = Held::open(server.url(), STREAMS, None)?;
    thread::sleep(SETTLED);
    let process = server.process_id();
    let without = percent(process, || {
        thread::sleep(WITHOUT);
        Ok(())
    })?;
    let mut page = BufReader::new(visitor.watch("/live")?);
    ensure!(update(&mut page)?.contains(&format!("data-value=\"{STREAMS}\"")), "not all run");
    let with = percent(process, || (0..UPDATES).try_for_each(|_| update(&mut page).map(drop)))?;
    drop((page, held));
    server.end()?;
    let what = format!("a core's share for `/live` with {STREAMS} streams, SQLite");
    Ok([
        Finding::plain("the same server, which nobody watches", format!("{without:.2} %")),
        Finding::at_most(what, with - without, CORE_PERCENT_MOST, " %"),
    ])
}

/// How much of a core a process uses while something is done.
fn percent(process: u32, done: impl FnOnce() -> Result<()>) -> Result<f64> {
    let (start, before) = (Instant::now(), cpu_us(process)?);
    done()?;
    let used = cpu_us(process)? - before;
    Ok(used / start.elapsed().as_secs_f64() / 1e6 * 100.0)
}

/// The next that the page is told: the lines of an event, up to the empty one behind it.
fn update(page: &mut BufReader<TcpStream>) -> Result<String> {
    let mut event = String::new();
    loop {
        let mut line = String::new();
        ensure!(page.read_line(&mut line)? > 0, "the page is not kept fresh any more");
        let line = line.trim_end();
        if line.is_empty() && event.contains("data: ") {
            return Ok(event);
        }
        event.push_str(line);
        event.push('\n');
    }
}
