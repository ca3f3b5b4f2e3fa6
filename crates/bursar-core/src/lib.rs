//! One metered call: price, reserve, invoke, meter, settle.
//!
//! Start reading at `invoke.rs`. This crate is the only user of the AWS SDK, and no call leaves
//! it without an `Admitted` from the ledger; what the control plane is asked costs nothing. It knows
//! no command line, no HTTP server and no SQL.

mod afford;
mod allowed;
mod bedrock;
mod bill;
mod caller;
mod capture;
mod connection;
mod control_plane;
mod conversation;
mod course;
mod cut;
mod error;
mod estimate;
mod fallbacks;
mod health;
mod hook;
pub mod iam;
mod identify;
mod invocation;
mod invoke;
mod knock;
mod limits;
mod line;
mod meter;
mod once;
mod outcome;
mod priced;
mod prompt;
mod pump;
mod reply;
mod role;
mod routed;
mod running;
mod send;
mod simulator_probe;
mod sources;
mod tally;
mod tap;
mod transcript;
mod upstreams;
mod witness;

pub use afford::{Lowered, Refused};
pub use allowed::Allowance;
pub use bedrock::{Account, Bedrock, sdk_version};
pub use caller::{CallerIdentity, CredentialsInUse};
pub use connection::{Connection, Credentials};
pub use control_plane::{
    Availability, ControlPlane, OfferedLifecycle, OfferedModel, OfferedProfile, PromptRouter,
    Unread,
};
pub use conversation::{Attachment, Conversation, Format, Message, Role};
pub use cut::{CutSignal, Cutter, cut_pair};
pub use error::Error;
pub use estimate::{Ceiling, INPUT_OVERHEAD_TOKENS};
pub use fallbacks::{Fallbacks, WrongChain};
pub use health::Health;
pub use hook::Hook;
pub use identify::{Caller, Signer};
pub use invocation::Invocation;
pub use invoke::Bursar;
pub use knock::Knock;
pub use limits::Limits;
pub use priced::{Priced, Pricing};
pub use prompt::Prompt;
pub use reply::{Head, Hold, NoAnswer, Receipt, Reply};
pub use role::ROLE_NOT_ASSUMED;
pub use running::{CUT_BY_OPERATOR, CUT_BY_STOP, Running};
pub use simulator_probe::is_simulator;
pub use sources::{ToldTokens, ToldTwice};
pub use tally::Tally;
pub use transcript::Transcript;
pub use upstreams::{Upstream, Upstreams};
pub use witness::{Ended, TraceParent, Witness};

/// Why the ledger did not keep something.
pub use bursar_ledger::Error as LedgerError;

#[cfg(test)]
mod tests;
