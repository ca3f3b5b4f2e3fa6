//! What is not a call: whether the process is well, which version it is, and a page for a human who
//! opens the root.

use std::fmt::Write;

use axum::Json;
use axum::extract::State;
use axum::response::Html;
use serde_json::{Value, json};

use crate::lobby::Lobby;
use crate::routes::ROUTES;

/// It answers, so it lives.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Whether calls can be taken. Only this process's own faults make it not ready; a ledger that is
/// away is a state that it goes on in, and says so.
pub(crate) async fn readiness(State(lobby): State<Lobby>) -> Json<Value> {
    let ledger = lobby.front().bursar.ledger_answers().await;
    let status = if ledger { "ok" } else { "degraded" };
    Json(json!({"status": status, "ledger": if ledger { "ok" } else { "away" }}))
}

/// Which program this is.
pub(crate) async fn version() -> Json<Value> {
    Json(json!({"program": "bursar", "version": env!("CARGO_PKG_VERSION")}))
}

/// The first page.
pub(crate) async fn show(State(lobby): State<Lobby>) -> Html<String> {
    let mut routes = String::new();
    for route in ROUTES {
        // Writing to a text cannot fail.
        let _ = write!(routes, "<li><code>{} {}</code>", route.method, route.path);
    }
    let open = if lobby.front().settings.open { " Nobody needs a key here." } else { "" };
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Bursar</title>\
         <h1>Bursar's gateway</h1><p>Amazon Bedrock, priced, capped and metered. Point an SDK here, \
         with a key that <code>bursar key create</code> made.{open}<ul>{routes}</ul></html>"
    ))
}
