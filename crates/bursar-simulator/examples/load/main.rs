//! A load for whatever answers Converse: the simulator, a proxy before it, the gateway.
//!
//! `load WHAT URL COUNT [KEYS]`, where `KEYS` is a file of bearer tokens, one a line, used in turns.
//! `converse` and `frames` are as many as come through, `paced-RATE` are plain calls at a rate,
//! `spaced` are streams whose frames are timed; each prints one JSON object. `hold` begins streams,
//! says `open`, and holds them until stdin ends.

mod client;
mod paced;
mod spaced;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;

use client::{Client, Question, read};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// As many as a busy test suite has; each sends its next request when its last is answered.
const CONNECTIONS: u64 = 64;
/// What one of many streams says: every token is a piece, and a frame.
const LONG: &str = "output=1000 pieces=1000";
/// A usual answer, whose second frame nobody waits for.
const HELD: &str = "output=500 gap-ms=600000";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, url, count, keys) = match arguments.as_slice() {
        [what, url, count] => (what, url, count, None),
        [what, url, count, keys] => (what, url, count, Some(keys)),
        _ => return Err("usage: load WHAT URL COUNT [KEYS]".into()),
    };
    let address = url.strip_prefix("http://").ok_or("the URL begins with `http://`")?;
    let count: u64 = count.parse()?;
    let keys = keys.map(std::fs::read_to_string).transpose()?;
    let question = |words| Question::new(address, words, keys.as_deref());
    let told = match what.as_str() {
        "converse" => run(Arc::new(question("")?), count).await?,
        "frames" => run(Arc::new(question(LONG)?), count).await?,
        "spaced" => spaced::run(&Arc::new(question(spaced::WORDS)?), count).await?,
        "hold" => return hold(&question(HELD)?, count).await,
        _ => {
            let rate = what.strip_prefix("paced-").ok_or_else(|| format!("`{what}` is no load"))?;
            paced::run(&Arc::new(question("")?), count, rate.parse()?).await?
        }
    };
    println!("{told}");
    Ok(())
}

/// Asks so many times over all connections, and reads every answer to its end.
async fn run(question: Arc<Question>, count: u64) -> Result<serde_json::Value, Failure> {
    let connections = CONNECTIONS.min(count.max(1));
    let mut ready = Vec::new();
    for _ in 0..connections {
        ready.push(Client::connect(&question).await?);
    }
    let start = Instant::now();
    let mut running = JoinSet::new();
    for (mut client, number) in ready.into_iter().zip(0..) {
        let share = count / connections + u64::from(number < count % connections);
        let question = Arc::clone(&question);
        running.spawn(async move {
            let (mut bytes, mut frames) = (0, 0);
            for _ in 0..share {
                let brought = read(client.ask(&question).await?).await?;
                bytes += brought.0;
                frames += brought.1;
            }
            Ok::<_, Failure>((bytes, frames))
        });
    }
    let (mut bytes, mut frames) = (0, 0);
    while let Some(brought) = running.join_next().await {
        let brought = brought??;
        bytes += brought.0;
        frames += brought.1;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({"seconds": seconds, "bytes": bytes, "frames": frames}))
}

/// Begins so many streams, each on a connection of its own, and holds them.
async fn hold(question: &Question, count: u64) -> Result<(), Failure> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut client = Client::connect(question).await?;
        let mut body = client.ask(question).await?;
        client::next(&mut body).await?.ok_or("a stream ended before it began")?;
        held.push((client, body));
    }
    println!("open");
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    drop(held);
    Ok(())
}

/// The duration that so many of a hundred do not exceed, in microseconds; zero of none.
fn percentile(durations: &mut [Duration], percent: usize) -> f64 {
    durations.sort_unstable();
    let at = (durations.len() * percent / 100).min(durations.len().saturating_sub(1));
    durations.get(at).map_or(0.0, |duration| duration.as_secs_f64() * 1e6)
}
