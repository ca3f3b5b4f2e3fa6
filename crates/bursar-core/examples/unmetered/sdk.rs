//! Through the AWS SDK, as `bedrock.rs` has it.

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::StalledStreamProtectionConfig;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_smithy_http_client::Builder;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;

use crate::capture::Capture;
use crate::{Body, Failure};

pub(crate) struct Sdk(Client);

impl Sdk {
    pub(crate) async fn new(endpoint: &str) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().build_http())
            .endpoint_url(endpoint)
            .load()
            .await;
        let config = aws_sdk_bedrockruntime::config::Builder::from(&config)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self(Client::from_conf(config))
    }

    pub(crate) async fn send(
        &self,
        model: &str,
        body: Bytes,
        headers: HeaderMap,
    ) -> Result<Response<Body>, Failure> {
        let capture = Capture::new(body, headers);
        let sent = self.0.converse().model_id(model).customize().interceptor(capture.clone());
        let sent = sent.send().await;
        let Some(answer) = capture.take() else {
            return Err(sent.err().map_or_else(|| "nothing came".into(), Failure::from));
        };
        let mut response = Response::new(answer.body.map_err(Failure::from).boxed_unsync());
        *response.status_mut() = http::StatusCode::from_u16(answer.status)?;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
