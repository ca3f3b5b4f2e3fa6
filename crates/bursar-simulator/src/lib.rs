//! A local Bedrock: the paths, headers, frames, errors and texts of Bedrock Runtime, on loopback,
//! with faults on demand and a list of what was served, which is the truth for tests.
//!
//! No model runs. Texts are made of words of three letters, by the seed and the request's bytes.
//! Tokens are counted by one rule, in `tokens`: a token for every four bytes of UTF-8 text that was
//! sent (system, messages, tools as JSON), rounded up and at least one; an image, a document or a
//! video counts as a thousand. A call is steered by words in its own request metadata, see
//! [`steering`]; many calls by a [`scenario`].
//!
//! Known to differ from Bedrock: any prefix may be cached, however short; steered token counts are
//! never refused as too many; a model is served whatever region it is offered in. The manual,
//! `docs/simulator.md`, has all of it, and the evidence.

mod action;
mod admission;
mod answer;
mod asked;
mod auth;
mod calls;
mod chance;
mod chunk;
mod composer;
mod connection;
mod control_plane;
mod converse;
mod fault;
mod guardrail;
mod metadata;
mod prompt_cache;
mod quota;
mod reply;
mod roles;
mod routes;
pub mod scenario;
mod script;
mod server;
mod service;
mod settings;
mod shape;
mod site;
pub mod steering;
mod sts;
mod target;
mod tls;
mod tokens;
mod words;

#[cfg(test)]
mod tests;

pub use action::{Action, Telling};
pub use calls::ServedCall;
pub use fault::Fault;
pub use roles::RoleSession;
pub use scenario::{Scenario, ScenarioError};
pub use server::Simulator;
pub use settings::{Credentials, Settings};
