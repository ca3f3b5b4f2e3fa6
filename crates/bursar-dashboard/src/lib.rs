//! Where people and programs look, and change what they may: pages for a browser, `/api/v1`, metrics
//! and health, on a listener of their own.
//!
//! Everything that is asked goes to `bursar-admin`, in its own requests and replies as JSON. Nothing
//! here makes a call to Bedrock, or could: what runs is cut by a wish that its process obeys.

mod ask;
mod assets;
mod burn;
mod chart;
mod content;
mod cookie;
mod document;
mod events;
mod figures;
mod filters;
mod form;
mod frame;
mod gate;
mod heat;
mod metrics;
mod oidc;
mod origin;
mod pages;
mod people;
mod pipe;
mod problem;
mod server;
mod sheet;
mod sign_in;
mod sign_on;
mod site;
#[cfg(test)]
mod tests;
mod throttle;

pub use document::document;
pub use metrics::{Family, Kind, Meters, Sample};
pub use oidc::{Group, OidcError, Provider, ProviderSettings};
pub use server::{Options, ServeError, serve};
pub use site::Site;
