//! The stop: what runs ends or is cut, and all of it is settled.

use std::time::Duration;

use bursar_domain::call::Outcome;

use super::fixture::*;
use crate::Settings;

async fn patient(seconds: u64) -> World {
    let settings = Settings { stop_patience: Duration::from_secs(seconds), ..Settings::default() };
    World::start_with(settings, bursar_simulator::Settings::default()).await
}

async fn stream(world: &World, words: &str) -> reqwest::Response {
    let path = format!("/model/{NOVA}/converse-stream");
    world.post(&path).body(conversation(words).to_string()).send().await.unwrap()
}

#[tokio::test]
async fn a_stream_that_runs_is_let_end() {
    let world = patient(60).await;
    let response = stream(&world, "output=60 gap-ms=5").await;
    let ledger = world.admin.ledger.clone();
    let url = world.url().to_owned();
    let ((), bytes) = tokio::join!(world.gateway.stop(), response.bytes());
    assert!(String::from_utf8_lossy(&bytes.unwrap()).contains("metadata"));
    let calls = recorded(&ledger).await;
    assert_eq!(calls[0].ending.outcome, Outcome::Succeeded);
    assert!(reqwest::get(url).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stream_that_takes_too_long_is_cut_told_and_settled() {
    let world = patient(0).await;
    let response = stream(&world, "output=4000 gap-ms=50").await;
    let ledger = world.admin.ledger.clone();
    let ((), bytes) = tokio::join!(world.gateway.stop(), response.bytes());
    let bytes = bytes.unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("the gateway stops"));
    let calls = recorded(&ledger).await;
    assert_eq!(calls[0].ending.outcome, Outcome::Cut);
    assert_eq!(calls[0].ending.error_code.as_deref(), Some("CutByStop"));
    assert!(ledger.audit().await.unwrap().is_clean());
    assert_eq!(ledger.open_calls(None).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_call_whose_client_has_gone_is_read_to_its_end_all_the_same() {
    let world = patient(60).await;
    let mut response = stream(&world, "output=200 gap-ms=2").await;
    drop(response.chunk().await);
    drop(response);
    let ledger = world.admin.ledger.clone();
    world.gateway.stop().await;
    let calls = recorded(&ledger).await;
    assert_eq!(calls[0].ending.outcome, Outcome::Succeeded);
    assert!(calls[0].ending.client_gone);
    assert_eq!(calls[0].bill.usage.output, 200);
}
