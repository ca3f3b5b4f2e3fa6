//! What people may change and look up: access and limits, for the command line, the API and the
//! pages alike.
//!
//! Requests and replies are plain values, ready to be JSON. Everything that changes something is
//! checked here and audited by the ledger. Nothing here makes a call to Bedrock, or knows a command
//! line or HTML.

mod admin;
mod amount;
mod apply;
mod attribution;
mod budgets;
mod error;
mod expiry;
mod foresight;
mod freezes;
mod keys;
mod master_key;
mod policies;
mod selectors;
mod streams;
mod teams;
#[cfg(test)]
mod tests;
mod why;

pub use admin::Admin;
pub use amount::{parse_amount, write_amount};
pub use apply::{Applied, AppliedKey, ApplyRequest, Step, StepKind};
pub use attribution::Who;
pub use budgets::{
    Band, Basis, BudgetChange, BudgetRow, Figures, Forecast, LimitQuery, LimitWords, Outlook,
    Terms, parse_window,
};
pub use error::Error;
pub use expiry::{parse_expiry, parse_span};
pub use foresight::{Foresight, LimitAhead};
pub use freezes::{FreezeRow, Frozen, Thawed};
pub use keys::{KeyRequest, KeyRow, NewKey};
pub use master_key::MasterKeySource;
pub use policies::{KnownModels, PolicyEdit, PolicyRow, PolicyWords};
pub use selectors::Selectors;
pub use streams::{CutRequest, CutResult, CutState, RunningCall, StreamLimitRow};
pub use teams::{Made, TeamFacts, TeamRow};
pub use why::{EndedCall, InForceRow, KeyWhy, LimitThen, PolicyOn, RefusalReply, Why};
