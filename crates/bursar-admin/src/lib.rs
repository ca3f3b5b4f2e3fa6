//! What people may change and look up: access and limits, for the command line, the API and the
//! pages alike.
//!
//! Requests and replies are plain values, ready to be JSON. Everything that changes something is
//! checked here and audited by the ledger. Nothing here makes a call to Bedrock, or knows a command
//! line or HTML.

mod admin;
mod amount;
mod attribution;
mod budgets;
mod error;
mod freezes;
mod selectors;
mod teams;
mod why;

pub use admin::Admin;
pub use amount::{parse_amount, write_amount};
pub use attribution::Who;
pub use budgets::{
    BudgetChange, BudgetRow, Figures, Forecast, LimitQuery, LimitWords, Outlook, Terms,
    parse_window,
};
pub use error::Error;
pub use freezes::{FreezeRow, Frozen, Thawed};
pub use selectors::Selectors;
pub use teams::{Made, TeamFacts, TeamRow};
pub use why::{KeyWhy, LimitThen, RefusalReply, Why};
