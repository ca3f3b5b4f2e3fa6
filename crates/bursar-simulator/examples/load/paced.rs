//! Plain calls at a rate, whatever the answers take: what a caller of a server that is not full
//! waits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::client::{Client, Question, read};
use crate::{CONNECTIONS, Failure, percentile};

/// Asks `count` times, so many a second over all connections.
pub(crate) async fn run(question: &Arc<Question>, count: u64, rate: u32) -> Result<Value, Failure> {
    let count = u32::try_from(count)?;
    let mut ready = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(question).await?;
        // Whatever lies behind the server is connected then, too.
        read(client.ask(question).await?).await?;
        ready.push(client);
    }
    let (start, between) = (Instant::now(), Duration::from_secs(1) / rate.max(1));
    let mut running = JoinSet::new();
    for (client, number) in ready.into_iter().zip(0..) {
        let turns = (number..count).step_by(usize::try_from(CONNECTIONS)?);
        let dues = turns.map(|turn| start + between * turn).collect();
        running.spawn(ask_at(client, Arc::clone(question), dues));
    }
    let mut took = Vec::new();
    while let Some(of_one) = running.join_next().await {
        took.extend(of_one??);
    }
    let seconds = start.elapsed().as_secs_f64();
    let (p50, p99) = (percentile(&mut took, 50), percentile(&mut took, 99));
    Ok(json!({"seconds": seconds, "p50_us": p50, "p99_us": p99}))
}

/// How long each took. One that could not be asked in time, since the last was not answered yet,
/// took from when it was due.
async fn ask_at(
    mut client: Client,
    question: Arc<Question>,
    dues: Vec<Instant>,
) -> Result<Vec<Duration>, Failure> {
    let mut took = Vec::new();
    for due in dues {
        let is_late = Instant::now() > due;
        sleep_until(due).await;
        // The timer's own coarseness is no wait for the server.
        let from = if is_late { due } else { Instant::now() };
        read(client.ask(&question).await?).await?;
        took.push(from.elapsed());
    }
    Ok(took)
}
