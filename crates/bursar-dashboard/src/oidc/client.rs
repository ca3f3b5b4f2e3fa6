//! Asking the provider over HTTP: one request at a time, bounded in time and length, without
//! redirects, and only at addresses that it can have.

use std::pin::Pin;
use std::time::Duration;

use bursar_domain::causes::told;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    DiscoveryError, HttpRequest, HttpResponse, RequestTokenError, StandardErrorResponse,
};

use super::OidcError;
use super::claims::shown;
use super::reach::{Guarded, Reach};

/// What a provider says of itself is some kilobytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Why an answer did not come.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAnswer(String);

/// An answer that is waited for.
type Asked = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send>>;

/// The way to the provider.
#[derive(Debug, Clone)]
pub(super) struct Client {
    hyper: Hyper<HttpsConnector<HttpConnector<Guarded>>, Full<Bytes>>,
    reach: Reach,
    answer: Duration,
}

impl Client {
    /// Gets ready to ask.
    ///
    /// # Errors
    /// The machine's certificates cannot be read.
    pub(super) fn new(reach: Reach, answer_ms: u64) -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new().with_native_roots();
        let connector = connector
            .map_err(|error| format!("the system's certificates cannot be read: {error}"))?;
        let mut tcp = HttpConnector::new_with_resolver(Guarded::new(reach));
        tcp.enforce_http(false);
        let connector = connector.https_or_http().enable_http1().wrap_connector(tcp);
        let hyper = Hyper::builder(TokioExecutor::new()).build(connector);
        Ok(Self { hyper, reach, answer: Duration::from_millis(answer_ms) })
    }

    /// That the provider can be at this URL.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(&self, url: &str) -> Result<(), String> {
        self.reach.check(url).map_err(|why| format!("`{}` {why}", shown(&url)))
    }

    /// What sends requests, as the openidconnect crate takes it.
    pub(super) fn sender(&self) -> impl Fn(HttpRequest) -> Asked + Send + Sync + 'static {
        let client = self.clone();
        move |request| {
            let client = client.clone();
            Box::pin(async move { client.send(request).await })
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        self.check(&request.uri().to_string()).map_err(NoAnswer)?;
        let asked = tokio::time::timeout(self.answer, self.ask(request)).await;
        let late = || NoAnswer(format!("nothing came within {} ms", self.answer.as_millis()));
        asked.map_err(|_| late())?.map_err(NoAnswer)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = self.hyper.request(request).await.map_err(|error| told(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok(HttpResponse::from_parts(head, body.to_vec()))
    }
}

/// Why the provider is not known, in words that hold nothing it sent but a short text.
pub(super) fn discovery_error(error: &DiscoveryError<NoAnswer>) -> OidcError {
    OidcError::Away(match error {
        DiscoveryError::Request(why) => shown(why),
        DiscoveryError::Response(status, ..) => format!("it answered {}", status.as_u16()),
        other => shown(other),
    })
}

/// Why a code gave no tokens: it is not good, or the provider is not.
pub(super) fn token_error(
    error: &RequestTokenError<NoAnswer, StandardErrorResponse<CoreErrorResponseType>>,
) -> OidcError {
    match error {
        RequestTokenError::ServerResponse(said) => {
            OidcError::Unproven(format!("the provider says `{}`", shown(said.error())))
        }
        RequestTokenError::Request(why) => OidcError::Away(shown(why)),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            OidcError::Away("it gave no tokens that can be read".to_owned())
        }
    }
}
