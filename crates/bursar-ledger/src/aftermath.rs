//! What became of a key's next requests when one of its calls had ended: how many were refused.

use std::collections::BTreeMap;

use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use crate::statement::{Statement, keyed};
use crate::{Error, Ledger};

const REFUSED_AFTER: Statement =
    Statement { doing: "count refusals", sql: include_str!("../queries/refused_after.sql") };
const MINUTE_MS: i64 = 60_000;

/// A call that has ended, and whose key may have asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The call's id.
    pub call_id: String,
    /// Its key's id.
    pub key_id: String,
    /// When it ended.
    pub at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Asked<'a> {
    key_id: &'a str,
    minute_ms: i64,
    end_ms: i64,
    ended_ms: i64,
}

#[derive(Debug, FromRow)]
struct Row {
    call_id: String,
    refused: i64,
}

impl Ledger {
    /// So many minutes are looked at, of which sixty refusals each are kept at most.
    pub const AFTER_MINUTES: i64 = 10;

    /// How many requests of a call's key were refused in the [`Ledger::AFTER_MINUTES`] after its end,
    /// by call; none where there were none.
    ///
    /// # Errors
    /// A database that failed.
    pub async fn refused_after(&self, calls: &[Ended]) -> Result<BTreeMap<String, i64>, Error> {
        if calls.is_empty() {
            return Ok(BTreeMap::new());
        }
        let asked = calls.iter().map(|call| {
            let minute_ms = call.at.0 - call.at.0.rem_euclid(MINUTE_MS);
            let end_ms = minute_ms + Self::AFTER_MINUTES * MINUTE_MS;
            let asked = Asked { key_id: &call.key_id, minute_ms, end_ms, ended_ms: call.at.0 };
            (&call.call_id, asked)
        });
        let rows: Vec<Row> = self.reads.rows(REFUSED_AFTER, &[keyed(asked)?]).await?;
        Ok(rows.into_iter().map(|row| (row.call_id, row.refused)).collect())
    }
}
