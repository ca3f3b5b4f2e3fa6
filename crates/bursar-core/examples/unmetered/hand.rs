//! Signed with `aws-sigv4`, which the SDK itself signs with, and sent by hyper's own pool.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bursar_domain::time::Clock;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Body, Failure};

/// What stays as it is in a path: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) struct Hand {
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: String,
    identity: Identity,
}

impl Hand {
    pub(crate) fn new(endpoint: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new());
        let credentials = Credentials::new("bench", "bench", None, None, "bench");
        Self {
            client: client.build(connector),
            endpoint: endpoint.to_owned(),
            identity: credentials.into(),
        }
    }

    pub(crate) async fn send(
        &self,
        model: &str,
        body: Bytes,
        headers: HeaderMap,
    ) -> Result<Response<Body>, Failure> {
        let model = utf8_percent_encode(model, ENCODED);
        let uri = format!("{}/model/{model}/converse", self.endpoint);
        let mut request = Request::post(uri).body(Full::new(body.clone()))?;
        *request.headers_mut() = headers;
        self.sign(&mut request, &body)?;
        let (head, body) = self.client.request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.map_err(Failure::from).boxed_unsync()))
    }

    fn sign(&self, request: &mut Request<Full<Bytes>>, body: &Bytes) -> Result<(), Failure> {
        let uri = request.uri();
        let host = uri.authority().map(|host| HeaderValue::from_str(host.as_str())).transpose()?;
        let uri = uri.to_string();
        request.headers_mut().insert("host", host.ok_or("the endpoint has no host")?);
        let now = u64::try_from(Clock::system().now().0)?;
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let parameters = v4::SigningParams::builder()
            .identity(&self.identity)
            .region("us-east-1")
            .name("bedrock")
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(now))
            .settings(settings)
            .build()?;
        let texts = request.headers().iter();
        let texts = texts.map(|(name, value)| Ok((name.as_str(), value.to_str()?)));
        let texts: Vec<(&str, &str)> = texts.collect::<Result<_, http::header::ToStrError>>()?;
        let signable =
            SignableRequest::new("POST", &uri, texts.into_iter(), SignableBody::Bytes(body))?;
        let (instructions, _) = sign(signable, &parameters.into())?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}
