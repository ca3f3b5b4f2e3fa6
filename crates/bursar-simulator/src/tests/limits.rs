//! What the catalogue says may be asked of a model, and Bedrock's own limits.

use bursar_domain::call::Operation;
use bursar_domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::fixture::*;
use crate::{Settings, Simulator};

/// Status and message of a refused Converse.
async fn refused(simulator: &Simulator, model: &str, body: &Value) -> (u16, String) {
    let reply = post(simulator, model, Operation::Converse, body, "").await;
    let status = reply.status().as_u16();
    let error: Value = reply.json().await.unwrap();
    (status, error["message"].as_str().unwrap_or_default().to_owned())
}

fn long(bytes: usize) -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "a".repeat(bytes)}]}]})
}

#[tokio::test]
async fn ids_that_are_no_model_are_invalid() {
    let simulator = start().await;
    for id in
        ["nobody.nothing-v1:0", "us.nobody.nothing", "does-not-exist", "anthropic.claude-haiku-4-5"]
    {
        let (status, message) = refused(&simulator, id, &conversation("")).await;
        assert_eq!((status, message.as_str()), (400, "The provided model identifier is invalid."));
    }
    assert_eq!(simulator.calls().len(), 4, "refusals are listed too");
}

#[tokio::test]
async fn a_model_past_its_end_of_life_is_gone() {
    let day = |date| {
        let time = Timestamp::parse_date(date).unwrap();
        Clock::new(move || time)
    };
    let model = "us.anthropic.claude-sonnet-4-20250514-v1:0";
    let before = start_with(Settings::default(), day("2026-10-13")).await;
    assert!(converse(&before, model, &conversation("")).await["usage"].is_object());
    let after = start_with(Settings::default(), day("2026-10-14")).await;
    let (status, message) = refused(&after, model, &conversation("")).await;
    assert_eq!(status, 404);
    assert!(message.starts_with("This model version has reached the end of its life."));
}

#[tokio::test]
async fn a_model_that_only_profiles_offer_is_refused_by_its_base_id() {
    let simulator = start().await;
    let base = HAIKU.trim_start_matches("us.");
    let (status, message) = refused(&simulator, base, &conversation("")).await;
    assert_eq!(status, 400);
    assert!(
        message.contains(&format!("model ID {base} with on-demand throughput isn’t supported"))
    );
}

#[tokio::test]
async fn more_input_than_the_context_window_is_refused() {
    let simulator = start().await;
    let (status, message) = refused(&simulator, HAIKU, &long(200_001 * 4)).await;
    let text = "prompt is too long: 200001 tokens > 200000 maximum";
    assert_eq!((status, message.ends_with(text)), (400, true), "{message}");
    let (_, message) = refused(&simulator, "meta.llama3-70b-instruct-v1:0", &long(8193 * 4)).await;
    assert_eq!(message, "Input is too long for requested model.");
    let fits = converse(&simulator, HAIKU, &long(200_000 * 4)).await;
    assert_eq!(fits["usage"]["inputTokens"], 200_000);
    let steered = converse(&simulator, HAIKU, &conversation("input=900000")).await;
    assert_eq!(steered["usage"]["inputTokens"], 900_000, "what was used was allowed");
}

#[tokio::test]
async fn more_output_than_the_model_gives_is_refused() {
    let simulator = start().await;
    let mut body = conversation("output=1");
    body["inferenceConfig"] = json!({"maxTokens": 10_000});
    assert!(converse(&simulator, NOVA, &body).await["usage"].is_object());
    body["inferenceConfig"] = json!({"maxTokens": 10_001});
    let (_, message) = refused(&simulator, NOVA, &body).await;
    assert_eq!(message, "The maximum tokens you requested exceeds the model limit of 10000");
}

#[tokio::test]
async fn tokens_are_counted_by_base_ids_of_claude_only() {
    let simulator = start().await;
    let body = json!({"input": {"converse": conversation("")}});
    let base = HAIKU.trim_start_matches("us.");
    for (model, status) in [(base, 200), (HAIKU, 400), (NOVA, 400)] {
        let reply = post(&simulator, model, Operation::CountTokens, &body, "").await;
        assert_eq!(reply.status(), status, "{model}");
    }
    for wrong in [json!({}), json!({"input": {}}), json!({"input": {"invokeModel": {"body": "?"}}})]
    {
        let reply = post(&simulator, base, Operation::CountTokens, &wrong, "").await;
        assert_eq!(reply.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_model_that_makes_no_text_neither_converses_nor_streams() {
    let simulator = start().await;
    let model = "amazon.titan-embed-text-v2:0";
    let (_, message) = refused(&simulator, model, &conversation("")).await;
    assert!(message.starts_with("This action doesn't support the model"), "{message}");
    let body = json!({"inputText": "Hello"});
    let operation = Operation::InvokeModelWithResponseStream;
    let reply = post(&simulator, model, operation, &body, "").await;
    assert_eq!(reply.status(), 400);
    let speech =
        post(&simulator, "amazon.nova-2-sonic-v1:0", Operation::InvokeModel, &body, "").await;
    assert_eq!(speech.status(), 400);
}

#[tokio::test]
async fn a_fifth_cache_point_is_refused() {
    let simulator = start().await;
    let body = |points: usize| {
        let point = json!({"cachePoint": {"type": "default"}});
        let mut content = vec![json!({"text": "Hello"})];
        content.extend(std::iter::repeat_n(point, points));
        json!({"messages": [{"role": "user", "content": content}]})
    };
    assert!(converse(&simulator, HAIKU, &body(4)).await["usage"].is_object());
    let (_, message) = refused(&simulator, HAIKU, &body(5)).await;
    assert!(message.ends_with("Found 5."), "{message}");
}

#[tokio::test]
async fn a_body_over_bedrocks_limit_is_refused_and_the_server_goes_on() {
    let simulator = start().await;
    let frame = long(0).to_string().len();
    let reply = post(&simulator, NOVA, Operation::Converse, &long(25_000_001 - frame), "").await;
    assert_eq!(reply.status(), 413);
    let (status, _) = refused(&simulator, NOVA, &long(25_000_000 - frame)).await;
    assert_eq!(status, 400, "it fits, and is too long for the model");
    assert!(converse(&simulator, NOVA, &conversation("")).await["usage"].is_object());
}

#[tokio::test]
async fn only_loopback_is_listened_on_unless_allowed() {
    let listener = || async { tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap() };
    let refused = Simulator::start(listener().await, Settings::default(), early()).unwrap_err();
    assert!(refused.to_string().contains("can be reached from other machines"));
    let settings = Settings { allow_remote: true, ..Settings::default() };
    assert!(Simulator::start(listener().await, settings, early()).is_ok());
}
