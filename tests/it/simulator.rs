//! The simulator's own flags, as a stranger's test would use them.

use std::process::Command;

use crate::world::{NOVA, World, bare};

const PROFILE: &str =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56";
const ROUTER: &str = "arn:aws:bedrock:us-east-1:123456789012:prompt-router/ab12cd34ef56";

#[test]
fn boto3_reads_lists_guardrails_and_quotas_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("certificate.pem").display().to_string();
    let base_model = format!("{PROFILE}={NOVA}");
    let flags = ["--tls", "--certificate", &certificate, "--base-model", &base_model];
    let router = format!("{ROUTER}=us.{NOVA},amazon.nova-pro-v1:0");
    let more = ["--requests-per-minute", "1", "--prompt-router", &router];
    let world = World::start_with(&[&flags[..], &more].concat());
    assert!(world.endpoint.starts_with("https://"), "{}", world.endpoint);
    #[expect(clippy::disallowed_methods, reason = "where Python is comes from outside")]
    let python = std::env::var("BURSAR_TEST_PYTHON");
    let python = python.expect("BURSAR_TEST_PYTHON: run this test with `cargo xtask test`");
    let script =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/simulator_conformance.py");
    let mut client = Command::new(python);
    client.args([script, &world.endpoint, &certificate, PROFILE, ROUTER]);
    client.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any");
    let ran = client.output().expect("Python runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "ok");
}

#[test]
fn a_flag_that_makes_no_sense_is_refused_before_it_serves() {
    for flags in [
        ["--requests-per-minute", "0"],
        ["--tokens-per-minute", "many"],
        ["--base-model", "amazon.nova-lite-v1:0"],
        ["--base-model", "nova=amazon.nova-lite-v1:0"],
        ["--base-model", "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ=no-model"],
        ["--prompt-router", "amazon.nova-lite-v1:0=amazon.nova-pro-v1:0,amazon.nova-lite-v1:0"],
        [
            "--prompt-router",
            "arn:aws:bedrock:us-east-1:123456789012:prompt-router/a=amazon.nova-pro-v1:0",
        ],
        ["--prompt-router", "arn:aws:bedrock:us-east-1:123456789012:prompt-router/a=no-model,a.b"],
        ["--no-access", "no-model"],
        ["--certificate", "certificate.pem"],
    ] {
        bare(&[&["simulate", "--listen", "127.0.0.1:0"], &flags[..]].concat()).exits(2);
    }
}
