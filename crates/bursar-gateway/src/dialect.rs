//! Answers in the dialects that speak JSON and server-sent events: OpenAI's and Anthropic's.
//!
//! Their words are written in `bursar-wire`; here they only become HTTP.

use axum::body::Body;
use axum::response::Response;
use bursar_wire::error::WireError;
use bursar_wire::problem::{Problem, ProblemKind};
use bursar_wire::{anthropic, openai};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::answer;
use crate::exchange::{Told, Whole};

/// Where the names of what was left out of a request are told.
const IGNORED: HeaderName = HeaderName::from_static("x-bursar-ignored");
/// The longest that they are told at, in bytes.
const IGNORED_BYTES_MAX: usize = 1_000;

/// Whose words are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
}

impl Dialect {
    /// A problem, as an answer.
    pub(crate) fn refuse(self, problem: &Problem) -> Response {
        let (status, told, body) = match self {
            Self::OpenAi => (
                openai::status(problem.kind),
                openai::headers(problem),
                openai::error_body(problem),
            ),
            Self::Anthropic => (
                anthropic::status(problem.kind),
                anthropic::headers(problem),
                anthropic::error_body(problem, None),
            ),
        };
        let mut response = json(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        for (name, text) in told {
            put(response.headers_mut(), HeaderName::from_static(name), &text);
        }
        response
    }

    /// A whole answer, and what is told of its call.
    pub(crate) fn send(self, told: &Told, ignored: &[String], body: Vec<u8>) -> Response {
        let mut response = json(body);
        self.tell(response.headers_mut(), told, ignored);
        response
    }

    /// The head of a stream of events, and what is told of its call.
    pub(crate) fn begin(self, told: &Told, ignored: &[String], body: Body) -> Response {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // Proxies that would collect the events are told not to.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        self.tell(headers, told, ignored);
        response
    }

    fn tell(self, headers: &mut HeaderMap, told: &Told, ignored: &[String]) {
        answer::tell(headers, told);
        // Where each house's SDK looks for it.
        let name = match self {
            Self::OpenAi => HeaderName::from_static("x-request-id"),
            Self::Anthropic => HeaderName::from_static("request-id"),
        };
        put(headers, name, told.id.as_str());
        if !ignored.is_empty() {
            put(headers, IGNORED, &listed(ignored));
        }
    }
}

/// A body of JSON.
pub(crate) fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A success's body; a problem where Bedrock answered with an error.
pub(crate) fn body_of(whole: &Whole) -> Result<Bytes, Problem> {
    let head = &whole.head;
    if (200..300).contains(&head.status) {
        return Ok(whole.body.clone());
    }
    let error = WireError::from_response(head.status, &head.headers, &whole.body);
    let problem = Problem::from(&error);
    Err(Problem { message: format!("{}\ncall: {}", problem.message, whole.told.id), ..problem })
}

/// A claim that did not hold, as AWS words it, for those who speak otherwise.
pub(crate) fn unknown_caller(error: WireError) -> Problem {
    let kind =
        if error.status < 500 { ProblemKind::UnknownCaller } else { ProblemKind::Unavailable };
    Problem::new(kind, error.message)
}

fn listed(names: &[String]) -> String {
    let all = names.join(", ");
    let plain = all.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
    plain.take(IGNORED_BYTES_MAX).collect()
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
