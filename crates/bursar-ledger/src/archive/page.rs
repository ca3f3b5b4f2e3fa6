//! A month's calls by the page, with all that belongs to them.

use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use super::Month;
use crate::copy::CopiedRow;
use crate::facts::read_tags;
use crate::seal::Entry;
use crate::statement::{Pool, Statement, Value, bulk, keyed};
use crate::{Error, Finding};

const CALLS: Statement = Statement {
    doing: "read a month's calls",
    sql: include_str!("../../queries/archive_calls.sql"),
};
const SEALED: Statement = Statement {
    doing: "read what calls were sealed as",
    sql: include_str!("../../queries/archive_sealed.sql"),
};

const LAST: Statement =
    Statement { doing: "find the last call", sql: include_str!("../../queries/last_call.sql") };

#[derive(Debug, FromRow)]
struct LastRow {
    id: Option<String>,
}

#[derive(Debug, FromRow)]
struct CallIdRow {
    id: String,
    started_ms: i64,
    tags: String,
}

/// A row of `call_tag`, by its key.
#[derive(Debug, Clone, Serialize)]
struct Tagged {
    tag_key: String,
    started_ms: i64,
    call_id: String,
}

/// Some calls of a month.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    pub(crate) ids: Vec<String>,
    tags: Vec<Tagged>,
}

impl Calls {
    /// The next calls of a month after one and up to one; `None` when there are none.
    pub(crate) async fn read(
        pool: &Pool,
        month: Month,
        (after, until): (&str, &str),
    ) -> Result<Option<Self>, Error> {
        let values = [month.start().0.into(), month.end().0.into(), after.into(), until.into()];
        let rows: Vec<CallIdRow> = pool.rows(CALLS, &values).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut tags = Vec::new();
        for row in &rows {
            let bad = || Error::Inconsistent { table: "call", column: "tags", row: row.id.clone() };
            let of_call = read_tags(&row.tags).ok_or_else(bad)?;
            tags.extend(of_call.into_keys().map(|tag_key| Tagged {
                tag_key,
                started_ms: row.started_ms,
                call_id: row.id.clone(),
            }));
        }
        Ok(Some(Self { ids: rows.into_iter().map(|row| row.id).collect(), tags }))
    }

    /// The last call's id.
    pub(crate) fn last(&self) -> &str {
        self.ids.last().map_or("", String::as_str)
    }

    /// The calls as a parameter.
    pub(crate) fn keys(&self) -> Result<Value, Error> {
        keyed(self.ids.iter().map(|id| (id, ())))
    }

    /// Their tags as a parameter.
    pub(crate) fn tag_keys(&self) -> Result<Value, Error> {
        bulk(&self.tags)
    }

    /// What they were sealed as, by subject and kind. Every call must have been.
    pub(super) async fn sealed(&self, pool: &Pool, month: Month) -> Result<Vec<SealedItem>, Error> {
        let mut items: Vec<SealedItem> = pool.rows(SEALED, &[self.keys()?]).await?;
        items.sort();
        let calls = items.iter().filter(|item| item.kind == "call").count();
        if calls == self.ids.len() {
            return Ok(items);
        }
        Err(Error::NotArchivable {
            month: month.to_string(),
            why: format!("{} of its calls are in no block", self.ids.len() - calls),
            hint: "`bursar ledger seal --adopt` puts them into one",
        })
    }
}

/// What something was sealed as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub(super) struct SealedItem {
    pub(super) subject: String,
    pub(super) kind: String,
    pub(super) hashes: String,
}

impl SealedItem {
    pub(super) fn entry(&self) -> Entry {
        Entry { kind: self.kind.clone(), subject: self.subject.clone() }
    }
}

/// Whether a copied row is of a month, by this column.
pub(super) fn is_of(month: Month, row: &CopiedRow, column: &str) -> bool {
    let at = Timestamp(row.number(column));
    month.start() <= at && at < month.end()
}

/// The last of a month's calls by its id; empty where there are none.
pub(crate) async fn last_id(pool: &Pool, month: Month) -> Result<String, Error> {
    let values = [month.start().0.into(), month.end().0.into()];
    let row: Option<LastRow> = pool.row(LAST, &values).await?;
    Ok(row.and_then(|row| row.id).unwrap_or_default())
}

/// Something that is not as it should be.
pub(super) fn finding(check: &'static str, subject: String, sides: (String, String)) -> Finding {
    let (expected, found) = sides;
    Finding { check, subject, expected, found }
}
