//! What went wrong with a request, in no dialect yet.
//!
//! Each front door has its own words for the same few things: `openai::render` and
//! `anthropic::render` write them. Whether the same request may be sent again is decided here, once;
//! the words only pass it on, because every SDK retries by status unless it is told otherwise.

use crate::error::{ErrorCode, WireError};
use crate::json::MalformedBody;
use crate::messages;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The request is wrong, and stays so.
    Invalid,
    /// The input does not fit the model's context window.
    TooLong,
    /// The body is larger than any that is taken.
    TooLarge,
    /// No key came, or one that nobody knows.
    UnknownCaller,
    /// The key may not do this.
    NotAllowed,
    /// There is no such model.
    UnknownModel,
    /// Nothing is served at this path.
    NoSuchRoute,
    /// A limit has no room, and will not have any soon: final.
    OverBudget,
    /// A limit has no room at this moment.
    Busy,
    /// The same idempotency key was used, and the answer is not there any more.
    Repeated,
    /// The idempotency key was used for another request.
    OtherRequest,
    /// Bedrock is asked too much, too fast.
    Throttled,
    /// Bedrock took too long.
    TimedOut,
    /// Bedrock is not available.
    Unavailable,
    /// The model failed.
    ModelFailed,
    /// Something broke, here or behind.
    Broken,
}

/// What went wrong, for a caller to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// For people, with its hint.
    pub message: String,
    /// The parameter at fault: `messages[0].role`.
    pub param: Option<String>,
    /// Whether the same request may be sent again.
    pub is_retryable: bool,
    /// How long to wait before that, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem of a kind; only one that passes by itself may be tried again.
    #[must_use]
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        let is_retryable =
            matches!(kind, ProblemKind::Busy | ProblemKind::Throttled | ProblemKind::Unavailable);
        Self { kind, message: message.into(), param: None, is_retryable, retry_after_ms: None }
    }

    /// A parameter that is wrong.
    #[must_use]
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(ProblemKind::Invalid, message) }
    }
}

impl From<MalformedBody> for Problem {
    fn from(error: MalformedBody) -> Self {
        let param = dotted(&error.path);
        Self { param, ..Self::new(ProblemKind::Invalid, error.to_string()) }
    }
}

impl From<&WireError> for Problem {
    fn from(error: &WireError) -> Self {
        let kind = kind_of(error);
        let message = if error.message.is_empty() { &error.code } else { &error.message };
        // A daily quota is not outwaited by seconds.
        let is_retryable = error.is_retryable() && !messages::is_daily_quota(error);
        Self { is_retryable, ..Self::new(kind, message.clone()) }
    }
}

/// Whether to try again, and when, as the SDKs of OpenAI and Anthropic read it. They try by status
/// unless they are told.
pub(crate) fn retry_headers(problem: &Problem) -> Vec<(&'static str, String)> {
    let mut headers = vec![("x-should-retry", problem.is_retryable.to_string())];
    if let Some(millis) = problem.retry_after_ms.filter(|_| problem.is_retryable) {
        headers.push(("retry-after-ms", millis.to_string()));
        headers.push(("retry-after", millis.div_ceil(1_000).to_string()));
    }
    headers
}

fn kind_of(error: &WireError) -> ProblemKind {
    if error.is_throttling() {
        return ProblemKind::Throttled;
    }
    match error.modelled() {
        Some(ErrorCode::Validation) if is_too_long(&error.message) => ProblemKind::TooLong,
        Some(ErrorCode::Validation | ErrorCode::Conflict) => ProblemKind::Invalid,
        Some(ErrorCode::AccessDenied) => ProblemKind::NotAllowed,
        Some(ErrorCode::ResourceNotFound) => ProblemKind::UnknownModel,
        Some(ErrorCode::ServiceQuotaExceeded) => ProblemKind::OverBudget,
        Some(ErrorCode::ModelTimeout) => ProblemKind::TimedOut,
        Some(ErrorCode::ModelNotReady | ErrorCode::ServiceUnavailable) => ProblemKind::Unavailable,
        Some(ErrorCode::ModelError | ErrorCode::ModelStreamError) => ProblemKind::ModelFailed,
        Some(ErrorCode::InternalServer | ErrorCode::Throttling) => ProblemKind::Broken,
        None => kind_of_status(error.status),
    }
}

fn kind_of_status(status: u16) -> ProblemKind {
    match status {
        401 | 403 => ProblemKind::NotAllowed,
        404 => ProblemKind::UnknownModel,
        408 | 504 => ProblemKind::TimedOut,
        413 => ProblemKind::TooLarge,
        400..500 => ProblemKind::Invalid,
        503 => ProblemKind::Unavailable,
        _ => ProblemKind::Broken,
    }
}

fn is_too_long(message: &str) -> bool {
    message.contains("Input is too long") || message.contains("prompt is too long")
}

/// `/messages/0/role` as `messages[0].role`; nothing for the body as a whole.
fn dotted(path: &str) -> Option<String> {
    let mut dotted = String::new();
    for step in path.split('/').filter(|step| !step.is_empty()) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            dotted = format!("{dotted}[{step}]");
        } else if dotted.is_empty() {
            step.clone_into(&mut dotted);
        } else {
            dotted = format!("{dotted}.{step}");
        }
    }
    (!dotted.is_empty()).then_some(dotted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_again_is_what_came_before_any_work() {
        let retryable = [
            messages::too_many_requests(),
            messages::too_many_tokens(),
            messages::unable_to_process(),
            messages::model_not_ready(),
        ];
        for error in &retryable {
            assert!(Problem::from(error).is_retryable, "{error}");
        }
        let timeout = WireError::new(ErrorCode::ModelTimeout, "late");
        let final_ones = [
            messages::too_many_tokens_per_day(),
            messages::invalid_model_id(),
            timeout,
            WireError::unmodelled("Http502", 502, ""),
            WireError { in_stream: true, ..messages::too_many_requests() },
        ];
        for error in &final_ones {
            assert!(!Problem::from(error).is_retryable, "{error}");
        }
    }

    #[test]
    fn bedrocks_errors_find_their_kind() {
        for (error, kind) in [
            (messages::prompt_too_long(2, 1), ProblemKind::TooLong),
            (messages::invalid_model_id(), ProblemKind::Invalid),
            (messages::end_of_life(), ProblemKind::UnknownModel),
            (messages::no_model_access(), ProblemKind::NotAllowed),
            (messages::too_many_tokens_per_day(), ProblemKind::Throttled),
            (WireError::unmodelled("Http413", 413, ""), ProblemKind::TooLarge),
            (WireError::unmodelled("Http500", 500, ""), ProblemKind::Broken),
        ] {
            assert_eq!(Problem::from(&error).kind, kind, "{error}");
        }
    }

    #[test]
    fn a_path_is_shown_as_callers_write_it() {
        assert_eq!(dotted("/messages/0/content/1/text").unwrap(), "messages[0].content[1].text");
        assert_eq!(dotted("/"), None);
    }
}
