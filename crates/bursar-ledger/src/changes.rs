//! Who changed what: the list of changes, read back.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::Statement;
use crate::{Error, Ledger};

const CHANGES: Statement =
    Statement { doing: "read changes", sql: include_str!("../queries/changes.sql") };

/// A change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its number, in the order of the changes.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To whom or what.
    pub subject: String,
    /// Before, in JSON or words; `None` when there was none.
    pub was: Option<String>,
    /// After; `None` when there is none.
    pub becomes: Option<String>,
}

#[derive(Debug, FromRow)]
struct Row {
    seq: i64,
    at_ms: i64,
    actor: String,
    action: String,
    subject: String,
    was: Option<String>,
    becomes: Option<String>,
}

impl Ledger {
    /// Changes since a time, newest first, at most so many; only those before the number `before`.
    pub async fn changes(
        &self,
        since: Option<Timestamp>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ChangeRow>, Error> {
        let since = since.map_or(i64::MIN, |since| since.0);
        let values = [since.into(), before.unwrap_or(i64::MAX).into(), i64::from(limit).into()];
        let rows: Vec<Row> = self.reads.rows(CHANGES, &values).await?;
        let changes = rows.into_iter().map(|row| ChangeRow {
            seq: row.seq,
            at: Timestamp(row.at_ms),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            was: row.was,
            becomes: row.becomes,
        });
        Ok(changes.collect())
    }
}
