//! How fast calls are admitted, beside the least that a guarded budget needs.
//!
//! `cargo run --release --example bench_admission -- URL CALLS` prints one line of JSON. Callers
//! only reserve; what they hold stays open. On PostgreSQL it starts itself as three processes. The
//! programs that are compared run in turns on one ledger, so that both see the same tables.

mod bare;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use bursar_domain::budget::Mode;
use bursar_domain::call::{CallId, Intent, Operation, Reach};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Limit, LimitId, OnLimit, Unit};
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::price::{Routing, Tier};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::Clock;
use bursar_ledger::{Admission, Admitted, Change, DatabaseUrl, Ledger, OpenOptions};
use serde_json::json;

type Outcomes<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Calls that wait on one budget.
const WAITING: usize = 64;
/// Room for all there is: none of what is measured is a refusal.
const ROOM: i64 = 1 << 60;
const ROUNDS: usize = 4;
const PROCESSES: usize = 3;
/// Holds that are open when a thousand of them are swept.
const OPEN: usize = 100_000;
const EXPIRED: usize = 1_000;
const USAGE: &str = "usage: bench_admission URL CALLS\nhint: sqlite:/dev/shm/bench.db 10000";

#[tokio::main]
async fn main() -> Outcomes<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [url, calls] => measure(url, calls.parse()?).await,
        ["process", url, calls] => as_process(url, calls.parse()?).await,
        _ => Err(USAGE.into()),
    }
}

async fn measure(url: &str, calls: usize) -> Outcomes<()> {
    let ledger = open(url).await?;
    ledger.change("a benchmark", limits().into_iter().map(Change::SetLimit).collect()).await?;
    let mut held = Vec::new();
    let swept = sweep(url, &ledger, &mut held).await?;
    bare::make_window(url).await?;
    let is_sqlite = url.starts_with("sqlite:");
    let mut processes = if is_sqlite { Vec::new() } else { start_processes(url, calls)? };
    let mut times = [Duration::ZERO; 4];
    // The first round warms the caches and is dropped.
    for round in 0..=ROUNDS {
        let one = reserve(&ledger, "one", calls, &mut held).await?;
        let eight = reserve(&ledger, "eight", calls, &mut held).await?;
        let (bare, three) = if is_sqlite {
            (bare::grouped(url, round, calls).await?, Duration::ZERO)
        } else {
            (bare::singly(url, round, calls).await?, run_processes(&mut processes)?)
        };
        for (sum, time) in times.iter_mut().zip([one, eight, bare, three]) {
            *sum += if round > 0 { time } else { Duration::ZERO };
        }
    }
    let rate = |time: Duration, processes: usize| {
        let calls = (calls * ROUNDS * processes) as u128;
        (calls * 1_000_000).checked_div(time.as_micros())
    };
    println!(
        "{}",
        json!({
            "one_per_s": rate(times[0], 1),
            "eight_per_s": rate(times[1], 1),
            "bare_per_s": rate(times[2], 1),
            "three_per_s": rate(times[3], PROCESSES),
            "sweep_us": swept.as_micros(),
        })
    );
    for (process, _) in &mut processes {
        process.kill()?;
        process.wait()?;
    }
    // With the ledger closed, the holds stay as they are.
    ledger.close().await?;
    drop(held);
    Ok(())
}

async fn open(url: &str) -> Outcomes<Ledger> {
    let address = DatabaseUrl::parse(url)?;
    Ok(Ledger::open(&address, OpenOptions::new(Clock::system())).await?)
}

/// One limit on the team `one`, eight on the team `eight`.
fn limits() -> Vec<Limit> {
    let limit = |team: &str, unit: Unit, span: Span| Limit {
        id: LimitId(format!("{team}-{unit}-{span}")),
        scope: Scope::default().with(Facet::Team, team),
        each: None,
        unit,
        span,
        zone: Zone::UTC,
        mode: Mode::Hard,
        on_limit: OnLimit::Refuse,
        amount: Micros(ROOM),
    };
    let money = [Span::Total, Span::Quarter, Span::Month, Span::Week, Span::Day, Span::Hour];
    let mut limits = vec![limit("one", Unit::Usd, Span::Total)];
    limits.extend(money.into_iter().map(|span| limit("eight", Unit::Usd, span)));
    limits.push(limit("eight", Unit::Tokens, Span::Total));
    limits.push(limit("eight", Unit::Requests, Span::Total));
    limits
}

/// How long so many calls take, as many at a time as wait on one budget.
async fn reserve(
    ledger: &Ledger,
    team: &'static str,
    calls: usize,
    held: &mut Vec<Admitted>,
) -> Outcomes<Duration> {
    let start = Instant::now();
    let callers: Vec<_> = (0..WAITING)
        .map(|caller| {
            let share = (caller..calls).step_by(WAITING).len();
            tokio::spawn(one_caller(ledger.clone(), team, share))
        })
        .collect();
    for caller in callers {
        held.extend(caller.await??);
    }
    Ok(start.elapsed())
}

async fn one_caller(ledger: Ledger, team: &'static str, calls: usize) -> Outcomes<Vec<Admitted>> {
    let mut held = Vec::with_capacity(calls);
    let mut intent = intent(team);
    for _ in 0..calls {
        intent.started_at = Clock::system().now();
        intent.id = CallId::new(intent.started_at, &Entropy::system().bytes());
        match ledger.reserve(intent.clone()).await? {
            Admission::Admitted(admitted) => held.push(admitted),
            Admission::Refused(refusal) => return Err(refusal.to_string().into()),
        }
    }
    Ok(held)
}

fn intent(team: &str) -> Intent {
    let now = Clock::system().now();
    Intent {
        id: CallId::new(now, &[0; 10]),
        started_at: now,
        attribution: Attribution {
            team: Some(team.to_owned()),
            key: Some("key-1".into()),
            ..Attribution::default()
        },
        operation: Operation::ConverseStream,
        model_requested: "claude".into(),
        model: ModelId::parse("anthropic.claude-sonnet-4-5-20250929-v1:0")
            .unwrap_or_else(|| unreachable!("a known id")),
        region: "us-east-1".into(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: None,
        ceiling: Cost::from_pico(20_000_000_000),
        ceiling_tokens: Some(2_000),
        request_hmac: None,
        reach: Reach::default(),
        simulated: true,
    }
}

/// A process of this program, and what it says.
type Process = (Child, BufReader<ChildStdout>);

/// Starts three, which wait for a word. They stay to the end, so that nobody sweeps what they hold.
fn start_processes(url: &str, calls: usize) -> Outcomes<Vec<Process>> {
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["process", url, &calls.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("a process has no stdout")?;
        processes.push((process, BufReader::new(stdout)));
    }
    processes.iter_mut().try_for_each(|process| expect(process, "ready"))?;
    Ok(processes)
}

/// How long they take for so many calls each, on the one budget.
fn run_processes(processes: &mut [Process]) -> Outcomes<Duration> {
    let start = Instant::now();
    for (process, _) in processes.iter_mut() {
        writeln!(process.stdin.as_mut().ok_or("a process has no stdin")?, "go")?;
    }
    processes.iter_mut().try_for_each(|process| expect(process, "done"))?;
    Ok(start.elapsed())
}

fn expect((_, stdout): &mut Process, word: &str) -> Outcomes<()> {
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    if line.trim() == word {
        return Ok(());
    }
    Err(format!("a process said `{}` instead of `{word}`", line.trim()).into())
}

/// One of the three.
async fn as_process(url: &str, calls: usize) -> Outcomes<()> {
    let ledger = open(url).await?;
    let mut held = Vec::new();
    // Connections and what is known by heart are there before the time is taken.
    reserve(&ledger, "one", WAITING, &mut held).await?;
    println!("ready");
    while std::io::stdin().read_line(&mut String::new())? > 0 {
        reserve(&ledger, "one", calls, &mut held).await?;
        println!("done");
    }
    Ok(())
}

/// How long it takes to sweep a thousand of a hundred thousand open holds.
async fn sweep(url: &str, ledger: &Ledger, held: &mut Vec<Admitted>) -> Outcomes<Duration> {
    reserve(ledger, "one", OPEN - EXPIRED, held).await?;
    let other = open(url).await?;
    let mut expired = Vec::new();
    reserve(&other, "one", EXPIRED, &mut expired).await?;
    other.close().await?;
    let start = Instant::now();
    let swept = ledger.sweep().await?;
    let took = start.elapsed();
    drop(expired);
    if swept != EXPIRED as u64 {
        return Err(format!("{swept} holds were swept, not {EXPIRED}").into());
    }
    Ok(took)
}
