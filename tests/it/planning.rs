//! What is asked before anything is spent: estimates, policies, models by what they can do.

use serde_json::json;

use crate::world::{HAIKU, NOVA, World, bare};

#[test]
fn an_estimate_tells_the_likely_and_the_worst_case_and_calls_nothing() {
    let world = World::start();
    let told = world.json(&[
        "estimate",
        "-m",
        NOVA,
        "-m",
        HAIKU,
        "--max-tokens",
        "1000",
        "four words of text",
    ]);
    let rows = told["rows"].as_array().expect("it has rows");
    assert_eq!(rows.len(), 2);
    // 18 bytes are 5 tokens, and nothing is known of this model's answers yet.
    assert_eq!((&rows[0]["input_tokens"], &rows[0]["input_basis"]), (&json!(5), &json!("guessed")));
    assert_eq!(
        (&rows[0]["output_tokens"], &rows[0]["output_basis"]),
        (&json!(500), &json!("guessed"))
    );
    assert_eq!(rows[0]["likely_usd"], "0.0001203");
    assert!(rows[0]["worst_usd"].as_str() > rows[0]["likely_usd"].as_str());
    assert!(world.served().is_empty());
    assert!(!world.path("ledger.db").exists(), "who only asks makes no ledger");
}

#[test]
fn an_estimate_learns_from_the_ledger() {
    let world = World::start();
    for output in ["10", "30"] {
        let metadata = format!("bursar-sim=input=5 output={output}");
        world.bursar(&["converse", "-m", NOVA, "--metadata", &metadata, "hello"]).exits(0);
    }
    let told = world.json(&["estimate", "-m", NOVA, "hello"]);
    let row = &told["rows"][0];
    assert_eq!((&row["output_tokens"], &row["output_basis"]), (&json!(20), &json!("learnt")));
    let said = world.json(&["estimate", "-m", NOVA, "--output", "7", "hello"]);
    assert_eq!(said["rows"][0]["output_tokens"], 7);
    let capped = world.json(&["estimate", "-m", NOVA, "--max-tokens", "3", "hello"]);
    assert_eq!(capped["rows"][0]["output_tokens"], 3);
}

#[test]
fn counting_asks_bedrock_is_free_and_is_recorded() {
    let world = World::start();
    let told = world.json(&[
        "estimate",
        "-m",
        HAIKU,
        "--count",
        "--max-tokens",
        "10",
        "count these words",
    ]);
    let row = &told["rows"][0];
    let served = world.served();
    assert_eq!((served.len(), &served[0]["operation"]), (1, &json!("CountTokens")));
    assert_eq!(row["input_basis"], "counted");
    assert!(row["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0));
    let call = world.only_call();
    assert_eq!((&call["operation"], &call["cost_usd"]), (&json!("CountTokens"), &json!("0")));
    assert_eq!(world.json(&["usage"])["total"]["calls"], 0, "it is not counted unless asked for");
    assert_eq!(world.json(&["usage", "--count-tokens"])["total"]["calls"], 1);
    let ran = world.bursar(&["estimate", "-m", NOVA, "--count", "words"]).exits(8);
    assert!(ran.stderr.contains("cannot be counted"), "{}", ran.stderr);
}

#[test]
fn a_body_of_ones_own_is_estimated_too() {
    let world = World::start();
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":20,"messages":[{"role":"user","content":"hi"}]}"#;
    let path = world.write("body.json", body);
    let told = world.json(&["estimate", "-m", HAIKU, "--body", &path, "--count"]);
    assert_eq!(told["rows"][0]["output_tokens"], 20, "the body's own limit bounds it");
    assert_eq!(told["rows"][0]["input_basis"], "counted");
    world.bursar(&["estimate", "-m", "no.such-model", "hello"]).exits(3);
}

#[test]
fn a_policy_allows_the_models_and_no_more() {
    let policy = bare(&["iam-policy", "--account", "123456789012", NOVA, HAIKU, "--json"]).exits(0);
    let policy = policy.json();
    let statements = policy["Statement"].as_array().expect("it has statements");
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow");
        assert!(statement["Action"].as_str().is_some_and(|action| !action.contains('*')));
    }
    let behind = statements.iter().find(|statement| statement["Sid"] == "InvokeBehindProfile1");
    let only = &behind.expect("the profile's models are allowed")["Condition"];
    let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{HAIKU}");
    assert_eq!(only, &json!({"ArnLike": {"bedrock:InferenceProfileArn": [profile]}}));
    let explained = bare(&["iam-policy", "--explain", NOVA]).exits(0);
    assert!(explained.stderr.contains("CountTokens: "), "{}", explained.stderr);
    let guarded = ["iam-policy", "--guardrail", "ab12", "--json"];
    let policy = bare(&guarded).exits(0).json();
    assert_eq!(policy["Statement"][0]["Action"], "bedrock:ApplyGuardrail", "{policy}");
    let arn = "arn:aws:bedrock:us-east-1:*:guardrail/ab12";
    assert_eq!(policy["Statement"][0]["Resource"][0], arn, "{policy}");
    bare(&["iam-policy", "--guardrail", "AB/12"]).exits(2);
    bare(&["iam-policy"]).exits(2);
    bare(&["iam-policy", "--account", "12", NOVA]).exits(2);
}

#[test]
fn a_guard_denies_inference_to_everybody_but_the_role_that_is_named() {
    let role = "arn:aws:iam::123456789012:role/bursar";
    let policy = bare(&["iam-policy", "--scp", "--role", role, "--json"]).exits(0).json();
    let [statement] = policy["Statement"].as_array().expect("it has statements").as_slice() else {
        panic!("one statement is enough: {policy}");
    };
    assert_eq!((&statement["Effect"], &statement["Resource"]), (&json!("Deny"), &json!("*")));
    let but = json!({"ArnNotLike": {"aws:PrincipalArn": [role]}});
    assert_eq!(statement["Condition"], but);
    let actions = statement["Action"].as_array().expect("it lists actions");
    for action in ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"] {
        assert!(actions.contains(&json!(action)), "{actions:?}");
    }
    assert!(policy.to_string().len() < 5_120, "AWS takes no longer ones");
    bare(&["iam-policy", "--scp"]).exits(2);
    bare(&["iam-policy", "--role", role]).exits(2);
    bare(&["iam-policy", "--scp", "--role", "arn:aws:iam::123456789012:role/*"]).exits(2);
}

#[test]
fn a_policy_covers_the_aliases_when_nothing_is_named() {
    let world = World::start();
    let config =
        world.write("config.toml", "[models.aliases]\nquick = \"amazon.nova-lite-v1:0\"\n");
    let policy = world.json(&["--config", &config, "iam-policy"]);
    assert!(policy.to_string().contains("foundation-model/amazon.nova-lite-v1:0"), "{policy:#}");
}

#[test]
fn models_are_found_by_name_and_by_what_they_can_do() {
    let found = |arguments: &[&str]| {
        let rows = bare(&[&["models", "search"], arguments, &["--json"]].concat()).exits(0).json();
        let rows = rows["rows"].as_array().expect("it has rows").clone();
        rows.into_iter()
            .map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert!(found(&["nova", "lite"]).contains(&NOVA.to_owned()));
    assert!(found(&["haiku"]).iter().all(|id| id.contains("haiku")));
    let sighted = found(&["--can", "vision", "claude"]);
    assert!(!sighted.is_empty() && sighted.iter().all(|id| id.starts_with("anthropic.")));
    assert!(found(&["no such thing at all"]).is_empty());
}
