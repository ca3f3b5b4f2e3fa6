//! What the last audit found, written down for whoever looks at the ledger's health. Writing it is not
//! part of the audit: a role that may only read still audits.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use super::AuditReport;
use crate::queue::Task;
use crate::statement::{Session, Statement};
use crate::{Error, Ledger};

const NOTE: Statement =
    Statement { doing: "note an audit", sql: include_str!("../../queries/note_audit.sql") };
const LAST: Statement =
    Statement { doing: "read the last audit", sql: include_str!("../../queries/last_audit.sql") };

/// An audit that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct LastAudit {
    ended_ms: i64,
    /// How much does not add up; [`AuditReport::FINDINGS_MAX`] stands for as many or more.
    pub findings: i64,
    /// How many calls were read.
    pub calls: i64,
    /// How many holds were open.
    pub holds: i64,
}

impl LastAudit {
    /// When it ended.
    #[must_use]
    pub const fn ended_at(&self) -> Timestamp {
        Timestamp(self.ended_ms)
    }

    pub(crate) async fn write(&self, session: &mut Session<'_>) -> Result<(), Error> {
        let Self { ended_ms, findings, calls, holds } = *self;
        let values = [ended_ms.into(), findings.into(), calls.into(), holds.into()];
        session.run(NOTE, &values).await.map(drop)
    }
}

impl Ledger {
    /// Writes down what an audit found that ended at a time.
    ///
    /// # Errors
    /// A database that failed, or does not let this role write.
    pub async fn note_audit(&self, report: &AuditReport, ended_at: Timestamp) -> Result<(), Error> {
        let count = |figure: u64| i64::try_from(figure).unwrap_or(i64::MAX);
        let audit = LastAudit {
            ended_ms: ended_at.0,
            findings: i64::try_from(report.findings.len()).unwrap_or(i64::MAX),
            calls: count(report.calls),
            holds: count(report.holds),
        };
        self.queue.ask(Task::Audited(audit)).await.map(drop)
    }

    /// What the last audit found that was written down; `None` where none was.
    pub async fn last_audit(&self) -> Result<Option<LastAudit>, Error> {
        self.reads.row(LAST, &[]).await
    }
}
