//! Blocks of hashes over what has ended and what was changed: each names the hash of the one before,
//! and its own hash, signed and published, proves to an outsider what the ledger said then.
//!
//! What is written is queued in the same transaction, and sealed soon after, by one process at a
//! time: a block's number is taken once. Nothing that makes a call waits for this.

mod digest;
mod head;
mod item;
mod keep;
mod row;
mod stray;
mod verify;
mod webhook;

use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use crate::queue::{Answer, Queue, Task};
use crate::statement::{Pool, Session, Statement, bulk};
use crate::{Error, Ledger};

pub(crate) use digest::Fields;
pub use head::{Head, PublicKey, Signer, SigningKey};
pub(crate) use item::{Item, hash_items};
pub use keep::Sealing;
pub(crate) use keep::keep;
pub use verify::{Unprotected, VerifyReport};
pub use webhook::{HeadDelivery, Offer, Webhook};
pub(crate) use webhook::{NOTE, Offered};

const LAST_BLOCK: Statement =
    Statement { doing: "read the last block", sql: include_str!("../queries/last_block.sql") };
const UNSEALED: Statement =
    Statement { doing: "read what is not sealed", sql: include_str!("../queries/unsealed.sql") };
const INSERT_BLOCK: Statement =
    Statement { doing: "add a block", sql: include_str!("../queries/insert_block.sql") };
const INSERT_SEALED: Statement =
    Statement { doing: "fill a block", sql: include_str!("../queries/insert_sealed.sql") };
const DELETE_UNSEALED: Statement = Statement {
    doing: "take what is sealed off the queue",
    sql: include_str!("../queries/delete_unsealed.sql"),
};
pub(crate) const ADOPT: Statement = Statement {
    doing: "queue what is in no block",
    sql: include_str!("../queries/adopt_unsealed.sql"),
};
pub(crate) const QUEUE_UNSEALED: Statement = Statement {
    doing: "queue what is to be sealed",
    sql: include_str!("../queries/queue_unsealed.sql"),
};

/// The most items of a block: as many as the queue is read for at a time.
const ITEMS_MAX: usize = 1_000;
/// What the first block names as the one before.
const NO_BLOCK: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Something to be sealed, as it is queued.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, FromRow)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    pub(crate) subject: String,
}

/// A block's own row.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct BlockRow {
    number: i64,
    sealed_ms: i64,
    previous: String,
    items: i64,
    hash: String,
}

/// A block that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    row: BlockRow,
    items: Vec<Item>,
}

impl BlockRow {
    /// The hash that follows from the block and its items.
    fn true_hash(&self, items: &[Item]) -> String {
        let mut fields = Fields::new("bursar block 1");
        fields.number(self.number).number(self.sealed_ms).text(&self.previous).number(self.items);
        for item in items {
            fields.number(item.place).text(&item.kind).text(&item.subject).text(&item.hashes);
        }
        fields.hash()
    }
}

impl Ledger {
    /// Seals what is queued, in as many blocks as it needs, and publishes the last one's head where
    /// there is somebody to sign it, also where there is nothing to seal; how many items were sealed.
    /// Another process that seals at the same time may seal some of them instead.
    pub async fn seal(&self, now: Timestamp, signer: Option<&Signer>) -> Result<u64, Error> {
        let mut sealed = 0;
        loop {
            let (items, head) = seal_next((&self.reads, &self.queue), now).await?;
            sealed += items as u64;
            if let (Some(signer), Some(block)) = (signer, &head) {
                signer.publish(block)?;
            }
            if items < ITEMS_MAX {
                break;
            }
        }
        if let Some(signer) = signer.filter(|_| sealed == 0) {
            // Blocks of before there was a key are covered from here on.
            let last: Option<BlockRow> = self.reads.row(LAST_BLOCK, &[]).await?;
            last.map_or(Ok(()), |block| signer.publish(&block))?;
        }
        Ok(sealed)
    }

    /// Queues what is in no block: rows of a program that knew none.
    pub async fn adopt(&self) -> Result<(), Error> {
        self.queue.ask(Task::Adopt).await.map(drop)
    }
}

/// Seals a block of what is queued; how many items, and the block that is now the last one.
async fn seal_next(
    (reads, queue): (&Pool, &Queue),
    now: Timestamp,
) -> Result<(usize, Option<BlockRow>), Error> {
    let last: Option<BlockRow> = reads.row(LAST_BLOCK, &[]).await?;
    let entries: Vec<Entry> = reads.rows(UNSEALED, &[]).await?;
    if entries.is_empty() {
        return Ok((0, None));
    }
    let count = entries.len();
    let items = hash_items(reads, entries).await?;
    let (number, sealed_ms, previous) = match last {
        Some(last) => (last.number + 1, now.0.max(last.sealed_ms), last.hash),
        None => (1, now.0, NO_BLOCK.to_owned()),
    };
    let items_count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut row = BlockRow { number, sealed_ms, previous, items: items_count, hash: String::new() };
    row.hash = row.true_hash(&items);
    let block = Block { row: row.clone(), items };
    match queue.ask(Task::Seal(Box::new(block))).await? {
        Answer::Sealed(true) => Ok((count, Some(row))),
        // Another process was first: what is left is for the next time.
        _ => Ok((0, None)),
    }
}

/// Writes a block within a transaction; false, and nothing written, when its number is taken.
pub(crate) async fn write(session: &mut Session<'_>, block: &Block) -> Result<bool, Error> {
    let Block { row, items } = block;
    let values = [
        row.number.into(),
        row.sealed_ms.into(),
        row.previous.as_str().into(),
        row.items.into(),
        row.hash.as_str().into(),
    ];
    if session.run(INSERT_BLOCK, &values).await? == 0 {
        return Ok(false);
    }
    let items = bulk(items)?;
    session.run(INSERT_SEALED, &[row.number.into(), items.clone()]).await?;
    let taken = session.run(DELETE_UNSEALED, &[items]).await?;
    if i64::try_from(taken) != Ok(row.items) {
        // The transaction is rolled back: two blocks must not hold one item.
        let row = row.number.to_string();
        return Err(Error::Inconsistent { table: "unsealed", column: "subject", row });
    }
    Ok(true)
}
