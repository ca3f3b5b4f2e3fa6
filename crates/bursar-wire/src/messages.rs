//! The texts of Bedrock's well-known errors, word for word, each with its code.
//!
//! The simulator sends them; advice to people is given by recognising them. The apostrophe in
//! “isn’t” is U+2019, as Bedrock writes it.

use crate::error::{ErrorCode, WireError};

const END_OF_LIFE: &str = "This model version has reached the end of its life. \
    Please refer to the AWS documentation for more details.";

/// The model id is none.
#[must_use]
pub fn invalid_model_id() -> WireError {
    WireError::new(ErrorCode::Validation, "The provided model identifier is invalid.")
}

/// The model is offered through inference profiles only. `model` is the id as sent.
#[must_use]
pub fn on_demand_not_supported(model: &str) -> WireError {
    let text = format!(
        "Invocation of model ID {model} with on-demand throughput isn’t supported. Retry your \
         request with the ID or ARN of an inference profile that contains this model."
    );
    WireError::new(ErrorCode::Validation, text)
}

/// The model's end of life has passed.
#[must_use]
pub fn end_of_life() -> WireError {
    WireError::new(ErrorCode::ResourceNotFound, END_OF_LIFE)
}

/// The model is legacy, and this account has not used it of late.
#[must_use]
pub fn legacy_and_unused() -> WireError {
    let text = "Access denied. This Model is marked by provider as Legacy and you have not been \
        actively using the model in the last 30 days. Please upgrade to an active model on Amazon \
        Bedrock";
    WireError::new(ErrorCode::ResourceNotFound, text)
}

/// The account has no access to the model.
#[must_use]
pub fn no_model_access() -> WireError {
    let text = "You don't have access to the model with the specified model ID.";
    WireError::new(ErrorCode::AccessDenied, text)
}

/// The caller's policies do not allow the action on the model.
#[must_use]
pub fn not_authorized(principal: &str, action: &str, resource: &str) -> WireError {
    let text = format!(
        "User: {principal} is not authorized to perform: {action} on resource: {resource} because \
         no identity-based policy allows the {action} action"
    );
    WireError::new(ErrorCode::AccessDenied, text)
}

/// The quota of requests per minute.
#[must_use]
pub fn too_many_requests() -> WireError {
    let text = "Too many requests, please wait before trying again.";
    WireError::new(ErrorCode::Throttling, text)
}

/// The quota of tokens per minute.
#[must_use]
pub fn too_many_tokens() -> WireError {
    WireError::new(ErrorCode::Throttling, "Too many tokens, please wait before trying again.")
}

/// The quota of tokens per day: waiting for seconds does not help.
#[must_use]
pub fn too_many_tokens_per_day() -> WireError {
    let text = "Too many tokens per day, please wait before trying again.";
    WireError::new(ErrorCode::Throttling, text)
}

/// Whether a throttling is that of the daily quota, which no retry outwaits.
#[must_use]
pub fn is_daily_quota(error: &WireError) -> bool {
    error.is_throttling() && error.message.contains("tokens per day")
}

/// Bedrock is overloaded; also in the middle of streams.
#[must_use]
pub fn unable_to_process() -> WireError {
    WireError::new(ErrorCode::ServiceUnavailable, "Bedrock is unable to process your request.")
}

/// The model is still being loaded. The wording is not confirmed by a recording.
#[must_use]
pub fn model_not_ready() -> WireError {
    let text = "Model is not ready for inference. Wait and try your request again.";
    WireError::new(ErrorCode::ModelNotReady, text)
}

/// The input does not fit the context window.
#[must_use]
pub fn input_too_long() -> WireError {
    WireError::new(ErrorCode::Validation, "Input is too long for requested model.")
}

/// The input does not fit a Claude model's context window.
#[must_use]
pub fn prompt_too_long(tokens: u64, maximum: u64) -> WireError {
    let text = format!(
        "The model returned the following errors: prompt is too long: {tokens} tokens > {maximum} \
         maximum"
    );
    WireError::new(ErrorCode::Validation, text)
}

/// More output was asked for than the model gives.
#[must_use]
pub fn max_tokens_over_limit(limit: u64) -> WireError {
    let text = format!("The maximum tokens you requested exceeds the model limit of {limit}");
    WireError::new(ErrorCode::Validation, text)
}

/// The body does not have the shape that the model takes. `detail` without its full stop.
#[must_use]
pub fn malformed_input(detail: &str) -> WireError {
    let text =
        format!("Malformed input request: {detail}, please reformat your input and try again.");
    WireError::new(ErrorCode::Validation, text)
}

/// The model does not take a kind of content block: `video`, `image` …
#[must_use]
pub fn content_block_not_supported(kind: &str) -> WireError {
    let text = format!(
        "This model doesn't support the {kind} content block that you provided. Update the content \
         block and try again."
    );
    WireError::new(ErrorCode::Validation, text)
}

/// The model, or this form of its id, does not count tokens.
#[must_use]
pub fn count_tokens_not_supported() -> WireError {
    let text = "The provided model doesn't support counting tokens.";
    WireError::new(ErrorCode::Validation, text)
}

/// The account is not allowed to do this at all.
#[must_use]
pub fn operation_not_allowed() -> WireError {
    WireError::new(ErrorCode::Validation, "Operation not allowed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_bedrocks_own() {
        let error = on_demand_not_supported("a.b");
        assert_eq!((error.status, error.code.as_str()), (400, "ValidationException"));
        assert!(error.message.contains("model ID a.b with on-demand throughput isn\u{2019}t"));
        assert_eq!(end_of_life().status, 404);
        assert_eq!(
            end_of_life().message,
            "This model version has reached the end of its life. Please refer to the AWS \
             documentation for more details."
        );
        assert_eq!(
            prompt_too_long(200_049, 200_000).message,
            "The model returned the following errors: prompt is too long: 200049 tokens > 200000 \
             maximum"
        );
        assert!(!malformed_input("x").message.contains("  "));
    }

    #[test]
    fn the_daily_quota_is_told_from_the_minutes_one() {
        assert!(is_daily_quota(&too_many_tokens_per_day()));
        assert!(!is_daily_quota(&too_many_tokens()));
        assert!(!is_daily_quota(&invalid_model_id()));
    }
}
