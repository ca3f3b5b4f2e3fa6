//! Problems in OpenAI's words.
//!
//! Its SDKs send a request again on 408, 409, 429 and from 500 on, whatever the body says, unless
//! `x-should-retry` tells them not to; so every problem tells.

use serde_json::{Value, json};

use crate::problem::{Problem, ProblemKind};
use crate::sse::write_event;

/// The HTTP status.
#[must_use]
pub const fn status(kind: ProblemKind) -> u16 {
    match kind {
        ProblemKind::Invalid | ProblemKind::TooLong => 400,
        ProblemKind::UnknownCaller => 401,
        ProblemKind::NotAllowed => 403,
        ProblemKind::UnknownModel | ProblemKind::NoSuchRoute => 404,
        ProblemKind::Repeated => 409,
        ProblemKind::TooLarge => 413,
        ProblemKind::OtherRequest => 422,
        ProblemKind::OverBudget | ProblemKind::Busy | ProblemKind::Throttled => 429,
        ProblemKind::Broken => 500,
        ProblemKind::ModelFailed => 502,
        ProblemKind::Unavailable => 503,
        ProblemKind::TimedOut => 504,
    }
}

/// `type` and `code`, by which programs tell problems apart.
const fn words(kind: ProblemKind) -> (&'static str, Option<&'static str>) {
    let invalid = "invalid_request_error";
    match kind {
        ProblemKind::Invalid => (invalid, None),
        ProblemKind::TooLong => (invalid, Some("context_length_exceeded")),
        ProblemKind::TooLarge => (invalid, Some("request_too_large")),
        ProblemKind::UnknownCaller => (invalid, Some("invalid_api_key")),
        ProblemKind::NotAllowed => (invalid, Some("permission_denied")),
        ProblemKind::UnknownModel => (invalid, Some("model_not_found")),
        ProblemKind::NoSuchRoute => (invalid, Some("unknown_url")),
        ProblemKind::Repeated | ProblemKind::OtherRequest => {
            (invalid, Some("idempotency_key_reused"))
        }
        ProblemKind::OverBudget => ("insufficient_quota", Some("insufficient_quota")),
        ProblemKind::Busy | ProblemKind::Throttled => {
            ("rate_limit_exceeded", Some("rate_limit_exceeded"))
        }
        ProblemKind::TimedOut => ("server_error", Some("timeout")),
        ProblemKind::Unavailable => ("server_error", Some("service_unavailable")),
        ProblemKind::ModelFailed => ("server_error", Some("model_error")),
        ProblemKind::Broken => ("server_error", None),
    }
}

/// The headers beside the body's type.
#[must_use]
pub fn headers(problem: &Problem) -> Vec<(&'static str, String)> {
    crate::problem::retry_headers(problem)
}

/// The body.
#[must_use]
pub fn error_body(problem: &Problem) -> Vec<u8> {
    error(problem).to_string().into_bytes()
}

/// The event, once a stream has begun.
#[must_use]
pub fn error_event(problem: &Problem) -> Vec<u8> {
    let mut out = Vec::new();
    write_event(&mut out, None, error(problem).to_string().as_bytes());
    out
}

fn error(problem: &Problem) -> Value {
    let (kind, code) = words(problem.kind);
    // Some clients look for the model alone.
    let param = match problem.kind {
        ProblemKind::UnknownModel => Some("model"),
        _ => problem.param.as_deref(),
    };
    json!({"error": {"message": problem.message, "type": kind, "param": param, "code": code}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_budget_is_told_so_that_no_sdk_tries_again() {
        let problem = Problem::new(ProblemKind::OverBudget, "limit `a` has no room");
        assert_eq!(status(problem.kind), 429);
        assert_eq!(headers(&problem), [("x-should-retry", "false".to_owned())]);
        let body: Value = serde_json::from_slice(&error_body(&problem)).unwrap();
        assert_eq!(
            body,
            json!({"error": {"message": "limit `a` has no room", "type": "insufficient_quota",
                "param": null, "code": "insufficient_quota"}})
        );
    }

    #[test]
    fn a_moments_lack_of_room_says_when_to_come_again() {
        let busy = Problem {
            retry_after_ms: Some(1_200),
            ..Problem::new(ProblemKind::Busy, "open holds fill it")
        };
        let expected = [
            ("x-should-retry", "true".to_owned()),
            ("retry-after-ms", "1200".to_owned()),
            ("retry-after", "2".to_owned()),
        ];
        assert_eq!(headers(&busy), expected);
    }
}
