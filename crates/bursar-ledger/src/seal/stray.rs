//! Rows that are in no block and are not queued for one: nothing of ours writes such rows.

use sqlx::FromRow;

use super::verify::VerifyReport;
use crate::Error;
use crate::statement::{Pool, Statement};

/// The tables, and the statement that pages through what each holds.
const TABLES: [(&str, Statement); 5] = [
    (
        "call",
        Statement { doing: "look for calls", sql: include_str!("../../queries/stray_calls.sql") },
    ),
    (
        "attempt",
        Statement {
            doing: "look for attempts",
            sql: include_str!("../../queries/stray_attempts.sql"),
        },
    ),
    (
        "journal",
        Statement {
            doing: "look for journal lines",
            sql: include_str!("../../queries/stray_journal.sql"),
        },
    ),
    (
        "correction",
        Statement {
            doing: "look for corrections",
            sql: include_str!("../../queries/stray_corrections.sql"),
        },
    ),
    (
        "change",
        Statement {
            doing: "look for changes",
            sql: include_str!("../../queries/stray_changes.sql"),
        },
    ),
];

#[derive(Debug, FromRow)]
struct KeptRow {
    subject: String,
    kept: bool,
}

pub(super) async fn find(pool: &Pool, report: &mut VerifyReport) -> Result<(), Error> {
    for (table, page) in TABLES {
        let mut after = String::new();
        loop {
            let rows: Vec<KeptRow> = pool.rows(page, &[after.as_str().into()]).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.subject);
            for row in rows.iter().filter(|row| !row.kept) {
                report.find(table, &row.subject, "in a block, or queued for one", "in neither");
            }
        }
    }
    Ok(())
}
