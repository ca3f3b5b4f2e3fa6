//! Every modelled error, as the SDK sees it, and the errors that a request earns by itself.

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use bursar_domain::call::Operation;
use serde_json::json;

use super::fixture::*;
use crate::{Fault, Scenario, Settings};

#[tokio::test]
async fn every_modelled_error_reaches_the_sdk_by_its_code_and_status() {
    let expected = [
        ("throttle", "ThrottlingException", 429),
        ("throttle-tokens", "ThrottlingException", 429),
        ("throttle-day", "ThrottlingException", 429),
        ("access-denied", "AccessDeniedException", 403),
        ("validation", "ValidationException", 400),
        ("too-long", "ValidationException", 400),
        ("not-found", "ResourceNotFoundException", 404),
        ("model-timeout", "ModelTimeoutException", 408),
        ("model-error", "ModelErrorException", 424),
        ("not-ready", "ModelNotReadyException", 429),
        ("internal", "InternalServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("quota", "ServiceQuotaExceededException", 400),
    ];
    let is_of_plain_calls = |fault: &&Fault| fault.refusal().is_some() && !fault.needs_stream();
    assert_eq!(Fault::ALL.iter().filter(is_of_plain_calls).count(), expected.len());
    let simulator = start().await;
    for (number, (fault, code, status)) in (0..).zip(expected) {
        let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
        let asked = asked.request_metadata("bursar-sim", format!("fault={fault}"));
        let error = asked.send().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status, "{fault}");
        let error = error.into_service_error();
        assert_eq!(error.code(), Some(code), "{fault}");
        assert!(!error.message().unwrap().is_empty());
        let call = simulator.calls().into_iter().nth(number).unwrap();
        assert_eq!(call.ended, Some(format!("error:{code}")));
        assert_eq!((call.http_status, call.usage.context_tokens()), (Some(status), 0));
    }
}

#[tokio::test]
async fn an_error_comes_before_a_stream_too() {
    let simulator = start().await;
    let asked = sdk(&simulator).converse_stream().model_id(NOVA).messages(user("Hello"));
    let asked = asked.request_metadata("bursar-sim", "fault=throttle");
    let error = asked.send().await.unwrap_err().into_service_error();
    assert!(error.is_throttling_exception());
}

#[tokio::test]
async fn an_sdk_that_retries_gets_through_after_as_many_faults_as_were_steered() {
    let simulator = start().await;
    let retry = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(std::time::Duration::from_millis(1));
    let client = sdk_with(&simulator, "AKIAEXAMPLE", "secret", retry);
    let asked = client.converse().model_id(NOVA).messages(user("Hello"));
    asked.request_metadata("bursar-sim", "fault=throttle times=2").send().await.unwrap();
    let statuses: Vec<_> = simulator.calls().iter().map(|call| call.http_status).collect();
    assert_eq!(statuses, [Some(429), Some(429), Some(200)]);
    let ids = simulator.calls().into_iter().map(|call| call.sdk_invocation_id);
    assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[tokio::test]
async fn an_error_that_is_no_json_is_a_proxys_page() {
    let simulator = start().await;
    let body = conversation("fault=not-json");
    let reply = post(&simulator, NOVA, Operation::Converse, &body, "").await;
    assert_eq!(reply.status(), 502);
    assert_eq!(reply.headers()["content-type"], "text/html");
    assert!(!reply.headers().contains_key("x-amzn-errortype"));
    assert_eq!(only_call(&simulator).ended.as_deref(), Some("error:Http502"));
}

#[tokio::test]
async fn a_word_that_cannot_be_followed_refuses_the_call_and_is_named() {
    let simulator = start().await;
    for (operation, words, told) in [
        (Operation::Converse, "colour=red", "`colour=red`"),
        (Operation::Converse, "input=-1", "`input=-1`"),
        (Operation::Converse, "fault=bad-crc", "needs a stream"),
    ] {
        let reply = post(&simulator, NOVA, operation, &conversation(words), "").await;
        assert_eq!(reply.status(), 400);
        let error = reply.text().await.unwrap();
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_as_bedrock_refuses_them() {
    let simulator = start().await;
    let wrong = [
        (Operation::Converse, json!({}), "required key [messages] not found"),
        (Operation::Converse, json!({"messages": []}), "minItems: 1"),
        (Operation::Converse, json!([]), "expected type: JSONObject"),
        (Operation::InvokeModel, json!({"prompt": "Hello"}), "required key [messages] not found"),
        (Operation::InvokeModelWithResponseStream, json!({}), "required key [messages] not found"),
        (
            Operation::Converse,
            json!({"messages": [{"role": "user", "content": []}],
            "inferenceConfig": {"maxTokens": 0}}),
            "#/inferenceConfig/maxTokens: ",
        ),
    ];
    for (operation, body, told) in wrong {
        let reply = post(&simulator, NOVA, operation, &body, "").await;
        assert_eq!(reply.status(), 400, "{body}");
        let kind = reply.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("ValidationException:http://internal.amazon.com/"), "{kind}");
        let error = reply.text().await.unwrap();
        assert!(error.contains("Malformed input request: ") && error.contains(told), "{error}");
    }
    let url = format!("{}/model/{NOVA}/converse", simulator.url());
    let request = reqwest::Client::new().post(url).header("authorization", "Bearer key");
    let reply = request.body("{\"messages\":").send().await.unwrap();
    assert!(reply.text().await.unwrap().contains("not valid JSON"));
}

#[tokio::test]
async fn a_part_of_the_calls_is_throttled_the_same_ones_every_time() {
    let run = || async {
        let settings = Settings { throttle_ppm: 300_000, seed: 5, ..Settings::default() };
        let simulator = start_with(settings, early()).await;
        for _ in 0..60 {
            post(&simulator, NOVA, Operation::Converse, &conversation(""), "").await;
        }
        let struck: Vec<bool> =
            simulator.calls().iter().map(|call| call.fault == Some(Fault::Throttle)).collect();
        simulator.stop().await;
        struck
    };
    let (first, second) = (run().await, run().await);
    assert_eq!(first, second);
    let struck = first.iter().filter(|struck| **struck).count();
    assert!((8..28).contains(&struck), "{struck} of 60 at 30 %");
}

#[tokio::test]
async fn a_scenario_steers_calls_that_say_nothing_and_the_caller_wins() {
    let rules = "[[rule]]\noperation = 'Converse'\nwords = 'output=5 input=7'\n";
    let settings = Settings { scenario: Scenario::parse(rules).unwrap(), ..Settings::default() };
    let simulator = start_with(settings, early()).await;
    let by_rule = converse(&simulator, NOVA, &conversation("")).await;
    assert_eq!(by_rule["usage"]["outputTokens"], 5);
    let by_caller = converse(&simulator, NOVA, &conversation("output=6")).await;
    let usage = &by_caller["usage"];
    assert_eq!((&usage["outputTokens"], &usage["inputTokens"]), (&json!(6), &json!(7)));
}
