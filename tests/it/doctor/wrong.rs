//! One thing is wrong: the finding that says so, its remedy, and the exit.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use bursar_domain::time::Clock;
use serde_json::Value;

use super::{doctor, finding, level};
use crate::world::{HAIKU, NOVA, Ran, World, bare};

/// Runs a changed command of the world.
#[track_caller]
fn changed(
    world: &World,
    arguments: &[&str],
    change: impl FnOnce(&mut Command),
    code: i32,
) -> Value {
    let mut command = world.command();
    change(&mut command);
    command.args(["doctor", "--json"]).args(arguments);
    Ran::from(command.output().expect("the program starts")).exits(code).json()
}

/// A server that answers each request with this text, or never where there is none.
fn server(answer: Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.expect("somebody connects");
            let mut bytes = [0; 4096];
            drop(stream.read(&mut bytes));
            match &answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                None => kept.push(stream),
            }
        }
    });
    format!("http://{address}")
}

/// As AWS answers a request for nothing, so many seconds from now.
fn aws_at(seconds_off: i64) -> String {
    let at = Clock::system().now().0 + seconds_off * 1000;
    let date = chrono::DateTime::from_timestamp_millis(at).expect("it is in range");
    let date = date.format("%a, %d %b %Y %H:%M:%S GMT");
    format!(
        "HTTP/1.1 404 Not Found\r\nDate: {date}\r\nx-amzn-requestid: 1\r\nconnection: close\r\n\
         content-length: 0\r\n\r\n"
    )
}

/// A world whose calls go elsewhere than to its simulator, which is asked for all else.
#[track_caller]
fn elsewhere(world: &World, endpoint: &str, arguments: &[&str], code: i32) -> Value {
    let change = |command: &mut Command| {
        command.env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint);
        command.env("AWS_ENDPOINT_URL_BEDROCK", &world.endpoint);
        command.env("AWS_ENDPOINT_URL_STS", &world.endpoint);
    };
    changed(world, arguments, change, code)
}

#[test]
fn wrong_credentials_are_told_before_models_are_asked() {
    let key = ["--access-key-id", "AKIDEXAMPLE", "--secret-access-key", "another"];
    let world = World::start_with(&key);
    let told = doctor(&world, &["-m", NOVA], 4);
    let credentials = finding(&told, "credentials");
    assert_eq!(credentials["cause"], "bad_signature", "{credentials:#}");
    assert!(credentials["found"].as_str().unwrap().starts_with("from the environment: "));
    assert_eq!(level(&told, "models"), "note");
    assert_eq!(told["worst"], "failure");
    assert_eq!(told["error"]["code"], "unauthenticated");
    let unknown = |command: &mut Command| {
        command.env("AWS_ACCESS_KEY_ID", "AKIDOTHER");
    };
    let told = changed(&world, &[], unknown, 4);
    assert_eq!(finding(&told, "credentials")["cause"], "invalid_credentials");
}

#[test]
fn absent_credentials_and_an_api_key_are_told() {
    let world = World::start();
    let without = |command: &mut Command| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    };
    let told = changed(&world, &[], without, 4);
    assert_eq!(finding(&told, "credentials")["cause"], "no_credentials");
    let with_key = |command: &mut Command| {
        command.env("AWS_BEARER_TOKEN_BEDROCK", "s3cret");
    };
    let told = changed(&world, &["-m", HAIKU], with_key, 0);
    assert_eq!(level(&told, "credentials"), "note");
    assert!(!told.to_string().contains("s3cret"), "{told:#}");
    assert_eq!(level(&told, &format!("model {HAIKU}")), "ok", "the key is used");
}

#[test]
fn credentials_that_a_profile_holds_are_told_by_its_name() {
    let world = World::start();
    let file =
        world.write("credentials", "[work]\naws_access_key_id = A\naws_secret_access_key = B\n");
    let of_profile = |command: &mut Command| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("AWS_SHARED_CREDENTIALS_FILE", &file).env("AWS_PROFILE", "work");
    };
    let told = changed(&world, &[], of_profile, 0);
    let found = finding(&told, "credentials")["found"].to_string();
    assert!(found.contains(", from the profile (AWS_PROFILE is `work`)"), "{found}");
}

#[test]
fn an_endpoint_that_nobody_listens_on_fails_and_a_proxy_variable_is_pointed_out() {
    let mut world = World::start();
    world.endpoint = "http://127.0.0.1:1".to_owned();
    let proxied = |command: &mut Command| {
        command.env("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:3128");
        // STS is out of reach as well, which alone is no failure.
        command.env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    };
    let told = changed(&world, &["-m", NOVA], proxied, 8);
    let endpoint = finding(&told, "endpoint");
    assert_eq!(endpoint["cause"], "connection_refused", "{endpoint:#}");
    assert!(endpoint["remedy"].to_string().contains("`HTTPS_PROXY` is set"), "{endpoint:#}");
    assert!(!told.to_string().contains("hunter2"), "{told:#}");
    assert_eq!(level(&told, "credentials"), "warning");
    assert_eq!((level(&told, "clock"), level(&told, "models")), ("note".into(), "note".into()));
}

#[test]
fn an_endpoint_that_never_answers_does_not_hang_it() {
    let world = World::start();
    let told = elsewhere(&world, &server(None), &["--limit-ms", "2000"], 8);
    let found = &finding(&told, "endpoint")["found"];
    assert_eq!(found, "nothing came within 2000 ms");
    assert_eq!(level(&told, "ledger"), "note", "the others go on");
}

#[test]
fn a_clock_that_is_off_warns_and_then_fails() {
    let world = World::start();
    let told = elsewhere(&world, &server(Some(aws_at(0))), &[], 0);
    assert_eq!((level(&told, "endpoint"), level(&told, "clock")), ("ok".into(), "ok".into()));
    let told = elsewhere(&world, &server(Some(aws_at(200))), &[], 0);
    assert_eq!(level(&told, "clock"), "warning");
    let told = elsewhere(&world, &server(Some(aws_at(-4000))), &[], 4);
    let clock = finding(&told, "clock");
    assert_eq!((&clock["level"], &clock["cause"]), (&"failure".into(), &"clock_skew".into()));
    assert!(clock["found"].as_str().unwrap().contains(" s ahead of the endpoint's"), "{clock:#}");
    assert!(clock["remedy"][0].as_str().unwrap().starts_with("set the clock"), "{clock:#}");
}

#[test]
fn an_answer_that_is_not_awss_warns_of_a_proxy() {
    let world = World::start();
    let portal = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nhey!";
    let told = elsewhere(&world, &server(Some(portal.to_owned())), &[], 0);
    let endpoint = finding(&told, "endpoint");
    assert_eq!(endpoint["level"], "warning", "{endpoint:#}");
    assert!(endpoint["remedy"].to_string().contains("NO_PROXY"), "{endpoint:#}");
    assert_eq!(finding(&told, "clock")["found"], "not measured, since the answer has no date");
}

#[test]
fn models_that_are_gone_closed_or_unknown_fail_with_what_to_do_instead() {
    let world = World::start_with(&["--no-access", "amazon.nova-pro-v1:0"]);
    let old = "anthropic.claude-3-sonnet-20240229-v1:0";
    let told = doctor(&world, &["-m", old, "-m", HAIKU], 3);
    let gone = finding(&told, &format!("model {old}"));
    assert_eq!(gone["cause"], "end_of_life", "{gone:#}");
    assert!(gone["remedy"][0].as_str().unwrap().starts_with("call its successor `"), "{gone:#}");
    assert_eq!(level(&told, &format!("model {HAIKU}")), "ok", "one that fails stops no other");
    assert_eq!(told["error"]["code"], "model_not_allowed");
    let told = doctor(&world, &["-m", "amazon.nova-pro-v1:0"], 3);
    assert_eq!(finding(&told, "model amazon.nova-pro-v1:0")["cause"], "model_access");
    let told = doctor(&world, &["-m", "amazon.nova-lite"], 3);
    assert_eq!(told["error"]["code"], "unknown_model");
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    let told = doctor(&world, &["-m", profile], 3);
    assert_eq!(told["error"]["code"], "unpriced", "the control plane knows none of that name");
    let bought = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456";
    let told = doctor(&world, &["-m", bought], 0);
    assert_eq!(level(&told, &format!("model {bought}")), "warning", "nobody can be asked");
}

#[test]
fn a_question_that_may_not_be_asked_is_a_warning_with_the_statement_to_add() {
    let rules = "[[rule]]\noperation = 'GetFoundationModelAvailability'\nwords = \
        'fault=access-denied'\n";
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("denied.toml");
    std::fs::write(&scenario, rules).unwrap();
    let world = World::start_with(&["--scenario", scenario.to_str().unwrap()]);
    let told = doctor(&world, &["-m", HAIKU], 0);
    let model = finding(&told, &format!("model {HAIKU}"));
    assert_eq!(model["level"], "warning", "{model:#}");
    let step = model["remedy"][0].as_str().unwrap();
    assert!(step.contains("\"bedrock:GetFoundationModelAvailability\""), "{step}");
    assert!(model["found"].as_str().unwrap().ends_with("it counts tokens when asked"), "{model:#}");
}

#[test]
fn a_region_that_nobody_names_or_knows_warns() {
    let world = World::start();
    let nobody = |command: &mut Command| {
        command.env_remove("AWS_REGION");
    };
    let told = changed(&world, &[], nobody, 0);
    assert_eq!(level(&told, "region"), "warning");
    let mars = |command: &mut Command| {
        command.env("AWS_REGION", "mars-north-7");
    };
    let told = changed(&world, &[], mars, 0);
    let region = finding(&told, "region");
    assert_eq!(region["level"], "warning", "{region:#}");
    assert!(region["found"].as_str().unwrap().contains("knows no model"), "{region:#}");
}

#[test]
fn a_damaged_ledger_fails_and_models_are_asked_all_the_same() {
    let world = World::start();
    std::fs::write(world.path("ledger.db"), b"this is no database").unwrap();
    let told = doctor(&world, &["-m", HAIKU], 10);
    assert_eq!(level(&told, "ledger"), "failure");
    assert_eq!(level(&told, &format!("model {HAIKU}")), "ok");
    assert_eq!(told["error"]["code"], "ledger");
    let nowhere = bare(&["doctor", "--json", "--ledger", "mysql://x"]);
    assert_eq!(level(&nowhere.json(), "ledger"), "failure");
}

#[test]
fn a_ledger_that_another_process_holds_does_not_hang_it() {
    let world = World::start();
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    // A new tag has to be declared, which takes the turn that this test does not give back.
    let config = world.write("config.toml", "[tags]\nreport = [\"ward\"]\n");
    let turn = File::options().write(true).open(world.path("ledger.db-lock")).unwrap();
    turn.lock().unwrap();
    let arguments = ["--config", &config, "doctor", "--json", "--limit-ms", "3000"];
    let told = world.bursar(&arguments).exits(10).json();
    let ledger = finding(&told, "ledger");
    assert_eq!(ledger["found"], "nothing came within 3000 ms", "{ledger:#}");
    assert!(ledger["remedy"][0].as_str().unwrap().contains("another process"), "{ledger:#}");
}

#[test]
fn limits_that_are_none_are_refused() {
    for limit in ["0", "-1", "soon", "600001"] {
        bare(&["doctor", "--limit-ms", limit]).exits(2);
    }
}
