use bursar_admin::{KeyRequest, TeamFacts};
use bursar_domain::time::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HOST};
use serde_json::json;

use super::{World, desk, serve_on};
use crate::{Meters, Options, ServeError, Site, serve};

/// Every route, as a stranger or a reader would try it.
async fn statuses(world: &World, key: &str, is_read: bool) -> Vec<(String, StatusCode)> {
    let mut statuses = Vec::new();
    for operation in bursar_admin::api::operations() {
        if operation.is_read != is_read {
            continue;
        }
        let ask = (operation.method.as_str(), operation.path);
        let body = (!matches!(ask.0, "GET" | "DELETE")).then(|| json!({}));
        let (status, _) = world.ask_as(key, ask, body).await;
        statuses.push((format!("{} {}", ask.0, ask.1), status));
    }
    statuses
}

#[tokio::test]
async fn nobody_gets_past_without_an_admin_key_on_any_route() {
    let world = World::start().await;
    let admin = &world.desk.admin;
    let master = admin.master_key(&world.desk.master).await.unwrap();
    admin.create_team("research", TeamFacts::default()).await.unwrap();
    let request = KeyRequest { team: "research".to_owned(), ..KeyRequest::default() };
    let virtual_key = admin.create_key(&master, &request).await.unwrap();
    let ended =
        admin.create_admin_key(&master, "ended", (false, Some(Timestamp(1)))).await.unwrap();
    let revoked = admin.create_admin_key(&master, "revoked", (false, None)).await.unwrap();
    admin.revoke_admin_key("revoked").await.unwrap();
    let mut forged = world.key.clone();
    forged.replace_range(20..21, if &forged[20..21] == "x" { "y" } else { "x" });
    let cut = &world.key[..world.key.len() - 1];
    let tokens = [
        "",
        "root",
        "' OR '1'='1",
        cut,
        &forged,
        virtual_key.secret.expose(),
        &virtual_key.access_key_id,
        ended.secret.expose(),
        revoked.secret.expose(),
    ];
    for token in tokens {
        let mut tried = statuses(&world, token, true).await;
        tried.extend(statuses(&world, token, false).await);
        let entered: Vec<_> =
            tried.iter().filter(|(_, status)| *status != StatusCode::UNAUTHORIZED).collect();
        assert!(entered.is_empty(), "with `{token}`: {entered:?}");
    }
    // And the other way round: an admin key makes no call.
    let now = admin.clock.now();
    let holder = admin.ledger.holder_of_bearer(&master, &world.key, now).await.unwrap();
    assert!(holder.is_none(), "{holder:?}");
    world.end().await;
}

#[tokio::test]
async fn a_key_that_only_reads_reads_everything_and_changes_nothing() {
    let world = World::start().await;
    let before = world.desk.admin.ledger.changes(None, None, 1_000).await.unwrap();
    for (route, status) in statuses(&world, &world.reader, false).await {
        assert_eq!(status, StatusCode::FORBIDDEN, "{route}");
    }
    for (route, status) in statuses(&world, &world.reader, true).await {
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        assert!(!refused.contains(&status), "{route}: {status}");
    }
    let (status, _) = world.ask_as(&world.reader, ("GET", "/teams"), None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(world.desk.admin.ledger.changes(None, None, 1_000).await.unwrap(), before);
    world.end().await;
}

#[tokio::test]
async fn where_there_is_no_key_yet_it_says_how_to_make_one() {
    let desk = desk().await;
    let (url, stop, served) = serve_on(Site::new(desk.clone(), Meters::none()));
    let answer = reqwest::get(format!("{url}/api/v1/teams")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    let error: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["message"], "there is no admin key yet");
    assert!(error["error"]["hint"].as_str().unwrap().contains("bursar admin-key create"));
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    // Nor was a master key bound by who only asked.
    assert_eq!(desk.admin.ledger.master_key().await.unwrap(), None);
    desk.admin.ledger.close().await.unwrap();
}

#[tokio::test]
async fn a_secret_in_the_url_is_refused_even_a_right_one() {
    let world = World::start().await;
    for query in [format!("?key={}", world.key), format!("?team={}", world.key)] {
        let (status, error) = world.ask("GET", &format!("/keys{query}"), None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!error.to_string().contains(&world.key), "{error}");
    }
    let basic = world.client.get(format!("{}/api/v1/teams", world.url));
    let basic = basic.basic_auth("root", Some(&world.key)).send().await.unwrap();
    assert_eq!(basic.status(), StatusCode::UNAUTHORIZED);
    let twice = world.client.get(format!("{}/api/v1/teams", world.url));
    let twice = twice.header(AUTHORIZATION, format!("Bearer {}", world.key));
    let twice = twice.header(AUTHORIZATION, "Bearer other").send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::UNAUTHORIZED, "which of the two is not for us to say");
    world.end().await;
}

#[tokio::test]
async fn a_right_key_is_let_in_whatever_its_letters_case_of_bearer_and_at_once_no_more() {
    let world = World::start().await;
    let lower = world.client.get(format!("{}/api/v1/teams", world.url));
    let lower = lower.header(AUTHORIZATION, format!("bearer {}", world.key)).send().await.unwrap();
    assert_eq!(lower.status(), StatusCode::OK);
    assert_eq!(lower.headers()["cache-control"], "no-store");
    assert_eq!(lower.headers()["x-content-type-options"], "nosniff");
    let (status, _) = world.ask("DELETE", "/admin-keys/root", None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = world.ask("GET", "/teams", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    world.end().await;
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_a_key() {
    let world = World::start().await;
    let bent = |host: &'static str| {
        let request = world.client.get(format!("{}/metrics", world.url)).header(HOST, host);
        async move { request.send().await.unwrap().status() }
    };
    assert_eq!(world.page("/metrics").await.0, StatusCode::OK);
    for host in ["localhost:9", "127.0.0.1", "[::1]:80"] {
        assert_eq!(bent(host).await, StatusCode::OK, "{host}");
    }
    // A page in a browser here, whose name was bent to this address.
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"] {
        assert_eq!(bent(host).await, StatusCode::UNAUTHORIZED, "{host}");
    }
    let keyed = world.client.get(format!("{}/metrics", world.url)).header(HOST, "metrics.example");
    let keyed = keyed.bearer_auth(&world.reader).send().await.unwrap();
    assert_eq!(keyed.status(), StatusCode::OK);
    world.end().await;
}

#[tokio::test]
async fn it_is_not_reached_from_elsewhere_unless_that_is_said() {
    let desk = desk().await;
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let site = Site::new(desk.clone(), Meters::none());
    let refused = serve(listener, (site, Options::default()), async {}).await.unwrap_err();
    assert!(matches!(refused, ServeError::BeyondLoopback { .. }), "{refused}");
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let site = Site::new(desk.clone(), Meters::none());
    serve(listener, (site, Options { beyond_loopback: true }), async {}).await.unwrap();
    desk.admin.ledger.close().await.unwrap();
}
