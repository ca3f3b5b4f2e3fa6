//! Keeps budgets, holds and calls, so that no budget is overspent and no call is lost.
//!
//! One [`Ledger`] over SQLite or PostgreSQL; callers never see which. SQL lives in `queries/`.
//! Nothing here knows HTTP, AWS or a price list, and prompts and answers are never stored.

mod access;
mod accounts;
mod admin_keys;
mod admitted;
mod aftermath;
mod api_tokens;
mod archive;
mod audit;
mod backup;
pub mod bearer;
mod calls;
mod change;
mod changes;
mod checkup;
mod copy;
mod database_url;
mod error;
mod facts;
mod faults;
mod history;
mod keyring;
mod lease;
mod ledger;
mod limits;
mod loan;
mod master_key;
mod once;
mod open;
mod owner;
mod posting;
mod pulse;
mod queue;
mod recent;
mod restore;
mod roles;
mod rollup;
mod rules;
mod seal;
mod secret;
mod spool;
mod standing;
mod statement;
mod streams;
mod sweep;
mod usage;
mod verdict;
mod versions;
mod writer;

#[cfg(test)]
mod tests;

pub use accounts::{Account, ForeignIdentity, Session};
pub use admin_keys::AdminKey;
pub use admitted::{Admission, Admitted, Settled};
pub use aftermath::Ended;
pub use api_tokens::{ApiToken, TokenOwner};
pub use archive::{Archive, ArchiveRequest, ArchiveState, ArchivedMonth, Month};
pub use audit::{AuditReport, Finding, LastAudit};
pub use backup::dump_command;
pub use calls::{CallFilter, CallRow, Page};
pub use change::{
    AccessChange, AccountChange, AdminKeyChange, ApiTokenChange, Change, Changed, KeyChange,
    KeyTerms, NewLink,
};
pub use changes::ChangeRow;
pub use checkup::Checkup;
pub use copy::{CopyReport, LedgerCopy};
pub use database_url::DatabaseUrl;
pub use error::Error;
pub use faults::{FaultRow, Whose};
pub use history::{PastCall, PastEnd};
pub use keyring::{Holder, Proven};
pub use ledger::Ledger;
pub use master_key::MasterKey;
pub use open::OpenOptions;
pub use pulse::Backlog;
pub use recent::{Minute, Trouble};
pub use restore::{Restored, restore_command};
pub use seal::{
    Head, HeadDelivery, Offer, PublicKey, Sealing, Signer, SigningKey, Unprotected, VerifyReport,
    Webhook,
};
pub use secret::Secret;
pub use spool::SpoolOptions;
pub use standing::{Foreseen, Pace, Standing};
pub use streams::{Checkpoint, CutWish, OPEN_CALLS_MAX, OpenCall, StreamRule};
pub use usage::{
    Buckets, Counters, Dimension, Grain, GrainSlice, Habit, HourBy, HourSlice, Paces, SliceRow,
    UsageQuery, UsageReport, UsageRow,
};
pub use verdict::{AdmittedBy, OpenHold, RefusalRow, RefusedFor};
pub use versions::VersionRow;
