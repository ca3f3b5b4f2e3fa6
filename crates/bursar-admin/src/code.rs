//! What an error is called: the same word in the API, in `--json` and in a process's exit code.

use bursar_ledger::Error as Ledger;

use crate::Error;

impl Error {
    /// The word: `usage`, `forbidden`, `unknown_model`, `bad_data`, `configuration`, `no_file` or
    /// `ledger`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => ledger_code(error),
            Self::NotYours { .. } => "forbidden",
            Self::UnknownModel(_) => "unknown_model",
            Self::BadFile { .. } => "bad_data",
            Self::NotReloaded { .. }
            | Self::NoMasterKey
            | Self::BadMasterKey { .. }
            | Self::LostMasterKey { .. }
            | Self::OpenMasterKey { .. }
            | Self::MasterKeyFile { .. } => "configuration",
            _ => "usage",
        }
    }
}

/// The same of a ledger's error.
#[must_use]
pub const fn ledger_code(error: &Ledger) -> &'static str {
    match error {
        Ledger::BadUrl { .. }
        | Ledger::TooManyReportTags { .. }
        | Ledger::OtherMasterKey { .. }
        | Ledger::BadKey { .. } => "configuration",
        Ledger::Missing { .. } | Ledger::MissingDirectory { .. } | Ledger::NoBackup { .. } => {
            "no_file"
        }
        Ledger::Unkept { .. }
        | Ledger::TooMuch { .. }
        | Ledger::FileExists { .. }
        | Ledger::LedgerExists { .. }
        | Ledger::NoRoles
        | Ledger::Archived { .. }
        | Ledger::UnknownAccess { .. }
        | Ledger::Taken { .. }
        | Ledger::BusyTeam { .. } => "usage",
        Ledger::NotArchivable { .. } => "failed",
        Ledger::ArchiveDiffers { .. } => "audit_findings",
        _ => "ledger",
    }
}
