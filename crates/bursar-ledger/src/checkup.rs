//! A quick look at a ledger's health: what is cheap to ask however large it is. Whether everything
//! adds up is for the audit.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::audit::COUNT_HOLDS;
use crate::ledger::Home;
use crate::open::{check_pages, found_version, log_path};
use crate::owner::file_error;
use crate::statement::Statement;
use crate::{AuditReport, Error, Finding, Ledger};

const DATABASE_BYTES: Statement = Statement {
    doing: "measure the database",
    sql: include_str!("../queries/postgres/database_bytes.sql"),
};

/// What a quick look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// The ledger's version: this program's, or a later one's that serves this program too.
    pub version: i64,
    /// Calls that are open.
    pub holds: u64,
    /// When the oldest of them began.
    pub oldest_hold: Option<Timestamp>,
    /// How much room the ledger takes; on PostgreSQL, all of its database. 0 in memory.
    pub bytes: u64,
    /// Whether every page of the file was looked at; false where it is too large for that, or is
    /// no file.
    pub is_read_whole: bool,
    /// Holds that are not the sum of their lines.
    pub findings: Vec<Finding>,
}

impl Checkup {
    /// Larger files are left to the audit: a quick look has to stay one.
    pub const READ_BYTES_MAX: u64 = 256 << 20;
}

#[derive(Debug, FromRow)]
struct OpenRow {
    holds: i64,
    oldest_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct BytesRow {
    bytes: i64,
}

impl Ledger {
    /// Takes a quick look, at every page of a file too that is not large.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a page of the file makes no sense.
    pub async fn checkup(&self) -> Result<Checkup, Error> {
        let is_file = matches!(self.place.as_ref(), Home::File(_));
        let is_read_whole = is_file && self.bytes().await? <= Checkup::READ_BYTES_MAX;
        if is_read_whole {
            check_pages(&self.reads).await?;
        }
        Ok(Checkup { is_read_whole, ..self.glance().await? })
    }

    /// The same without the pages: what may be asked again and again. Opening has checked the version
    /// and settled what the dead left open, so the holds that are counted are of processes that live.
    pub async fn glance(&self) -> Result<Checkup, Error> {
        let open: Option<OpenRow> = self.reads.row(COUNT_HOLDS, &[]).await?;
        let mut report = AuditReport::default();
        self.audit_lines(&mut report).await?;
        Ok(Checkup {
            version: found_version(&self.reads).await?,
            holds: open.as_ref().and_then(|row| u64::try_from(row.holds).ok()).unwrap_or(0),
            oldest_hold: open.and_then(|row| row.oldest_ms).map(Timestamp),
            bytes: self.bytes().await?,
            is_read_whole: false,
            findings: report.findings,
        })
    }

    /// How much room the ledger takes, as [`Checkup::bytes`].
    pub async fn bytes(&self) -> Result<u64, Error> {
        match self.place.as_ref() {
            Home::Memory => Ok(0),
            Home::File(path) => {
                let length =
                    std::fs::metadata(path).map_err(|error| file_error(path, error))?.len();
                let log = std::fs::metadata(log_path(path)).map_or(0, |log| log.len());
                Ok(length.saturating_add(log))
            }
            Home::Postgres(_) => {
                let row: Option<BytesRow> = self.reads.row(DATABASE_BYTES, &[]).await?;
                Ok(row.and_then(|row| u64::try_from(row.bytes).ok()).unwrap_or(0))
            }
        }
    }
}
