//! The admin API of a server, asked over HTTP: the same routes, in the same words.

use std::time::Duration;

use bursar_admin::{Method, Route};
use bursar_domain::causes::told;
use bursar_ledger::Secret;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, Situation};
use crate::settings::Server;

/// An answer takes as long as the ledger does; this is far beyond.
const ANSWER_WAIT: Duration = Duration::from_mins(1);
/// A page of a thousand calls is about two megabytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// What may stand in a URL as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// A server, and who asks.
pub(crate) struct Remote {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    key: Secret,
}

impl Remote {
    /// Gets ready to ask. Nothing is sent yet.
    pub(crate) fn new(server: &Server) -> Result<Self, Failure> {
        let url = server.url.trim_end_matches('/').to_owned();
        check_url(&url)?;
        let key = server.key.clone().ok_or_else(|| {
            Failure::new(Situation::Unauthenticated, format!("no admin key was given for `{url}`"))
                .hint("give it in BURSAR_ADMIN_KEY, or the file with it in BURSAR_ADMIN_KEY_FILE")
                .hint("`bursar admin-key create --name NAME`, at the ledger, makes one")
        })?;
        let connector = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
            Failure::new(
                Situation::Failed,
                format!("cannot read the system's certificates: {error}"),
            )
        })?;
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), url, key })
    }

    /// Asks.
    pub(crate) async fn ask<Ask: Serialize, Reply: DeserializeOwned>(
        &self,
        route: &Route<Ask, Reply>,
        ask: &Ask,
    ) -> Result<Reply, Failure> {
        let unfit = |problem: &dyn std::fmt::Display| {
            let message = format!("`{}` is no answer of Bursar's: {problem}", self.url);
            Failure::new(Situation::Failed, message)
                .hint("check the URL: it is that of `admin on …`, which `bursar serve` prints")
        };
        let request = self.request(route, ask).map_err(|error| unfit(&error))?;
        let asked = tokio::time::timeout(ANSWER_WAIT, self.client.request(request)).await;
        let answer = asked
            .map_err(|_| self.away("it does not answer"))?
            .map_err(|error| self.away(&told(&error)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
        let body = tokio::time::timeout(ANSWER_WAIT, body).await;
        let body = body.map_err(|_| self.away("it stopped within its answer"))?;
        let body = body.map_err(|error| self.away(&error.to_string()))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| unfit(&error));
        }
        Err(problem(&body).unwrap_or_else(|| unfit(&status)))
    }

    fn request<Ask: Serialize, Reply>(
        &self,
        route: &Route<Ask, Reply>,
        ask: &Ask,
    ) -> Result<http::Request<Full<Bytes>>, String> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(ask) else {
            return Err("the ask is no object".to_owned());
        };
        let mut url = format!("{}/api/v1{}", self.url, filled(route.path, &mut fields));
        let takes_body = !matches!(route.method, Method::Get | Method::Delete);
        let mut body = Bytes::new();
        if takes_body {
            body = Value::Object(fields).to_string().into();
        } else {
            url.push_str(&query(&fields));
        }
        let request = http::Request::builder()
            .method(route.method.as_str())
            .uri(url)
            .header(http::header::AUTHORIZATION, format!("Bearer {}", self.key.expose()))
            .header(http::header::USER_AGENT, concat!("bursar/", env!("CARGO_PKG_VERSION")));
        let request = if takes_body {
            request.header(http::header::CONTENT_TYPE, "application/json")
        } else {
            request
        };
        request.body(Full::new(body)).map_err(|error| error.to_string())
    }

    fn away(&self, why: &str) -> Failure {
        Failure::new(Situation::Ledger, format!("cannot ask the server `{}`: {why}", self.url))
            .hint("check that it runs, and that this machine may reach it")
    }
}

/// A secret is sent to who can be known, or stays on this machine.
fn check_url(url: &str) -> Result<(), Failure> {
    let wrong = |problem: &str| {
        let shown: String = url.escape_debug().take(60).collect();
        Failure::new(Situation::Configuration, format!("the server `{shown}` {problem}"))
    };
    let uri: http::Uri =
        url.parse().map_err(|_| wrong("is no URL").hint("write `http://127.0.0.1:8081`"))?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_near = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_near => Ok(()),
        Some("http") => Err(wrong("is another machine, and the admin key would go unencrypted")
            .hint("use https, or a tunnel: `ssh -L 8081:127.0.0.1:8081 HOST`")),
        _ => Err(wrong("is no URL").hint("write `https://…`, or `http://127.0.0.1:8081`")),
    }
}

/// The path with its parts, which are taken out of the fields.
fn filled(path: &str, fields: &mut Map<String, Value>) -> String {
    let part = |piece: &str| piece.strip_prefix('{')?.strip_suffix('}').map(str::to_owned);
    let pieces = path.split('/').map(|piece| match part(piece) {
        Some(name) => escaped(&fields.remove(&name).unwrap_or_default()),
        None => piece.to_owned(),
    });
    pieces.collect::<Vec<_>>().join("/")
}

fn query(fields: &Map<String, Value>) -> String {
    let is_said = |value: &Value| match value {
        Value::Null => false,
        Value::Object(parts) => !parts.is_empty(),
        _ => true,
    };
    let said = fields.iter().filter(|(_, value)| is_said(value));
    let pairs: Vec<String> =
        said.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn escaped(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    utf8_percent_encode(&text, ESCAPED).to_string()
}

/// What the server says of why not.
fn problem(body: &[u8]) -> Option<Failure> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let (code, message) = (body["error"]["code"].as_str()?, body["error"]["message"].as_str()?);
    let situation = match code {
        "read_only" => Situation::Unauthenticated,
        code => Situation::of_code(code),
    };
    let failure = Failure::new(situation, message);
    Some(match body["error"]["hint"].as_str() {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}
