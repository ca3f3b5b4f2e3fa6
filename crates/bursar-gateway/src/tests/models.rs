//! The lists of models: what can be asked for, and of that what whoever asks may.

use bursar_admin::KeyRequest;
use bursar_domain::policy::{Models, Policy, Routes};
use serde_json::json;

use super::dialects::{TITAN, messages, told};
use super::fixture::*;
use crate::Settings;

#[tokio::test]
async fn a_key_is_shown_the_models_that_its_policy_allows_and_no_other() {
    let world = World::start().await;
    let policy = Policy { models: vec![Models::Model(NOVA.to_owned())], ..Policy::default() };
    let request = KeyRequest { team: "research".to_owned(), policy, ..KeyRequest::default() };
    let narrow = world.admin.create_key(&master(), &request).await.unwrap();
    let get = |path: &str, key: &str| {
        reqwest::Client::new().get(format!("{}{path}", world.url())).bearer_auth(key)
    };
    let ids = async |key: &str| {
        let (_, list) = told(get("/v1/models", key)).await;
        let data = list["data"].as_array().unwrap().clone();
        data.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (wide, narrow) = (world.key.secret.expose(), narrow.secret.expose());
    let all = ids(wide).await;
    let allowed = ids(narrow).await;
    assert!(all.len() > 50 && all.contains(&HAIKU.to_owned()), "{}", all.len());
    assert!(allowed.contains(&NOVA.to_owned()), "{allowed:?}");
    // The model itself, and the profiles that lead to it.
    assert!(allowed.iter().all(|id| id.ends_with(NOVA)), "{allowed:?}");
    assert_eq!(told(get(&format!("/v1/models/{NOVA}"), narrow)).await.0, 200);
    assert_eq!(told(get(&format!("/v1/models/{HAIKU}"), narrow)).await.0, 404);
    assert_eq!(told(get(&format!("/v1/models/{HAIKU}"), wide)).await.0, 200);
    // What stays in its region is a policy too.
    let policy = Policy { routes: Some(Routes::InRegion), ..Policy::default() };
    let request = KeyRequest { team: "research".to_owned(), policy, ..KeyRequest::default() };
    let here = world.admin.create_key(&master(), &request).await.unwrap();
    let here = ids(here.secret.expose()).await;
    assert!(here.contains(&NOVA.to_owned()) && !here.contains(&HAIKU.to_owned()), "{here:?}");
    let (_, claudes) = told(get("/v1/models", narrow).header("anthropic-version", "x")).await;
    assert_eq!(claudes["data"], json!([]), "the same list in either dialect");
    world.end().await;
}

#[tokio::test]
async fn the_list_of_models_holds_what_can_be_asked_for() {
    let mut settings = Settings::default();
    settings.names.aliases.insert("claude-fast".to_owned(), HAIKU.to_owned());
    let world = World::start_with(settings, bursar_simulator::Settings::default()).await;
    let get = |path: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", world.url()));
        request.bearer_auth(world.key.secret.expose())
    };
    let (_, list) = told(get("/v1/models")).await;
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    for id in ["claude-fast", NOVA, HAIKU, TITAN] {
        assert!(ids.contains(&id), "{id}");
    }
    assert!(!ids.contains(&"eu.amazon.nova-lite-v1:0"), "it cannot be called from here");
    let (_, claudes) = told(get("/v1/models").header("anthropic-version", "2023-06-01")).await;
    assert_eq!(claudes["first_id"], "claude-fast");
    let (_, one) = told(get("/v1/models/claude-fast")).await;
    assert_eq!((&one["id"], &one["owned_by"]), (&json!("claude-fast"), &json!("Anthropic")));
    assert_eq!(told(get("/v1/models/gpt-5")).await.0, 404);
    let mut asked = messages();
    asked["model"] = json!("claude-fast");
    let (status, _) = told(world.post("/v1/messages").body(asked.to_string())).await;
    assert_eq!(status, 200);
    world.end().await;
}
