//! How the ledger is: what is cheap to ask, however large it is. Whether everything adds up is for
//! the audit.

use bursar_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Admin, Error};

/// How the ledger is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// The ledger's version, which is this program's.
    pub version: i64,
    /// Calls that are open.
    pub holds: u64,
    /// When the oldest of them began.
    pub oldest_hold: Option<String>,
    /// How much room the ledger takes; on PostgreSQL, all of its database. 0 in memory.
    pub bytes: u64,
    /// Whether a quick look found nothing wrong.
    pub is_sound: bool,
    /// What it found.
    pub findings: Vec<String>,
    /// What the last audit found that was written down; `None` where none was.
    #[serde(default)]
    pub last_audit: Option<AuditReply>,
}

/// An audit that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditReply {
    /// When it ended.
    pub at: String,
    /// How much did not add up: a hundred stands for as many or more.
    pub findings: i64,
    /// How many calls it looked at.
    pub calls: i64,
}

impl Admin {
    /// How the ledger is.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn health(&self) -> Result<Health, Error> {
        let checkup = self.ledger.glance().await?;
        let audit = self.ledger.last_audit().await?;
        let findings = checkup.findings.iter().map(|finding| {
            let bursar_ledger::Finding { check, subject, expected, found } = finding;
            format!("{check} of {subject}: {found} is recorded, {expected} follows")
        });
        let findings: Vec<String> = findings.collect();
        Ok(Health {
            version: checkup.version,
            holds: checkup.holds,
            oldest_hold: checkup.oldest_hold.as_ref().map(Timestamp::to_string),
            bytes: checkup.bytes,
            is_sound: findings.is_empty(),
            findings,
            last_audit: audit.map(|audit| AuditReply {
                at: audit.ended_at().to_string(),
                findings: audit.findings,
                calls: audit.calls,
            }),
        })
    }
}
