//! Seals in the background of a process that lives long enough, once a second: what was written a
//! second ago is in a block. A process that ends sooner leaves it to the next, or to
//! `bursar ledger seal`.

use std::time::Duration;

use bursar_domain::time::Clock;

use super::head::Signer;
use super::webhook::deliver;
use super::{ITEMS_MAX, seal_next};
use crate::Error;
use crate::queue::WeakQueue;
use crate::statement::Pool;

/// How a ledger seals in the background.
#[derive(Debug, Clone)]
pub struct Sealing {
    /// The pause between two looks.
    pub every: Duration,
    /// Who signs the heads; where nobody does, blocks are made, and their heads not published.
    pub signer: Option<Signer>,
}

/// Seals while the ledger lives.
pub(crate) async fn keep(sealing: Sealing, clock: Clock, (reads, queue): (Pool, WeakQueue)) {
    if let Some(webhook) = sealing.signer.as_ref().and_then(Signer::webhook) {
        tokio::spawn(deliver(webhook.clone(), clock.clone(), queue.clone()));
    }
    loop {
        tokio::time::sleep(sealing.every).await;
        match seal_all(&sealing, &clock, (&reads, &queue)).await {
            Ok(()) => {}
            Err(Error::Closed) => return,
            Err(error) => tracing::warn!("cannot seal the ledger's books: {error}"),
        }
    }
}

async fn seal_all(
    sealing: &Sealing,
    clock: &Clock,
    (reads, queue): (&Pool, &WeakQueue),
) -> Result<(), Error> {
    loop {
        // Held no longer than it takes, so that this does not keep the ledger open.
        let queue = queue.upgrade().ok_or(Error::Closed)?;
        let (items, block) = seal_next((reads, &queue), clock.now()).await?;
        if let (Some(signer), Some(block)) = (&sealing.signer, &block) {
            signer.publish(block)?;
        }
        if items < ITEMS_MAX {
            return Ok(());
        }
    }
}
