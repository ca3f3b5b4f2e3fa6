//! Bedrock Runtime on the wire: bytes to values and back.
//!
//! Event-stream frames, errors, `SigV4` signatures, request paths, and what a request, a reply or a
//! stream says about its cost, for Converse and for every provider's own JSON. No socket is opened
//! and no clock is read here; bytes that are not understood are left to pass through untouched.
//! `openai` and `anthropic` are what others speak, translated to it and back.

pub mod anthropic;
pub mod body;
pub mod border;
pub mod conversation;
pub mod counting;
pub mod error;
pub mod frame;
mod guardrail;
mod json;
mod members;
pub mod messages;
pub mod model_list;
pub mod openai;
pub mod path;
pub mod problem;
mod provider;
pub mod reply;
pub mod request;
mod retold;
pub mod sigv4;
pub mod splice;
pub mod sse;
mod tier;
