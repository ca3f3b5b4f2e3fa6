//! What the ledger keeps of a month that is archived: where it is, how far, and the hashes that prove
//! what was in it.

use bursar_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::Month;
use super::check::{ItemsHash, Sums, hash_items_of};
use crate::statement::{Pool, Statement, Value};
use crate::{Error, Ledger};

const ARCHIVES: Statement = Statement {
    doing: "read which months are archived",
    sql: include_str!("../../queries/archives.sql"),
};
/// A month whose calls are not, or not all, in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The month.
    pub month: Month,
    /// Its archive's file.
    pub place: String,
    pub(super) state: String,
    pub(super) json: String,
}

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) month: String,
    pub(super) calls: i64,
    pub(super) cost_usd: String,
    pub(super) items: i64,
    pub(super) items_hash: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base_hash: Option<String>,
}

#[derive(Debug, FromRow)]
struct ArchiveRow {
    month_ms: i64,
    state: String,
    place: String,
    summary: String,
}

impl Summary {
    pub(super) fn new(month: Month, sums: Sums, hash: ItemsHash) -> Self {
        Self {
            month: month.to_string(),
            calls: sums.calls,
            cost_usd: sums.cost().usd(),
            items: hash.items,
            items_hash: hash.hash(),
            file: String::new(),
            base_hash: None,
        }
    }

    /// What an archive that is being written holds by now.
    pub(super) async fn of_file(archive: &Ledger, month: Month) -> Result<Self, Error> {
        let sums = Sums::of_calls(&archive.reads, month).await?;
        Ok(Self::new(month, sums, hash_items_of(&archive.reads, month, None).await?))
    }

    /// Texts and numbers cannot fail to be written.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Archive {
    /// Whether this ledger is the archive.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.state == "here"
    }

    /// Whether all of its calls are gone.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        self.state == "dropped"
    }

    /// Whether its calls are being taken out.
    pub(super) fn is_under_way(&self) -> bool {
        self.state == "dropping"
    }

    /// Whether any of a range is in the month.
    #[must_use]
    pub fn overlaps(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> bool {
        since.is_none_or(|since| since < self.month.end())
            && until.is_none_or(|until| until > self.month.start())
    }

    pub(super) fn summary(&self) -> Result<Summary, Error> {
        serde_json::from_str(&self.json).map_err(|_| Error::Inconsistent {
            table: "archive",
            column: "summary",
            row: self.month.to_string(),
        })
    }

    pub(super) fn values(&self) -> [Value; 4] {
        [
            self.month.start().0.into(),
            self.state.as_str().into(),
            self.place.as_str().into(),
            self.json.as_str().into(),
        ]
    }
}

pub(super) async fn read(pool: &Pool) -> Result<Vec<Archive>, Error> {
    let rows: Vec<ArchiveRow> = pool.rows(ARCHIVES, &[]).await?;
    let archive = |row: ArchiveRow| Archive {
        month: Month::of(Timestamp(row.month_ms)),
        place: row.place,
        state: row.state,
        json: row.summary,
    };
    Ok(rows.into_iter().map(archive).collect())
}
