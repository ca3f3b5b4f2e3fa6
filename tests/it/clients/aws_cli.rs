//! The AWS CLI, unchanged: what it has of Bedrock, plain, and its exit codes.

use std::process::Output;

use serde_json::{Value, json};

use super::{ERRORS, KEY_ID, SECRET, SIGNED, client, place};
use crate::world::{HAIKU, NOVA, World};

/// How the CLI ends when the service answered with an error.
const SERVICE_ERROR: i32 = 255;
const MESSAGES: &str = r#"[{"role": "user", "content": [{"text": "four and four"}]}]"#;

fn aws(world: &World, arguments: &[&str]) -> Output {
    let python = place("BURSAR_TEST_PYTHON");
    let ran = client(&python)
        // As its own starter does, wherever that was installed to.
        .args(["-c", "import sys, awscli.clidriver; sys.exit(awscli.clidriver.main())"])
        .args(arguments)
        .env("HOME", world.path("."))
        .env("AWS_ENDPOINT_URL", &world.endpoint)
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_MAX_ATTEMPTS", "1")
        .output();
    ran.expect("Python starts")
}

/// The JSON that a run printed; it must have succeeded.
#[track_caller]
fn printed(ran: &Output) -> Value {
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("it prints JSON")
}

#[test]
fn the_aws_cli_converses() {
    let world = World::start_with(&SIGNED);
    let words = "bursar-sim=input=374 output=44,team=conformance";
    let asked = ["bedrock-runtime", "converse", "--model-id", NOVA, "--messages", MESSAGES];
    let reply = printed(&aws(&world, &[&asked[..], &["--request-metadata", words]].concat()));
    assert_eq!(reply["usage"]["inputTokens"], 374, "{reply}");
    assert_eq!(reply["usage"]["outputTokens"], 44);
    assert!(reply["output"]["message"]["content"][0]["text"].is_string());
    assert_eq!(world.served()[0]["metadata"]["team"], "conformance");
}

#[test]
fn the_aws_cli_invokes_a_model_into_a_file() {
    let world = World::start_with(&SIGNED);
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64,
        "messages": [{"role": "user", "content": "four and four"}]});
    let body = world.write("body.json", &body.to_string());
    let reply = world.write("reply.json", "");
    let body = format!("fileb://{body}");
    let words = r#"{"bursar-sim": "output=2"}"#;
    let asked = ["bedrock-runtime", "invoke-model", "--model-id", HAIKU, "--body", &body];
    let ran = aws(&world, &[&asked[..], &["--request-metadata", words, &reply]].concat());
    assert_eq!(printed(&ran)["contentType"], "application/json");
    let reply = std::fs::read(&reply).expect("the reply is in the file");
    let reply: Value = serde_json::from_slice(&reply).expect("the reply is JSON");
    assert_eq!(reply["usage"]["output_tokens"], 2, "{reply}");
}

#[test]
fn the_aws_cli_counts_tokens() {
    let world = World::start_with(&SIGNED);
    let model = HAIKU.trim_start_matches("us.");
    let input = format!(r#"{{"converse": {{"messages": {MESSAGES}}}}}"#);
    let asked = ["bedrock-runtime", "count-tokens", "--model-id", model, "--input", &input];
    assert_eq!(printed(&aws(&world, &asked))["inputTokens"], 4);
}

#[test]
fn the_aws_cli_ends_with_its_own_exit_code_at_every_error() {
    let world = World::start_with(&SIGNED);
    for (fault, code, _) in ERRORS {
        let words = format!("bursar-sim=fault={fault}");
        let asked = ["bedrock-runtime", "converse", "--model-id", NOVA, "--messages", MESSAGES];
        let ran = aws(&world, &[&asked[..], &["--request-metadata", &words]].concat());
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(SERVICE_ERROR), "{said}");
        assert!(said.contains(&format!("An error occurred ({code}) when calling the")), "{said}");
    }
}

#[test]
fn the_aws_cli_applies_a_guardrail_and_lists_profiles() {
    let world = World::start_with(&SIGNED);
    let content = r#"[{"text": {"text": "Hello"}}]"#;
    let asked = ["bedrock-runtime", "apply-guardrail", "--guardrail-identifier", "ab1"];
    let more = ["--guardrail-version", "1", "--source", "OUTPUT", "--content", content];
    let reply = printed(&aws(&world, &[&asked[..], &more].concat()));
    assert_eq!(reply["usage"]["topicPolicyUnits"], 1, "{reply}");
    // It asks for page after page by itself.
    let asked = ["bedrock", "list-inference-profiles", "--page-size", "50"];
    let reply = printed(&aws(&world, &asked));
    let profiles = reply["inferenceProfileSummaries"].as_array().expect("it lists profiles");
    assert!(profiles.iter().any(|profile| profile["inferenceProfileId"] == HAIKU), "{reply}");
}
