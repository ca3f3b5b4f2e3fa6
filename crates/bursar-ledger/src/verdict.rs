//! Why a call was admitted or refused, read back: refusals as they are kept, and the windows that a
//! call was admitted in with their figures then, folded from the journal.

use bursar_domain::budget::WindowId;
use bursar_domain::call::CallId;
use bursar_domain::limit::Place;
use bursar_domain::money::{Cost, Micros, PICO_PER_MICRO, Total};
use bursar_domain::time::Timestamp;
use serde::Deserialize;
use sqlx::FromRow;

use crate::rules::LimitRow;
use crate::standing::Standing;
use crate::statement::Statement;
use crate::{Error, Ledger};

const OF_CALL: Statement =
    Statement { doing: "read refusals", sql: include_str!("../queries/refusals_of_call.sql") };
const OF_KEY: Statement =
    Statement { doing: "read refusals", sql: include_str!("../queries/refusals_of_key.sql") };
const OF_WINDOW: Statement =
    Statement { doing: "count refusals", sql: include_str!("../queries/refusals_of_window.sql") };
const OPEN_HOLD: Statement =
    Statement { doing: "read a hold", sql: include_str!("../queries/open_hold.sql") };
const ADMITTED_BY: Statement = Statement {
    doing: "read what admitted a call",
    sql: include_str!("../queries/admitted_by.sql"),
};

/// A refusal as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RefusalRow {
    at_ms: i64,
    /// Why, in a word of `RefusalReason`.
    pub reason: String,
    /// What was said to the caller, figures and remedy.
    pub detail: String,
    /// The team.
    pub team: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The person.
    pub user_id: Option<String>,
    /// The virtual key; empty when there was none.
    pub key_id: String,
    /// What was asked of Bedrock.
    pub operation: String,
    /// The model, by its canonical id.
    pub model: String,
    /// The region.
    pub region: String,
    /// The id that the call would have had.
    pub call_id: Option<String>,
    /// The window that had no room.
    pub window_id: Option<String>,
}

impl RefusalRow {
    /// When it was refused.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        Timestamp(self.at_ms)
    }
}

/// How many of a window's last refusals had one reason.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RefusedFor {
    /// Why, in a word of `RefusalReason`.
    pub reason: String,
    /// How many.
    pub refused: i64,
}

/// A call that has not ended, as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHold {
    /// When it was taken on.
    pub started_at: Timestamp,
    /// What is held for it; `None` when nothing bounds it.
    pub held: Option<Micros>,
    /// The least it has cost so far, where that is known.
    pub so_far: Option<Cost>,
}

/// A window that a call was admitted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedBy {
    /// How the window stood just before, against the limit of that time. What it had refused by
    /// then is not kept, and is 0.
    pub then: Standing,
    /// What was held in it for the call.
    pub asked: Micros,
    /// What the call has added to it by now.
    pub added: Total,
}

#[derive(Debug, FromRow)]
struct HoldRow {
    started_ms: i64,
    held_micro: Option<i64>,
    checkpoint_pico: Option<i64>,
}

#[derive(Debug, FromRow)]
struct AdmittedRow {
    #[sqlx(flatten)]
    limit: LimitRow,
    set_then: Option<String>,
    window_id: String,
    each_value: String,
    start_ms: i64,
    end_ms: i64,
    asked_micro: i64,
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    added_micro: i64,
    added_rest: i64,
}

/// What the list of changes says of a limit that was set.
#[derive(Debug, Deserialize)]
struct SetJson {
    limit_micro: i64,
    mode: String,
}

impl Ledger {
    /// The refusal of the call that would have had this id, if it was kept.
    pub async fn refusal(&self, id: &CallId) -> Result<Option<RefusalRow>, Error> {
        self.reads.row(OF_CALL, &[id.as_str().into(), 1.into()]).await
    }

    /// The last refusals of a key that were kept, the latest first.
    pub async fn refusals_of_key(&self, key: &str, most: u32) -> Result<Vec<RefusalRow>, Error> {
        self.reads.rows(OF_KEY, &[key.into(), i64::from(most).into()]).await
    }

    /// Why a window refused calls, the most frequent reason first: of the last so many refusals that
    /// are kept.
    pub async fn refusals_of_window(
        &self,
        window: &WindowId,
        most: u32,
    ) -> Result<Vec<RefusedFor>, Error> {
        self.reads.rows(OF_WINDOW, &[window.0.as_str().into(), i64::from(most).into()]).await
    }

    /// The hold of a call that has not ended.
    pub async fn open_hold(&self, id: &CallId) -> Result<Option<OpenHold>, Error> {
        let row: Option<HoldRow> = self.reads.row(OPEN_HOLD, &[id.as_str().into()]).await?;
        Ok(row.map(|row| OpenHold {
            started_at: Timestamp(row.started_ms),
            held: row.held_micro.map(Micros),
            so_far: row.checkpoint_pico.and_then(Cost::from_pico),
        }))
    }

    /// The windows that a call was admitted in, which started at a time; none where no limit
    /// counted it.
    pub async fn admitted_by(
        &self,
        id: &CallId,
        started_at: Timestamp,
    ) -> Result<Vec<AdmittedBy>, Error> {
        let values = [id.as_str().into(), started_at.0.into()];
        let rows: Vec<AdmittedRow> = self.reads.rows(ADMITTED_BY, &values).await?;
        rows.into_iter().map(AdmittedRow::admitted_by).collect()
    }
}

impl AdmittedRow {
    fn admitted_by(self) -> Result<AdmittedBy, Error> {
        let mut limit = self.limit.limit()?;
        let set = self.set_then.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if let Some(SetJson { limit_micro, mode }) = set {
            limit.amount = Micros(limit_micro);
            limit.mode = mode.parse().unwrap_or(limit.mode);
        }
        let place = Place {
            window: WindowId(self.window_id),
            each_value: self.each_value,
            start: Timestamp(self.start_ms),
            end: Timestamp(self.end_ms),
        };
        let mut then = Standing::untouched(&limit, &place);
        then.balance.held = Micros(self.held_micro);
        then.balance.spent = Micros(self.spent_micro + self.spent_rest / PICO_PER_MICRO);
        then.balance.spent_rest = self.spent_rest % PICO_PER_MICRO;
        let added = Total::from_halves(self.added_micro, self.added_rest);
        Ok(AdmittedBy { then, asked: Micros(self.asked_micro), added })
    }
}
