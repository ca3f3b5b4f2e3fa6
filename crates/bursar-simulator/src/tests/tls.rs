//! TLS, as the AWS SDK for Rust sees it once it is told to trust the certificate.

use aws_sdk_bedrockruntime::Client;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use super::fixture::*;
use crate::{Settings, Simulator};

fn trusting(simulator: &Simulator, certificate: &str) -> Client {
    let store = TrustStore::empty().with_pem_certificate(certificate);
    let context = TlsContext::builder().with_trust_store(store).build().unwrap();
    let provider = Provider::Rustls(CryptoMode::Ring);
    let http = Builder::new().tls_provider(provider).tls_context(context).build_https();
    let config = sdk(simulator).config().to_builder().http_client(http).build();
    Client::from_conf(config)
}

async fn start_tls() -> Simulator {
    start_with(Settings { tls: true, ..Settings::default() }, early()).await
}

#[tokio::test]
async fn the_sdk_converses_and_streams_over_tls() {
    let simulator = start_tls().await;
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let client = trusting(&simulator, simulator.certificate().unwrap());
    let reply = client.converse().model_id(NOVA).messages(user("Hello")).send().await.unwrap();
    assert!(reply.usage.unwrap().output_tokens > 0);
    let asked = client.converse_stream().model_id(NOVA).messages(user("Hello"));
    let mut stream = asked.send().await.unwrap().stream;
    while stream.recv().await.unwrap().is_some() {}
    let ends: Vec<_> = simulator.calls().into_iter().map(|call| call.ended).collect();
    assert_eq!(ends, vec![Some("complete".to_owned()); 2]);
}

#[tokio::test]
async fn a_client_that_trusts_another_certificate_is_not_served() {
    let (simulator, other) = (start_tls().await, start_tls().await);
    let client = trusting(&simulator, other.certificate().unwrap());
    let asked = client.converse().model_id(NOVA).messages(user("Hello"));
    assert!(asked.send().await.is_err());
    assert!(simulator.calls().is_empty());
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_ends_its_own_connection_only() {
    let simulator = start_tls().await;
    let plain = simulator.url().replace("https://", "http://");
    assert!(reqwest::get(plain).await.is_err());
    let client = trusting(&simulator, simulator.certificate().unwrap());
    assert!(client.converse().model_id(NOVA).messages(user("Hello")).send().await.is_ok());
}

#[tokio::test]
async fn a_reset_is_a_reset_over_tls_too() {
    let simulator = start_tls().await;
    let client = trusting(&simulator, simulator.certificate().unwrap());
    let asked = client.converse().model_id(NOVA).messages(user("Hello"));
    assert!(asked.request_metadata("bursar-sim", "fault=reset").send().await.is_err());
    assert_eq!(ended(&simulator).await, "reset");
}

#[tokio::test]
async fn without_tls_there_is_no_certificate() {
    assert_eq!(start().await.certificate(), None);
}
