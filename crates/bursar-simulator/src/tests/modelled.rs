//! Each operation's own errors and exceptions, as the types that the AWS SDK for Rust has for them.
//!
//! The SDK gives each operation an error type of its own. An error that the service model lacks
//! for an operation is `unhandled` there, yet has its code.

use std::fmt::Debug;

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ConverseTokensRequest, CountTokensInput, GuardrailContentBlock, GuardrailContentSource,
    GuardrailTextBlock, ResponseStream,
};
use serde_json::json;

use super::fixture::*;
use crate::{Scenario, Settings, Simulator};

/// The words for the errors that come before an answer, by the SDK's names for them.
const ERRORS: [(&str, &str); 10] = [
    ("throttle", "ThrottlingException"),
    ("access-denied", "AccessDeniedException"),
    ("validation", "ValidationException"),
    ("not-found", "ResourceNotFoundException"),
    ("model-timeout", "ModelTimeoutException"),
    ("model-error", "ModelErrorException"),
    ("not-ready", "ModelNotReadyException"),
    ("internal", "InternalServerException"),
    ("unavailable", "ServiceUnavailableException"),
    ("quota", "ServiceQuotaExceededException"),
];
/// What the service model has for no conversation, nor for the counting of its tokens.
const QUOTA: &str = "ServiceQuotaExceededException";
/// What it has for calls of a model alone.
const OF_MODELS: [&str; 3] =
    ["ModelTimeoutException", "ModelErrorException", "ModelNotReadyException"];
const EXCEPTIONS: [(&str, &str); 6] = [
    ("stream-throttle", "ThrottlingException"),
    ("stream-internal", "InternalServerException"),
    ("stream-model-error", "ModelStreamErrorException"),
    ("stream-validation", "ValidationException"),
    ("stream-unavailable", "ServiceUnavailableException"),
    ("stream-timeout", "ModelTimeoutException"),
];

/// A simulator in which every call has the fault.
async fn with(fault: &str, after: u64) -> Simulator {
    let rule = format!("[[rule]]\nwords = 'fault={fault} after={after} output=20'\n");
    let scenario = Scenario::parse(&rule).unwrap();
    start_with(Settings { scenario, ..Settings::default() }, early()).await
}

/// The code, and whether the SDK has a type for it in this operation.
#[track_caller]
fn seen<T: Debug, E: ProvideErrorMetadata + Debug>(
    reply: Result<T, SdkError<E>>,
) -> (String, bool) {
    let error = reply.unwrap_err();
    let error = error.as_service_error().unwrap();
    let code = error.code().unwrap().to_owned();
    // The variant is named after the code, or it is `Unhandled`.
    let is_typed = format!("{error:?}").starts_with(&code);
    assert!(!error.message().unwrap().is_empty());
    (code, is_typed)
}

fn body() -> Blob {
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64,
        "messages": messages});
    Blob::new(body.to_string())
}

#[tokio::test]
async fn every_error_has_its_type_in_a_conversation() {
    for (fault, code) in ERRORS {
        let simulator = with(fault, 1).await;
        let expected = (code.to_owned(), code != QUOTA);
        let plain = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
        assert_eq!(seen(plain.send().await), expected);
        let stream = sdk(&simulator).converse_stream().model_id(NOVA).messages(user("Hello"));
        assert_eq!(seen(stream.send().await), expected);
    }
}

#[tokio::test]
async fn every_error_has_its_type_in_an_invocation() {
    for (fault, code) in ERRORS {
        let simulator = with(fault, 1).await;
        let expected = (code.to_owned(), true);
        let plain = sdk(&simulator).invoke_model().model_id(HAIKU).body(body());
        assert_eq!(seen(plain.send().await), expected);
        let stream = sdk(&simulator).invoke_model_with_response_stream().model_id(HAIKU);
        assert_eq!(seen(stream.body(body()).send().await), expected);
    }
}

#[tokio::test]
async fn every_error_has_its_type_where_tokens_are_counted_and_guardrails_applied() {
    for (fault, code) in ERRORS {
        let simulator = with(fault, 1).await;
        let input = ConverseTokensRequest::builder().messages(user("Hello")).build();
        let counted = sdk(&simulator).count_tokens().model_id(HAIKU.trim_start_matches("us."));
        let counted = counted.input(CountTokensInput::Converse(input)).send().await;
        let is_typed = !OF_MODELS.contains(&code) && code != QUOTA;
        assert_eq!(seen(counted), (code.to_owned(), is_typed));

        let text = GuardrailTextBlock::builder().text("Hello").build().unwrap();
        let applied = sdk(&simulator).apply_guardrail().guardrail_identifier("ab1");
        let applied = applied.guardrail_version("1").source(GuardrailContentSource::Input);
        let applied = applied.content(GuardrailContentBlock::Text(text)).send().await;
        assert_eq!(seen(applied), (code.to_owned(), !OF_MODELS.contains(&code)));
    }
}

#[tokio::test]
async fn a_model_that_fails_before_it_streams_has_its_type_in_both_streams() {
    const CODE: &str = "ModelStreamErrorException";
    let simulator = with("model-stream-error", 1).await;
    let asked = sdk(&simulator).invoke_model_with_response_stream().model_id(HAIKU);
    let error = asked.body(body()).send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 424);
    assert_eq!(seen::<(), _>(Err(error)), (CODE.to_owned(), true));
    let asked = sdk(&simulator).converse_stream().model_id(NOVA).messages(user("Hello"));
    assert_eq!(seen(asked.send().await), (CODE.to_owned(), true));
    let call = simulator.calls().remove(0);
    assert_eq!((call.ended, call.usage.output), (Some(format!("error:{CODE}")), 0));
    // A rule passes plain calls by; a caller who asks for it there is told.
    sdk(&simulator).converse().model_id(NOVA).messages(user("Hello")).send().await.unwrap();
    let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
    let asked = asked.request_metadata("bursar-sim", "fault=model-stream-error");
    let error = asked.send().await.unwrap_err().into_service_error();
    assert!(error.message().unwrap().contains("needs a stream"), "{error:?}");
}

#[tokio::test]
async fn every_exception_has_its_type_in_a_streamed_invocation() {
    for (fault, code) in EXCEPTIONS {
        let simulator = with(fault, 2).await;
        let asked = sdk(&simulator).invoke_model_with_response_stream().model_id(HAIKU);
        let mut reply = asked.body(body()).send().await.unwrap();
        for _ in 0..2 {
            assert!(matches!(reply.body.recv().await, Ok(Some(ResponseStream::Chunk(_)))));
        }
        let error = reply.body.recv().await.unwrap_err().into_service_error();
        assert!(format!("{error:?}").starts_with(code), "{fault}: {error:?}");
        assert!(!error.message().unwrap().is_empty());
        assert_eq!(only_call(&simulator).ended, Some(format!("error:{code}")));
    }
}
