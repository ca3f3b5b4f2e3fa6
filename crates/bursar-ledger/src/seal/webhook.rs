//! Signed heads, offered to somebody else's machine: the last one until it is taken, in a task of its
//! own that nobody waits for. A head covers all before it, so one that is overtaken is not missed.
//!
//! How a head gets there is a closure's affair; nothing here knows HTTP.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::time::{Clock, Timestamp};
use sqlx::FromRow;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::head::{Head, Signer};
use crate::queue::{Queue, Task, WeakQueue};
use crate::statement::Statement;
use crate::{Error, Ledger};

pub(crate) const NOTE: Statement = Statement {
    doing: "note what became of a head",
    sql: include_str!("../../queries/note_delivery.sql"),
};
const DELIVERY: Statement = Statement {
    doing: "read what became of heads",
    sql: include_str!("../../queries/head_delivery.sql"),
};

/// How often one head is offered in vain before the next one is waited for.
const TRIES_MAX: u32 = 8;
/// How often it is offered by who waits for it.
const TRIES_AT_ONCE: u32 = 3;
/// The longest pause between two tries; each is twice the one before.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// That all is well is written down so often; that it is not, each time.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// The longest text of a failure that is kept, in bytes.
const FAILURE_BYTES_MAX: usize = 500;

/// The way of a head to its reader: done when it was taken, else why not.
pub type Offer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Where signed heads are offered. Clones share what was offered last.
#[derive(Clone)]
pub struct Webhook {
    offer: Arc<dyn Fn(String) -> Offer + Send + Sync>,
    first_pause: Duration,
    latest: watch::Sender<Option<Head>>,
}

/// What became of the last head that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadDelivery {
    /// Its block.
    pub tried_block: i64,
    /// When it was offered.
    pub tried_at: Timestamp,
    /// The last block whose head was taken, and when.
    pub taken: Option<(i64, Timestamp)>,
    /// Why the last one was not taken; `None` when it was.
    pub failure: Option<String>,
}

/// One offer, to be written down.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) block: i64,
    pub(crate) at: Timestamp,
    pub(crate) failure: Option<String>,
}

#[derive(Debug, FromRow)]
struct DeliveryRow {
    tried_block: i64,
    tried_ms: i64,
    taken_block: Option<i64>,
    taken_ms: Option<i64>,
    failure: Option<String>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

impl Webhook {
    /// Offers heads, each a JSON object, by `offer`; after a failure pauses so long, and then twice
    /// as long each time, up to a minute.
    #[must_use]
    pub fn new(
        first_pause: Duration,
        offer: impl Fn(String) -> Offer + Send + Sync + 'static,
    ) -> Self {
        Self { offer: Arc::new(offer), first_pause, latest: watch::Sender::new(None) }
    }

    /// Puts a head in the place of the one that waits, if any does.
    pub(super) fn put(&self, head: &Head) {
        self.latest.send_replace(Some(head.clone()));
    }

    async fn offer(&self, head: &Head, clock: &Clock) -> Offered {
        // Texts and numbers cannot fail to be written.
        let taken = (self.offer)(serde_json::to_string(head).unwrap_or_default()).await;
        let failure = taken.err().map(|mut why| {
            why.truncate(why.floor_char_boundary(FAILURE_BYTES_MAX));
            if why.is_empty() { "no reason was given".to_owned() } else { why }
        });
        Offered { block: head.block, at: clock.now(), failure }
    }

    fn pause(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first_pause.saturating_mul(doubled).min(PAUSE_MAX)
    }
}

/// Offers heads for as long as somebody publishes any.
pub(super) async fn deliver(webhook: Webhook, clock: Clock, queue: WeakQueue) {
    let mut latest = webhook.latest.subscribe();
    // Who signs has a sender of their own: once they are gone, so is this.
    let webhook = Webhook { latest: watch::Sender::new(None), ..webhook };
    let mut courier = Courier { webhook, clock, queue, noted_at: None };
    while latest.changed().await.is_ok() {
        if courier.bring(&mut latest).await.is_err() {
            return;
        }
    }
}

/// Who offers heads in the background.
struct Courier {
    webhook: Webhook,
    clock: Clock,
    queue: WeakQueue,
    /// When it was last written down that all is well.
    noted_at: Option<Instant>,
}

impl Courier {
    /// Offers the latest head until one is taken, or one that nothing overtakes was refused often
    /// enough.
    ///
    /// # Errors
    /// [`Error::Closed`] when the ledger is.
    async fn bring(&mut self, latest: &mut watch::Receiver<Option<Head>>) -> Result<(), Error> {
        let mut failures = 0;
        while failures < TRIES_MAX || is_overtaken(latest) {
            let Some(head) = latest.borrow_and_update().clone() else { return Ok(()) };
            let offered = self.webhook.offer(&head, &self.clock).await;
            let is_taken = offered.failure.is_none();
            self.note(offered).await?;
            if is_taken {
                return Ok(());
            }
            failures += 1;
            sleep(self.webhook.pause(failures)).await;
        }
        Ok(())
    }

    async fn note(&mut self, offered: Offered) -> Result<(), Error> {
        if let Some(why) = &offered.failure {
            tracing::warn!("the webhook did not take head {}: {why}", offered.block);
            self.noted_at = None;
        } else if self.noted_at.is_some_and(|at| at.elapsed() < NOTED_EVERY) {
            return Ok(());
        } else {
            self.noted_at = Some(Instant::now());
        }
        let queue = self.queue.upgrade().ok_or(Error::Closed)?;
        // That it cannot be noted just now is no reason not to offer heads.
        if let Err(error) = note(&queue, offered).await {
            tracing::warn!("cannot note what became of a head: {error}");
        }
        Ok(())
    }
}

/// Whether there is a newer head.
fn is_overtaken(latest: &watch::Receiver<Option<Head>>) -> bool {
    latest.has_changed().unwrap_or(false)
}

async fn note(queue: &Queue, offered: Offered) -> Result<(), Error> {
    queue.ask(Task::Offered(Box::new(offered))).await.map(drop)
}

impl Ledger {
    /// Offers the head that a signer published last to its webhook, and waits until it is taken or
    /// was refused three times; `None` where there is no webhook, or no head.
    pub async fn hand_over(
        &self,
        signer: &Signer,
        clock: &Clock,
    ) -> Result<Option<HeadDelivery>, Error> {
        let Some(webhook) = signer.webhook() else { return Ok(None) };
        let Some(head) = webhook.latest.borrow().clone() else { return Ok(None) };
        for tries in 1..=TRIES_AT_ONCE {
            let offered = webhook.offer(&head, clock).await;
            let is_taken = offered.failure.is_none();
            note(&self.queue, offered).await?;
            if is_taken {
                break;
            }
            if tries < TRIES_AT_ONCE {
                sleep(webhook.pause(tries)).await;
            }
        }
        self.head_delivery().await
    }

    /// What became of the last head that was offered to a webhook; `None` where none was.
    pub async fn head_delivery(&self) -> Result<Option<HeadDelivery>, Error> {
        let row: Option<DeliveryRow> = self.reads.row(DELIVERY, &[]).await?;
        Ok(row.map(|row| HeadDelivery {
            tried_block: row.tried_block,
            tried_at: Timestamp(row.tried_ms),
            taken: row.taken_block.zip(row.taken_ms.map(Timestamp)),
            failure: row.failure,
        }))
    }
}
