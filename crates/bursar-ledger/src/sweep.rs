//! Settling what dead owners left open, at the hold: the money may have been spent.
//!
//! The sweep only finds such holds; they are settled through the same queue and the same statement
//! as any other, so a hold whose owner comes back in time is settled once, by whoever is first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bursar_domain::budget::WindowId;
use bursar_domain::limit::{Line, Unit};
use bursar_domain::money::{Cost, Micros};
use bursar_domain::watch::StreamLimits;
use sqlx::FromRow;

use crate::Error;
use crate::admitted::Open;
use crate::facts::read_intent;
use crate::owner::{bury, is_dead};
use crate::queue::{Answer, Queue, Task};
use crate::statement::{Pool, Statement};

pub(crate) const HOLD_OWNERS: Statement = Statement {
    doing: "read who has open holds",
    sql: include_str!("../queries/sqlite/hold_owners.sql"),
};
const CLAIM_HOLDS: Statement = Statement {
    doing: "read the holds of a dead owner",
    sql: include_str!("../queries/sqlite/claim_holds.sql"),
};
/// Holds that `CLAIM_HOLDS` reads at a time.
const CLAIMED_MAX: usize = 1_000;
const SWEEP: Statement =
    Statement { doing: "sweep", sql: include_str!("../queries/postgres/sweep.sql") };
const LAPSED: Statement = Statement {
    doing: "look for lapsed leases",
    sql: include_str!("../queries/postgres/lapsed.sql"),
};

#[derive(Debug, FromRow)]
pub(crate) struct OwnerRow {
    pub(crate) owner: String,
}

#[derive(Debug, FromRow)]
struct LapsedRow {
    lapsed: bool,
}

/// A hold that its owner will not settle.
#[derive(Debug, FromRow)]
struct LeftRow {
    call_id: String,
    held_micro: Option<i64>,
    checkpoint_pico: Option<i64>,
    facts: String,
    lines: String,
}

impl LeftRow {
    fn task(self) -> Result<Task, Error> {
        let bad = |column| Error::Inconsistent { table: "hold", column, row: self.call_id.clone() };
        let checkpoint = match self.checkpoint_pico {
            Some(pico) => Some(Cost::from_pico(pico).ok_or_else(|| bad("checkpoint_pico"))?),
            None => None,
        };
        let lines: BTreeMap<String, (String, i64)> =
            serde_json::from_str(&self.lines).map_err(|_| bad("lines"))?;
        let lines = lines.into_iter().map(|(window, (unit, amount))| {
            let unit: Unit = unit.parse().map_err(|_| bad("lines"))?;
            Ok(Line { window: WindowId(window), unit, amount: Some(Micros(amount)) })
        });
        let lines = lines.collect::<Result<Vec<_>, Error>>()?;
        let intent = read_intent(&self.facts).ok_or_else(|| bad("facts"))?;
        let held = self.held_micro.map(Micros);
        Ok(Task::Abandon {
            open: Box::new(Open {
                intent: Arc::new(intent),
                held,
                lines,
                streams: StreamLimits::NONE,
                room: None,
                by_heart: false,
                detours: Vec::new(),
                lead: 0,
            }),
            checkpoint,
        })
    }
}

/// Settles the holds of dead owners of a SQLite file; how many.
pub(crate) async fn sweep_sqlite(pool: &Pool, ledger: &Path, queue: &Queue) -> Result<u64, Error> {
    let mut swept = 0;
    for OwnerRow { owner } in pool.rows(HOLD_OWNERS, &[]).await? {
        if !is_dead(ledger, &owner)? {
            continue;
        }
        loop {
            let left: Vec<LeftRow> = pool.rows(CLAIM_HOLDS, &[owner.as_str().into()]).await?;
            let is_last = left.len() < CLAIMED_MAX;
            let settled = settle_left(left, queue).await?;
            swept += settled;
            // To look once more reads every hold there is. A damaged hold that cannot be settled
            // would be found for ever.
            if is_last || settled == 0 {
                break;
            }
        }
        bury(ledger, &owner)?;
    }
    Ok(swept)
}

/// Whether any owner on PostgreSQL has let its lease lapse over open holds.
pub(crate) async fn has_lapsed(pool: &Pool) -> Result<bool, Error> {
    let row: Option<LapsedRow> = pool.row(LAPSED, &[]).await?;
    Ok(row.is_some_and(|row| row.lapsed))
}

/// Settles holds whose owner's lease has lapsed on PostgreSQL; how many. They pass to `owner`,
/// who must have a lease itself, or the next sweep could not tell whether it lives.
pub(crate) async fn sweep_lapsed(pool: &Pool, owner: &str, queue: &Queue) -> Result<u64, Error> {
    let mut swept = 0;
    loop {
        let left: Vec<LeftRow> = pool.rows(SWEEP, &[owner.into()]).await?;
        if left.is_empty() {
            return Ok(swept);
        }
        swept += settle_left(left, queue).await?;
    }
}

async fn settle_left(left: Vec<LeftRow>, queue: &Queue) -> Result<u64, Error> {
    let mut answers = Vec::with_capacity(left.len());
    for row in left {
        answers.push(queue.push(row.task()?)?);
    }
    let mut swept = 0;
    for answer in answers {
        let answer = answer.await.map_err(|_| Error::Closed)??;
        swept += u64::from(matches!(answer, Answer::Abandoned(true)));
    }
    Ok(swept)
}
