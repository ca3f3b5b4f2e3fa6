//! Quotas a minute, by a clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bursar_domain::call::Operation;
use bursar_domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::fixture::*;
use crate::{Settings, Simulator};

const MINUTE_MS: i64 = 60_000;

/// A clock and its hand.
fn held() -> (Clock, Arc<AtomicI64>) {
    let hand = Arc::new(AtomicI64::new(Timestamp::parse_date("2024-01-01").unwrap().0));
    let read = Arc::clone(&hand);
    (Clock::new(move || Timestamp(read.load(Ordering::SeqCst))), hand)
}

async fn limited(requests: Option<u64>, tokens: Option<u64>) -> (Simulator, Arc<AtomicI64>) {
    let settings = Settings {
        requests_per_minute: requests,
        tokens_per_minute: tokens,
        ..Settings::default()
    };
    let (clock, hand) = held();
    (start_with(settings, clock).await, hand)
}

fn body(words: &str, max_tokens: Option<u64>) -> Value {
    let mut body = conversation(words);
    if let Some(max_tokens) = max_tokens {
        body["inferenceConfig"] = json!({"maxTokens": max_tokens});
    }
    body
}

/// What is said of a call: nothing where it is answered.
async fn refusal(simulator: &Simulator, model: &str, body: &Value) -> Option<String> {
    let reply = post(simulator, model, Operation::Converse, body, "").await;
    let status = reply.status().as_u16();
    let reply: Value = reply.json().await.unwrap();
    let message = reply["message"].as_str().map(str::to_owned);
    assert_eq!(status, if message.is_some() { 429 } else { 200 }, "{reply}");
    message
}

const REQUESTS: &str = "Too many requests, please wait before trying again.";
const TOKENS: &str = "Too many tokens, please wait before trying again.";

#[tokio::test]
async fn requests_are_counted_by_model_and_minute() {
    let (simulator, hand) = limited(Some(2), None).await;
    let plain = body("", None);
    let ask = |model| refusal(&simulator, model, &plain);
    assert_eq!([ask(NOVA).await, ask(NOVA).await], [None, None]);
    assert_eq!(ask(NOVA).await.as_deref(), Some(REQUESTS));
    assert_eq!(ask("us.amazon.nova-lite-v1:0").await, None, "a profile has its own");
    let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let by_arn = post(&simulator, arn, Operation::Converse, &body("", None), "").await;
    assert_eq!(by_arn.status(), 429, "an ARN is the same model");
    hand.fetch_add(MINUTE_MS, Ordering::SeqCst);
    assert_eq!(ask(NOVA).await, None);
    let refused = simulator.calls().into_iter().nth(2).unwrap();
    assert_eq!(refused.ended.as_deref(), Some("error:ThrottlingException"));
    assert_eq!((refused.fault, refused.usage.context_tokens()), (None, 0));
}

#[tokio::test]
async fn the_sdk_sees_a_throttling() {
    let (simulator, _) = limited(Some(1), None).await;
    let ask = || sdk(&simulator).converse().model_id(NOVA).messages(user("Hello")).send();
    assert!(ask().await.is_ok());
    assert!(ask().await.unwrap_err().into_service_error().is_throttling_exception());
}

#[tokio::test]
async fn the_output_that_was_asked_for_is_taken_and_what_was_not_used_is_given_back() {
    let (simulator, hand) = limited(None, Some(10_000)).await;
    // 50 of input and 4,000 of output are taken; 50 and five times 100 are kept.
    let asked = body("input=50 output=100", Some(4_000));
    let answered = async || {
        let mut count = 0;
        while refusal(&simulator, HAIKU, &asked).await.is_none() {
            count += 1;
        }
        count
    };
    let fits = (10_000 - 4_050) / 550 + 1;
    assert_eq!(answered().await, fits);
    assert_eq!(refusal(&simulator, HAIKU, &asked).await.as_deref(), Some(TOKENS));
    let smaller = body("input=50 output=100", Some(100));
    assert_eq!(refusal(&simulator, HAIKU, &smaller).await, None, "the rest is still there");
    hand.fetch_add(MINUTE_MS, Ordering::SeqCst);
    assert_eq!(answered().await, fits);
}

#[tokio::test]
async fn without_a_limit_of_its_own_a_call_takes_the_models_most() {
    let (simulator, _) = limited(None, Some(10_001)).await;
    assert_eq!(refusal(&simulator, NOVA, &body("input=2 output=1", None)).await.unwrap(), TOKENS);
    assert_eq!(refusal(&simulator, NOVA, &body("input=1 output=1", None)).await, None);
}

#[tokio::test]
async fn reads_of_a_cache_are_taken_and_given_back_and_writes_are_kept() {
    let (simulator, _) = limited(None, Some(1_010)).await;
    let read = body("cache-read=900 output=1", Some(100));
    for _ in 0..3 {
        assert_eq!(refusal(&simulator, NOVA, &read).await, None);
    }
    let written = body("cache-write-5m=400 cache-write-1h=400 output=1", Some(1));
    assert_eq!(refusal(&simulator, NOVA, &written).await, None);
    assert_eq!(refusal(&simulator, NOVA, &read).await.as_deref(), Some(TOKENS));
}

#[tokio::test]
async fn a_stream_keeps_what_it_took_until_it_ends() {
    let (simulator, _) = limited(None, Some(1_000)).await;
    let slow = body("input=1 output=1 gap-ms=600000", Some(900));
    let stream = post(&simulator, NOVA, Operation::ConverseStream, &slow, "").await;
    assert_eq!(stream.status(), 200);
    let small = body("input=1 output=1", Some(200));
    assert_eq!(refusal(&simulator, NOVA, &small).await.as_deref(), Some(TOKENS));
    drop(stream);
    while simulator.calls()[0].ended.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(refusal(&simulator, NOVA, &small).await, None);
}

#[tokio::test]
async fn what_is_refused_or_only_counted_takes_nothing() {
    let (simulator, _) = limited(Some(1), Some(1_000)).await;
    let throttled = body("fault=throttle", Some(900));
    assert_eq!(refusal(&simulator, HAIKU, &throttled).await.as_deref(), Some(REQUESTS));
    let base = HAIKU.trim_start_matches("us.");
    let count = json!({"input": {"converse": conversation("")}});
    for _ in 0..2 {
        let counted = post(&simulator, base, Operation::CountTokens, &count, "").await;
        assert_eq!(counted.status(), 200);
    }
    assert_eq!(refusal(&simulator, HAIKU, &body("input=1", Some(900))).await, None);
}

#[tokio::test]
async fn a_throttled_call_writes_no_cache() {
    let (simulator, hand) = limited(Some(1), None).await;
    let mut asked = body("", None);
    let point = json!({"cachePoint": {"type": "default"}});
    asked["messages"][0]["content"].as_array_mut().unwrap().push(point);
    assert_eq!(refusal(&simulator, HAIKU, &body("", None)).await, None);
    assert!(refusal(&simulator, HAIKU, &asked).await.is_some());
    hand.fetch_add(MINUTE_MS, Ordering::SeqCst);
    let usage = &converse(&simulator, HAIKU, &asked).await["usage"];
    assert_eq!(
        (&usage["cacheReadInputTokens"], &usage["cacheWriteInputTokens"]),
        (&json!(0), &json!(2))
    );
}
