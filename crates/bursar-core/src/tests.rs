//! Where calls go, against simulators, on every database that a ledger can be on.

mod fallbacks;
mod roles;
mod upstreams;
mod world;
