//! Bytes: what a client is answered is what Bedrock sent, and what Bedrock is asked is what the
//! client sent, but for the labels.

use bursar_domain::money::Cost;
use bytes::Bytes;
use serde_json::{Value, json};

use super::fixture::*;

/// A plain request straight to the simulator.
async fn straight(world: &World, path: &str, body: &str) -> (Bytes, http::HeaderMap) {
    let url = format!("{}{path}", world.simulator.url());
    let request = reqwest::Client::new().post(url).bearer_auth("any").body(body.to_owned());
    let response = request.send().await.unwrap();
    let headers = response.headers().clone();
    (response.bytes().await.unwrap(), headers)
}

#[tokio::test]
async fn answers_are_bedrocks_byte_for_byte_whatever_they_hold() {
    let world = World::start().await;
    // InvokeModel's labels go in a header, so that the simulator is asked the very same bytes.
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,"unheard_of":[1e2],
        "messages":[{"role":"user","content":"Hello"}]}"#;
    let path = format!("/model/{HAIKU}/invoke");
    let (bytes, headers) = straight(&world, &path, body).await;
    let response = world.post(&path).body(body).send().await.unwrap();
    for (name, value) in &headers {
        let is_its_own = ["date", "x-amzn-requestid"].contains(&name.as_str());
        assert!(is_its_own || response.headers().get(name) == Some(value), "{name}");
    }
    let cost = response.headers()["x-bursar-cost"].to_str().unwrap().to_owned();
    assert_eq!(response.bytes().await.unwrap(), bytes);
    let call = world.calls().await.remove(0);
    assert_eq!(cost, call.bill.cost.unwrap().usd());
    let path = format!("/model/{HAIKU}/invoke-with-response-stream");
    let (bytes, _) = straight(&world, &path, body).await;
    let response = world.post(&path).body(body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/vnd.amazon.eventstream");
    assert!(response.headers().get("x-bursar-cost").is_none(), "nobody knows yet");
    assert!(response.headers()["x-bursar-held"].to_str().unwrap().starts_with("0."));
    assert_eq!(response.bytes().await.unwrap(), bytes);
    world.end().await;
}

#[tokio::test]
async fn what_is_left_is_told_before_and_after_and_is_what_the_ledger_has() {
    let world = World::start().await;
    assert!(!world.converse("").await.headers().contains_key("x-bursar-room"), "no limit, no room");
    world.limit("total", "1usd").await;
    let path = format!("/model/{NOVA}/converse-stream");
    let stream = world.post(&path).body(conversation("output=1000").to_string());
    let stream = stream.send().await.unwrap();
    let told = |response: &reqwest::Response, name: &str| {
        Cost::parse_usd(&format!("{}usd", response.headers()[name].to_str().unwrap())).unwrap()
    };
    let (held, room) = (told(&stream, "x-bursar-held"), told(&stream, "x-bursar-room"));
    assert_eq!(held.plus(room).unwrap().usd(), "1");
    drop(stream.bytes().await.unwrap());
    while world.calls().await.len() < 2 {
        tokio::task::yield_now().await;
    }
    let plain = world.converse("output=1000").await;
    let window = &world.admin.ledger.limits().await.unwrap()[0];
    let standings =
        world.admin.ledger.standings(std::slice::from_ref(window), world.admin.clock.now());
    let left = standings.await.unwrap()[0].balance.room();
    // What is below a micro-dollar of each call counts as one.
    let short = left.0 - told(&plain, "x-bursar-room").micros_up().0;
    assert!((0..=1).contains(&short), "{short}");
    world.end().await;
}

#[tokio::test]
async fn one_model_has_many_spellings_and_one_row() {
    let world = World::start().await;
    let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    for id in [
        NOVA.to_owned(),
        NOVA.replace(':', "%3A"),
        NOVA.replace(':', "%3a"),
        arn.replace('/', "%2F"),
        arn.replace(':', "%3A").replace('/', "%2F"),
    ] {
        let path = format!("/model/{id}/converse");
        let response = world.post(&path).body(conversation("").to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{id}");
    }
    let calls = world.calls().await;
    assert!(calls.iter().all(|call| call.model.as_str() == NOVA));
    assert_eq!(calls.len(), 5);
    world.end().await;
}

#[tokio::test]
async fn a_path_may_say_what_the_key_says_and_add_labels() {
    let world = World::start().await;
    let ask = async |prefix: &str| {
        let path = format!("{prefix}/model/{NOVA}/converse");
        world.post(&path).body(conversation("").to_string()).send().await.unwrap().status()
    };
    assert_eq!(ask("/team/research/tag/env=prod").await, 200);
    assert_eq!(world.calls().await[0].attribution.tags["env"], "prod");
    assert_eq!(ask("/team/sales").await, 403);
    assert_eq!(ask("/project/atlas").await, 403);
    assert_eq!(ask("/v1").await, 404);
    assert_eq!(world.served().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn where_the_caller_has_all_the_metadata_the_row_says_so() {
    let world = World::start().await;
    let pairs: serde_json::Map<String, Value> =
        (0..16).map(|number| (format!("k{number}"), json!("v"))).collect();
    let mut body = conversation("");
    body["requestMetadata"] = Value::Object(pairs);
    let path = format!("/model/{NOVA}/converse");
    let response = world.post(&path).body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(world.served()[0].metadata.len(), 16);
    assert!(!world.served()[0].metadata.contains_key("bursar-call"));
    let told = world.calls().await.remove(0).ending.error_message.unwrap();
    assert!(told.contains("does not tell the call"), "{told}");
    world.end().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_taken_for_a_whole_one() {
    let world = World::start().await;
    let plain = world.converse("fault=reset output=400").await;
    assert_eq!(plain.status(), 424);
    let text = plain.text().await.unwrap();
    assert!(text.contains("Bedrock did not answer") || text.contains("broke off"), "{text}");
    let path = format!("/model/{NOVA}/converse-stream");
    for fault in ["cut-inside", "cut-border"] {
        let words = format!("output=70 pieces=7 fault={fault} after=4");
        let asked = world.post(&path).body(conversation(&words).to_string());
        let response = asked.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let whole = response.bytes().await;
        let is_told = |bytes: &[u8]| bytes.windows(9).any(|part| part == b"Exception");
        assert!(whole.as_ref().is_ok_and(|bytes| is_told(bytes)) || whole.is_err(), "{fault}");
    }
    world.end().await;
}
