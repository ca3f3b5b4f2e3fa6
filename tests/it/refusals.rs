//! Bad input is refused with a clear message, a hint, and an exit code of its own; nothing is sent.

use crate::world::{NOVA, World, bare};

#[test]
fn an_unknown_model_names_the_nearest_ids() {
    let ran = bare(&["price", "amazon.nova-lite-v1", "--input", "1"]).exits(3);
    assert!(ran.stderr.contains("`amazon.nova-lite-v1`"), "{}", ran.stderr);
    assert!(ran.stderr.contains(NOVA), "{}", ran.stderr);
    let ran = bare(&["price", "gpt-5", "--json"]).exits(3);
    assert_eq!(ran.json()["error"]["code"], "unknown_model");
}

#[test]
fn tokens_without_a_rate_are_a_refusal_not_a_zero() {
    let arguments = ["price", "amazon.titan-embed-text-v2:0", "--output", "5", "--json"];
    let ran = bare(&arguments).exits(3);
    assert_eq!(ran.json()["error"]["code"], "unpriced");
}

#[test]
fn a_region_that_is_none_is_refused_not_priced_as_the_default() {
    for region in ["mars", "us-east", "us--1", "US-EAST-1", "us-east-1 "] {
        bare(&["price", NOVA, "--region", region, "--input", "1"]).exits(2);
    }
    bare(&["price", NOVA, "--region", "us-gov-west-1", "--input", "1"]).exits(0);
}

#[test]
fn a_malformed_body_is_refused_before_anything_is_sent() {
    let world = World::start();
    for body in [
        "{",
        "[]",
        r#"{"max_tokens": 10, "max_tokens": 100000}"#,
        r#"{"inferenceConfig":{"maxTokens":-1}}"#,
    ] {
        let path = world.write("body.json", body);
        let ran = world.bursar(&["invoke", "-m", NOVA, "--body", &path]).exits(65);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    }
    assert!(world.served().is_empty());
    assert!(world.calls().is_empty());
}

#[test]
fn a_body_that_is_not_there_is_its_own_exit() {
    let world = World::start();
    world.bursar(&["invoke", "-m", NOVA, "--body", "nowhere.json"]).exits(66);
}

#[test]
fn absent_credentials_are_told_before_anything_is_recorded() {
    let world = World::start();
    let mut command = world.command();
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = command.args(["converse", "-m", NOVA, "hello"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(4), "{said}");
    assert!(said.contains("no AWS credentials"), "{said}");
    assert!(said.contains("AWS_ACCESS_KEY_ID"), "{said}");
    assert!(world.calls().is_empty());
}

#[test]
fn a_configuration_mistake_names_file_line_and_key() {
    let world = World::start();
    let path = world.write("config.toml", "[aws]\nregion = \"us-east-1\"\nendpoint = 7\n");
    let ran = world.bursar(&["--config", &path, "usage"]).exits(78);
    assert!(ran.stderr.contains("config.toml:3: `endpoint`"), "{}", ran.stderr);
    world.bursar(&["--config", "nowhere.toml", "usage"]).exits(78);
}

#[test]
fn a_damaged_ledger_is_refused_and_left_as_it_is() {
    let world = World::start();
    let path = world.path("ledger.db");
    std::fs::write(&path, b"this is no database, but it is somebody's file").expect("written");
    let ran = world.bursar(&["usage"]).exits(10);
    assert!(ran.stderr.contains("ledger.db"), "{}", ran.stderr);
    let kept = std::fs::read(&path).expect("it is still there");
    assert_eq!(kept, b"this is no database, but it is somebody's file");
}

#[test]
fn a_ledger_in_no_folder_and_an_address_that_is_none_are_told_apart() {
    let world = World::start();
    world.bursar(&["--ledger", "sqlite:/nowhere/at/all/ledger.db", "usage"]).exits(66);
    world.bursar(&["--ledger", "mysql://localhost/x", "usage"]).exits(78);
    let ran = world.bursar(&["--ledger", "postgres://u:hunter2@127.0.0.1:1/x", "usage"]).exits(10);
    assert!(!ran.stderr.contains("hunter2"), "the password was printed: {}", ran.stderr);
}

#[test]
fn an_unpriced_model_is_refused_unless_allowed_and_then_shown_as_unpriced() {
    let world = World::start();
    let model = "zai.glm-4.6";
    let ran = world.bursar(&["converse", "-m", model, "hello"]).exits(3);
    assert!(ran.stderr.contains("no price"), "{}", ran.stderr);
    assert!(world.served().is_empty());
    let total = world.json(&["usage"])["total"].clone();
    assert_eq!((&total["refused"], &total["calls"]), (&1.into(), &0.into()));
    let config = world.write("config.toml", "[models]\nallow_unpriced = true\n");
    world.bursar(&["--config", &config, "converse", "-m", model, "hello"]).exits(0);
    let call = world.only_call();
    assert_eq!(call["cost_usd"], serde_json::Value::Null);
    let usage = world.bursar(&["usage"]).exits(0);
    assert!(usage.stdout.contains("1 unpriced"), "{}", usage.stdout);
}

#[test]
fn labels_that_are_none_are_refused() {
    let world = World::start();
    for tag in ["novalue", "=x"] {
        world.bursar(&["converse", "-m", NOVA, "--tag", tag, "hello"]).exits(2);
    }
    world.bursar(&["converse", "-m", NOVA, "--tag", "a=1", "--tag", "a=2", "hello"]).exits(2);
    world.bursar(&["converse", "-m", NOVA, ""]).exits(2);
}

#[test]
fn an_answer_of_bedrock_decides_the_exit_code() {
    let world = World::start();
    let metadata = "bursar-sim=fault=throttle";
    let ran =
        world.bursar(&["converse", "-m", NOVA, "--metadata", metadata, "--json", "hello"]).exits(7);
    assert_eq!(ran.json()["error"]["code"], "throttled");
    assert_eq!(ran.json()["call"]["throttled_attempts"], 4);
}
