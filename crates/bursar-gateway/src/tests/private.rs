//! A gateway for one command alone: the token in its path, and nothing else, lets a caller in.

use std::collections::BTreeMap;

use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use serde_json::json;
use tokio::net::TcpListener;

use super::fixture::*;
use crate::{Door, Gateway, Private, Settings};

async fn private() -> (World, String) {
    let tags = BTreeMap::from([("bursar-run".to_owned(), "r1".to_owned())]);
    let who = Attribution { team: Some("research".to_owned()), tags, ..Attribution::default() };
    let private = Private::new(&Entropy::system(), who);
    let path = private.path();
    let settings = Settings { private: Some(private), ..Settings::default() };
    (World::start_with(settings, bursar_simulator::Settings::default()).await, path)
}

fn converse(more: &str) -> String {
    format!("{more}/model/{NOVA}/converse")
}

#[tokio::test]
async fn the_token_alone_is_asked_for_whatever_else_proves_something_to_aws() {
    let (world, path) = private().await;
    let foreign = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/bedrock/aws4_request, \
        SignedHeaders=host, Signature=00";
    for authorization in ["", foreign, "Bearer of something else"] {
        let mut asked = world.post_bare(&converse(&path));
        if !authorization.is_empty() {
            asked = asked.header("authorization", authorization);
        }
        let response = asked.body(conversation("").to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{authorization}");
    }
    let chat = json!({"model": NOVA, "messages": [{"role": "user", "content": "Hello"}]});
    let asked = world.post_bare(&format!("{path}/tag/env=dev/v1/chat/completions?a=b"));
    let response = asked.bearer_auth("any").body(chat.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let calls = world.calls().await;
    assert_eq!(calls.len(), 4);
    for call in &calls {
        assert_eq!(call.attribution.team.as_deref(), Some("research"));
        assert_eq!(call.attribution.tags["bursar-run"], "r1");
    }
    assert_eq!(calls[0].attribution.tags["env"], "dev");
    world.end().await;
}

#[tokio::test]
async fn without_the_token_nobody_is_let_in_and_no_answer_repeats_it() {
    let (world, path) = private().await;
    let mut wrong = path.clone();
    wrong.pop();
    let longer = format!("{path}0");
    let encoded = path.replace("bsr", "%62sr");
    for prefix in ["", "/run/", &wrong, &longer, &encoded, &format!("/team/research{path}")] {
        for route in [converse(prefix), format!("{prefix}/v1/messages")] {
            // Not even a key of the ledger's is of use here.
            let asked = world.post(&route).body(conversation("").to_string());
            let response = asked.send().await.unwrap();
            let status = response.status().as_u16();
            assert!([401, 403, 404].contains(&status), "{route}: {status}");
            let text = response.text().await.unwrap();
            assert!(!text.contains(path.rsplit('_').next().unwrap()), "{text}");
        }
    }
    let shown = format!("{:?}", Private::new(&Entropy::system(), Attribution::default()));
    assert!(!shown.contains("bsr_"), "{shown}");
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn no_call_leaves_the_label_that_it_is_counted_by_or_changes_its_team() {
    let (world, path) = private().await;
    for prefix in ["/tag/bursar-run=r2", "/team/sales"] {
        let asked = world.post_bare(&converse(&format!("{path}{prefix}")));
        let response = asked.body(conversation("").to_string()).send().await.unwrap();
        assert_eq!(response.status(), 403, "{prefix}");
    }
    let asked = world.post_bare(&converse(&path)).header("x-bursar-tag-bursar-run", "r2");
    let response = asked.body(conversation("").to_string()).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn it_is_served_on_this_machine_alone() {
    let (world, _) = private().await;
    let bursar = world.bursar.clone();
    let private = Some(Private::new(&Entropy::system(), Attribution::default()));
    let door = Door { listener: TcpListener::bind("0.0.0.0:0").await.unwrap(), tls: None };
    let settings = Settings { private, ..Settings::default() };
    let refused = Gateway::start(vec![door], bursar, settings).unwrap_err();
    assert!(refused.to_string().contains("can be reached from elsewhere"), "{refused}");
    world.end().await;
}
