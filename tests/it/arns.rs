//! ARNs that do not tell their model: looked up once, priced as what they stand for.

use serde_json::{Value, json};

use crate::world::{NOVA, Ran, World, bare};

const PRO: &str = "amazon.nova-pro-v1:0";
const PROFILE: &str =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56";
const ROUTER: &str = "arn:aws:bedrock:us-east-1:123456789012:prompt-router/ab12cd34ef56";
const WORDS: &str = "bursar-sim=input=1000 output=100";

fn profile_of(model: &str) -> World {
    World::start_with(&["--base-model", &format!("{PROFILE}={model}")])
}

fn router() -> World {
    World::start_with(&["--prompt-router", &format!("{ROUTER}=us.{NOVA},{PRO}")])
}

/// What a thousand tokens in and a hundred out cost.
fn price(model: &str) -> Value {
    let told = bare(&["price", model, "--input", "1000", "--output", "100", "--json"]);
    told.exits(0).json()["cost_usd"].clone()
}

/// How often the control plane was asked this.
fn asked(world: &World, operation: &str) -> usize {
    world.served().iter().filter(|call| call["operation"] == operation).count()
}

fn converse(world: &World, arn: &str, more: &[&str]) -> Ran {
    let arguments = ["converse", "-m", arn, "--metadata", WORDS, "--max-tokens", "200"];
    world.bursar(&[&arguments[..], more].concat())
}

#[test]
fn an_application_profile_is_priced_as_what_it_copies() {
    let global = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let regional = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    assert_ne!(price(global), price(regional), "or this test could not fail");
    for (model, routing) in [(NOVA, "regional"), (regional, "regional"), (global, "global")] {
        let world = profile_of(model);
        converse(&world, PROFILE, &["hello"]).exits(0);
        let call = world.only_call();
        assert_eq!(call["cost_usd"], price(model), "{model}");
        assert_eq!(call["routing"], routing);
        assert_eq!(
            (&call["model_requested"], &call["estimated"]),
            (&json!(PROFILE), &json!(false))
        );
        assert!(model.ends_with(call["model"].as_str().unwrap()), "{call}");
        assert_eq!(call["version_evidence"], "resolved");
        let served = world.served();
        let sent: Vec<&Value> = served.iter().map(|call| &call["model_sent"]).collect();
        assert_eq!(sent, [PROFILE, PROFILE], "the ARN itself is asked for, and dispatched");
        world.audit();
    }
}

#[test]
fn what_was_told_once_is_not_asked_again() {
    let world = profile_of(NOVA);
    for arguments in [
        vec!["converse", "-m", PROFILE, "hello"],
        vec!["converse", "-m", PROFILE, "--no-stream", "hello"],
        vec!["invoke", "-m", PROFILE, "--prompt", "hello"],
        vec!["converse", "-m", PROFILE, "--dry-run", "hello"],
        vec!["estimate", "-m", PROFILE, "hello"],
        vec!["iam-policy", PROFILE],
    ] {
        world.bursar(&arguments).exits(0);
    }
    assert_eq!(asked(&world, "GetInferenceProfile"), 1);
    assert_eq!(world.calls().len(), 3);
    let kept = world.path(".local/share/bursar/arns.json");
    std::fs::write(&kept, "{ damaged").unwrap();
    converse(&world, PROFILE, &["hello"]).exits(0);
    assert_eq!(asked(&world, "GetInferenceProfile"), 2, "a damaged memory is an empty one");
}

#[test]
fn what_is_not_there_is_remembered_too() {
    let world = World::start();
    for _ in 0..3 {
        let ran = converse(&world, PROFILE, &["hello", "--json"]).exits(3);
        let error = &ran.json()["error"];
        assert_eq!(error["code"], "unpriced");
        let hints = error["next"].to_string();
        assert!(hints.contains("[models.base_models]"), "{hints}");
    }
    assert_eq!(asked(&world, "GetInferenceProfile"), 1);
    converse(&world, ROUTER, &["hello"]).exits(3);
    assert_eq!(asked(&world, "GetPromptRouter"), 1);
    assert!(world.served().iter().all(|call| call["operation"] != "ConverseStream"));
}

#[test]
fn who_may_not_ask_is_told_the_action_and_the_other_way_out() {
    let home = tempfile::tempdir().unwrap();
    let scenario = home.path().join("denied.toml");
    let rule = |operation: &str| {
        format!("[[rule]]\noperation = '{operation}'\nwords = 'fault=access-denied'\n")
    };
    let rules = rule("GetInferenceProfile") + &rule("GetPromptRouter");
    std::fs::write(&scenario, rules).unwrap();
    let world = World::start_with(&[
        "--scenario",
        scenario.to_str().unwrap(),
        "--base-model",
        &format!("{PROFILE}={NOVA}"),
    ]);
    for (arn, action) in
        [(PROFILE, "bedrock:GetInferenceProfile"), (ROUTER, "bedrock:GetPromptRouter")]
    {
        let ran = converse(&world, arn, &["hello", "--json"]).exits(3);
        let error = &ran.json()["error"];
        assert_eq!(
            (&error["code"], &error["cause"]),
            (&json!("unpriced"), &json!("not_authorized"))
        );
        let statement = format!(r#""Action":"{action}","Resource":["{arn}"]"#);
        let hints = error["next"].as_array().unwrap();
        let is_there = |text: &str| hints.iter().any(|hint| hint.as_str().unwrap().contains(text));
        assert!(is_there(&statement) && is_there("[models.base_models]"), "{hints:#?}");
        // A denial is not remembered: it may be lifted in the next minute.
        converse(&world, arn, &["hello"]).exits(3);
        assert_eq!(asked(&world, action.trim_start_matches("bedrock:")), 2);
    }
    let config =
        world.write("config.toml", &format!("[models.base_models]\n\"{PROFILE}\" = \"{NOVA}\"\n"));
    converse(&world, PROFILE, &["hello", "--config", &config]).exits(0);
    assert_eq!(asked(&world, "GetInferenceProfile"), 2, "who says so need not ask");
    assert_eq!(world.only_call()["cost_usd"], price(NOVA));
    let policy = world.bursar(&["iam-policy", ROUTER]).exits(0);
    assert!(policy.stdout.contains(ROUTER) && policy.stderr.contains("leaves out"));
}

#[test]
fn a_call_to_a_prompt_router_is_held_at_its_dearest_and_owed_at_the_model_that_answered() {
    let world = router();
    let mut answered = Vec::new();
    for (number, more) in (0..12).zip([[].as_slice(), &["--no-stream"]].into_iter().cycle()) {
        let prompt = format!("question {number}");
        converse(&world, ROUTER, &[more, &[prompt.as_str()]].concat()).exits(0);
        let served = world.served().pop().unwrap();
        let call = world.calls().remove(0);
        assert_eq!(call["model"], served["model"], "the model that answered");
        assert_eq!(call["model_version"], served["model"]);
        assert_eq!(call["version_evidence"], "reported");
        assert_eq!(call["model_requested"], ROUTER);
        assert_eq!(served["model_sent"], ROUTER);
        assert_eq!(
            (&call["cost_usd"], &call["estimated"]),
            (&price(served["model"].as_str().unwrap()), &json!(false))
        );
        answered.push(call);
    }
    let by = |model: &str| answered.iter().filter(|call| call["model"] == model).count();
    assert!(by(NOVA) > 0 && by(PRO) > 0, "both answered: {} and {}", by(NOVA), by(PRO));
    let held: Vec<&Value> = answered.iter().map(|call| &call["held_usd"]).collect();
    let prompts = held.iter().collect::<std::collections::HashSet<_>>().len();
    assert!(prompts <= 4, "what is held goes by the prompt, not by who answers: {held:?}");
    let usage = world.json(&["usage", "--by", "model"]);
    for row in usage["rows"].as_array().unwrap() {
        let model = row["value"].as_str().or(row["model"].as_str()).unwrap();
        assert_eq!(row["calls"], by(model), "{row}");
    }
    let shown = world.bursar(&["calls", "--no-pager"]).exits(0).stdout;
    assert!(shown.contains(NOVA) && shown.contains(PRO) && !shown.contains(ROUTER), "{shown}");
    assert_eq!(asked(&world, "GetPromptRouter"), 1);
    world.audit();
}

#[test]
fn where_the_reply_does_not_say_who_answered_the_dearest_is_the_bound() {
    let world = router();
    let arguments = ["invoke", "-m", ROUTER, "--prompt", "hello", "--metadata", WORDS];
    world.bursar(&[&arguments[..], &["--max-tokens", "200"]].concat()).exits(0);
    let call = world.only_call();
    assert_eq!((&call["estimated"], &call["cost_usd"]), (&json!(true), &price(PRO)));
    assert_eq!(call["cost_low_usd"], price(NOVA));
    assert_eq!(call["version_evidence"], "requested");
    world.audit();
}

#[test]
fn a_router_with_an_unpriced_model_is_refused() {
    let unpriced = "zai.glm-4.6";
    bare(&["price", unpriced, "--input", "1"]).exits(3);
    let world = World::start_with(&["--prompt-router", &format!("{ROUTER}={NOVA},{unpriced}")]);
    let ran = converse(&world, ROUTER, &["hello", "--json"]).exits(3);
    assert!(ran.json()["error"]["message"].as_str().unwrap().contains(unpriced));
    assert_eq!(world.served().len(), 1, "the control plane alone was asked");
}
