//! A call that is made once, however often it is asked for.
//!
//! Only hashes: neither the caller's key nor the request can be read from them.

use crate::call::CallId;

/// What tells the same request from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Whose key it is: the same key of somebody else is another.
    pub asker: String,
    /// A hash of the key.
    pub key_hash: String,
    /// A hash of key and request.
    pub fingerprint: String,
}

/// The call that was made for the same key before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// It still runs.
    Running(CallId),
    /// It has ended, and how it did is recorded.
    Ended(CallId),
    /// It was another request: the key is used up.
    OtherRequest(CallId),
}

impl Repeat {
    /// The call.
    #[must_use]
    pub const fn call(&self) -> &CallId {
        match self {
            Self::Running(call) | Self::Ended(call) | Self::OtherRequest(call) => call,
        }
    }
}
