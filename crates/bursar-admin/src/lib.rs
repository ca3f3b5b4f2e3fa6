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
mod selectors;
mod teams;

pub use admin::Admin;
pub use amount::{parse_amount, write_amount};
pub use attribution::Who;
pub use budgets::{LimitWords, parse_window};
pub use error::Error;
pub use selectors::Selectors;
pub use teams::{Made, TeamFacts, TeamRow};
