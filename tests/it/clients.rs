//! Clients that nobody here wrote, unchanged: boto3, the AWS CLI, AWS's SDK for JavaScript and
//! Anthropic's own client. The Rust SDK's checks stand beside the simulator's code.
//!
//! What each client must be told is one table, [`ERRORS`] and [`EXCEPTIONS`]; what it does with it
//! is in its own language, in `clients/`.

mod aws_cli;

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::World;

const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "secret";

/// Every error of the service model that comes before an answer: the simulator's word for it, its
/// code and its status.
pub(crate) const ERRORS: [(&str, &str, u16); 10] = [
    ("throttle", "ThrottlingException", 429),
    ("access-denied", "AccessDeniedException", 403),
    ("validation", "ValidationException", 400),
    ("not-found", "ResourceNotFoundException", 404),
    ("model-timeout", "ModelTimeoutException", 408),
    ("model-error", "ModelErrorException", 424),
    ("not-ready", "ModelNotReadyException", 429),
    ("internal", "InternalServerException", 500),
    ("unavailable", "ServiceUnavailableException", 503),
    ("quota", "ServiceQuotaExceededException", 400),
];

/// Every exception of the service model that ends a stream which had begun: its word, its code,
/// and whether ConverseStream has it too.
const EXCEPTIONS: [(&str, &str, bool); 6] = [
    ("stream-throttle", "ThrottlingException", true),
    ("stream-internal", "InternalServerException", true),
    ("stream-model-error", "ModelStreamErrorException", true),
    ("stream-validation", "ValidationException", true),
    ("stream-unavailable", "ServiceUnavailableException", true),
    ("stream-timeout", "ModelTimeoutException", false),
];

/// What makes a simulator check signatures.
const SIGNED: [&str; 4] = ["--access-key-id", KEY_ID, "--secret-access-key", SECRET];

/// A world for a script. Two operations carry no metadata to steer them by, and fail by rule: the
/// first calls of CountTokens, one with each of [`ERRORS`] in their order; and the guardrails that
/// are named after an error's word, without its hyphens. The guardrail `strict` steps in.
fn world() -> World {
    let of_errors = ERRORS.map(|(fault, ..)| {
        let guardrail = fault.replace('-', "");
        format!(
            "[[rule]]\noperation = 'CountTokens'\nnth = 1\nwords = 'fault={fault}'\n\
             [[rule]]\noperation = 'ApplyGuardrail'\nmodel = '{guardrail}'\n\
             words = 'fault={fault}'\n"
        )
    });
    let strict = "[[rule]]\noperation = 'ApplyGuardrail'\nmodel = 'strict'\n\
        words = 'stop=guardrail_intervened policies=topic'\n";
    let rules = of_errors.concat() + strict;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, rules).expect("a file can be written");
    let path = path.to_str().expect("its name is UTF-8");
    World::start_with(&[&SIGNED[..], &["--scenario", path]].concat())
}

/// What the environment says of where the clients are; `cargo xtask test` sets them up.
pub(crate) fn place(variable: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "where the clients are comes from outside")]
    let place = std::env::var(variable);
    place.unwrap_or_else(|_| panic!("no {variable}: run this test with `cargo xtask test`"))
}

/// Runs a script of `clients/`, which names each check that held and stops at the first that did
/// not, in a world of its own. Gives back that world, for what was served in it.
#[track_caller]
fn run(client: &mut Command, script: &str, checks: usize) -> World {
    let world = world();
    let script = format!("{}/../../tests/it/clients/{script}", env!("CARGO_MANIFEST_DIR"));
    let table = json!({"errors": ERRORS, "exceptions": EXCEPTIONS}).to_string();
    let ran = client.args([&script, &world.endpoint, &table]).env("HOME", world.path("."));
    let ran = ran.output().expect("the client starts");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.lines().filter(|line| line.ends_with(": held")).count(), checks, "{said}");
    world
}

/// A client that sees nothing of the machine's own settings.
pub(crate) fn client(program: &str) -> Command {
    let mut client = Command::new(program);
    client.env_clear().env("PATH", place("PATH")).stdin(Stdio::null());
    client.env("AWS_EC2_METADATA_DISABLED", "true").env("PYTHONDONTWRITEBYTECODE", "1");
    client
}

#[test]
fn boto3_is_served_every_operation_stream_and_error() {
    let world = run(&mut client(&place("BURSAR_TEST_PYTHON")), "boto3_conformance.py", 13);
    assert!(world.served().len() > 60, "the calls did reach the simulator");
}

#[test]
fn anthropics_client_is_served_plain_and_streamed_with_tools_and_errors() {
    let world = run(&mut client(&place("BURSAR_TEST_PYTHON")), "anthropic_conformance.py", 6);
    let is_invoke = |call: &Value| {
        call["operation"].as_str().is_some_and(|operation| operation.starts_with("InvokeModel"))
    };
    assert!(world.served().iter().all(is_invoke), "it speaks InvokeModel alone");
}

#[test]
fn the_javascript_sdk_is_served_every_operation_stream_and_error_over_http_2() {
    let mut node = client(&place("BURSAR_TEST_NODE"));
    node.env("NODE_PATH", place("BURSAR_TEST_NODE_MODULES")).env("NODE_NO_WARNINGS", "1");
    let world = run(&mut node, "javascript_conformance.cjs", 16);
    // A stream that its client left ends a moment after the client.
    let served = loop {
        let served = world.served();
        if served.iter().all(|call| call["ended"].is_string()) {
            break served;
        }
        std::thread::yield_now();
    };
    let ended = |how: &str| served.iter().filter(|call| call["ended"] == how).count();
    assert!(ended("complete") > 50, "{served:#?}");
    assert!(ended("client-gone") > 0, "one stream was left: {served:#?}");
}
