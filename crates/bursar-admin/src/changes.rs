//! Who changed what, and when, newest first.

use bursar_ledger::ChangeRow;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::calls::{checked_limit, parse_time};
use crate::{Admin, Error};

/// So many rows where nobody says.
const ROWS_USUAL: u32 = 20;

/// Which changes are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeQuery {
    /// From then on: RFC 3339, or a date.
    pub since: Option<String>,
    /// Only those before this number.
    pub before: Option<i64>,
    /// Rows on a page: 1 to 1000, 20 where nothing is said.
    pub limit: Option<u32>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeReply {
    /// Its number, in the order of the changes.
    pub number: i64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To whom or what.
    pub subject: String,
    /// Before: an object, or words; null when there was none.
    pub was: Value,
    /// After; null when there is none.
    pub becomes: Value,
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangePage {
    /// The changes.
    pub rows: Vec<ChangeReply>,
    /// What to pass as `before` for the rows behind; null at the end.
    pub next: Option<i64>,
}

impl Admin {
    /// One page of changes.
    ///
    /// # Errors
    /// [`Error::BadWord`] for a part that means nothing, or a ledger that failed.
    pub async fn changes(&self, query: &ChangeQuery) -> Result<ChangePage, Error> {
        let limit = checked_limit(query.limit, ROWS_USUAL)?;
        let since = parse_time(query.since.as_deref())?;
        let changes = self.ledger.changes(since, query.before, limit).await?;
        let is_full = changes.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = changes.last().filter(|_| is_full).map(|change| change.seq);
        Ok(ChangePage { rows: changes.into_iter().map(ChangeReply::from).collect(), next })
    }
}

impl From<ChangeRow> for ChangeReply {
    fn from(change: ChangeRow) -> Self {
        Self {
            number: change.seq,
            at: change.at.to_string(),
            actor: change.actor,
            action: change.action,
            subject: change.subject,
            was: side(change.was),
            becomes: side(change.becomes),
        }
    }
}

/// An object where it is one, else the text itself.
fn side(text: Option<String>) -> Value {
    let Some(text) = text else { return Value::Null };
    match serde_json::from_str(&text) {
        Ok(object @ Value::Object(_)) => object,
        _ => text.into(),
    }
}
