//! AWS's own clients through `bursar serve`, unchanged but for URL and key: boto3, the SDK for
//! JavaScript and the AWS CLI. The SDK for Rust stands beside the gateway's code.

use std::process::Output;

use serde_json::Value;

use crate::clients::{client, place};
use crate::gateway::{Gateway, tokens_of};
use crate::world::{HAIKU, NOVA};

const MESSAGES: &str = r#"[{"role": "user", "content": [{"text": "four and four"}]}]"#;

#[test]
fn boto3_signs_over_http_and_bears_over_tls_and_is_told_what_the_ledger_recorded() {
    let mut gateway = Gateway::start();
    let python = client(&place("BURSAR_TEST_PYTHON"));
    let told = gateway.run(python, "boto3_gateway.py", 14);
    gateway.agrees(&told);
    // Each of its five requests of each way was refused once, and no more.
    assert_eq!(over_budget(&gateway), 10);
}

#[test]
fn the_javascript_sdks_streams_arrive_whole_over_h2c_and_over_tls() {
    let mut gateway = Gateway::start();
    let mut node = client(&place("BURSAR_TEST_NODE"));
    node.env("NODE_PATH", place("BURSAR_TEST_NODE_MODULES")).env("NODE_NO_WARNINGS", "1");
    let told = gateway.run(node, "javascript_gateway.cjs", 24);
    gateway.agrees(&told);
    assert_eq!(over_budget(&gateway), 12);
}

#[test]
fn the_aws_cli_is_served_and_ends_as_it_does_at_bedrock() {
    let mut gateway = Gateway::start();
    let asked = ["converse", "--model-id", NOVA, "--messages", MESSAGES];
    let words = ["--request-metadata", "bursar-sim=input=374 output=44"];
    let ran = aws(&gateway, &gateway.open, &[&asked[..], &words].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let reply: Value = serde_json::from_slice(&ran.stdout).expect("it prints JSON");
    assert_eq!(
        (&reply["usage"]["inputTokens"], &reply["usage"]["outputTokens"]),
        (&374.into(), &44.into())
    );
    let input = format!(r#"{{"converse": {{"messages": {MESSAGES}}}}}"#);
    let model = HAIKU.trim_start_matches("us.");
    let count = ["count-tokens", "--model-id", model, "--input", &input];
    assert!(aws(&gateway, &gateway.open, &count).status.success());
    let ran = aws(&gateway, &gateway.spent, &asked);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(255), "{said}");
    assert!(said.contains("An error occurred (ServiceQuotaExceededException)"), "{said}");
    let guardrail =
        ["apply-guardrail", "--guardrail-identifier", "ab1", "--guardrail-version", "1"];
    let content = ["--source", "OUTPUT", "--content", r#"[{"text": {"text": "Hello"}}]"#];
    let ran = aws(&gateway, &gateway.open, &[&guardrail[..], &content].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let reply: Value = serde_json::from_slice(&ran.stdout).expect("it prints JSON");
    assert_eq!((&reply["action"], &reply["usage"]["wordPolicyUnits"]), (&"NONE".into(), &1.into()));
    gateway.stop();
    assert_eq!(over_budget(&gateway), 1);
    let rows = gateway.world.calls();
    let served = gateway.world.served();
    assert_eq!(tokens_of(&rows)[..2], [44, 374]);
    assert_eq!(served.len(), 3, "an answer, a count and a judgement: {served:#?}");
}

/// How many requests were refused for want of budget, by the gateway's log.
fn over_budget(gateway: &Gateway) -> usize {
    let refused = gateway.log("bursar::refused");
    refused.iter().filter(|line| line["code"] == "ServiceQuotaExceededException").count()
}

/// The AWS CLI, trying as often as it does by itself.
fn aws(gateway: &Gateway, key: &Value, arguments: &[&str]) -> Output {
    let text = |name: &str| key[name].as_str().expect("a key has a pair").to_owned();
    let ran = client(&place("BURSAR_TEST_PYTHON"))
        .args(["-c", "import sys, awscli.clidriver; sys.exit(awscli.clidriver.main())"])
        .arg("bedrock-runtime")
        .args(arguments)
        .env("HOME", gateway.world.path("."))
        .env("AWS_ENDPOINT_URL", &gateway.url)
        .env("AWS_ACCESS_KEY_ID", text("access_key_id"))
        .env("AWS_SECRET_ACCESS_KEY", text("secret_access_key"))
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .output();
    ran.expect("Python starts")
}
