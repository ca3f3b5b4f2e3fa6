//! Problems in Anthropic's words.
//!
//! Its SDKs send a request again on 408, 409, 429 and from 500 on unless `x-should-retry` tells them
//! not to. Older ones do not look for that, so a spent budget is 402, which none of them repeats.

use serde_json::{Value, json};

use crate::problem::{Problem, ProblemKind};
use crate::sse::write_event;

/// The event that keeps a connection alive while nothing comes.
pub const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";

/// The HTTP status.
#[must_use]
pub const fn status(kind: ProblemKind) -> u16 {
    match kind {
        ProblemKind::Invalid | ProblemKind::TooLong => 400,
        ProblemKind::UnknownCaller => 401,
        ProblemKind::OverBudget => 402,
        ProblemKind::NotAllowed => 403,
        ProblemKind::UnknownModel | ProblemKind::NoSuchRoute => 404,
        ProblemKind::Repeated => 409,
        ProblemKind::TooLarge => 413,
        ProblemKind::OtherRequest => 422,
        ProblemKind::Busy | ProblemKind::Throttled => 429,
        ProblemKind::Broken | ProblemKind::ModelFailed => 500,
        ProblemKind::TimedOut => 504,
        ProblemKind::Unavailable => 529,
    }
}

const fn word(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Invalid
        | ProblemKind::TooLong
        | ProblemKind::Repeated
        | ProblemKind::OtherRequest => "invalid_request_error",
        ProblemKind::UnknownCaller => "authentication_error",
        ProblemKind::OverBudget => "billing_error",
        ProblemKind::NotAllowed => "permission_error",
        ProblemKind::UnknownModel | ProblemKind::NoSuchRoute => "not_found_error",
        ProblemKind::TooLarge => "request_too_large",
        ProblemKind::Busy | ProblemKind::Throttled => "rate_limit_error",
        ProblemKind::Broken | ProblemKind::ModelFailed => "api_error",
        ProblemKind::TimedOut => "timeout_error",
        ProblemKind::Unavailable => "overloaded_error",
    }
}

/// The headers beside the body's type.
#[must_use]
pub fn headers(problem: &Problem) -> Vec<(&'static str, String)> {
    crate::problem::retry_headers(problem)
}

/// The body. The parameter at fault stands in the message, for the dialect has no place of its own.
#[must_use]
pub fn error_body(problem: &Problem, request_id: Option<&str>) -> Vec<u8> {
    let mut body = error(problem);
    if let Some(id) = request_id {
        body["request_id"] = json!(id);
    }
    body.to_string().into_bytes()
}

/// The event, once a stream has begun.
#[must_use]
pub fn error_event(problem: &Problem) -> Vec<u8> {
    let mut out = Vec::new();
    write_event(&mut out, Some("error"), error(problem).to_string().as_bytes());
    out
}

fn error(problem: &Problem) -> Value {
    let message = match &problem.param {
        Some(param) if !problem.message.contains(param.as_str()) => {
            format!("{param}: {}", problem.message)
        }
        _ => problem.message.clone(),
    };
    json!({"type": "error", "error": {"type": word(problem.kind), "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_budget_is_a_matter_of_billing_and_final() {
        let problem = Problem::new(ProblemKind::OverBudget, "limit `a` has no room");
        assert_eq!(status(problem.kind), 402);
        assert_eq!(headers(&problem), [("x-should-retry", "false".to_owned())]);
        let body: Value = serde_json::from_slice(&error_body(&problem, Some("c"))).unwrap();
        assert_eq!(
            body,
            json!({"type": "error", "request_id": "c",
                "error": {"type": "billing_error", "message": "limit `a` has no room"}})
        );
    }

    #[test]
    fn the_parameter_at_fault_is_named_once() {
        let named = Problem::invalid("stream", "`stream` is true or false");
        assert_eq!(error(&named)["error"]["message"], "`stream` is true or false");
        let bare = Problem::invalid("model", "it is none");
        assert_eq!(error(&bare)["error"]["message"], "model: it is none");
    }
}
