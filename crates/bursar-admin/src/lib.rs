//! What people may change and look up: access and limits, for the command line, the API and the
//! pages alike.
//!
//! Requests and replies are plain values, ready to be JSON. Everything that changes something is
//! checked here and audited by the ledger. Nothing here makes a call to Bedrock, or knows a command
//! line or HTML.

mod accounts;
mod admin;
mod admin_keys;
mod amount;
pub mod api;
mod apply;
mod attribution;
mod budgets;
mod calls;
mod changes;
mod code;
mod desk;
mod error;
mod expiry;
mod foresight;
mod freezes;
mod health;
mod keys;
mod master_key;
mod operation;
mod passwords;
mod policies;
mod prices;
mod recent;
mod refused;
mod reload;
mod route;
mod selectors;
mod sessions;
mod sign_on;
mod streams;
mod teams;
#[cfg(test)]
mod tests;
mod tokens;
mod usage;
mod view;
mod viewer;
mod why;

pub use accounts::{MadeUser, NewUser, Role, UserRow};
pub use admin::Admin;
pub use admin_keys::{AdminKeyRow, NewAdminKey, Visitor};
pub use amount::{parse_amount, write_amount};
pub use apply::{Applied, AppliedKey, ApplyRequest, Step, StepKind};
pub use attribution::Who;
pub use budgets::{
    Band, Basis, BudgetChange, BudgetRow, Figures, Forecast, LimitQuery, LimitWords, Outlook,
    Terms, parse_window,
};
pub use calls::{ArchivePlace, CallDetail, CallPage, CallQuery, CallReply, RateReply};
pub use changes::{ChangePage, ChangeQuery, ChangeReply};
pub use code::ledger_code;
pub use desk::Desk;
pub use error::Error;
pub use expiry::{parse_expiry, parse_span};
pub use foresight::{CallAhead, Foresight, LimitAhead, ModelAhead};
pub use freezes::{FreezeRow, Frozen, Thawed};
pub use health::{AuditReply, Health};
pub use keys::{KeyRequest, KeyRow, NewKey};
pub use master_key::MasterKeySource;
pub use operation::{FieldKind, Operation};
pub use policies::{KnownModels, PolicyEdit, PolicyRow, PolicyWords};
pub use prices::{PriceQuery, PriceRow};
pub use recent::{MinuteReply, Recent, TroubleReply};
pub use refused::Refused;
pub use reload::{Reload, Reloaded};
pub use route::{Answer, Method, Route};
pub use selectors::Selectors;
pub use sign_on::SignOn;
pub use streams::{
    CutRequest, CutResult, CutState, RunningCall, StreamLimitChange, StreamLimitRow,
    StreamLimitWords,
};
pub use teams::{Made, TeamFacts, TeamRow};
pub use tokens::{MadeToken, NewToken, TokenRow};
pub use usage::{UsageAsk, UsageLine, UsageReply, UsageSums, dimension_word, parse_dimension};
pub use view::{
    Ahead, Fault, FrozenSince, Group, Kinds, ModelFacts, Outlay, Pace, RefusedWhy, Runaway,
    Runaways, Server, SumAsk, SumLine, View,
};
pub use viewer::{Part, Sight, Viewer};
pub use why::{
    AttemptReply, EndedCall, InForceRow, KeyWhy, LimitThen, PolicyOn, RefusalReply, Why,
};
