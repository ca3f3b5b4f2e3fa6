//! Which versions of models answered, told from the last calls of a range. No roll-up tells versions
//! apart, so this looks at so many calls and no more.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Statement, Value};
use crate::{Error, Ledger};

const VERSIONS: Statement =
    Statement { doing: "read model versions", sql: include_str!("../queries/versions.sql") };

const VERSIONS_OF_TEAM: Statement = Statement {
    doing: "read model versions",
    sql: include_str!("../queries/versions_of_team.sql"),
};

/// A version that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// The model.
    pub model: String,
    /// The version that answered.
    pub version: String,
    /// How that is known: `requested`, `resolved` or `reported`.
    pub evidence: String,
    /// Whom it answered; empty for calls without a team.
    pub team: String,
    /// How many calls.
    pub calls: i64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
}

#[derive(Debug, FromRow)]
struct Row {
    model: String,
    model_version: String,
    version_evidence: String,
    team: String,
    calls: i64,
    first_ms: i64,
    last_ms: i64,
}

impl Ledger {
    /// The versions that answered the last `most` calls of a range, of a team and a person or of all;
    /// [`Ledger::PAGE_ROWS_MAX`] are as many as a page may read.
    ///
    /// # Errors
    /// A database that failed.
    pub async fn versions(
        &self,
        (since, until): (Timestamp, Timestamp),
        (team, user): (Option<&str>, Option<&str>),
        most: i64,
    ) -> Result<Vec<VersionRow>, Error> {
        let values: [Value; 5] = [
            since.0.into(),
            until.0.into(),
            team.unwrap_or_default().into(),
            user.unwrap_or_default().into(),
            most.min(Self::PAGE_ROWS_MAX).into(),
        ];
        let statement = if team.is_some() { VERSIONS_OF_TEAM } else { VERSIONS };
        let rows: Vec<Row> = self.reads.rows(statement, &values).await?;
        let told = rows.into_iter().map(|row| VersionRow {
            model: row.model,
            version: row.model_version,
            evidence: row.version_evidence,
            team: row.team,
            calls: row.calls,
            first_at: Timestamp(row.first_ms),
            last_at: Timestamp(row.last_ms),
        });
        Ok(told.collect())
    }
}
