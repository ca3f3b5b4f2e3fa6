use std::collections::BTreeSet;

use bursar_domain::call::{CallId, Operation};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::World;

/// How each route is tried, in order, for what is made by one is used by the next: the route, the
/// path as it is asked, the body, and what the reply has at a place in it.
const CASES: &str = include_str!("cases.txt");
const FILE: &str = "[teams.sales]\nowner = \"bob\"\n[teams.sales.keys.shop]\n";

#[tokio::test]
async fn every_route_does_what_it_says_and_none_is_without_a_case() {
    let world = World::start().await;
    let mut tried: BTreeSet<String> = BTreeSet::new();
    for case in CASES.lines() {
        let [route, path, body, place, expected] = super::fields(case);
        let (method, _) = route.split_once(' ').unwrap();
        let body = (!body.is_empty()).then(|| serde_json::from_str(body).unwrap());
        let (status, reply) = world.ask(method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{route}: {reply:#}");
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(reply.pointer(place), Some(&expected), "{route}: {reply:#}");
        tried.insert(route.to_owned());
    }
    // A call that the ledger knows: refused, so that nothing has to be sent.
    let id = refused_call(&world).await;
    let (status, why) = world.ask("GET", &format!("/calls/{id}/why"), None).await;
    assert_eq!((status, &why["verdict"]), (StatusCode::OK, &json!("refused")), "{why:#}");
    let (status, none) = world.ask("GET", &format!("/calls/{id}"), None).await;
    assert_eq!((status, &none["error"]["code"]), (StatusCode::NOT_FOUND, &json!("usage")));
    tried.extend(["GET /calls/{id}".to_owned(), "GET /calls/{id}/why".to_owned()]);
    assert_eq!(tried, mounted(&world).await, "a route needs a case");
    world.end().await;
}

/// Every route of the running server.
async fn mounted(world: &World) -> BTreeSet<String> {
    let (_, document) = world.page("/openapi.json").await;
    let document: Value = serde_json::from_str(&document).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let routes = paths.flat_map(|(path, methods)| {
        let path = path.strip_prefix("/api/v1").unwrap();
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
    });
    routes.collect()
}

async fn refused_call(world: &World) -> CallId {
    use bursar_domain::call::{Intent, Reach};
    let id = CallId::new(world.desk.admin.clock.now(), &[7; 10]);
    let model = "amazon.nova-lite-v1:0";
    let intent = Intent {
        id: id.clone(),
        started_at: world.desk.admin.clock.now(),
        attribution: bursar_domain::identity::Attribution::default(),
        operation: Operation::Converse,
        model_requested: model.to_owned(),
        model: bursar_domain::model::ModelId::parse(model).unwrap(),
        region: "us-east-1".to_owned(),
        routing: bursar_domain::price::Routing::Regional,
        tier_requested: bursar_domain::price::Tier::Standard,
        price: None,
        ceiling: None,
        ceiling_tokens: None,
        reach: Reach::default(),
        request_hmac: None,
        simulated: true,
    };
    let reason = bursar_domain::budget::RefusalReason::Unpriced;
    world.desk.admin.ledger.refuse(&intent, reason, "it has no price").await.unwrap();
    id
}

#[tokio::test]
async fn what_is_changed_is_audited_under_the_keys_name() {
    let world = World::start().await;
    world.ask("POST", "/teams", Some(json!({"name": "research"}))).await;
    let (_, changes) = world.ask("GET", "/changes?limit=1", None).await;
    let change = &changes["rows"][0];
    assert_eq!((&change["actor"], &change["action"]), (&json!("root"), &json!("team create")));
    let hidden = world.key.rsplit_once('_').unwrap().1;
    let (_, all) = world.ask("GET", "/changes?limit=1000", None).await;
    let (_, keys) = world.ask("GET", "/admin-keys", None).await;
    let told = format!("{all}{keys}");
    assert!(told.contains("admin key create") && !told.contains(hidden), "{told}");
    assert!(!told.contains("hmac"), "no hash either: {told}");
    world.end().await;
}

#[tokio::test]
async fn a_file_that_is_applied_makes_its_keys_once_and_a_mistake_in_it_names_its_line() {
    let world = World::start().await;
    let file = |text: &str, dry_run: bool| {
        Some(json!({"name": "access.toml", "text": text, "dry_run": dry_run}))
    };
    let (_, plan) = world.ask("POST", "/apply", file(FILE, true)).await;
    assert_eq!(
        (plan["steps"].as_array().unwrap().len(), &plan["keys"]),
        (2, &json!([])),
        "{plan:#}"
    );
    let (_, applied) = world.ask("POST", "/apply", file(FILE, false)).await;
    assert!(applied["keys"][0]["key"]["secret"].as_str().unwrap().starts_with("bsr_"));
    let (_, again) = world.ask("POST", "/apply", file(FILE, false)).await;
    assert_eq!(again["steps"], json!([]), "{again:#}");
    let wrong = file("[teams.a]\n[teams.b]\nowns = 1\n", false);
    let (status, error) = world.ask("POST", "/apply", wrong).await;
    assert_eq!((status, &error["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("bad_data")));
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("access.toml:3: "), "{message}");
    world.end().await;
}
