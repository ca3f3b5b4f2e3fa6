//! Asks an endpoint whether it is a simulator, so that no replay spends money by mistake.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Longer than any loopback takes to answer; a real endpoint is never asked, for it speaks TLS.
const PATIENCE: Duration = Duration::from_secs(2);
/// A longer answer is not a simulator's.
const ANSWER_BYTES_MAX: usize = 4096;

/// Whether `endpoint` answers as Bursar's simulator does. Only plain `http` endpoints are asked.
pub async fn is_simulator(endpoint: &str) -> bool {
    let Ok(uri) = format!("{}/_simulator/health", endpoint.trim_end_matches('/')).parse::<Uri>()
    else {
        return false;
    };
    if uri.scheme_str() != Some("http") {
        return false;
    }
    let Ok(request) = Request::get(uri).body(Empty::<Bytes>::new()) else { return false };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let asking = async {
        let body = Limited::new(client.request(request).await.ok()?.into_body(), ANSWER_BYTES_MAX);
        let answer = body.collect().await.ok()?.to_bytes();
        let answer: serde_json::Value = serde_json::from_slice(&answer).ok()?;
        Some(answer["simulator"] == "bursar")
    };
    matches!(tokio::time::timeout(PATIENCE, asking).await, Ok(Some(true)))
}
