//! The AWS SDK for Rust, unchanged: what it is answered, and how often it asks.

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use bursar_domain::call::Outcome;

use super::fixture::*;

#[tokio::test]
async fn client_simulator_and_ledger_agree_on_every_token_and_on_whose_they_are() {
    let world = World::start().await;
    for client in [world.sdk(), world.sdk_by_bearer()] {
        let asked = client.converse().model_id(NOVA).messages(user("Hello"));
        let reply = asked.request_metadata("bursar-sim", "input=374 output=44 cache-read=7");
        let usage = reply.send().await.unwrap().usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (374, 44));
        assert_eq!(usage.cache_read_input_tokens, Some(7));
    }
    let (served, calls) = (world.served(), world.calls().await);
    assert_eq!((served.len(), calls.len()), (2, 2));
    for (served, call) in served.iter().zip(calls.iter().rev()) {
        assert_eq!(served.usage, call.bill.usage);
        assert_eq!(call.attribution.team.as_deref(), Some("research"));
        assert_eq!(call.attribution.key.as_ref(), Some(&world.key.id));
        assert!(call.request_hmac.is_some());
        // What AWS's own log will tell of it.
        assert_eq!(served.metadata["bursar-call"], call.id.to_string());
        assert_eq!(served.metadata["bursar-team"], "research");
        assert_eq!(served.metadata["bursar-key"], world.key.id);
    }
    world.end().await;
}

#[tokio::test]
async fn streams_come_whole_in_both_languages() {
    let world = World::start().await;
    let client = world.sdk();
    let asked = client.converse_stream().model_id(NOVA).messages(user("Hello"));
    let asked = asked.request_metadata("bursar-sim", "input=12 output=300");
    let mut stream = asked.send().await.unwrap().stream;
    let mut told = None;
    while let Some(event) = stream.recv().await.unwrap() {
        if let ConverseStreamOutput::Metadata(metadata) = event {
            told = metadata.usage;
        }
    }
    assert_eq!(told.unwrap().output_tokens, 300);
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,
        "messages":[{"role":"user","content":"Hello"}]}"#;
    let asked = client.invoke_model_with_response_stream().model_id(HAIKU);
    let asked = asked.content_type("application/json").body(Blob::new(body));
    let mut stream = asked.send().await.unwrap().body;
    let mut chunks = 0;
    while stream.recv().await.unwrap().is_some() {
        chunks += 1;
    }
    assert!(chunks > 3);
    let (served, calls) = (world.served(), world.calls().await);
    for (served, call) in served.iter().zip(calls.iter().rev()) {
        assert_eq!(served.usage, call.bill.usage);
        assert_eq!(call.ending.outcome, Outcome::Succeeded);
        assert_eq!(served.metadata["bursar-call"], call.id.to_string());
    }
    assert_eq!(calls.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn tokens_are_counted_for_nothing() {
    let world = World::start().await;
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,
        "messages":[{"role":"user","content":"Hello"}]}"#;
    let input = aws_sdk_bedrockruntime::types::InvokeModelTokensRequest::builder()
        .body(Blob::new(body))
        .build()
        .unwrap();
    let input = aws_sdk_bedrockruntime::types::CountTokensInput::InvokeModel(input);
    let counted = world.sdk().count_tokens().model_id(HAIKU.trim_start_matches("us."));
    assert!(counted.input(input).send().await.unwrap().input_tokens > 0);
    assert_eq!(world.calls().await[0].bill.cost.unwrap().pico(), 0);
    world.end().await;
}

#[tokio::test]
async fn bedrocks_errors_arrive_as_bedrock_sent_them() {
    let world = World::start().await;
    for (fault, code, status) in [
        ("throttle", "ThrottlingException", 429),
        ("validation", "ValidationException", 400),
        ("not-found", "ResourceNotFoundException", 404),
        ("model-error", "ModelErrorException", 424),
        ("unavailable", "ServiceUnavailableException", 503),
    ] {
        let asked = world.sdk().converse().model_id(NOVA).messages(user("Hello"));
        let asked = asked.request_metadata("bursar-sim", format!("fault={fault}"));
        let error = asked.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
        assert!(error.raw_response().unwrap().headers().get("x-bursar-call-id").is_some());
    }
    let mut stream = {
        let asked = world.sdk().converse_stream().model_id(NOVA).messages(user("Hello"));
        asked.request_metadata("bursar-sim", "fault=stream-throttle").send().await.unwrap().stream
    };
    let error = loop {
        match stream.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if nothing had happened"),
            Err(error) => break error,
        }
    };
    assert!(error.into_service_error().is_throttling_exception());
    world.end().await;
}

#[tokio::test]
async fn a_team_over_its_budget_is_told_once_and_bedrock_never() {
    let world = World::start().await;
    world.limit("total", "0.000001usd").await;
    for client in [world.sdk(), world.sdk_by_bearer()] {
        let error = client.converse().model_id(NOVA).messages(user("Hello")).send().await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), Some("ServiceQuotaExceededException"));
        let message = error.message().unwrap();
        assert!(message.contains("research") && message.contains("limit $0.000001"), "{message}");
        let asked = client.converse_stream().model_id(NOVA).messages(user("Hello"));
        assert_eq!(asked.send().await.unwrap_err().code(), Some("ServiceQuotaExceededException"));
    }
    // No SDK tried again.
    assert_eq!(world.refused().await, 4);
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_call_that_only_waits_for_others_is_told_to_come_back() {
    let world = World::start().await;
    world.limit("total", "0.003usd").await;
    let first = world.sdk().converse().model_id(NOVA).messages(user("Hello"));
    let first = first.request_metadata("bursar-sim", "delay-ms=600000");
    let first = tokio::spawn(first.send());
    while world.served().is_empty() {
        tokio::task::yield_now().await;
    }
    let second = world.converse("").await;
    assert_eq!(second.status(), 429);
    assert_eq!(
        second.headers()["x-amzn-errortype"].to_str().unwrap().split(':').next(),
        Some("ThrottlingException")
    );
    assert_eq!(second.headers()["retry-after"], "1");
    let again = world.sdk().converse().model_id(NOVA).messages(user("Hello")).send().await;
    assert_eq!(again.unwrap_err().code(), Some("ThrottlingException"));
    assert_eq!(world.refused().await, 1 + 3, "the SDK tried three times");
    assert_eq!(world.served().len(), 1);
    first.abort();
}

#[tokio::test]
async fn a_key_that_is_revoked_or_of_somebody_else_is_of_no_use() {
    let world = World::start().await;
    let secret = world.key.secret_access_key.expose().to_owned();
    let ask = async |id: &str, secret: &str| {
        let asked = world.sdk_as(id, secret).converse().model_id(NOVA).messages(user("Hello"));
        asked.send().await.map(drop).map_err(|error| error.code().unwrap().to_owned())
    };
    let id = world.key.access_key_id.as_str();
    assert_eq!(ask(id, &secret).await, Ok(()));
    assert_eq!(ask(id, "secret").await.unwrap_err(), "InvalidSignatureException");
    for other in ["AKIAEXAMPLE", "BSRKAAAAAAAA00000001", &id.replace("0001", "0002")] {
        assert_eq!(ask(other, &secret).await.unwrap_err(), "UnrecognizedClientException");
    }
    world.admin.revoke_key(&world.key.id).await.unwrap();
    assert_eq!(ask(id, &secret).await.unwrap_err(), "UnrecognizedClientException");
    assert_eq!(world.converse("").await.status(), 403);
    assert_eq!(world.served().len(), 1);
    world.end().await;
}
