//! The site map: Bedrock's paths, and the simulator's own under `/_simulator`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use bursar_wire::error::{ErrorCode, WireError};
use http::{StatusCode, Uri};
use serde_json::{Value, json};

use crate::calls::ServedCall;
use crate::connection::Connection;
use crate::reply;
use crate::service::Service;
use crate::site::{self, Place};

/// The id of answers to what is no call.
const NO_CALL_ID: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", get(show_page).post(tell_caller))
        .route("/_simulator/health", get(show_health))
        .route("/_simulator/calls", get(list_calls).delete(forget_calls))
        .fallback(answer)
        .with_state(service)
}

/// Everything else is Bedrock's: its paths may have a prefix, and are read from the raw text.
async fn answer(
    State(service): State<Arc<Service>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    match site::find(&parts.method, parts.uri.path()) {
        Ok(Place::Model(path)) => service.answer(&path, parts, body, connection).await,
        Ok(Place::Guardrail(path)) => service.guard(&path, parts, body, connection).await,
        Ok(Place::Reading(reading)) => service.tell(&reading, &parts, connection).await,
        Err(error) => reply::bare_error(&error, NO_CALL_ID),
    }
}

/// STS has one path for all that it does.
async fn tell_caller(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    service.tell_caller(&parts, body, NO_CALL_ID).await
}

/// The calls, or with `?after=N` those numbered above N.
async fn list_calls(State(service): State<Arc<Service>>, uri: Uri) -> Response {
    let Some(after) = after(uri.query()) else {
        let text = "the query must be `after=<number>`";
        let error = WireError::new(ErrorCode::Validation, text);
        return reply::bare_error(&error, NO_CALL_ID);
    };
    let (calls, dropped) = service.calls.after(after);
    let calls: Vec<Value> = calls.iter().map(ServedCall::to_json).collect();
    Json(json!({"calls": calls, "dropped": dropped})).into_response()
}

fn after(query: Option<&str>) -> Option<u64> {
    match query {
        None | Some("") => Some(0),
        Some(query) => query.strip_prefix("after=")?.parse().ok(),
    }
}

async fn forget_calls(State(service): State<Arc<Service>>) -> StatusCode {
    service.calls.clear();
    StatusCode::NO_CONTENT
}

async fn show_health(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(json!({"simulator": "bursar", "status": "ok", "region": service.settings.region}))
}

async fn show_page(State(service): State<Arc<Service>>) -> Html<String> {
    let (calls, dropped) = service.calls.after(0);
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Bursar simulator</title>\
         <h1>A local Bedrock</h1><p>This is a simulator: no model runs here, and nothing costs \
         anything. Point an AWS SDK at this address, by \
         <code>AWS_ENDPOINT_URL_BEDROCK_RUNTIME</code>.\
         <p>{} calls so far: <a href=\"/_simulator/calls\">see them</a>.</html>",
        calls.len() as u64 + dropped
    ))
}
