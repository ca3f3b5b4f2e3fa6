//! The site map: one table, which builds the router and is what tests walk.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;

use crate::lobby::Lobby;
use crate::{bedrock, page, v1};

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: &'static str,
    /// Its path; `{model}` stands for a model's id, `{guardrail}` for a guardrail's.
    pub path: &'static str,
    /// Whether it takes a key, and can spend.
    pub spends: bool,
}

const fn route(method: &'static str, path: &'static str, spends: bool) -> Route {
    Route { method, path, spends }
}

/// Every route of the front doors. Those that take a key may have a prefix, see `prefix.rs`.
pub const ROUTES: &[Route] = &[
    route("POST", "/model/{model}/invoke", true),
    route("POST", "/model/{model}/invoke-with-response-stream", true),
    route("POST", "/model/{model}/converse", true),
    route("POST", "/model/{model}/converse-stream", true),
    route("POST", "/model/{model}/count-tokens", true),
    route("POST", "/guardrail/{guardrail}/version/{version}/apply", true),
    route("POST", "/v1/chat/completions", true),
    route("POST", "/v1/embeddings", true),
    route("GET", "/v1/models", true),
    route("GET", "/v1/models/{model}", true),
    route("POST", "/v1/messages", true),
    route("POST", "/v1/messages/count_tokens", true),
    route("GET", "/", false),
    route("GET", "/healthz", false),
    route("GET", "/readyz", false),
    route("GET", "/version", false),
];

pub(crate) fn router(lobby: Lobby) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/healthz", get(page::health))
        .route("/readyz", get(page::readiness))
        .route("/version", get(page::version))
        // These paths are read from the raw text: an encoded slash is no separator, and what
        // stands before them is a prefix.
        .fallback(serve)
        .with_state(lobby)
}

/// Answers whatever no other route does.
async fn serve(State(lobby): State<Lobby>, request: Request) -> Response {
    let front = lobby.front();
    let (mut parts, body) = request.into_parts();
    if let Some(private) = &front.settings.private {
        private.admit(&mut parts);
    }
    let raw_path = parts.uri.path().to_owned();
    match v1::place(&raw_path) {
        Some(place) => v1::serve(front, place, parts, body).await,
        None => bedrock::serve(&front, parts, body).await,
    }
}
