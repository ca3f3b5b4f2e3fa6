//! What was changed since something was read to be known by heart, by the list of changes: so that one
//! limit among a hundred thousand is one row to read, and not all of them.
//!
//! What is not understood, and what is too much, is read with all the rest.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::FromRow;

use crate::Error;
use crate::statement::{Session, Statement};

const CHANGES_AFTER: Statement =
    Statement { doing: "read changes", sql: include_str!("../../queries/changes_after.sql") };
const LAST_CHANGE: Statement =
    Statement { doing: "find the last change", sql: include_str!("../../queries/last_change.sql") };

/// More changes than this are no news: everything is read.
pub(crate) const NEWS_MAX: usize = 1_000;
/// Changes that nothing is decided by that is known by heart.
const INDIFFERENT: [&str; 5] =
    ["team set", "stream cut", "window rebuild", "master key bind", "break-glass"];
/// The same, by how they begin: people, and who signs in where they look.
const INDIFFERENT_KINDS: [&str; 4] = ["user ", "project ", "sign ", "admin key "];

#[derive(Debug, FromRow)]
struct ChangeRow {
    seq: i64,
    action: String,
    subject: String,
    was: Option<String>,
    becomes: Option<String>,
}

#[derive(Debug, FromRow)]
struct LastRow {
    seq: i64,
}

/// What a change says of which thing it is about.
#[derive(Debug, Deserialize)]
struct IdJson {
    id: String,
}

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// The number of the last change.
    pub(crate) last: i64,
    /// Limits that were set or ended.
    pub(crate) limits: BTreeSet<String>,
    /// Keys that were made, changed or revoked.
    pub(crate) keys: BTreeSet<String>,
    /// The names of teams that were made.
    pub(crate) teams: BTreeSet<String>,
    /// Whether freezes, policies or the limits of streams changed, or a team ended.
    pub(crate) has_other: bool,
}

/// The number of the last change.
pub(crate) async fn last_change(session: &mut Session<'_>) -> Result<i64, Error> {
    let row: Option<LastRow> = session.rows(LAST_CHANGE, &[]).await?.pop();
    Ok(row.map_or(0, |row| row.seq))
}

impl News {
    /// What was changed after a number; `None` where that is too much, or not understood.
    pub(crate) async fn after(
        session: &mut Session<'_>,
        number: i64,
    ) -> Result<Option<Self>, Error> {
        let most = i64::try_from(NEWS_MAX).unwrap_or(i64::MAX);
        let values = [number.into(), (most + 1).into()];
        let rows: Vec<ChangeRow> = session.rows(CHANGES_AFTER, &values).await?;
        if rows.len() > NEWS_MAX {
            return Ok(None);
        }
        let mut news = Self { last: number, ..Self::default() };
        Ok(rows.into_iter().all(|row| news.take(row).is_some()).then_some(news))
    }

    fn take(&mut self, row: ChangeRow) -> Option<()> {
        self.last = row.seq;
        match row.action.as_str() {
            "limit set" | "limit end" => {
                let text = row.becomes.or(row.was)?;
                self.limits.insert(serde_json::from_str::<IdJson>(&text).ok()?.id);
            }
            "key create" | "key set" | "key rotate" | "key revoke" => {
                self.keys.insert(row.subject.strip_prefix("key ")?.to_owned());
            }
            "team create" => {
                self.teams.insert(row.subject.strip_prefix("team ")?.to_owned());
            }
            "team end" | "freeze" | "thaw" | "policy set" | "policy end" | "stream limit set"
            | "stream limit end" => self.has_other = true,
            action => {
                let is_of_kind = INDIFFERENT_KINDS.iter().any(|kind| action.starts_with(kind));
                (is_of_kind || INDIFFERENT.contains(&action)).then_some(())?;
            }
        }
        Some(())
    }
}
