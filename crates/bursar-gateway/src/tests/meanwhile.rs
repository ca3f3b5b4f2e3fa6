//! What changes while calls run: keys that end, and a ledger that goes away.

use serde_json::Value;

use super::fixture::*;

#[tokio::test]
async fn a_key_that_is_revoked_ends_no_stream_that_runs_and_begins_no_other() {
    let world = World::start().await;
    let path = format!("/model/{NOVA}/converse-stream");
    let body = conversation("output=120 gap-ms=2").to_string();
    let mut stream = world.post(&path).body(body.clone()).send().await.unwrap();
    stream.chunk().await.unwrap().unwrap();
    world.admin.revoke_key(&world.key.id).await.unwrap();
    assert_eq!(world.post(&path).body(body).send().await.unwrap().status(), 403);
    let mut rest = Vec::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        rest.extend_from_slice(&chunk);
    }
    assert!(String::from_utf8_lossy(&rest).contains("metadata"), "it came to its end");
    let call = loop {
        if let Some(call) = world.calls().await.pop() {
            break call;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(call.bill.usage.output, 120);
    assert_eq!(call.attribution.key.as_ref(), Some(&world.key.id));
    assert_eq!(world.served().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn without_its_ledger_it_says_so_stays_ready_and_sends_nothing() {
    let world = World::start().await;
    let ready = async || -> Value {
        let response = reqwest::get(format!("{}/readyz", world.url())).await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    };
    assert_eq!(ready().await["status"], "ok");
    assert_eq!(world.converse("").await.status(), 200);
    world.admin.ledger.clone().close().await.unwrap();
    let told = ready().await;
    assert_eq!((&told["status"], &told["ledger"]), (&"degraded".into(), &"away".into()));
    let refused = world.converse("").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers()["x-amzn-errortype"].to_str().unwrap().starts_with("ServiceUnavail"));
    assert_eq!(world.served().len(), 1);
    world.gateway.stop().await;
}
