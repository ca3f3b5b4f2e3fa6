//! The one integration-test binary: the program as its user runs it, and the house as it stands.

// Says to clippy that helpers here are tests too, and may unwrap.
#![cfg(test)]

mod access;
mod administration;
mod advice;
mod affordable;
mod ailing;
mod applies;
mod archives;
mod arns;
mod books;
mod browser;
mod budgets;
mod chat;
mod clients;
mod commands;
mod copies;
mod dialects;
mod doctor;
mod documents;
mod ends;
mod faults;
mod fills;
mod gateway;
mod keys;
mod metrics;
mod narrow;
mod once;
mod page_rows;
mod planning;
mod reads;
mod refresh;
mod refusals;
mod reloads;
mod replays;
mod run;
mod sdks;
mod serve;
mod server;
mod showroom;
mod simulator;
mod snapshots;
mod streams;
mod telemetry;
mod tidy;
mod users;
mod ways;
mod webhooks;
mod weights;
mod world;
