//! OpenTelemetry over OTLP (HTTP, protobuf): a span and the sums of each call that has ended, where an
//! endpoint is named.
//!
//! A call leaves its span in a queue that has an end and goes on: a collector that is slow or away
//! delays nothing, and what does not fit is dropped and counted. The message types are
//! OpenTelemetry's; its SDK is not used (decision 0015).

mod attributes;
mod spans;
mod sums;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bursar_core::{Ended, Hook, Witness};
use bursar_domain::entropy::Entropy;
use bursar_domain::time::Clock;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use sums::Sums;

/// Spans that wait to be sent.
const QUEUE_MAX: usize = 2_048;
/// Spans of one message.
const BATCH_MAX: usize = 512;
/// How long the end of the process waits for its last messages.
const LAST_MESSAGES: Duration = Duration::from_secs(5);

/// Where telemetry goes, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    /// Where spans are posted to.
    pub(crate) traces: Hook,
    /// Where sums are posted to.
    pub(crate) metrics: Hook,
    /// `service.name`, and what else tells this process from others.
    pub(crate) resource: Vec<(String, String)>,
    /// The longest that a span waits.
    pub(crate) spans_every: Duration,
    /// How often sums are told.
    pub(crate) metrics_every: Duration,
}

/// What has become of spans so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Taken by the collector.
    pub(crate) exported: AtomicU64,
    /// Not taken, or no room.
    pub(crate) dropped: AtomicU64,
}

/// The running export.
#[derive(Debug)]
pub(crate) struct Telemetry {
    witness: Witness,
    counts: Arc<Counts>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Telemetry {
    /// Starts it, within a Tokio runtime.
    pub(crate) fn start(destination: Destination) -> Self {
        let (clock, entropy) = (Clock::system(), Entropy::system());
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let (stop, stopped) = oneshot::channel();
        let (counts, sums) = (Arc::new(Counts::default()), Arc::new(Sums::new(clock.now())));
        let export = Export {
            resource: resource(&destination.resource),
            destination,
            clock,
            sums: Arc::clone(&sums),
            counts: Arc::clone(&counts),
        };
        let of_witness = Arc::clone(&counts);
        let witness = Witness::new(move |ended: &Ended<'_>| {
            sums.add(ended);
            let span = spans::of(ended, &entropy);
            if span.is_some_and(|span| queue.try_send(span).is_err()) {
                of_witness.dropped.fetch_add(1, Ordering::Relaxed);
            }
        });
        let task = tokio::spawn(export.run(waiting, stopped));
        Self { witness, counts, stop, task }
    }

    /// Who is told of calls.
    pub(crate) fn witness(&self) -> Witness {
        self.witness.clone()
    }

    /// What has become of spans.
    pub(crate) fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Sends what waits, for a while.
    pub(crate) async fn stop(self) {
        // A task that has ended has nothing left to send.
        let _ = self.stop.send(());
        if tokio::time::timeout(LAST_MESSAGES, self.task).await.is_err() {
            tracing::warn!("the last spans and metrics were not taken in time, and are lost");
        }
    }
}

/// The task that sends.
struct Export {
    destination: Destination,
    resource: Resource,
    clock: Clock,
    sums: Arc<Sums>,
    counts: Arc<Counts>,
}

impl Export {
    async fn run(self, mut waiting: mpsc::Receiver<Span>, mut stopped: oneshot::Receiver<()>) {
        let mut spans_due = interval(self.destination.spans_every);
        let mut metrics_due = interval(self.destination.metrics_every);
        spans_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        metrics_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        loop {
            let room = BATCH_MAX - batch.len();
            tokio::select! {
                _ = &mut stopped => break,
                _ = spans_due.tick() => self.spans(&mut batch).await,
                _ = metrics_due.tick() => self.metrics().await,
                taken = waiting.recv_many(&mut batch, room) => match taken {
                    0 => break,
                    _ if batch.len() == BATCH_MAX => self.spans(&mut batch).await,
                    _ => {}
                },
            }
        }
        waiting.close();
        while let Some(span) = waiting.recv().await {
            batch.push(span);
            if batch.len() == BATCH_MAX {
                self.spans(&mut batch).await;
            }
        }
        self.spans(&mut batch).await;
        self.metrics().await;
    }

    async fn spans(&self, batch: &mut Vec<Span>) {
        if batch.is_empty() {
            return;
        }
        let spans = std::mem::take(batch);
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let message = spans::message(self.resource.clone(), spans).encode_to_vec();
        let counted = match self.destination.traces.post_protobuf(message).await {
            Ok(()) => &self.counts.exported,
            Err(why) => {
                tracing::warn!(count, "spans were not taken: {why}");
                &self.counts.dropped
            }
        };
        counted.fetch_add(count, Ordering::Relaxed);
    }

    /// Sums are told again with the next message, so one that is not taken loses nothing.
    async fn metrics(&self) {
        let Some(message) = self.sums.message(self.resource.clone(), self.clock.now()) else {
            return;
        };
        let posted = self.destination.metrics.post_protobuf(message.encode_to_vec()).await;
        if let Err(why) = posted {
            tracing::warn!("metrics were not taken: {why}");
        }
    }
}

fn resource(pairs: &[(String, String)]) -> Resource {
    let attributes = pairs.iter().map(|(key, value)| attributes::text(key, value)).collect();
    Resource { attributes, ..Resource::default() }
}
