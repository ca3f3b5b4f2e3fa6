//! Where calls go, against simulators, on every database that a ledger can be on.

mod fallbacks;
mod upstreams;
mod world;
