//! Who comes with no right, by a wrong way, or with a body that means two things: every mounted
//! route against every case, the list of routes read from the running server.
//!
//! What is refused never reaches the simulator; what is served is recorded under its key.

mod abuse;
mod cases;
mod money;
mod secrets;

use std::collections::BTreeSet;

use serde_json::Value;

use super::fixture::*;
use super::limits::raw;
use crate::ROUTES;
use cases::{Case, Expect, bodies, cases, path_of};

/// The routes that the running server says it has.
async fn mounted(world: &World) -> Vec<(String, String)> {
    let page = reqwest::get(world.url()).await.unwrap().text().await.unwrap();
    let listed = page.split("<li><code>").skip(1).map(|rest| rest.split_once("</code>").unwrap().0);
    listed
        .map(|line| {
            let (method, path) = line.split_once(' ').unwrap();
            (method.to_owned(), path.to_owned())
        })
        .collect()
}

fn status_of(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn the_server_lists_what_the_table_mounts() {
    let world = World::start().await;
    let mounted: BTreeSet<_> = mounted(&world).await.into_iter().collect();
    let table: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(mounted, table);
    for route in ROUTES.iter().filter(|route| !route.spends) {
        let response = reqwest::get(format!("{}{}", world.url(), route.path)).await.unwrap();
        assert_eq!(response.status(), 200, "{}", route.path);
    }
    world.end().await;
}

#[tokio::test]
async fn no_route_spends_for_who_has_no_right_or_comes_by_a_wrong_way() {
    let world = World::start().await;
    let revoked = {
        let team = bursar_admin::KeyRequest {
            team: "research".to_owned(),
            ..bursar_admin::KeyRequest::default()
        };
        let key = world.admin.create_key(&master(), &team).await.unwrap();
        world.admin.revoke_key(&key.id).await.unwrap();
        key.secret.expose().to_owned()
    };
    let mut tried = 0;
    for (method, path) in mounted(&world).await {
        for Case { name, request, expect } in cases(&method, &path, &world, &revoked) {
            let answer = raw(&world, request.as_bytes()).await;
            let status = status_of(&answer);
            let is_it = match expect {
                Expect::Refused => (400..500).contains(&status),
                Expect::Harmless => (200..500).contains(&status),
            };
            assert!(is_it, "{method} {path}, {name}: {answer:.300}");
            assert!(!answer.contains(world.key.secret.expose()), "{name}: it tells the key");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
    assert_eq!(world.served().len(), 0, "{:#?}", world.served());
    assert_eq!(world.calls().await.len(), 0);
    world.end().await;
}

#[tokio::test]
async fn a_body_that_means_two_things_or_nothing_is_refused_and_never_sent() {
    let world = World::start().await;
    for (method, path) in mounted(&world).await {
        for (name, body) in bodies(&path) {
            let asked = world.post(&path_of(&path)).body(body);
            let response = asked.send().await.unwrap();
            let status = response.status().as_u16();
            assert!((400..500).contains(&status), "{method} {path}, {name}: {status}");
            let is_bedrocks = response.headers().contains_key("x-amzn-errortype");
            assert_eq!(is_bedrocks, !path.starts_with("/v1/"), "{path}, {name}");
            let told: Value = response.json().await.unwrap();
            let of_bedrock = told["message"].is_string();
            let is_worded =
                of_bedrock == is_bedrocks && (of_bedrock || told["error"]["message"].is_string());
            assert!(is_worded, "{path}, {name}: {told}");
        }
    }
    assert_eq!(world.served().len(), 0, "{:#?}", world.served());
    world.end().await;
}

#[tokio::test]
async fn what_a_caller_says_of_itself_in_other_headers_is_not_believed() {
    let world = World::start().await;
    let path = format!("/model/{NOVA}/converse");
    let asked = world.post(&path).body(conversation("").to_string());
    let asked = asked
        .header("x-forwarded-for", "127.0.0.1")
        .header("x-forwarded-host", "elsewhere")
        .header("x-team", "sales")
        .header("x-amzn-requestid", "mine")
        .header("x-amzn-errortype", "mine")
        .header("x-original-url", "/model/other/converse")
        .header("x-http-method-override", "GET")
        .header("cookie", "team=sales");
    assert_eq!(asked.send().await.unwrap().status(), 200);
    let call = world.calls().await.remove(0);
    assert_eq!(call.attribution.team.as_deref(), Some("research"));
    assert_eq!(call.model.as_str(), NOVA);
    world.end().await;
}

#[tokio::test]
async fn where_nobody_needs_a_key_a_page_in_a_browser_does() {
    let settings = crate::Settings { open: true, ..crate::Settings::default() };
    let world = World::start_with(settings, bursar_simulator::Settings::default()).await;
    let path = format!("/model/{NOVA}/converse");
    let ask = async |name: &str, value: &str| {
        let asked = world.post_bare(&path).header(name, value).body(conversation("").to_string());
        asked.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("user-agent", "a program").await, 200);
    assert_eq!(ask("origin", "https://elsewhere.example").await, 403);
    assert_eq!(ask("origin", "null").await, 403);
    assert_eq!(ask("sec-fetch-site", "cross-site").await, 403);
    // A key of ours is looked at all the same.
    assert_eq!(ask("x-api-key", "bsr_abcd2345_x").await, 403);
    assert_eq!(world.served().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_body_that_names_another_model_than_the_path_is_refused() {
    let world = World::start().await;
    let ask = async |path: &str, field: &str, named: &str| {
        let mut body = conversation("");
        body[field] = named.into();
        world.post(path).body(body.to_string()).send().await.unwrap().status().as_u16()
    };
    let path = format!("/model/{NOVA}/converse");
    for field in ["model", "modelId"] {
        assert_eq!(ask(&path, field, "amazon.nova-pro-v1:0").await, 400);
        assert_eq!(ask(&path, field, "no such model").await, 400);
    }
    assert!(world.served().is_empty());
    assert_eq!(ask(&path, "modelId", NOVA).await, 200);
    assert_eq!(
        ask(&path, "modelId", "us.amazon.nova-lite-v1:0").await,
        200,
        "the same, further off"
    );
    world.end().await;
}

#[tokio::test]
async fn a_text_that_looks_like_a_model_is_none_but_in_its_one_spelling() {
    let world = World::start().await;
    for id in [
        "AMAZON.NOVA-LITE-V1:0",
        "Amazon.nova-lite-v1:0",
        "amazon.nova-lite-v1:0%20",
        "%20amazon.nova-lite-v1:0",
        "amazon.nova-lite-v1:0%00",
        "amazon.nova-lite-v1:0%0a",
        "\u{430}mazon.nova-lite-v1:0",
        "amazon.nova-lite-v1",
        "amazon.nova-lite",
        "amazon.nova-lite-v1:0%2F..%2Fdenied",
        "amazon.nova-lite-v1%253A0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile%2Fabc",
        "arn:aws:bedrock:us-east-1:123456789012:prompt%2FABC:1",
        "arn:aws:s3:::amazon.nova-lite-v1:0",
        "",
    ] {
        let path = format!("/model/{id}/converse");
        let asked = world.post(&path).body(conversation("").to_string());
        let status = asked.send().await.unwrap().status().as_u16();
        assert!((400..500).contains(&status), "{id:?}: {status}");
    }
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_log_of_what_was_refused_is_one_line_and_tells_no_key() {
    let world = World::start().await;
    let key = world.key.secret.expose();
    let long = "a".repeat(8_000);
    for path in [
        format!("/{key}/model/{NOVA}/converse"),
        format!("/model/{NOVA}/converse?key={key}"),
        format!("/model/{long}/converse"),
        "/%0d%0aset-cookie:%20a=b/model/x/converse".to_owned(),
    ] {
        let response = world.post(&path).body("{}").send().await.unwrap();
        assert!(response.status().is_client_error());
        assert!(response.headers().get("set-cookie").is_none());
    }
    assert!(world.served().is_empty());
    world.end().await;
}
