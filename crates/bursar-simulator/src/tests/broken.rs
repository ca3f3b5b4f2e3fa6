//! Every way in which an answer breaks, as the SDK sees it, and what is listed as true.

use std::time::Duration;

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput as StreamReply;
use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use bursar_domain::call::Operation;
use bursar_wire::frame::FrameDecoder;
use serde_json::{Value, json};

use super::fixture::*;
use crate::Simulator;

/// How long a test waits to believe that nothing comes.
const SILENCE: Duration = Duration::from_millis(200);

async fn stream(simulator: &Simulator, words: &str) -> StreamReply {
    let asked = sdk(simulator).converse_stream().model_id(NOVA).messages(user("four and four"));
    asked.request_metadata("bursar-sim", words).send().await.unwrap()
}

/// How many events came, whether the usage was among them, and the error that ended them.
async fn drain(mut reply: StreamReply) -> (usize, bool, Option<String>) {
    let (mut events, mut has_usage) = (0, false);
    loop {
        match reply.stream.recv().await {
            Ok(None) => return (events, has_usage, None),
            Ok(Some(event)) => {
                events += 1;
                if let ConverseStreamOutput::Metadata(metadata) = event {
                    // Where the event has none, the SDK makes one up, all zeros.
                    has_usage = metadata.usage.is_some_and(|usage| usage.total_tokens > 0);
                }
            }
            Err(error) => {
                let text = aws_sdk_bedrockruntime::error::DisplayErrorContext(&error).to_string();
                return (events, has_usage, Some(text));
            }
        }
    }
}

#[tokio::test]
async fn every_exception_ends_the_stream_with_its_own_error() {
    let expected = [
        ("stream-throttle", "ThrottlingException"),
        ("stream-internal", "InternalServerException"),
        ("stream-model-error", "ModelStreamErrorException"),
        ("stream-validation", "ValidationException"),
        ("stream-unavailable", "ServiceUnavailableException"),
    ];
    for (fault, code) in expected {
        let simulator = start().await;
        let reply = stream(&simulator, &format!("fault={fault} after=3 output=10")).await;
        let (events, has_usage, error) = drain(reply).await;
        assert_eq!((events, has_usage), (3, false));
        assert!(error.unwrap().contains(code), "{fault}");
        let call = only_call(&simulator);
        assert_eq!(call.ended, Some(format!("error:{code}")));
        assert_eq!(call.usage.input, 4);
        assert!((1..10).contains(&call.usage.output), "a part was generated");
    }
}

#[tokio::test]
async fn a_timeout_within_a_streamed_invoke_is_that_streams_own() {
    let simulator = start().await;
    let words = json!({"bursar-sim": "fault=stream-timeout after=2"}).to_string();
    let body = conversation("").to_string().into_bytes();
    let asked = sdk(&simulator).invoke_model_with_response_stream().model_id(NOVA);
    let asked = asked.request_metadata(words).body(body.into());
    let mut reply = asked.send().await.unwrap();
    let error = loop {
        match reply.body.recv().await {
            Ok(event) => assert!(event.is_some(), "the stream ended without an error"),
            Err(error) => break error.into_service_error(),
        }
    };
    assert!(error.is_model_timeout_exception(), "{error:?}");
    assert!(error.message().is_some());
}

#[tokio::test]
async fn a_cut_on_a_border_looks_like_an_end_to_the_sdk() {
    let simulator = start().await;
    let reply = stream(&simulator, "fault=cut-border after=4 output=10").await;
    assert_eq!(drain(reply).await, (4, false, None));
    let call = only_call(&simulator);
    assert_eq!((call.ended.as_deref(), call.usage.output), (Some("cut"), 10));
}

#[tokio::test]
async fn a_cut_inside_a_frame_is_an_error_to_the_sdk() {
    let simulator = start().await;
    let reply = stream(&simulator, "fault=cut-inside after=2").await;
    let (events, _, error) = drain(reply).await;
    assert!(events == 2 && error.unwrap().contains("unexpected end"));
    assert_eq!(only_call(&simulator).ended.as_deref(), Some("cut"));
}

#[tokio::test]
async fn a_bad_checksum_is_an_error_to_the_sdk() {
    let simulator = start().await;
    let reply = stream(&simulator, "fault=bad-crc after=2").await;
    let (events, _, error) = drain(reply).await;
    assert!(events == 2 && error.unwrap().contains("checksum"));
}

#[tokio::test]
async fn a_stalled_stream_keeps_its_connection_and_says_nothing_more() {
    let simulator = start().await;
    let mut reply = stream(&simulator, "fault=stall after=2").await;
    for _ in 0..2 {
        assert!(reply.stream.recv().await.unwrap().is_some());
    }
    assert!(tokio::time::timeout(SILENCE, reply.stream.recv()).await.is_err());
    assert_eq!(only_call(&simulator).ended.as_deref(), Some("stall"));
}

#[tokio::test]
async fn a_hang_gives_not_even_a_head() {
    let simulator = start().await;
    let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
    let asked = asked.request_metadata("bursar-sim", "fault=hang").send();
    assert!(tokio::time::timeout(SILENCE, asked).await.is_err());
    let call = only_call(&simulator);
    assert_eq!((call.ended.as_deref(), call.http_status), (Some("hang"), None));
}

#[tokio::test]
async fn a_reset_breaks_plain_answers_and_streams() {
    let simulator = start().await;
    let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
    let error = asked.request_metadata("bursar-sim", "fault=reset").send().await.unwrap_err();
    let text = aws_sdk_bedrockruntime::error::DisplayErrorContext(&error).to_string();
    assert!(text.contains("reset"), "{text}");
    let simulator = start().await;
    let (_, has_usage, error) = drain(stream(&simulator, "fault=reset after=2").await).await;
    assert!(!has_usage && error.is_some());
    assert_eq!(only_call(&simulator).ended.as_deref(), Some("reset"));
}

#[tokio::test]
async fn a_plain_answer_can_end_in_its_middle() {
    let simulator = start().await;
    let body = conversation("fault=cut-inside");
    let reply = post(&simulator, NOVA, Operation::Converse, &body, "").await;
    assert_eq!(reply.status(), 200);
    assert!(reply.bytes().await.is_err());
    assert_eq!(only_call(&simulator).ended.as_deref(), Some("cut"));
}

#[tokio::test]
async fn usage_can_be_missing_plain_and_streamed() {
    let simulator = start().await;
    let body = conversation("fault=no-usage");
    let plain = converse(&simulator, NOVA, &body).await;
    assert!(plain.get("usage").is_none() && plain["output"].is_object());
    let (events, has_usage, error) = drain(stream(&simulator, "fault=no-usage").await).await;
    assert_eq!((events > 3, has_usage, error), (true, false, None));
    let body = conversation("");
    let invoke = post(&simulator, NOVA, Operation::InvokeModel, &body, "fault=no-usage").await;
    assert!(!invoke.headers().contains_key("x-amzn-bedrock-input-token-count"));
    let body: Value = invoke.json().await.unwrap();
    assert!(body.get("usage").is_none());
    assert!(simulator.calls().iter().all(|call| call.usage.output > 0), "the truth is kept");
}

#[tokio::test]
async fn usage_can_lie_and_the_list_does_not() {
    let simulator = start().await;
    let told = |body: &Value| body["usage"]["outputTokens"].as_i64().unwrap();
    let negative = converse(&simulator, NOVA, &conversation("fault=lying-usage-negative")).await;
    assert!(told(&negative) < 0);
    let huge = converse(&simulator, NOVA, &conversation("fault=lying-usage-huge")).await;
    assert!(told(&huge) > 1 << 40);
    assert!(simulator.calls().iter().all(|call| call.usage.output < 1000));
}

#[tokio::test]
async fn a_slow_first_byte_is_a_good_answer_after_all() {
    let simulator = start().await;
    let body = conversation("fault=slow-first-byte delay-ms=30");
    let begun = tokio::time::Instant::now();
    let reply = converse(&simulator, NOVA, &body).await;
    assert!(begun.elapsed() >= Duration::from_millis(30));
    assert!(reply["metrics"]["latencyMs"].as_u64().unwrap() >= 30);
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_is_listed_as_gone_with_all_that_was_generated() {
    let simulator = start().await;
    let mut reply = stream(&simulator, "output=100 gap-ms=20").await;
    assert!(reply.stream.recv().await.unwrap().is_some());
    drop(reply);
    assert_eq!(ended(&simulator).await, "client-gone");
    assert_eq!(only_call(&simulator).usage.output, 100);
}

#[tokio::test]
async fn a_client_that_leaves_before_a_plain_answer_is_listed_as_gone_with_all_of_it() {
    let simulator = start().await;
    let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
    let asked = asked.request_metadata("bursar-sim", "output=7 delay-ms=60000").send();
    assert!(tokio::time::timeout(SILENCE, asked).await.is_err());
    assert_eq!(ended(&simulator).await, "client-gone");
    assert_eq!(only_call(&simulator).usage.output, 7);
}

#[tokio::test]
async fn frames_are_padded_and_their_keys_sorted_as_bedrocks_are() {
    let simulator = start().await;
    let body = conversation("output=20");
    let reply = post(&simulator, NOVA, Operation::ConverseStream, &body, "").await;
    assert_eq!(reply.headers()["content-type"], "application/vnd.amazon.eventstream");
    let mut decoder = FrameDecoder::new();
    decoder.push(&reply.bytes().await.unwrap());
    let (mut names, mut paddings) = (Vec::new(), std::collections::BTreeSet::new());
    while let Some(frame) = decoder.next().unwrap() {
        let event: Value = serde_json::from_slice(&frame.payload).unwrap();
        let padding = event["p"].as_str().unwrap().to_owned();
        assert!(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".starts_with(&padding)
        );
        assert_eq!(event.to_string().as_bytes(), frame.payload, "sorted, and nothing between");
        paddings.insert(padding);
        names.push(frame.kind);
    }
    assert!(paddings.len() > 3);
    assert_eq!(names.first(), Some(&bursar_wire::frame::FrameKind::Event("messageStart".into())));
    assert_eq!(names.last(), Some(&bursar_wire::frame::FrameKind::Event("metadata".into())));
}
