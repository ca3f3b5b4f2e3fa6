//! API tokens: made and revoked on their page, and what whoever has one is told by each operation.

use std::sync::atomic::Ordering;

use bursar_admin::{Operation, api};
use bursar_domain::time::{Clock, DAY_MS, HOUR_MS, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::house::{House, PEOPLE, house, house_at, houses};

/// What only those may read who see sales.
const FOREIGN: [&str; 3] = ["sales", "secret-merger", "sales-key"];
const MINUTES: i64 = 60_000;

/// Makes a token as a person does; its secret.
async fn token(house: &House, (name, may): (&str, &str)) -> String {
    let cookie = house.sign_in(name).await;
    let fields = [("do", "make"), ("name", "a script"), ("may", may), ("expires", "30d")];
    let answer = house.send(&cookie, "/tokens", &fields).await;
    let (status, page) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, StatusCode::OK, "{page}");
    let (_, rest) = page.split_once("authorization: Bearer ").unwrap();
    rest.split('<').next().unwrap().trim().to_owned()
}

async fn ask(
    house: &House,
    secret: &str,
    (method, path, body): (&str, &str, Option<Value>),
) -> (StatusCode, Value) {
    let url = format!("{}/api/v1{path}", house.url);
    let request = house.client.request(method.parse().unwrap(), url).bearer_auth(secret);
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn get(house: &House, secret: &str, path: &str) -> (StatusCode, Value) {
    ask(house, secret, ("GET", path, None)).await
}

/// An operation's path, where every part of it is of sales.
fn of_sales(house: &House, operation: &Operation) -> String {
    let parts = [
        ("{team}", "sales".to_owned()),
        ("{key}", house.keys["sales"].clone()),
        ("{id}", house.calls["sales"].to_string()),
        ("{project}", "secret-merger".to_owned()),
        ("{user}", "fin".to_owned()),
    ];
    parts.iter().fold(operation.path.to_owned(), |path, (name, value)| path.replace(name, value))
}

/// What is sent along, so that it is about sales wherever an operation takes it.
fn bodies(house: &House) -> Vec<Value> {
    let key = &house.keys["sales"];
    vec![
        json!({}),
        json!({"team": "sales", "name": "taken"}),
        json!({"select": {"team": "sales", "model": "x"}, "limit": {"limit": "1usd", "window": "day"}}),
        json!({"select": {"key": key}, "limit": {"limit": "1usd", "window": "day"}}),
        json!({"select": {"team": "sales"}, "reason": "why not"}),
        json!({"selectors": {"team": "sales"}, "window": "day"}),
        json!({"selectors": {"key": key}, "window": "day"}),
        json!({"names": ["taken"]}),
        json!({"name": "taken", "role": "admin"}),
        json!({"name": "access.toml", "text": "[teams.taken]\n"}),
    ]
}

/// Asks one operation in every way that is about sales: what it told.
async fn tried(house: &House, secret: &str, operation: &Operation) -> Vec<(StatusCode, String)> {
    let path = of_sales(house, operation);
    let method = operation.method.as_str();
    let mut told = Vec::new();
    if matches!(method, "GET" | "DELETE") {
        for query in ["", "?team=sales", "?key=sales-key", "?by=project", "?by=team", "?by=key"] {
            let (status, reply) =
                ask(house, secret, (method, &format!("{path}{query}"), None)).await;
            told.push((status, reply.to_string()));
        }
        return told;
    }
    for body in bodies(house) {
        let (status, reply) = ask(house, secret, (method, &path, Some(body))).await;
        told.push((status, reply.to_string()));
    }
    told
}

/// What it told, without the words that were sent to it.
fn leaks(told: &str) -> Vec<&'static str> {
    let rest = told.replace("there is no team `sales`", "").replace("`sales-key`", "");
    FOREIGN.into_iter().filter(|word| rest.contains(word)).collect()
}

/// Asks every operation for what is about sales, in somebody's name.
async fn try_all(house: &House, (name, role): (&str, &str)) {
    let secret = token(house, (name, "change")).await;
    let before = house.desk.admin.ledger.changes(None, None, 1_000).await.unwrap();
    for operation in api::operations() {
        for (status, told) in tried(house, &secret, &operation).await {
            let what = format!("{role} {} {}: {status} {told}", operation.method, operation.path);
            assert!(!status.is_server_error(), "{what}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{what}");
            // Finance sees everything, and changes nothing.
            assert!(role == "finance" || leaks(&told).is_empty(), "{what}");
            assert!(operation.is_read || status != StatusCode::OK, "{what}");
        }
    }
    let after = house.desk.admin.ledger.changes(None, None, 1_000).await.unwrap();
    assert_eq!(after, before, "{role}");
}

#[tokio::test]
async fn no_operation_tells_or_changes_what_is_anothers_whatever_ones_role() {
    for house in houses().await {
        for (name, role, _) in PEOPLE.into_iter().filter(|(_, role, _)| *role != "admin") {
            try_all(&house, (name, role)).await;
        }
        house.end().await;
    }
}

/// What a person's token reads: what is theirs and nothing else. What it says today has cost.
async fn told(house: &House, (name, role): (&str, &str)) -> Value {
    let secret = token(house, (name, "read")).await;
    let get = async |path: &str| get(house, &secret, path).await;
    let sees_all = matches!(role, "admin" | "finance");
    let (count_of_teams, count_of_calls) = match role {
        "lead" => (1, 8),
        "member" => (1, 3),
        _ => (2, 13),
    };
    let (status, teams) = get("/teams").await;
    assert_eq!(status, StatusCode::OK, "{teams}");
    assert_eq!(teams["rows"].as_array().unwrap().len(), count_of_teams, "{role}");
    let (_, calls) = get("/calls?limit=100").await;
    assert_eq!(calls["rows"].as_array().unwrap().len(), count_of_calls, "{role}");
    for (whose, is_seen) in [("mia", true), ("research", role != "member"), ("sales", sees_all)] {
        for path in
            [format!("/calls/{}", house.calls[whose]), format!("/keys/{}", house.keys[whose])]
        {
            assert_eq!(get(&path).await.0 == StatusCode::OK, is_seen, "{role} {path}");
        }
    }
    for path in ["/prices?model=amazon.nova-lite-v1:0", "/budgets", "/freezes", "/streams"] {
        assert_eq!(get(path).await.0, StatusCode::OK, "{role} {path}");
    }
    for path in ["/admin-keys", "/users", "/changes", "/health"] {
        let expected = if sees_all { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(get(path).await.0, expected, "{role} {path}");
    }
    let today = house.desk.admin.clock.now().date();
    let (status, usage) = get(&format!("/usage?since={today}")).await;
    assert_eq!(status, StatusCode::OK, "{usage}");
    usage["total"]["cost_usd"].clone()
}

async fn all_are_told_theirs(house: &House) {
    for (name, role, _) in PEOPLE {
        let calls = match role {
            "lead" => 2,
            "member" => 1,
            _ => 3,
        };
        let expected = json!(bursar_domain::money::Total(calls * 7_654_321).usd());
        assert_eq!(told(house, (name, role)).await, expected, "{role}");
    }
}

#[tokio::test]
async fn everybody_is_told_what_is_theirs_and_the_sums_are_those_of_their_pages() {
    for house in houses().await {
        all_are_told_theirs(&house).await;
        house.end().await;
    }
}

#[tokio::test]
async fn a_days_sums_are_told_while_it_is_not_over() {
    for hours in [0, 12, 23] {
        let at = Timestamp(Timestamp::parse_date("2026-11-20").unwrap().0 + hours * HOUR_MS + 1);
        let house = house_at(Clock::new(move || at)).await;
        all_are_told_theirs(&house).await;
        house.end().await;
    }
}

#[tokio::test]
async fn a_token_changes_what_its_owner_may_and_one_that_reads_changes_nothing() {
    let house = house().await;
    let key = |team: &str, name: &str| Some(json!({"team": team, "name": name}));
    let lead = token(&house, ("lea", "change")).await;
    let (status, made) = ask(&house, &lead, ("POST", "/keys", key("research", "made"))).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let change = house.desk.admin.ledger.changes(None, None, 1).await.unwrap().remove(0);
    assert!(change.actor.starts_with("lea by tok_"), "{}", change.actor);
    for (name, expected) in [("mia", 403), ("fin", 403)] {
        let secret = token(&house, (name, "change")).await;
        let (status, _) = ask(&house, &secret, ("POST", "/keys", key("research", "more"))).await;
        assert_eq!(status, expected, "{name}");
    }
    let admin = token(&house, ("ada", "read")).await;
    let (status, told) = ask(&house, &admin, ("POST", "/keys", key("research", "more"))).await;
    assert_eq!((status, &told["error"]["code"]), (StatusCode::FORBIDDEN, &json!("read_only")));
    // What somebody loses, their tokens lose at once.
    house.desk.admin.let_user("lea", false).await.unwrap();
    assert_eq!(get(&house, &lead, "/teams").await.0, StatusCode::UNAUTHORIZED);
    house.desk.admin.let_user("lea", true).await.unwrap();
    assert_eq!(get(&house, &lead, "/teams").await.0, StatusCode::UNAUTHORIZED, "nor again");
    house.end().await;
}

#[tokio::test]
async fn a_token_is_shown_once_ends_by_itself_or_when_it_is_revoked_and_is_nobodys_cookie() {
    let house = house().await;
    let secret = token(&house, ("mia", "read")).await;
    assert!(secret.starts_with("bst_") && secret.len() == 4 + 8 + 1 + 49, "{secret}");
    let (mia, lea) = (house.sign_in("mia").await, house.sign_in("lea").await);
    let page = house.open(&mia, "/tokens").await.1;
    assert!(
        page.contains("a script") && page.contains(">never<") && !page.contains(&secret),
        "{page}"
    );
    assert!(!house.open(&lea, "/tokens").await.1.contains("a script"), "another's");
    assert!(house.open(&house.sign_in("fin").await, "/tokens").await.1.contains("a script"));
    assert_eq!(get(&house, &secret, "/teams").await.0, StatusCode::OK);
    assert!(!house.open(&mia, "/tokens").await.1.contains(">never<"));
    // It opens no page, and forged it opens nothing.
    assert_eq!(house.open(&format!("bursar={secret}"), "/").await.0, StatusCode::SEE_OTHER);
    let mut forged = secret.clone();
    forged.replace_range(20..21, if &forged[20..21] == "x" { "y" } else { "x" });
    for bad in [forged.as_str(), &secret[..secret.len() - 1], "bst_", ""] {
        assert_eq!(get(&house, bad, "/teams").await.0, StatusCode::UNAUTHORIZED, "{bad}");
    }
    let in_url = get(&house, &secret, &format!("/teams?token={secret}")).await;
    assert_eq!(in_url.0, StatusCode::BAD_REQUEST);
    let told = format!("{:?}", house.desk.admin.ledger.changes(None, None, 100).await.unwrap());
    assert!(told.contains("token create") && !told.contains("hmac"), "{told}");
    assert!(!told.contains(secret.rsplit_once('_').unwrap().1), "{told}");
    // Somebody else cannot revoke it, and an admin can.
    let id = format!("tok_{}", &secret[4..12]);
    let revoke = [("do", "revoke"), ("token", id.as_str())];
    let answer = house.send(&lea, "/tokens", &revoke).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    house.ahead.store(31 * DAY_MS, Ordering::Relaxed);
    assert_eq!(get(&house, &secret, "/teams").await.0, StatusCode::UNAUTHORIZED, "expired");
    house.ahead.store(MINUTES, Ordering::Relaxed);
    assert_eq!(get(&house, &secret, "/teams").await.0, StatusCode::OK);
    let ada = house.sign_in("ada").await;
    assert_eq!(house.send(&ada, "/tokens", &revoke).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(get(&house, &secret, "/teams").await.0, StatusCode::UNAUTHORIZED);
    house.end().await;
}

#[tokio::test]
async fn a_token_has_a_name_an_end_within_a_year_and_not_too_many_beside_it() {
    let house = house().await;
    let lea = house.sign_in("lea").await;
    for (name, may, expires, said) in [
        ("", "read", "30d", "is no name"),
        ("=cmd", "read", "30d", "is no name"),
        ("a", "rule", "30d", "may `read`, or `change`"),
        ("a", "read", "367d", "more than a year"),
        ("a", "read", "soon", "is no expiry"),
        ("a", "read", "2020-01-01", "it is past"),
    ] {
        let fields = [("do", "make"), ("name", name), ("may", may), ("expires", expires)];
        let answer = house.send(&lea, "/tokens", &fields).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{said}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(said), "{said}: {page}");
    }
    let fields = [("do", "make"), ("name", "one of many"), ("may", "read")];
    for number in 0..21 {
        let status = house.send(&lea, "/tokens", &fields).await.status();
        let expected = if number < 20 { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        assert_eq!(status, expected, "{number}");
    }
    house.end().await;
}
