//! How a process on PostgreSQL shows that it lives: a lease of thirty seconds by the database's
//! clock, renewed every ten. With it comes the shard of the roll-ups that the process adds to.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::FromRow;
use tokio::sync::OnceCell;

use crate::Error;
use crate::queue::WeakQueue;
use crate::statement::{Pool, Statement};
use crate::sweep::{has_lapsed, sweep_lapsed};

const REGISTER: Statement = Statement {
    doing: "renew the lease",
    sql: include_str!("../queries/postgres/register_owner.sql"),
};
const RELEASE: Statement = Statement {
    doing: "release the lease",
    sql: include_str!("../queries/postgres/release_owner.sql"),
};
const FORGET: Statement = Statement {
    doing: "forget dead owners",
    sql: include_str!("../queries/postgres/forget_owners.sql"),
};

/// A third of the lease, so that two renewals may fail before it lapses.
const RENEWAL: Duration = Duration::from_secs(10);

#[derive(Debug, FromRow)]
struct ShardRow {
    shard: i64,
}

/// This process's lease. It is taken with the first write, so that readers leave no trace.
#[derive(Debug)]
pub(crate) struct Lease {
    id: String,
    pool: Pool,
    queue: WeakQueue,
    shard: OnceCell<i64>,
    me: Weak<Self>,
}

impl Lease {
    pub(crate) fn new(id: String, pool: Pool, queue: WeakQueue) -> Arc<Self> {
        Arc::new_cyclic(|me| Self { id, pool, queue, shard: OnceCell::new(), me: me.clone() })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The shard of the roll-ups that this process adds to.
    pub(crate) async fn shard(&self) -> Result<i64, Error> {
        let taken = self.shard.get_or_try_init(|| async {
            let shard = self.renew().await?;
            tokio::spawn(keep(self.me.clone()));
            Ok::<_, Error>(shard)
        });
        taken.await.copied()
    }

    /// Lets go: what is still held may be swept.
    pub(crate) async fn release(&self) -> Result<(), Error> {
        if self.shard.initialized() {
            self.pool.run(RELEASE, &[self.id.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Lets the connections go that write.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// Shows that this process lives.
    pub(crate) async fn renew(&self) -> Result<i64, Error> {
        let row: Option<ShardRow> = self.pool.row(REGISTER, &[self.id.as_str().into()]).await?;
        Ok(row.map_or(0, |row| row.shard))
    }

    async fn beat(&self) -> Result<(), Error> {
        self.renew().await?;
        self.pool.run(FORGET, &[]).await?;
        match self.queue.upgrade() {
            Some(queue) if has_lapsed(&self.pool).await? => {
                sweep_lapsed(&self.pool, &self.id, &queue).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// Renews while the ledger lives, and sweeps what others left behind.
async fn keep(lease: Weak<Lease>) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        let Some(lease) = lease.upgrade() else { return };
        if lease.queue.is_closed() {
            return;
        }
        if let Err(error) = lease.beat().await {
            tracing::warn!("cannot renew the ledger's lease: {error}");
        }
    }
}
