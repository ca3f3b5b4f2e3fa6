//! What the tests share: a simulator on a free port, the SDK's client for it, and plain requests.

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{
    BehaviorVersion, Credentials as Keys, Region, StalledStreamProtectionConfig,
};
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_sdk_bedrockruntime::{Client, Config};
use bursar_domain::call::Operation;
use bursar_domain::time::{Clock, Timestamp};
use bursar_wire::path::encode_path;
use reqwest::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{ServedCall, Settings, Simulator};

/// A model that converses by its base id.
pub(super) const NOVA: &str = "amazon.nova-lite-v1:0";
/// A Claude model that is offered through profiles only.
pub(super) const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// Before any model's end of life, so that tests do not grow old.
pub(super) fn early() -> Clock {
    let time = Timestamp::parse_date("2024-01-01").unwrap();
    Clock::new(move || time)
}

pub(super) async fn start() -> Simulator {
    start_with(Settings::default(), early()).await
}

pub(super) async fn start_with(settings: Settings, clock: Clock) -> Simulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Simulator::start(listener, settings, clock).unwrap()
}

/// The SDK's client, without retries, so that each test sees one attempt.
pub(super) fn sdk(simulator: &Simulator) -> Client {
    sdk_with(simulator, "AKIAEXAMPLE", "secret", RetryConfig::disabled())
}

pub(super) fn sdk_with(
    simulator: &Simulator,
    id: &str,
    secret: &str,
    retry: RetryConfig,
) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(simulator.url())
        .credentials_provider(Keys::new(id, secret, None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retry)
        .build();
    Client::from_conf(config)
}

pub(super) fn user(text: &str) -> Message {
    Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
        .unwrap()
}

/// Converse's body with steering words.
pub(super) fn conversation(words: &str) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]});
    if !words.is_empty() {
        body["requestMetadata"] = json!({"bursar-sim": words});
    }
    body
}

/// A plain request with a bearer key; steering goes in the header, where InvokeModel has it.
pub(super) async fn post(
    simulator: &Simulator,
    model: &str,
    operation: Operation,
    body: &Value,
    words: &str,
) -> Response {
    let url = simulator.url() + &encode_path(model, operation);
    let mut request = reqwest::Client::new().post(url).header("authorization", "Bearer key");
    if !words.is_empty() {
        let metadata = json!({"bursar-sim": words}).to_string();
        request = request.header("x-amzn-bedrock-request-metadata", metadata);
    }
    request.body(body.to_string()).send().await.unwrap()
}

/// Converse's answer, as JSON.
pub(super) async fn converse(simulator: &Simulator, model: &str, body: &Value) -> Value {
    post(simulator, model, Operation::Converse, body, "").await.json().await.unwrap()
}

/// The only call that was served.
pub(super) fn only_call(simulator: &Simulator) -> ServedCall {
    let mut calls = simulator.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

/// Waits until a call's end is listed: a client may be told of it a moment before.
pub(super) async fn ended(simulator: &Simulator) -> String {
    loop {
        if let Some(ended) = only_call(simulator).ended {
            return ended;
        }
        tokio::task::yield_now().await;
    }
}
