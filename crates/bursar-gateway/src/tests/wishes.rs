//! What is wished of a call, in headers: kept, or refused.

use bursar_domain::call::Outcome;

use super::fixture::*;

fn path(operation: &str) -> String {
    format!("/model/{NOVA}/{operation}")
}

#[tokio::test]
async fn a_call_with_a_key_of_its_own_is_made_once() {
    let world = World::start().await;
    let ask = async |key: &str, words: &str| {
        let asked = world.post(&path("converse")).header("idempotency-key", key);
        asked.body(conversation(words).to_string()).send().await.unwrap()
    };
    assert_eq!(ask("k1", "").await.status(), 200);
    let again = ask("k1", "").await;
    assert_eq!(
        (again.status().as_u16(), &again.headers()["x-should-retry"]),
        (409, &"false".parse().unwrap())
    );
    assert_eq!(ask("k1", "output=9").await.status(), 422);
    assert_eq!(ask("k2", "").await.status(), 200);
    assert_eq!(ask("\u{e9}", "").await.status(), 400);
    assert_eq!(world.served().len(), 2);
    world.end().await;
}

#[tokio::test]
async fn a_stream_is_cut_at_the_limit_that_its_caller_set() {
    let world = World::start().await;
    let asked = world.post(&path("converse-stream")).header("x-bursar-stream-tokens", "20");
    let asked = asked.body(conversation("output=4000").to_string());
    let bytes = asked.send().await.unwrap().bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("modelStreamErrorException"), "{text}");
    world.gateway.stop().await;
    let report = world.admin.ledger.audit().await.unwrap();
    assert!(report.is_clean());
    let calls = recorded(&world.admin.ledger).await;
    assert_eq!(calls[0].ending.outcome, Outcome::Cut);
}

#[tokio::test]
async fn an_affordable_call_is_answered_as_long_as_there_is_room_for() {
    let world = World::start().await;
    world.limit("total", "0.0005usd").await;
    let ask = async |affordable: &str| {
        let asked = world.post(&path("converse")).header("x-bursar-affordable", affordable);
        asked.body(conversation("").to_string()).send().await.unwrap()
    };
    let refused = ask("false").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("would fit"));
    let made = ask("true").await;
    assert_eq!(made.status(), 200);
    let cost: f64 = made.headers()["x-bursar-cost"].to_str().unwrap().parse().unwrap();
    assert!(cost <= 0.0005, "{cost}");
    world.end().await;
}

#[tokio::test]
async fn a_call_that_takes_longer_than_it_may_is_ended() {
    let world = World::start().await;
    let asked = world.post(&path("converse")).header("x-bursar-deadline-ms", "50");
    let asked = asked.body(conversation("delay-ms=600000").to_string());
    let response = asked.send().await.unwrap();
    assert_eq!(response.status(), 408);
    let call = world.calls().await.remove(0);
    assert_eq!(call.ending.error_code.as_deref(), Some("FirstByteTimeout"));
    assert!(call.bill.estimated, "it may have been generated");
    world.end().await;
}

#[tokio::test]
async fn a_wish_that_nobody_knows_is_refused_before_anything_is_sent() {
    let world = World::start().await;
    for (name, value) in [("x-bursar-stream-usb", "1"), ("x-bursar-team", "sales")] {
        let asked = world.post(&path("converse")).header(name, value);
        let response = asked.body(conversation("").to_string()).send().await.unwrap();
        assert_eq!(response.status(), 400, "{name}");
    }
    assert!(world.served().is_empty());
    world.end().await;
}
