//! Calls that ended before the ledger heard of them: written many at once, each as if it had been held
//! and settled at its own time. No limit refuses them any more; every limit counts them.
//!
//! For a history that is made (`bursar ledger fill`). Calls that are being made go by `reserve`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::{Intent, Settlement};
use sqlx::FromRow;

use crate::admitted::Open;
use crate::limits::{check_intent, check_settlement};
use crate::posting::{No, Posting};
use crate::queue::Task;
use crate::rollup::Rooms;
use crate::rules::Rules;
use crate::statement::Statement;
use crate::writer::WindowJson;
use crate::{Error, Ledger};

const FIRST_CALL: Statement =
    Statement { doing: "find the first call", sql: include_str!("../queries/first_call.sql") };

/// A call that ended, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastCall {
    /// What was asked, and when.
    pub intent: Arc<Intent>,
    /// What became of it.
    pub end: PastEnd,
}

/// How a past call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastEnd {
    /// It was made.
    Settled(Box<Settlement>),
    /// It was refused before it was sent.
    Refused {
        /// Why.
        reason: RefusalReason,
        /// The same for people.
        detail: String,
    },
}

impl PastCall {
    /// The most that are written at once: one statement a table, of a few megabytes.
    pub const TOGETHER_MAX: usize = 4_096;
}

#[derive(Debug, FromRow)]
struct FirstRow {
    at_ms: Option<i64>,
}

impl Ledger {
    /// Whether there is any call.
    pub async fn has_calls(&self) -> Result<bool, Error> {
        let ever = [i64::MIN.into(), i64::MAX.into()];
        let row: Option<FirstRow> = self.reads.row(FIRST_CALL, &ever).await?;
        Ok(row.is_some_and(|row| row.at_ms.is_some()))
    }

    /// Writes past calls, all or none, at most [`PastCall::TOGETHER_MAX`] of them.
    ///
    /// # Errors
    /// [`Error::Unkept`], where there are more, or one of them cannot be kept; [`Error::Database`]
    /// where one of them is known already.
    pub async fn record_past(&self, calls: Vec<PastCall>) -> Result<(), Error> {
        if calls.len() > PastCall::TOGETHER_MAX {
            let problem = format!("are {}, more than {}", calls.len(), PastCall::TOGETHER_MAX);
            return Err(Error::Unkept { field: "calls", problem });
        }
        for call in &calls {
            check_intent(&call.intent)?;
            if let PastEnd::Settled(settlement) = &call.end {
                check_settlement(settlement)?;
            }
        }
        self.queue.ask(Task::Record(calls.into())).await.map(drop)
    }
}

/// What past calls post, and the windows that count them.
pub(crate) fn post_past(
    rules: &Rules,
    rooms: Rooms,
    calls: &[PastCall],
) -> (Posting, BTreeMap<String, WindowJson>) {
    let mut posting = Posting::new(rooms);
    let mut windows = BTreeMap::new();
    for PastCall { intent, end } in calls {
        match end {
            PastEnd::Settled(settlement) => {
                let counted = rules.places(intent, intent.started_at);
                windows.extend(counted.iter().map(WindowJson::of));
                let lines = counted.iter().map(|counted| counted.line(intent)).collect();
                posting.record(&Open::by_heart(Arc::clone(intent), lines), settlement);
            }
            PastEnd::Refused { reason, detail } => {
                let no = No { reason: *reason, detail, window: None };
                posting.refuse(intent, no, intent.started_at);
            }
        }
    }
    (posting, windows)
}
