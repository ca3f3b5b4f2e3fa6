//! The doors of OpenAI's and Anthropic's dialects where their clients hide what comes: who is billed,
//! what is sent on, how a stream ends, and that what is refused costs nothing. Their own clients judge
//! the rest, in the integration tests.

use std::time::Duration;

use bursar_domain::call::{Operation, Outcome};
use bursar_ledger::CallRow;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::fixture::*;
use crate::Settings;

pub(super) const TITAN: &str = "amazon.titan-embed-text-v2:0";

fn chat(words: &str) -> Value {
    let mut body = json!({"model": NOVA, "messages": [{"role": "user", "content": "Hello"}]});
    if !words.is_empty() {
        body["metadata"] = json!({"bursar-sim": words});
    }
    body
}

pub(super) fn messages() -> Value {
    json!({"model": HAIKU, "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]})
}

fn steered(request: RequestBuilder, words: &str) -> RequestBuilder {
    let metadata = json!({"bursar-sim": words}).to_string();
    request.header("x-amzn-bedrock-request-metadata", metadata)
}

pub(super) async fn told(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Whether a call is recorded under the key's team, and under the session that it was made in.
fn is_the_keys(row: &CallRow) -> bool {
    let who = &row.attribution;
    who.team.as_deref() == Some("research") && who.client_session.as_deref() == Some("s-1")
}

#[tokio::test]
async fn calls_of_every_dialect_are_the_keys_and_their_headers_tell_of_them() {
    for database in BOTH {
        let world = World::on(database).await;
        let embed = json!({"model": TITAN, "input": ["a", "b"]});
        let count = json!({"model": HAIKU, "messages": messages()["messages"]});
        for (path, body, calls) in [
            ("/v1/chat/completions", chat(""), 1),
            ("/team/research/tag/env=prod/v1/chat/completions", chat(""), 1),
            ("/v1/embeddings", embed, 2),
            ("/v1/messages?beta=true", messages(), 1),
            ("/team/research/v1/messages/count_tokens", count, 1),
        ] {
            let before = world.calls().await.len();
            let asked = world.post(path).header("x-claude-code-session-id", "s-1");
            let response = asked.body(body.to_string()).send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            let rows = world.calls().await;
            assert_eq!(rows.len() - before, calls, "{path}");
            let id = response.headers()["x-bursar-call-id"].to_str().unwrap();
            assert!(rows[..calls].iter().any(|row| row.id.as_str() == id), "{path}");
            let cost: i64 = rows[..calls].iter().map(|row| row.bill.cost.unwrap().pico()).sum();
            let cost = bursar_domain::money::Cost::from_pico(cost).unwrap().usd();
            assert_eq!(response.headers()["x-bursar-cost"].to_str().unwrap(), cost, "{path}");
            assert!(rows[..calls].iter().all(is_the_keys), "{path}");
        }
        assert!(world.calls().await.iter().any(|row| row.attribution.tags.contains_key("env")));
        world.end().await;
    }
}

#[tokio::test]
async fn claude_is_sent_the_callers_own_bytes() {
    for database in BOTH {
        let world = World::on(database).await;
        let body = r#"{"model":"us.anthropic.claude-haiku-4-5-20251001-v1:0", "max_tokens" : 9,
        "messages":[{"role":"user","content":"caf\u00e9"}],"unheard_of":1.000}"#;
        let sent = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens" : 9,"messages":[{"role":"user","content":"caf\u00e9"}],"unheard_of":1.000}"#;
        // The simulator's words follow from the bytes that it is sent.
        let path = format!("/model/{HAIKU}/invoke");
        let straight = world.post(&path).body(sent).send().await.unwrap();
        let spoken = straight.json::<Value>().await.unwrap()["content"].clone();
        let response = world.post("/v1/messages").body(body).send().await.unwrap();
        let reply: Value = response.json().await.unwrap();
        assert_eq!(reply["content"], spoken);
        assert_eq!(world.calls().await[0].operation, Operation::InvokeModel);
        world.end().await;
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_name_and_never_sent() {
    for database in BOTH {
        let world = World::on(database).await;
        let with = |name: &str, value: Value| {
            let mut body = chat("");
            body[name] = value;
            body
        };
        for (body, param) in [
            (with("n", json!(2)), "n"),
            (with("web_search_options", json!({})), "web_search_options"),
            (with("model", json!("gpt-5")), "model"),
            (with("messages", json!([])), "messages"),
        ] {
            let asked = world.post("/v1/chat/completions").body(body.to_string());
            let (status, told) = told(asked).await;
            assert!((400..=404).contains(&status), "{told}");
            assert_eq!(told["error"]["param"], param);
            let mut members = ["message", "type", "code"].iter();
            assert!(members.all(|member| told["error"].get(member).is_some()), "{told}");
        }
        let mut nova = messages();
        nova["model"] = json!(NOVA);
        let (status, refused) = told(world.post("/v1/messages").body(nova.to_string())).await;
        assert_eq!((status, &refused["error"]["type"]), (400, &json!("invalid_request_error")));
        for (path, hint) in [
            ("/v1/responses", "/v1/chat/completions"),
            ("/v1/images/generations", "is not served"),
            ("/v1/models", "is not served"),
            ("/v1/messages/batches", "is not served"),
        ] {
            let (status, told) = told(world.post(path).body("{}")).await;
            assert_eq!(status, 404, "{path}");
            assert!(told["error"]["message"].as_str().unwrap().contains(hint), "{told}");
        }
        assert!(world.served().is_empty());
        world.end().await;
    }
}

#[tokio::test]
async fn nobody_is_told_so_in_the_dialects_words() {
    for database in BOTH {
        let world = World::on(database).await;
        let (status, refused) =
            told(world.post_bare("/v1/chat/completions").body(chat("").to_string())).await;
        assert_eq!((status, &refused["error"]["code"]), (401, &json!("invalid_api_key")));
        let asked = world.post_bare("/v1/messages").header("x-api-key", "sk-ant-x");
        let (status, refused) = told(asked.body(messages().to_string())).await;
        assert_eq!((status, &refused["error"]["type"]), (401, &json!("authentication_error")));
        let by_key = world.post_bare("/v1/messages").header("x-api-key", world.key.secret.expose());
        assert_eq!(by_key.body(messages().to_string()).send().await.unwrap().status(), 200);
        assert_eq!(world.served().len(), 1);
        world.end().await;
    }
}

#[tokio::test]
async fn a_spent_budget_is_final_and_costs_nothing() {
    for database in BOTH {
        let world = World::on(database).await;
        world.limit("total", "0.000001usd").await;
        for (path, body, status) in [
            ("/v1/chat/completions", chat(""), 429),
            ("/v1/embeddings", json!({"model": TITAN, "input": "a".repeat(500)}), 429),
            ("/v1/messages", messages(), 402),
        ] {
            let response = world.post(path).body(body.to_string()).send().await.unwrap();
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()["x-should-retry"], "false", "{path}");
            let told: Value = response.json().await.unwrap();
            assert!(told["error"]["message"].as_str().unwrap().contains("has no room"), "{told}");
        }
        assert!(world.served().is_empty());
        assert_eq!(world.refused().await, 3);
        world.end().await;
    }
}

#[tokio::test]
async fn a_key_of_ones_own_is_good_for_one_call_in_every_dialect() {
    for database in BOTH {
        let world = World::on(database).await;
        for (path, body) in [
            ("/v1/chat/completions", chat("")),
            ("/v1/embeddings", json!({"model": TITAN, "input": ["a", "b"]})),
            ("/v1/messages", messages()),
        ] {
            let asked = || world.post(path).header("idempotency-key", path).body(body.to_string());
            assert_eq!(asked().send().await.unwrap().status(), 200, "{path}");
            let before = world.served().len();
            let again = asked().send().await.unwrap();
            assert_eq!(again.status(), 409, "{path}");
            assert_eq!(again.headers()["x-should-retry"], "false", "{path}");
            assert_eq!(world.served().len(), before, "{path}");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn in_a_silence_a_client_is_told_that_somebody_is_there() {
    let settings = Settings { events_silence: Duration::from_millis(20), ..Settings::default() };
    let simulator =
        bursar_simulator::Settings { gap_ms: 120, ..bursar_simulator::Settings::default() };
    let world = World::start_with(settings, simulator).await;
    let mut asked = chat("output=4 pieces=2");
    asked["stream"] = json!(true);
    let chat = world.post("/v1/chat/completions").body(asked.to_string());
    let text = chat.send().await.unwrap().text().await.unwrap();
    assert!(text.contains("\n: ") || text.starts_with(": "), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let mut asked = messages();
    asked["stream"] = json!(true);
    let claude = steered(world.post("/v1/messages"), "output=4 pieces=2").body(asked.to_string());
    let response = claude.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    assert!(text.contains("event: ping\ndata: {\"type\": \"ping\"}\n\n"), "{text}");
    assert!(text.trim_end().ends_with('}') && text.contains("event: message_stop"), "{text}");
    world.end().await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error_in_the_dialects_words() {
    for database in BOTH {
        let world = World::on(database).await;
        for fault in ["cut-inside", "cut-border", "bad-crc", "stream-internal"] {
            let words = format!("output=70 pieces=7 fault={fault} after=4");
            let mut asked = chat(&words);
            asked["stream"] = json!(true);
            let request = world.post("/v1/chat/completions").body(asked.to_string());
            let text = request.send().await.unwrap().text().await.unwrap();
            assert!(!text.contains("[DONE]"), "{fault}: {text}");
            let last = text.trim_end().rsplit("data: ").next().unwrap();
            let last: Value = serde_json::from_str(last).unwrap();
            assert!(last["error"]["message"].is_string(), "{fault}: {last}");
            let mut asked = messages();
            asked["stream"] = json!(true);
            let request = steered(world.post("/v1/messages"), &words).body(asked.to_string());
            let text = request.send().await.unwrap().text().await.unwrap();
            assert!(!text.contains("event: message_stop"), "{fault}: {text}");
            assert!(text.contains("event: error\n"), "{fault}: {text}");
        }
        let rows = world.calls().await;
        assert!(rows.iter().all(|row| row.ending.outcome == Outcome::Failed), "{rows:#?}");
        world.end().await;
    }
}

#[tokio::test]
async fn a_stream_that_a_limit_cuts_ends_with_an_error_that_says_so() {
    for database in BOTH {
        let world = World::on(database).await;
        for (path, mut body) in [("/v1/chat/completions", chat("")), ("/v1/messages", messages())] {
            body["stream"] = json!(true);
            let request = world.post(path).header("x-bursar-stream-tokens", "5");
            let request = steered(request, "output=60 pieces=30").body(body.to_string());
            let text = request.send().await.unwrap().text().await.unwrap();
            let last = text.trim_end().rsplit("data: ").next().unwrap();
            let last: Value = serde_json::from_str(last).unwrap();
            let message = last["error"]["message"].as_str().unwrap();
            assert!(message.contains("token"), "{path}: {message}");
            assert_eq!(world.calls().await[0].ending.outcome, Outcome::Cut, "{path}");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn who_goes_away_in_a_stream_pays_for_all_of_it() {
    let simulator =
        bursar_simulator::Settings { gap_ms: 20, ..bursar_simulator::Settings::default() };
    let world = World::start_with(Settings::default(), simulator).await;
    let mut asked = chat("input=9 output=40 pieces=10");
    asked["stream"] = json!(true);
    let request = world.post("/v1/chat/completions").body(asked.to_string());
    let mut response = request.send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);
    world.gateway.stop().await;
    let row = recorded(&world.admin.ledger).await.remove(0);
    assert_eq!((row.bill.usage.input, row.bill.usage.output), (9, 40));
    assert!(row.ending.client_gone);
    assert!(world.admin.ledger.audit().await.unwrap().is_clean());
}

#[tokio::test]
async fn vectors_that_are_paid_though_others_were_refused_are_told() {
    let world = World::start().await;
    let texts: Vec<String> = (0..20).map(|number| format!("text {number}")).collect();
    world.limit("total", "5requests").await;
    let body = json!({"model": TITAN, "input": texts}).to_string();
    let (status, refused) = told(world.post("/v1/embeddings").body(body)).await;
    assert_eq!(status, 429);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("this request is 20 calls"), "{message}");
    world.gateway.stop().await;
    let rows = recorded(&world.admin.ledger).await.len();
    assert!((1..=5).contains(&rows), "{rows}");
    assert_eq!(world.simulator.calls().len(), rows);
}
