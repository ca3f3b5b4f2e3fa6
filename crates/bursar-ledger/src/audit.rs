//! Checks that what is recorded adds up: balances to their holds and journal, the journal to the
//! limits, roll-ups and attempts to their calls. It reads page by page and repairs nothing.
//!
//! What is compared was read by one statement, or by two of lines that never change, so an audit
//! beside running calls finds nothing that is not there.

mod amounts;
mod calls;
mod fold;
mod holds;
mod last;
mod rebuild;
mod windows;

use sqlx::FromRow;

use crate::archive::{prove, prove_file};
use crate::statement::{Pool, Statement};
use crate::{Error, Ledger};

pub use last::LastAudit;

const INTEGRITY_CHECK: Statement = Statement {
    doing: "check the file",
    sql: include_str!("../queries/sqlite/integrity_check.sql"),
};
pub(crate) const COUNT_HOLDS: Statement =
    Statement { doing: "count holds", sql: include_str!("../queries/count_holds.sql") };

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// What does not add up, at most [`AuditReport::FINDINGS_MAX`]; empty when all is well.
    pub findings: Vec<Finding>,
    /// Calls that were read.
    pub calls: u64,
    /// Holds that were open.
    pub holds: u64,
}

impl AuditReport {
    /// An audit stops collecting here: the first hundred tell what is wrong.
    pub const FINDINGS_MAX: usize = 100;

    /// Whether everything adds up.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Notes what was found elsewhere.
    fn add(&mut self, findings: Vec<Finding>) {
        let room = Self::FINDINGS_MAX.saturating_sub(self.findings.len());
        self.findings.extend(findings.into_iter().take(room));
    }

    /// Notes what differs.
    fn compare<T: PartialEq + ToString>(
        &mut self,
        check: &'static str,
        subject: &str,
        (expected, found): (T, T),
    ) {
        if expected != found && self.findings.len() < Self::FINDINGS_MAX {
            self.findings.push(Finding {
                check,
                subject: subject.to_owned(),
                expected: expected.to_string(),
                found: found.to_string(),
            });
        }
    }
}

/// One thing that does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: `held`, `spent`, `limit`, `lease`, `line`, `calls`, `cost`, `attempts` …
    pub check: &'static str,
    /// Where: a window, an hour, a day, a call.
    pub subject: String,
    /// What follows from the rows beneath.
    pub expected: String,
    /// What is recorded.
    pub found: String,
}

#[derive(Debug, FromRow)]
struct IntegrityRow {
    integrity_check: String,
}

#[derive(Debug, FromRow)]
struct HoldsRow {
    holds: i64,
}

impl Ledger {
    /// Checks that everything adds up. Of a month that is archived, its roll-ups are compared with
    /// what was archived, not with its calls; of an archive, its rows with what they were sealed as.
    pub async fn audit(&self) -> Result<AuditReport, Error> {
        let mut report = AuditReport::default();
        if matches!(self.reads, Pool::Sqlite(_)) {
            let rows: Vec<IntegrityRow> = self.reads.rows(INTEGRITY_CHECK, &[]).await?;
            for row in rows {
                report.compare("integrity", "file", ("ok".to_owned(), row.integrity_check));
            }
        }
        let archives = self.archives().await?;
        if let Some(own) = archives.iter().find(|archive| archive.is_here()) {
            self.audit_attempts(&mut report).await?;
            self.audit_amounts(&mut report).await?;
            self.audit_rollups(&[], &mut report).await?;
            report.add(prove_file(&self.reads, own).await?);
            return Ok(report);
        }
        report.holds = self.count_holds().await?;
        self.audit_windows(&mut report).await?;
        self.audit_journal(&mut report).await?;
        self.audit_lines(&mut report).await?;
        self.audit_conserved(&mut report).await?;
        self.audit_leases(&mut report).await?;
        self.audit_amounts(&mut report).await?;
        self.audit_attempts(&mut report).await?;
        self.audit_rollups(&archives, &mut report).await?;
        report.add(prove(&self.reads).await?);
        Ok(report)
    }

    pub(crate) async fn count_holds(&self) -> Result<u64, Error> {
        let row: Option<HoldsRow> = self.reads.row(COUNT_HOLDS, &[]).await?;
        Ok(row.and_then(|row| u64::try_from(row.holds).ok()).unwrap_or_default())
    }
}
