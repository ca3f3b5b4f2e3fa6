//! The control plane's lists, by plain HTTP.

use std::collections::BTreeMap;

use bursar_domain::catalogue::Names;
use bursar_domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::fixture::*;
use crate::{Action, Scenario, Settings, Simulator};

const APPLICATION: &str =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56";

async fn on(date: &str, settings: Settings) -> Simulator {
    let time = Timestamp::parse_date(date).unwrap();
    start_with(settings, Clock::new(move || time)).await
}

async fn today() -> Simulator {
    on("2026-11-01", Settings::default()).await
}

async fn reading(simulator: &Simulator, path: &str) -> (u16, Value) {
    let url = simulator.url() + path;
    let request = reqwest::Client::new().get(url).header("authorization", "Bearer key");
    let reply = request.send().await.unwrap();
    assert!(reply.headers().contains_key("x-amzn-requestid"));
    (reply.status().as_u16(), reply.json().await.unwrap())
}

async fn read(simulator: &Simulator, path: &str) -> Value {
    let (status, body) = reading(simulator, path).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The ids of the models that a query finds.
async fn models(simulator: &Simulator, query: &str) -> Vec<String> {
    let body = read(simulator, &format!("/foundation-models{query}")).await;
    let models = body["modelSummaries"].as_array().unwrap().iter();
    models.map(|model| model["modelId"].as_str().unwrap().to_owned()).collect()
}

/// The members of the profiles that a query finds.
async fn profiles(simulator: &Simulator, query: &str) -> Vec<Value> {
    let mut body = read(simulator, &format!("/inference-profiles{query}")).await;
    serde_json::from_value(body["inferenceProfileSummaries"].take()).unwrap()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn a_model_is_told_in_bedrocks_shape() {
    let simulator = today().await;
    let model = &read(&simulator, &format!("/foundation-models/{}", encoded(NOVA))).await;
    let details = &model["modelDetails"];
    assert_eq!(details["modelArn"], format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"));
    assert_eq!(details["providerName"], "Amazon");
    assert_eq!(details["outputModalities"], json!(["TEXT"]));
    assert_eq!(details["responseStreamingSupported"], true);
    let ways = details["inferenceTypesSupported"].as_array().unwrap();
    assert!(ways.contains(&json!("ON_DEMAND")) && ways.contains(&json!("INFERENCE_PROFILE")));
    let lifecycle = &details["modelLifecycle"];
    assert!(Timestamp::parse_rfc3339(lifecycle["startOfLifeTime"].as_str().unwrap()).is_some());
    let only_by_profile = HAIKU.trim_start_matches("us.");
    let model = &read(&simulator, &format!("/foundation-models/{only_by_profile}")).await;
    let ways = &model["modelDetails"]["inferenceTypesSupported"];
    assert_eq!(ways, &json!(["INFERENCE_PROFILE"]));
}

#[tokio::test]
async fn all_that_is_listed_is_told_alone_too_by_id_and_by_arn() {
    let simulator = today().await;
    let listed = read(&simulator, "/foundation-models").await;
    let listed = listed["modelSummaries"].as_array().unwrap();
    assert!(listed.len() > 50, "{}", listed.len());
    for model in listed {
        for name in ["modelId", "modelArn"] {
            let id = encoded(model[name].as_str().unwrap());
            let alone = read(&simulator, &format!("/foundation-models/{id}")).await;
            assert_eq!(&alone["modelDetails"], model);
        }
    }
    let listed = profiles(&simulator, "").await;
    assert!(listed.len() > 20, "{}", listed.len());
    for profile in &listed {
        for name in ["inferenceProfileId", "inferenceProfileArn"] {
            let id = encoded(profile[name].as_str().unwrap());
            assert_eq!(&read(&simulator, &format!("/inference-profiles/{id}")).await, profile);
        }
    }
}

#[tokio::test]
async fn models_are_filtered() {
    let simulator = today().await;
    let all = models(&simulator, "").await;
    let by_meta = models(&simulator, "?byProvider=meta").await;
    assert!(!by_meta.is_empty() && by_meta.iter().all(|id| id.starts_with("meta.")));
    assert!(!models(&simulator, "?byProvider=Mistral%20AI").await.is_empty());
    let on_demand = models(&simulator, "?byInferenceType=ON_DEMAND").await;
    assert!(on_demand.len() < all.len() && on_demand.contains(&NOVA.to_owned()));
    let embedding = models(&simulator, "?byOutputModality=EMBEDDING").await;
    assert!(embedding.contains(&"amazon.titan-embed-text-v2:0".to_owned()));
    assert_eq!(models(&simulator, "?byInferenceType=PROVISIONED").await, [""; 0]);
}

#[tokio::test]
async fn a_model_is_listed_where_it_is_offered_and_until_its_end() {
    let model = "anthropic.claude-sonnet-4-20250514-v1:0".to_owned();
    let before = on("2026-10-13", Settings::default()).await;
    assert!(models(&before, "").await.contains(&model));
    let after = on("2026-10-14", Settings::default()).await;
    assert!(!models(&after, "").await.contains(&model));
    assert_eq!(reading(&after, &format!("/foundation-models/{model}")).await.0, 404);
    let is_us =
        |profile: &Value| profile["inferenceProfileId"].as_str().unwrap().starts_with("us.");
    let settings = Settings { region: "eu-central-1".to_owned(), ..Settings::default() };
    let european = on("2026-11-01", settings).await;
    assert!(!profiles(&european, "").await.iter().any(is_us));
    assert!(profiles(&today().await, "").await.iter().any(is_us));
}

#[tokio::test]
async fn a_profile_names_its_model_in_every_region_that_may_serve() {
    let simulator = today().await;
    let profile = read(&simulator, "/inference-profiles/us.amazon.nova-2-lite-v1%3A0").await;
    let arns = ["us-east-1", "us-east-2", "us-west-2"].map(|region| {
        let arn = format!("arn:aws:bedrock:{region}::foundation-model/amazon.nova-2-lite-v1:0");
        json!({"modelArn": arn})
    });
    assert_eq!(profile["models"], json!(arns));
    assert_eq!(
        (&profile["type"], &profile["status"]),
        (&json!("SYSTEM_DEFINED"), &json!("ACTIVE"))
    );
}

#[tokio::test]
async fn pages_join_to_the_whole() {
    let simulator = today().await;
    let all = profiles(&simulator, "").await;
    let (mut joined, mut query) = (Vec::new(), "?maxResults=7".to_owned());
    loop {
        let mut page = read(&simulator, &format!("/inference-profiles{query}")).await;
        let token = page["nextToken"].as_str().map(str::to_owned);
        let entries: Vec<Value> =
            serde_json::from_value(page["inferenceProfileSummaries"].take()).unwrap();
        assert!(entries.len() == 7 || token.is_none());
        joined.extend(entries);
        let Some(token) = token else { break };
        query = format!("?maxResults=7&nextToken={}", encoded(&token));
    }
    assert_eq!(joined, all);
    let exact = format!("/inference-profiles?maxResults={}", all.len());
    assert_eq!(read(&simulator, &exact).await["nextToken"], Value::Null);
}

#[tokio::test]
async fn application_profiles_are_those_of_the_settings() {
    let provisioned = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/ab12cd34ef56";
    let base_models = BTreeMap::from([
        (APPLICATION.to_owned(), "us.amazon.nova-2-lite-v1:0".to_owned()),
        (provisioned.to_owned(), NOVA.to_owned()),
    ]);
    let names = Names { base_models, ..Names::default() };
    let simulator = on("2026-11-01", Settings { names, ..Settings::default() }).await;
    let listed = profiles(&simulator, "?type=APPLICATION").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["inferenceProfileId"], "ab12cd34ef56");
    let of_system = profiles(&simulator, "?type=SYSTEM_DEFINED").await;
    assert_eq!(of_system.len() + 1, profiles(&simulator, "").await.len());
    let alone = read(&simulator, &format!("/inference-profiles/{}", encoded(APPLICATION))).await;
    assert_eq!(alone, listed[0]);
    assert_eq!(alone["models"].as_array().unwrap().len(), 3, "{alone}");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let simulator = today().await;
    for (path, status) in [
        ("/foundation-models?byInferenceType=SOMETIMES", 400),
        ("/foundation-models?byOutputModality=text", 400),
        ("/foundation-models?byCustomizationType=FINE_TUNING", 400),
        ("/foundation-models/no.such-model", 404),
        ("/inference-profiles?maxResults=0", 400),
        ("/inference-profiles?maxResults=1001", 400),
        ("/inference-profiles?maxResults=many", 400),
        ("/inference-profiles?nextToken=%20", 400),
        ("/inference-profiles?nextToken=", 400),
        ("/inference-profiles?type=OTHER", 400),
        ("/inference-profiles?type=%ff", 400),
        ("/inference-profiles/us.no.such-model", 404),
        ("/inference-profiles/a%20b", 400),
    ] {
        let (refused, body) = reading(&simulator, path).await;
        assert_eq!(refused, status, "{path}: {body}");
        assert!(!body["message"].as_str().unwrap().is_empty());
    }
    let nobody = reqwest::get(simulator.url() + "/foundation-models").await.unwrap();
    assert_eq!(nobody.status(), 403);
    let asked = simulator.calls();
    assert!(asked.iter().all(|call| matches!(call.operation, Action::Tell(_))));
    assert_eq!(asked.iter().filter(|call| call.http_status == Some(404)).count(), 2);
}

const ROUTER: &str = "arn:aws:bedrock:us-east-1:123456789012:prompt-router/ab12cd34ef56";

#[tokio::test]
async fn a_prompt_router_answers_as_one_of_its_models_and_says_which() {
    let models = [format!("us.{NOVA}"), "amazon.nova-pro-v1:0".to_owned()];
    let routers = [(ROUTER.to_owned(), models.to_vec())].into();
    let simulator = on("2026-11-01", Settings { routers, ..Settings::default() }).await;
    let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{NOVA}");
    let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..12 {
        let said = format!("question {number}");
        let body = json!({"messages": [{"role": "user", "content": [{"text": said}]}]});
        let answer = converse(&simulator, ROUTER, &body).await;
        let invoked =
            answer["trace"]["promptRouter"]["invokedModelId"].as_str().unwrap().to_owned();
        let call = simulator.calls().pop().unwrap();
        assert_eq!(call.model_sent, ROUTER);
        assert!(invoked.ends_with(&call.model), "{invoked} {}", call.model);
        seen.insert(invoked);
    }
    assert_eq!(seen, [profile, model.to_owned()].into());
}

#[tokio::test]
async fn a_model_without_access_is_refused_and_says_so() {
    let no_access = [NOVA.to_owned()].into();
    let simulator = on("2026-11-01", Settings { no_access, ..Settings::default() }).await;
    let answer = converse(&simulator, NOVA, &conversation("")).await;
    assert!(answer["message"].as_str().unwrap().contains("don't have access"), "{answer}");
    let told = read(&simulator, &format!("/foundation-model-availability/{NOVA}")).await;
    assert_eq!(told["authorizationStatus"], "NOT_AUTHORIZED");
    assert_eq!(told["regionAvailability"], "AVAILABLE");
}

#[tokio::test]
async fn only_a_rule_that_names_its_operation_strikes_the_control_plane() {
    let rules = "[[rule]]\noperation = 'GetFoundationModel'\nwords = 'fault=access-denied'\n\
                 [[rule]]\nwords = 'fault=internal'\n";
    let scenario = Scenario::parse(rules).unwrap();
    let settings = Settings { scenario, throttle_ppm: 1_000_000, ..Settings::default() };
    let simulator = on("2026-11-01", settings).await;
    assert!(models(&simulator, "").await.contains(&NOVA.to_owned()));
    let (status, body) = reading(&simulator, &format!("/foundation-models/{NOVA}")).await;
    assert_eq!(status, 403);
    assert!(body["message"].as_str().unwrap().contains("bedrock:GetFoundationModel on resource"));
    assert!(converse(&simulator, NOVA, &conversation("")).await["message"].is_string());
}
