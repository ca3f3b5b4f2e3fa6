//! Streams whose frames come one by one: when the first came, and what lay between two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, Question, next};
use crate::{Failure, percentile};

/// A model that is quick: 20 ms to the first frame, and 10 ms to each of forty more.
pub(crate) const WORDS: &str = "output=40 pieces=40 delay-ms=20 gap-ms=10";
/// Streams at once.
const AT_ONCE: u64 = 32;

/// Takes `count` streams, some of them at once.
pub(crate) async fn run(question: &Arc<Question>, count: u64) -> Result<Value, Failure> {
    let mut ready = Vec::new();
    for _ in 0..AT_ONCE {
        ready.push(Client::connect(question).await?);
    }
    let mut running = JoinSet::new();
    for (mut client, number) in ready.into_iter().zip(0..) {
        let question = Arc::clone(question);
        running.spawn(async move {
            // Not all in one instant: real streams do not begin so.
            tokio::time::sleep(Duration::from_millis(number)).await;
            let mut seen = Seen::default();
            for _ in 0..count / AT_ONCE {
                seen.take(&mut client, &question).await?;
            }
            Ok::<_, Failure>(seen)
        });
    }
    let mut all = Seen::default();
    while let Some(seen) = running.join_next().await {
        let seen = seen??;
        all.firsts.extend(seen.firsts);
        all.gaps.extend(seen.gaps);
    }
    Ok(json!({
        "first_p50_us": percentile(&mut all.firsts, 50),
        "gap_p50_us": percentile(&mut all.gaps, 50),
        "gap_p99_us": percentile(&mut all.gaps, 99),
        "gaps": all.gaps.len(),
    }))
}

#[derive(Default)]
struct Seen {
    /// From the request to the first piece of the body.
    firsts: Vec<Duration>,
    /// Between two pieces that came apart.
    gaps: Vec<Duration>,
}

impl Seen {
    async fn take(&mut self, client: &mut Client, question: &Question) -> Result<(), Failure> {
        let asked = Instant::now();
        let mut body = client.ask(question).await?;
        let mut last = None;
        while next(&mut body).await?.is_some() {
            let now = Instant::now();
            match last.replace(now) {
                Some(last) => self.gaps.push(now - last),
                None => self.firsts.push(now - asked),
            }
        }
        Ok(())
    }
}
