//! Who may call, with and without a configured key.

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use bursar_domain::time::{Clock, Timestamp};
use bursar_wire::path::encode_path;

use super::fixture::*;
use crate::{Credentials, Settings, Simulator};

async fn guarded(clock: Clock) -> Simulator {
    let credentials = Credentials {
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: "right".to_owned(),
    };
    start_with(Settings { credentials: Some(credentials), ..Settings::default() }, clock).await
}

/// The code of the refusal; `None` when the call was answered.
async fn refusal(simulator: &Simulator, model: &str, id: &str, secret: &str) -> Option<String> {
    let client = sdk_with(simulator, id, secret, RetryConfig::disabled());
    let sent = client.converse().model_id(model).messages(user("Hello")).send().await;
    sent.err().map(|error| error.into_service_error().code().unwrap_or("none").to_owned())
}

#[tokio::test]
async fn a_signature_is_checked_over_the_path_as_it_came() {
    let simulator = guarded(Clock::system()).await;
    let profile =
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
    for model in [NOVA, profile] {
        assert_eq!(refusal(&simulator, model, "AKIAEXAMPLE", "right").await, None);
        let wrong_secret = refusal(&simulator, model, "AKIAEXAMPLE", "wrong").await;
        assert_eq!(wrong_secret.as_deref(), Some("InvalidSignatureException"));
        let wrong_id = refusal(&simulator, model, "AKIAOTHER", "right").await;
        assert_eq!(wrong_id.as_deref(), Some("UnrecognizedClientException"));
    }
    let statuses: Vec<_> = simulator.calls().iter().map(|call| call.http_status.unwrap()).collect();
    assert_eq!(statuses, [200, 403, 403, 200, 403, 403]);
}

#[tokio::test]
async fn a_request_signed_an_hour_ago_is_refused() {
    let now = Clock::system();
    let later = Clock::new(move || Timestamp(now.now().0 + 3_600_000));
    let simulator = guarded(later).await;
    let refused = refusal(&simulator, NOVA, "AKIAEXAMPLE", "right").await;
    assert_eq!(refused.as_deref(), Some("InvalidSignatureException"));
}

#[tokio::test]
async fn without_a_configured_key_any_authorization_will_do_but_none_will_not() {
    let simulator = start().await;
    assert_eq!(refusal(&simulator, NOVA, "AKIAANY", "any").await, None);
    let url = simulator.url() + &encode_path(NOVA, bursar_domain::call::Operation::Converse);
    for (header, status) in [
        (None, 403),
        (Some("Bearer key"), 200),
        (Some("bearer key"), 200),
        (Some("Bearer "), 403),
        (Some(""), 403),
    ] {
        let mut request = reqwest::Client::new().post(&url).body(conversation("").to_string());
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), status, "{header:?}");
    }
}

#[tokio::test]
async fn a_bearer_key_passes_beside_a_configured_key() {
    let simulator = guarded(early()).await;
    assert!(converse(&simulator, NOVA, &conversation("")).await["usage"].is_object());
    let url = simulator.url() + &encode_path(NOVA, bursar_domain::call::Operation::Converse);
    let request = reqwest::Client::new().post(url).header("authorization", "AWS4-HMAC-SHA256 x");
    let reply = request.body(conversation("").to_string()).send().await.unwrap();
    assert_eq!(reply.status(), 400);
    assert!(
        reply.headers()["x-amzn-errortype"].to_str().unwrap().starts_with("IncompleteSignature")
    );
}
