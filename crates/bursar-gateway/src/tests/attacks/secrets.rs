//! What somebody tries to learn: by how long an answer takes, by how small it gets when it is packed, by
//! what is not served.

use std::time::{Duration, Instant};

use bursar_domain::entropy::Entropy;
use bursar_ledger::bearer::new_bearer;

use super::super::fixture::*;
use super::super::limits::raw;
use crate::ROUTES;

/// Looks at keys of each kind.
const SAMPLES: usize = 2_000;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Taken in turns, so that whatever else the machine does falls on all alike.
#[tokio::test]
async fn how_long_a_wrong_key_takes_does_not_tell_whether_there_is_such_a_key() {
    let world = World::start().await;
    let entropy = Entropy::system();
    let known = new_bearer(&world.key.id, &entropy);
    let unknown = new_bearer("key_zzzzzzzz", &entropy);
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    for _ in 0..SAMPLES {
        for (key, times) in [&known, &unknown].into_iter().zip(&mut times) {
            let begun = Instant::now();
            assert!(world.bursar.identify(key.expose()).await.unwrap().is_none());
            times.push(begun.elapsed());
        }
    }
    let [known, unknown] = times.map(median);
    // Half of a keyed hash: what a look-up that ended early would save is more.
    assert!(known.abs_diff(unknown) < unknown / 2, "{known:?}, {unknown:?}");
    world.end().await;
}

#[tokio::test]
async fn no_answer_is_packed_whatever_its_caller_can_unpack() {
    let world = World::start().await;
    let key = world.key.secret.expose();
    for route in ROUTES.iter().filter(|route| route.method == "GET") {
        let path = route.path.replace("{model}", NOVA);
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
             accept-encoding: gzip, br, zstd, deflate\r\n\r\n"
        );
        let answer = raw(&world, request.as_bytes()).await.to_lowercase();
        assert!(answer.starts_with("http/1.1 200"), "{path}: {answer:.200}");
        assert!(!answer.contains("content-encoding"), "{path}: {answer:.400}");
    }
    world.end().await;
}

#[tokio::test]
async fn ten_thousand_cookies_are_no_request() {
    let world = World::start().await;
    let cookies = "cookie: a=bcdefghi\r\n".repeat(10_000);
    let key = world.key.secret.expose();
    let request = format!(
        "POST /model/{NOVA}/converse HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n{cookies}\
         content-length: 2\r\n\r\n{{}}"
    );
    let answer = raw(&world, request.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:.200}");
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn what_is_not_metered_is_refused_by_its_name() {
    let world = World::start().await;
    for (path, name) in [
        (format!("/model/{NOVA}/invoke-with-bidirectional-stream"), "BidirectionalStream"),
        ("/guardrail-checks/invoke".to_owned(), "InvokeGuardrailChecks"),
        ("/async-invoke".to_owned(), "StartAsyncInvoke"),
        ("/async-invoke/abc".to_owned(), "StartAsyncInvoke"),
        ("/agents/A/agentAliases/B/sessions/C/text".to_owned(), "is not `/model/"),
        ("/retrieveAndGenerate".to_owned(), "is not `/model/"),
        ("/model-invocation-job".to_owned(), "is not `/model/"),
    ] {
        let answer = world.post(&path).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let told = answer.text().await.unwrap();
        assert!(told.contains(name), "{path}: {told}");
    }
    assert!(world.served().is_empty());
    assert_eq!(world.calls().await.len(), 0);
    world.end().await;
}
