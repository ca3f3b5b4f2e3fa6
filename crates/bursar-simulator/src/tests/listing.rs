//! The simulator's own paths, and the paths that are nobody's.

use bursar_domain::call::Operation;
use serde_json::{Value, json};

use super::fixture::*;
use crate::Settings;

#[tokio::test]
async fn the_list_shows_the_truth_under_fixed_names() {
    let simulator = start().await;
    let mut body = conversation("input=1 output=2 cache-read=3 cache-write-5m=4 cache-write-1h=5");
    body["requestMetadata"]["team"] = json!("research");
    converse(&simulator, HAIKU, &body).await;
    let url = simulator.url() + "/_simulator/calls";
    let list: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    let call = &list["calls"][0];
    let expected = json!({
        "number": 1, "request_id": call["request_id"], "operation": "Converse",
        "model": HAIKU.trim_start_matches("us."), "model_sent": HAIKU,
        "started_at": "2024-01-01T00:00:00.000Z", "input_tokens": 1, "output_tokens": 2,
        "cache_read_tokens": 3, "cache_write_5m_tokens": 4, "cache_write_1h_tokens": 5,
        "meters": {}, "http_status": 200, "ended": "complete", "fault": null,
        "metadata": {"team": "research"}, "amz_sdk_invocation_id": null, "amz_sdk_request": null,
        "metadata": {"team": "research"}, "amz_sdk_invocation_id": null, "signed_by": null,
    });
    assert_eq!(call, &expected);
    assert_eq!(list["dropped"], 0);
}

#[tokio::test]
async fn the_list_is_paged_bounded_and_forgotten_on_request() {
    let settings = Settings { calls_max: 3, ..Settings::default() };
    let simulator = start_with(settings, early()).await;
    for _ in 0..5 {
        converse(&simulator, NOVA, &conversation("")).await;
    }
    let url = simulator.url() + "/_simulator/calls";
    let list = |query: &'static str| {
        let url = format!("{url}{query}");
        async move { reqwest::get(url).await.unwrap().json::<Value>().await.unwrap() }
    };
    let all = list("").await;
    assert_eq!((all["calls"].as_array().unwrap().len(), &all["dropped"]), (3, &json!(2)));
    assert_eq!(list("?after=4").await["calls"][0]["number"], 5);
    assert_eq!(reqwest::get(format!("{url}?after=x")).await.unwrap().status(), 400);
    let forgotten = reqwest::Client::new().delete(&url).send().await.unwrap();
    assert_eq!(forgotten.status(), 204);
    assert_eq!(list("").await, json!({"calls": [], "dropped": 0}));
    converse(&simulator, NOVA, &conversation("")).await;
    assert_eq!(simulator.calls()[0].number, 6);
}

#[tokio::test]
async fn a_record_keeps_a_bounded_part_of_the_sdks_headers() {
    let simulator = start().await;
    let url = format!("{}/model/{NOVA}/converse", simulator.url());
    let request = reqwest::Client::new().post(url).header("amz-sdk-invocation-id", "a".repeat(300));
    request.send().await.unwrap();
    assert_eq!(only_call(&simulator).sdk_invocation_id.unwrap().len(), 256);
}

#[tokio::test]
async fn a_person_finds_a_page_and_a_machine_its_health() {
    let simulator = start().await;
    let page = reqwest::get(simulator.url()).await.unwrap().text().await.unwrap();
    assert!(page.contains("0 calls so far"));
    let health = reqwest::get(simulator.url() + "/_simulator/health").await.unwrap();
    let expected = json!({"simulator": "bursar", "status": "ok", "region": "us-east-1"});
    assert_eq!(health.json::<Value>().await.unwrap(), expected);
}

#[tokio::test]
async fn what_is_not_served_is_named() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    for path in ["/guardrail/a/apply", "/async-invoke", "/model/a.b/embed", "/model"] {
        let reply = client.post(simulator.url() + path).send().await.unwrap();
        assert_eq!(reply.status(), 404);
        let kind = reply.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("UnknownOperationException:"));
        assert!(reply.text().await.unwrap().contains(path));
    }
    let by_get = reqwest::get(simulator.url() + "/model/a.b/converse").await.unwrap();
    assert_eq!(by_get.status(), 404);
    assert!(simulator.calls().is_empty());
}

#[tokio::test]
async fn a_prefix_before_the_path_is_let_be() {
    let simulator = start().await;
    let url = format!("{}/team/a%20b/model/{NOVA}/converse", simulator.url());
    let request = reqwest::Client::new().post(url).header("authorization", "Bearer key");
    let reply = request.body(conversation("").to_string()).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(only_call(&simulator).operation, Operation::Converse.into());
}

#[tokio::test]
async fn the_same_question_has_the_same_answer_and_another_seed_another() {
    let ask = |seed| async move {
        let simulator = start_with(Settings { seed, ..Settings::default() }, early()).await;
        let first = converse(&simulator, NOVA, &conversation("")).await;
        assert_eq!(first, converse(&simulator, NOVA, &conversation("")).await);
        first["output"].clone()
    };
    assert_eq!(ask(1).await, ask(1).await);
    assert_ne!(ask(1).await, ask(2).await);
}
