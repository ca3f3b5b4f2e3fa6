//! What a model, a price, a usage and a metered call *are*, and their arithmetic.
//!
//! Nothing here does I/O, is async, or knows anybody's JSON. Money is whole pico-dollars; time is
//! an argument. Every other crate speaks in these types, and none re-exports them.

pub mod access;
pub mod admission;
pub mod advice;
pub mod budget;
pub mod call;
pub mod catalogue;
pub mod causes;
pub mod closed_set;
pub mod entropy;
pub mod freeze;
pub mod identity;
pub mod limit;
pub mod model;
pub mod money;
pub mod nearest;
pub mod once;
pub mod policy;
pub mod price;
pub mod price_book;
pub mod quota;
pub mod roster;
pub mod scope;
pub mod scoped;
pub mod span;
mod table;
pub mod time;
pub mod usage;
pub mod watch;
