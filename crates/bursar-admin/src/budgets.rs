//! Limits, as people say them: which calls, how much, within which time, and what then.
//!
//! The words are read here, each refused by its name; the ledger sets what they mean.

mod words;

pub use words::{LimitWords, parse_window};
