//! The one door to the database: what core, the command line and the pages call.

use std::path::PathBuf;
use std::sync::Arc;

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::{CallId, Intent, Settlement};
use tokio::time::Instant;

use crate::admitted::{Admission, Admitted, Settled};
use crate::error::Error;
use crate::keyring::Keyring;
use crate::lease::Lease;
use crate::limits::{check_intent, check_settlement};
use crate::queue::{Answer, Asking, Patience, Queue, Task};
use crate::statement::Pool;
use crate::streams::Checkpoint;
use crate::sweep::{has_lapsed, sweep_lapsed, sweep_sqlite};

/// Keeps budgets, holds and calls. Clones share one set of connections and one writer.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) reads: Pool,
    pub(crate) queue: Queue,
    pub(crate) place: Arc<Home>,
    pub(crate) keyring: Arc<Keyring>,
}

/// What tells a living process from a dead one.
#[derive(Debug)]
pub(crate) enum Home {
    /// Nobody else can have written to it.
    Memory,
    /// Owner files lie beside the ledger.
    File(PathBuf),
    /// A lease in the database.
    Postgres(Arc<Lease>),
}

impl Ledger {
    /// Makes the intent durable and holds what it may add in the window of every limit that counts
    /// it, or refuses. A call that would fit once open calls settle waits for that, in order, as
    /// long as [`crate::OpenOptions::admission_wait`] says.
    /// Nothing is held when this fails, or when its future is dropped before it answers.
    pub async fn reserve(&self, intent: Intent) -> Result<Admission, Error> {
        check_intent(&intent)?;
        let reserve = Task::Reserve { asking: Asking::new(intent), patience: Patience::None };
        match self.queue.ask(reserve).await? {
            Answer::Admission(admission) => Ok(match *admission {
                Admission::Admitted(admitted) => Admission::Admitted(admitted.deliver()),
                Admission::Refused(refusal) => Admission::Refused(refusal),
            }),
            _ => Err(Error::Closed),
        }
    }

    /// Records what the call cost and releases its hold, exactly once. It is recorded even when
    /// this future is dropped after its first poll. A settlement that the ledger cannot keep
    /// leaves the call settled as abandoned, at its hold.
    pub async fn settle(
        &self,
        admitted: Admitted,
        settlement: Settlement,
    ) -> Result<Settled, Error> {
        check_settlement(&settlement)?;
        if settlement.id != *admitted.id() {
            return Err(Error::WrongCall {
                call: admitted.id().to_string(),
                settlement: settlement.id.to_string(),
            });
        }
        let pushed = Instant::now();
        let answer = self.queue.push(admitted.settle(settlement))?;
        let answer = answer.await.map_err(|_| Error::Closed)??;
        self.queue.pulse.lag(pushed.elapsed());
        match answer {
            Answer::Settled(settled) => Ok(settled),
            _ => Err(Error::Closed),
        }
    }

    /// Counts a refusal that was made before `reserve` (unpriced, policy, rate …). The first sixty
    /// of a key's minute are also kept as rows, with `detail` for people.
    pub async fn refuse(
        &self,
        intent: &Intent,
        reason: RefusalReason,
        detail: &str,
    ) -> Result<(), Error> {
        check_intent(intent)?;
        let (intent, detail) = (Box::new(intent.clone()), detail.to_owned());
        self.queue.ask(Task::Refuse { intent, reason, detail }).await.map(drop)
    }

    /// Raises what an open call has come to at least: its cost is what the sweep records as the
    /// lower bound. Nothing happens when the call is not open, or more is known.
    pub async fn checkpoint(
        &self,
        id: &CallId,
        checkpoint: impl Into<Checkpoint>,
    ) -> Result<(), Error> {
        let task = Task::Checkpoint { id: id.clone(), checkpoint: checkpoint.into() };
        self.queue.ask(task).await.map(drop)
    }

    /// Settles the holds of dead owners at the hold, as estimates; how many. Opening does so too.
    pub async fn sweep(&self) -> Result<u64, Error> {
        match self.place.as_ref() {
            Home::Memory => Ok(0),
            Home::File(path) => sweep_sqlite(&self.reads, path, &self.queue).await,
            Home::Postgres(lease) => {
                if !has_lapsed(&self.reads).await? {
                    return Ok(0);
                }
                lease.shard().await?;
                sweep_lapsed(&self.reads, lease.id(), &self.queue).await
            }
        }
    }

    /// Writes what waits, shows that this process holds nothing any more, and lets every
    /// connection go, for every clone. Holds that are still open may be swept from here on.
    pub async fn close(self) -> Result<(), Error> {
        let closed = self.queue.ask(Task::Close).await.map(drop);
        self.reads.close().await;
        if let Home::Postgres(lease) = self.place.as_ref() {
            lease.close().await;
        }
        closed
    }
}
