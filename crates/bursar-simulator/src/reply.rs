//! The head of an answer: status, request id, and what InvokeModel tells in headers.

use axum::body::Body;
use axum::response::Response;
use bursar_wire::error::WireError;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::answer::Answer;
use crate::calls::Running;
use crate::composer::Composed;
use crate::connection::Connection;
use crate::script;
use crate::shape::Shape;

/// Answers with what was composed; its call ends as its script does.
pub(crate) fn stage(composed: Composed, call: Running, connection: Connection) -> Response {
    let Composed { status, headers, length, script, .. } = composed;
    call.note(|record| record.http_status = Some(status));
    let request_id = call.request_id().to_owned();
    let mut response = Response::new(script::play(script, call, connection));
    *response.headers_mut() = headers;
    if let Some(length) = length {
        // Stated, so that a body that is cut short is seen to be.
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    head(response, status, &request_id)
}

/// Answers with an error, and ends its call.
pub(crate) fn refuse(error: &WireError, mut call: Running) -> Response {
    call.note(|record| record.http_status = Some(error.status));
    call.end(&format!("error:{}", error.code));
    bare_error(error, call.request_id())
}

/// An error to a request that is no call.
pub(crate) fn bare_error(error: &WireError, request_id: &str) -> Response {
    let (headers, body) = error.headers_and_body();
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.headers_mut() = headers;
    head(response, error.status, request_id)
}

/// Token counts and latency, which only InvokeModel tells in headers, and only of tokens.
pub(crate) fn token_headers(answer: &Answer, shape: Shape) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut tell = |name, value: i64| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    };
    tell("x-amzn-bedrock-invocation-latency", i64::try_from(answer.latency_ms).unwrap_or(i64::MAX));
    let Some(told) = answer.told.filter(|_| shape.has_tokens()) else { return headers };
    tell("x-amzn-bedrock-input-token-count", told.input);
    if shape.is_text() {
        tell("x-amzn-bedrock-output-token-count", told.output);
    }
    if answer.tells_cache() {
        tell("x-amzn-bedrock-cache-read-input-token-count", told.cache_read);
        tell("x-amzn-bedrock-cache-write-input-token-count", told.cache_write());
    }
    headers
}

/// The tier and the latency mode that served, where they were asked for or steered.
pub(crate) fn tier_headers(answer: &Answer) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(tier) = answer.tier {
        let value = HeaderValue::from_static(tier.as_str());
        headers.insert("x-amzn-bedrock-service-tier", value);
    }
    if let Some(latency) = answer.latency {
        let value = HeaderValue::from_static(latency.as_str());
        headers.insert("x-amzn-bedrock-performanceconfig-latency", value);
    }
    headers
}

fn head(mut response: Response, status: u16, request_id: &str) -> Response {
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
