//! Where people and programs look, and change what they may: `/api/v1`, metrics and health, on a
//! listener of their own.
//!
//! Everything that is asked goes to `bursar-admin`, in its own requests and replies as JSON. Nothing
//! here makes a call to Bedrock, or could: what runs is cut by a wish that its process obeys.

mod ask;
mod document;
mod gate;
mod metrics;
mod problem;
mod server;
mod site;
#[cfg(test)]
mod tests;

pub use document::document;
pub use metrics::{Family, Kind, Meters, Sample};
pub use server::{Options, ServeError, serve};
pub use site::{Site, pages};
