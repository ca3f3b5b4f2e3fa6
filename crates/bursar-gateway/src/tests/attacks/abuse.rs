//! What somebody tries who has a key, or many that are none: loops, storms, lies about himself, figures
//! that do not fit.

use bursar_admin::{KeyRequest, TeamFacts};
use bursar_core::Fallbacks;
use bursar_domain::catalogue::Names;
use bursar_domain::policy::{Models, Policy};
use bursar_ledger::Dimension;
use reqwest::StatusCode;
use serde_json::json;

use super::super::fixture::*;
use crate::{Settings, Terms};

fn named(pairs: &[(&str, &str)]) -> Names {
    let aliases = pairs.iter().map(|(name, model)| ((*name).to_owned(), (*model).to_owned()));
    Names { aliases: aliases.collect(), ..Names::default() }
}

async fn status(world: &World, model: &str, words: &str) -> u16 {
    let path = format!("/model/{model}/converse");
    let asked = world.post(&path).body(conversation(words).to_string());
    asked.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_alias_opens_no_model_that_the_key_may_not_call_and_a_loop_of_them_ends() {
    let names =
        named(&[("cheap", HAIKU), ("nova", NOVA), ("a", "b"), ("b", "a"), ("self", "self")]);
    let settings = Settings { names, ..Settings::default() };
    let world = World::start_with(settings, bursar_simulator::Settings::default()).await;
    let policy =
        Policy { models: vec![Models::Provider("amazon".to_owned())], ..Policy::default() };
    let request = KeyRequest { team: "research".to_owned(), policy, ..KeyRequest::default() };
    let key = world.admin.create_key(&master(), &request).await.unwrap();
    let ask = async |model: &str| {
        let asked = world.post_bare(&format!("/model/{model}/converse"));
        let asked = asked.bearer_auth(key.secret.expose()).body(conversation("").to_string());
        asked.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("cheap").await, 403, "what it stands for is what is judged");
    for name in ["a", "b", "self"] {
        assert_eq!(ask(name).await, 400, "{name}");
    }
    assert!(world.served().is_empty());
    assert_eq!(ask("nova").await, 200);
    world.end().await;
}

#[tokio::test]
async fn a_profile_of_another_region_is_judged_by_that_region() {
    let world = World::start().await;
    let policy = Policy { regions: vec!["us-*".to_owned()], ..Policy::default() };
    let request = KeyRequest { team: "research".to_owned(), policy, ..KeyRequest::default() };
    let key = world.admin.create_key(&master(), &request).await.unwrap();
    let ask = async |region: &str, profile: &str| {
        let arn =
            format!("arn:aws:bedrock:{region}:123456789012:inference-profile%2F{profile}.{NOVA}");
        let asked = world.post_bare(&format!("/model/{arn}/converse"));
        let asked = asked.bearer_auth(key.secret.expose()).body(conversation("").to_string());
        asked.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("eu-west-1", "eu").await, 403);
    assert_eq!(ask("us-east-1", "eu").await, 403, "it is served elsewhere");
    assert!(world.served().is_empty());
    assert_eq!(ask("us-east-1", "us").await, 200);
    world.end().await;
}

#[tokio::test]
async fn an_alias_that_is_changed_under_a_call_changes_the_next_one_alone() {
    let settings = Settings { names: named(&[("fast", NOVA)]), ..Settings::default() };
    let world = World::start_with(settings, bursar_simulator::Settings::default()).await;
    let path = "/model/fast/converse-stream";
    let begun = world.post(path).body(conversation("output=20 gap-ms=10").to_string());
    let begun = begun.send().await.unwrap();
    assert_eq!(begun.status(), 200);
    let lobby = world.gateway.lobby();
    let front = lobby.front();
    let (pricing, limits) = (front.bursar.pricing.clone(), front.bursar.limits.clone());
    let (names, fallbacks) = (named(&[("fast", HAIKU)]), Fallbacks::default());
    lobby.change(Terms { pricing, limits, names, fallbacks });
    assert_eq!(status(&world, "fast", "").await, 200);
    begun.bytes().await.unwrap();
    let mut called: Vec<String> = world.served().into_iter().map(|call| call.model_sent).collect();
    called.sort();
    assert_eq!(called, [NOVA, HAIKU]);
    world.end().await;
}

#[tokio::test]
async fn figures_that_no_row_could_hold_are_refused_and_cost_nothing() {
    let world = World::start().await;
    world.limit("month", "1000usd").await;
    for most in ["9223372036854775808", "18446744073709551616", "1e30"] {
        let body = conversation("").to_string();
        let body =
            body.replacen('{', &format!(r#"{{"inferenceConfig":{{"maxTokens":{most}}},"#), 1);
        let path = format!("/model/{NOVA}/converse");
        let response = world.post(&path).body(body).send().await.unwrap();
        assert!(response.status().is_client_error(), "{most}: {}", response.status());
    }
    assert!(world.served().is_empty());
    assert_eq!(world.calls().await.len(), 0);
    world.end().await;
}

#[tokio::test]
async fn an_agent_that_loops_is_stopped_by_its_limit_and_by_a_freeze() {
    let world = World::start().await;
    world.limit("1m", "5requests").await;
    let mut served = 0;
    for _ in 0..40 {
        served += u32::from(status(&world, NOVA, "output=5").await == 200);
    }
    // A minute's limit may begin anew within the test, once.
    assert!((5..=10).contains(&served), "{served}");
    assert_eq!(world.served().len(), usize::try_from(served).unwrap());
    let all = bursar_admin::Selectors { all: true, ..bursar_admin::Selectors::default() };
    world.admin.freeze(&all, "it loops").await.unwrap();
    let before = world.served().len();
    for _ in 0..10 {
        assert_eq!(status(&world, NOVA, "output=5").await, 400);
    }
    assert_eq!(world.served().len(), before);
    world.end().await;
}

#[tokio::test]
async fn a_storm_of_retries_makes_one_call_of_a_key_and_another_team_has_keys_of_its_own() {
    let world = World::start().await;
    world.admin.create_team("sales", TeamFacts::default()).await.unwrap();
    let request = KeyRequest { team: "sales".to_owned(), ..KeyRequest::default() };
    let other = world.admin.create_key(&master(), &request).await.unwrap();
    let path = format!("/model/{NOVA}/converse");
    let ask = async |secret: &str, words: &str| {
        let asked = world.post_bare(&path).bearer_auth(secret).header("idempotency-key", "order-1");
        let answer = asked.body(conversation(words).to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let mine = world.key.secret.expose();
    let storm = futures_util::future::join_all((0..30).map(|_| ask(mine, ""))).await;
    let made = storm.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(made, 1);
    assert!(storm.iter().all(|(status, _)| [200, 409].contains(status)), "{storm:?}");
    assert_eq!(ask(mine, "output=7").await.0, 422, "another request under the same key");
    assert_eq!(world.served().len(), 1);
    // What another team calls so is its own, and tells nothing of the first.
    let call = world.calls().await.remove(0).id;
    let (status, text) = ask(other.secret.expose(), "").await;
    assert_eq!(status, 200);
    assert!(!text.contains(call.as_str()));
    assert_eq!(world.served().len(), 2);
    world.end().await;
}

#[tokio::test]
async fn nobody_gives_himself_another_team_or_more_room_in_a_body_or_a_header() {
    let world = World::start().await;
    world.limit("month", "0usd").await;
    let path = format!("/model/{NOVA}/converse");
    for (name, value) in [
        ("role", json!("admin")),
        ("team", json!("sales")),
        ("team_id", json!("sales")),
        ("spent", json!(0)),
        ("limit", json!("1000usd")),
        ("allowed_routes", json!(["*"])),
    ] {
        let mut body = conversation("");
        body[name] = value.clone();
        let response = world.post(&path).body(body.to_string()).send().await.unwrap();
        assert!(response.status().is_client_error(), "{name} in a body");
        let header = format!("x-bursar-{}", name.replace('_', "-"));
        let asked = world.post(&path).header(&header, value.to_string());
        let response = asked.body(conversation("").to_string()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{header}");
    }
    let asked = world.post(&format!("/team/sales{path}")).body(conversation("").to_string());
    assert!(asked.send().await.unwrap().status().is_client_error());
    assert!(world.served().is_empty());
    let query = bursar_ledger::UsageQuery {
        by: Dimension::Team,
        since: None,
        until: None,
        count_tokens: false,
    };
    let rows = world.admin.ledger.usage(&query).await.unwrap().rows;
    assert!(rows.iter().all(|row| row.value.as_deref() != Some("sales")), "{rows:?}");
    world.end().await;
}

#[tokio::test]
async fn who_guesses_at_keys_is_told_to_wait_by_every_door_and_nobody_else_is() {
    let world = World::start().await;
    assert_eq!(status(&world, NOVA, "").await, 200);
    let request = KeyRequest { team: "research".to_owned(), ..KeyRequest::default() };
    let other = world.admin.create_key(&master(), &request).await.unwrap();
    let mut seen = std::collections::BTreeMap::<u16, u32>::new();
    let doors = [format!("/model/{NOVA}/converse"), "/v1/messages".to_owned()];
    for number in 0..200 {
        let asked = world.post_bare(&doors[number % 2]).bearer_auth(format!("bsr_guess{number}"));
        let answer = asked.body(conversation("").to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.headers().contains_key("retry-after"), status == 429);
        *seen.entry(status).or_default() += 1;
    }
    assert!(seen.keys().all(|status| [401, 403, 429].contains(status)), "{seen:?}");
    assert!(seen[&429] >= 20, "{seen:?}");
    assert_eq!(world.served().len(), 1);
    // From the same address, with a key that was right before; by a signature, which is another way.
    assert_eq!(status(&world, NOVA, "").await, 200);
    let asked = world.post_bare(&doors[0]).bearer_auth(other.secret.expose());
    let unseen = asked.body(conversation("").to_string()).send().await.unwrap().status().as_u16();
    assert_eq!(unseen, 429, "nobody looks what a key is that was never right from there");
    let refused = world.gateway.counts().read().refusals;
    let guesses = refused.iter().find(|(reason, _)| *reason == "guessing").unwrap().1;
    assert_eq!(guesses, u64::from(seen[&429]) + 1);
    world.end().await;
}

#[tokio::test]
async fn a_session_is_only_a_label_and_opens_nothing_of_whoever_has_the_same() {
    let world = World::start().await;
    world.admin.create_team("sales", TeamFacts::default()).await.unwrap();
    let request = KeyRequest { team: "sales".to_owned(), ..KeyRequest::default() };
    let other = world.admin.create_key(&master(), &request).await.unwrap();
    let path = format!("/model/{NOVA}/converse");
    for secret in [world.key.secret.expose(), other.secret.expose()] {
        let asked = world.post_bare(&path).bearer_auth(secret).header("x-bursar-session", "s1");
        let answer = asked.body(conversation("").to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    let alone = world.post_bare(&path).header("x-bursar-session", "s1").header("cookie", "s1");
    assert_eq!(alone.body(conversation("").to_string()).send().await.unwrap().status(), 403);
    let calls = world.calls().await;
    let teams: Vec<_> = calls.iter().map(|call| call.attribution.team.as_deref()).collect();
    assert_eq!(teams, [Some("sales"), Some("research")]);
    world.end().await;
}
