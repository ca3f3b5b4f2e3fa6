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
}

impl Admin {
    /// How the ledger is.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn health(&self) -> Result<Health, Error> {
        let checkup = self.ledger.glance().await?;
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
        })
    }
}
