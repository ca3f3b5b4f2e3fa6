use reqwest::{Method, StatusCode};
use serde_json::json;

use super::World;

/// How it is asked, the body as it is sent, the status, and what is said of it.
const CASES: &str = include_str!("bad.txt");

#[tokio::test]
async fn what_makes_no_sense_is_told_so_and_changes_nothing() {
    let world = World::start().await;
    world.ask("POST", "/teams", Some(json!({"name": "research"}))).await;
    let before = world.desk.admin.ledger.changes(None, None, 1_000).await.unwrap();
    for case in CASES.lines() {
        let [method, path, body, status, said] = super::fields(case);
        let method: Method = method.parse().unwrap();
        let request = world.client.request(method, format!("{}/api/v1{path}", world.url));
        let request = request.bearer_auth(&world.key);
        let request = if body.is_empty() {
            request
        } else {
            request.header("content-type", "application/json").body(body.to_owned())
        };
        let answer = request.send().await.unwrap();
        let found = answer.status().as_u16();
        let told: serde_json::Value = answer.json().await.unwrap();
        let message = told["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(found.to_string(), status, "{path} {body}: {told}");
        assert!(message.contains(said), "{path} {body}: {message}");
        assert!(message.len() < 600 && !message.contains('\u{0}'), "{message}");
    }
    assert_eq!(world.desk.admin.ledger.changes(None, None, 1_000).await.unwrap(), before);
    world.end().await;
}

#[tokio::test]
async fn another_path_method_or_form_is_told_what_there_is() {
    let world = World::start().await;
    let send = async |method: &str, path: &str, kind: &str, body: Vec<u8>| {
        let method: Method = method.parse().unwrap();
        let request = world.client.request(method, format!("{}{path}", world.url));
        let request = request.bearer_auth(&world.key).header("content-type", kind).body(body);
        request.send().await.unwrap()
    };
    for path in [
        "/api/v1",
        "/api/v1/",
        "/api/v1/teams/",
        "/api/v1//teams",
        "/api/v1/Teams",
        "/x",
        "/api/v2/teams",
        "/api/v1/keys//why",
    ] {
        let answer = send("GET", path, "", Vec::new()).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let answer = send("PUT", "/api/v1/teams", "application/json", b"{}".to_vec()).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "GET, POST");
    for method in ["HEAD", "OPTIONS", "TRACE", "get"] {
        let answer = send(method, "/api/v1/teams", "", Vec::new()).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(
        send("POST", "/healthz", "", Vec::new()).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    // A form of a foreign page cannot be sent as JSON without asking first.
    let plain = send("POST", "/api/v1/teams", "text/plain", br#"{"name":"a"}"#.to_vec()).await;
    assert_eq!(plain.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = vec![b' '; 6 << 20];
    let large = send("POST", "/api/v1/teams", "application/json", large).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let long = format!("/api/v1/teams?name={}", "a".repeat(9_000));
    assert_eq!(send("GET", &long, "", Vec::new()).await.status(), StatusCode::URI_TOO_LONG);
    world.end().await;
}

#[tokio::test]
async fn pages_of_calls_and_changes_follow_each_other_without_a_gap() {
    let world = World::start().await;
    for number in 0..7 {
        let name = format!("team {number}");
        world.ask("POST", "/teams", Some(json!({"name": name}))).await;
    }
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let (_, page) = world.ask("GET", &format!("/changes?limit=3{next}"), None).await;
        let rows = page["rows"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["number"].as_i64().unwrap()));
        match page["next"].as_i64() {
            Some(before) => next = format!("&before={before}"),
            None => break,
        }
    }
    let whole = world.desk.admin.ledger.changes(None, None, 1_000).await.unwrap();
    assert_eq!(seen, whole.iter().map(|change| change.seq).collect::<Vec<_>>());
    world.end().await;
}

#[tokio::test]
async fn a_ledger_that_is_gone_is_told_and_the_process_is_still_ready() {
    let world = World::start().await;
    world.desk.admin.ledger.clone().close().await.unwrap();
    let (status, error) = world.ask("GET", "/teams", None).await;
    assert!(status.is_server_error(), "{status}");
    assert_eq!(error["error"]["code"], "ledger");
    let (status, ready) = world.page("/readyz").await;
    assert_eq!((status, ready.as_str()), (StatusCode::OK, r#"{"status":"degraded"}"#));
    assert_eq!(world.page("/healthz").await.0, StatusCode::OK);
    let (status, metrics) = world.page("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(metrics.contains("\nbursar_ledger_up 0\n"), "{metrics}");
    world.stop.send(()).unwrap();
    world.served.await.unwrap().unwrap();
}
