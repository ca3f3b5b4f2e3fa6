//! The site map: one table, which builds the router and is what tests walk.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::front::Front;
use crate::{bedrock, page};

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: &'static str,
    /// Its path; `{model}` stands for a model's id.
    pub path: &'static str,
    /// Whether it takes a key, and can spend.
    pub spends: bool,
}

const fn route(method: &'static str, path: &'static str, spends: bool) -> Route {
    Route { method, path, spends }
}

/// Every route of the front doors. Bedrock's may have a prefix, see `prefix.rs`.
pub const ROUTES: &[Route] = &[
    route("POST", "/model/{model}/invoke", true),
    route("POST", "/model/{model}/invoke-with-response-stream", true),
    route("POST", "/model/{model}/converse", true),
    route("POST", "/model/{model}/converse-stream", true),
    route("POST", "/model/{model}/count-tokens", true),
    route("GET", "/", false),
    route("GET", "/healthz", false),
    route("GET", "/readyz", false),
    route("GET", "/version", false),
];

pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/healthz", get(page::health))
        .route("/readyz", get(page::readiness))
        .route("/version", get(page::version))
        // Bedrock's paths are read from the raw text: an encoded slash is no separator.
        .fallback(bedrock::serve)
        .with_state(front)
}
