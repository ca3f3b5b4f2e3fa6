//! What a process knows of its ledger by heart: the revision and the report tags.

use sqlx::FromRow;

use crate::rollup::Rooms;
use crate::statement::Statement;

pub(crate) const SETTINGS: Statement =
    Statement { doing: "read the ledger's settings", sql: include_str!("../queries/settings.sql") };

/// One tag beside the revision.
#[derive(Debug, FromRow)]
pub(crate) struct SettingsRow {
    revision: i64,
    tag_key: Option<String>,
    since_ms: Option<i64>,
}

/// The revision, and each report tag with the hour since which it is kept apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) revision: i64,
    pub(crate) report_tags: Vec<(String, i64)>,
}

impl Settings {
    pub(crate) fn read(rows: Vec<SettingsRow>) -> Self {
        let mut settings = Self::default();
        for row in rows {
            settings.revision = row.revision;
            settings.report_tags.extend(row.tag_key.zip(row.since_ms));
        }
        settings
    }

    pub(crate) fn rooms(&self, shard: i64) -> Rooms {
        let report_tags = self.report_tags.iter().map(|(tag, _)| tag.clone()).collect();
        Rooms { shard, report_tags }
    }
}
