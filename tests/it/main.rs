//! The one integration-test binary: the program as its user runs it, and the house as it stands.

// Says to clippy that helpers here are tests too, and may unwrap.
#![cfg(test)]

mod clients;
mod commands;
mod documents;
mod ends;
mod faults;
mod refusals;
mod replays;
mod snapshots;
mod tidy;
mod world;
