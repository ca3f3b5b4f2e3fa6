//! Idempotency: which call was made for a key. The call is reserved first and claims its key then,
//! so that a claim always names a call of which something becomes, whoever dies.

use bursar_domain::call::CallId;
use bursar_domain::once::{Once, Repeat};
use bursar_domain::time::{DAY_MS, Timestamp};
use sqlx::FromRow;

use crate::admitted::Admitted;
use crate::queue::{Answer, Task};
use crate::statement::Statement;
use crate::{Error, Ledger};

const FIND: Statement =
    Statement { doing: "look up a key", sql: include_str!("../queries/find_once.sql") };
/// Claims a key; no row when it is claimed already.
pub(crate) const CLAIM: Statement =
    Statement { doing: "claim a key", sql: include_str!("../queries/claim_once.sql") };
pub(crate) const FORGET: Statement =
    Statement { doing: "forget old keys", sql: include_str!("../queries/forget_once.sql") };

#[derive(Debug, FromRow)]
struct OnceRow {
    fingerprint: String,
    call_id: String,
    is_open: bool,
}

/// Claims older than this count no more.
pub(crate) fn forgotten(now: Timestamp) -> i64 {
    now.0.saturating_sub(DAY_MS)
}

impl Ledger {
    /// The call that was made for the same key within a day.
    pub async fn repeat(&self, once: &Once, now: Timestamp) -> Result<Option<Repeat>, Error> {
        let values =
            [once.asker.as_str().into(), once.key_hash.as_str().into(), forgotten(now).into()];
        let row: Option<OnceRow> = self.reads.row(FIND, &values).await?;
        row.map(|row| {
            let inconsistent = || Error::Inconsistent {
                table: "call_once",
                column: "call_id",
                row: row.call_id.clone(),
            };
            let call = CallId::parse(&row.call_id).ok_or_else(inconsistent)?;
            Ok(match (row.fingerprint == once.fingerprint, row.is_open) {
                (false, _) => Repeat::OtherRequest(call),
                (true, true) => Repeat::Running(call),
                (true, false) => Repeat::Ended(call),
            })
        })
        .transpose()
    }

    /// Makes an admitted call the one that is made for a key; `None` when it is. When another was
    /// faster, that one: this call must not be sent then, but given back with [`Ledger::void`].
    pub async fn claim(&self, once: &Once, admitted: &Admitted) -> Result<Option<Repeat>, Error> {
        loop {
            let task = Task::Claim { once: Box::new(once.clone()), id: admitted.id().clone() };
            match self.queue.ask(task).await? {
                Answer::Claimed(true) => return Ok(None),
                Answer::Claimed(false) => {}
                _ => return Err(Error::Closed),
            }
            if let Some(repeat) = self.repeat(once, Timestamp(DAY_MS)).await? {
                return Ok(Some(repeat));
            }
            // The claim that was in the way has just been forgotten.
        }
    }

    /// Gives back an admission whose call was not sent, and never will be.
    pub fn void(&self, admitted: Admitted) {
        drop(admitted.undelivered());
    }
}
