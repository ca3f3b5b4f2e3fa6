//! A URL that documents are posted to: somebody else's machine, which may be slow, wrong or away.
//!
//! One request at a time, without redirects; who posts decides whether to try again.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use bursar_domain::causes::with_causes;

/// The longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// The longest wait for an answer, connection and all.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Hosts that plain HTTP stays on this machine with.
const LOOPBACK: [&str; 4] = ["127.0.0.1", "localhost", "[::1]", "::1"];

/// A URL that documents are posted to, and the way there. Clones share it.
#[derive(Clone)]
pub struct Hook {
    uri: Uri,
    /// What goes along with each post, such as a key.
    headers: HeaderMap,
    /// Made for the first post: to read the machine's certificates takes longer than a call.
    connector: Arc<OnceLock<SharedHttpConnector>>,
}

impl std::fmt::Debug for Hook {
    /// Without the path, which may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({})", self.uri.host().unwrap_or_default())
    }
}

impl Hook {
    /// Reads a URL: `https`, or plain `http` to this machine. Nothing is sent.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(url: &str) -> Result<Self, &'static str> {
        let uri = read(url)?;
        let is_here = uri.host().is_some_and(|host| LOOPBACK.contains(&host));
        if uri.scheme_str() == Some("http") && !is_here {
            return Err("plain http goes to this machine only: use https");
        }
        Ok(Self { uri, headers: HeaderMap::new(), connector: Arc::default() })
    }

    /// Reads the URL of a collector of telemetry, which may be plain `http` to anywhere: it stands
    /// in the same network, and is told no secret but these headers. Nothing is sent.
    ///
    /// # Errors
    /// What is wrong with it, without a header's value.
    pub fn to_collector(url: &str, headers: &[(String, String)]) -> Result<Self, String> {
        let uri = read(url)?;
        let pair = |(name, value): &(String, String)| {
            let name: HeaderName = name.parse().ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        };
        let headers: Option<HeaderMap> = headers.iter().map(pair).collect();
        let headers = headers.ok_or("one of its headers is none")?;
        Ok(Self { uri, headers, connector: Arc::default() })
    }

    fn connector(&self) -> &SharedHttpConnector {
        self.connector.get_or_init(|| {
            let settings = HttpConnectorSettings::builder()
                .connect_timeout(CONNECT_MAX)
                .read_timeout(ANSWER_MAX)
                .build();
            let builder = Connector::builder().connector_settings(settings);
            SharedHttpConnector::new(if self.uri.scheme_str() == Some("https") {
                builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
            } else {
                builder.build_http()
            })
        })
    }

    /// Posts a JSON document; taken when the answer is a 2xx.
    ///
    /// # Errors
    /// Why it was not taken, without the URL.
    pub async fn post(&self, json: String) -> Result<(), String> {
        self.send(SdkBody::from(json), "application/json").await
    }

    /// Posts a message of Protocol Buffers; taken when the answer is a 2xx.
    ///
    /// # Errors
    /// As [`Hook::post`].
    pub async fn post_protobuf(&self, message: Vec<u8>) -> Result<(), String> {
        self.send(SdkBody::from(message), "application/x-protobuf").await
    }

    async fn send(&self, body: SdkBody, kind: &'static str) -> Result<(), String> {
        let mut request = HttpRequest::new(body);
        request.set_uri(self.uri.to_string()).map_err(|error| error.to_string())?;
        request.set_method("POST").map_err(|error| error.to_string())?;
        request.headers_mut().insert("content-type", kind);
        for (name, value) in &self.headers {
            let value = value.to_str().map_err(|error| error.to_string())?.to_owned();
            request.headers_mut().insert(name.as_str().to_owned(), value);
        }
        let asked = tokio::time::timeout(ANSWER_MAX, self.connector().call(request)).await;
        let answer = asked.map_err(|_| "no answer in ten seconds".to_owned())?;
        let answer = answer.map_err(|error| with_causes(error.to_string(), &error))?;
        match answer.status().as_u16() {
            200..300 => Ok(()),
            status => Err(format!("the answer was {status}")),
        }
    }
}

/// A URL of `https` or `http` with a host, and nobody's password.
fn read(url: &str) -> Result<Uri, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
    let authority = uri.authority().ok_or("it names no host")?;
    if authority.as_str().contains('@') {
        return Err("it holds a user or a password, which would not be sent");
    }
    match uri.scheme_str() {
        Some("https" | "http") => Ok(uri),
        _ => Err("it is neither https nor http"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_taken_and_plain_http_only_to_this_machine() {
        for url in ["http://127.0.0.1:8080/heads", "http://localhost/", "http://[::1]:9/x"] {
            assert!(Hook::new(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "heads",
            "/heads",
            "ftp://example.com/",
            "file:///etc/passwd",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost@example.com/",
            "https://ann:secret@example.com/",
            "https://",
        ] {
            assert!(Hook::new(url).is_err(), "{url}");
        }
        assert!(Hook::to_collector("http://collector:4318/v1/traces", &[]).is_ok());
        let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let url = "https://collector/";
        assert!(Hook::to_collector(url, &header("api-key", "k")).is_ok());
        for wrong in [header("a b", "k"), header("api-key", "k\r\nx: y")] {
            assert!(Hook::to_collector(url, &wrong).is_err(), "{wrong:?}");
        }
        assert!(Hook::to_collector("collector:4318", &[]).is_err());
        let shown = format!("{:?}", Hook::new("http://localhost/secret-token").unwrap());
        assert_eq!(shown, "Hook(localhost)");
    }
}
