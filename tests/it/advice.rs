//! What a person is told of each error: the whole table word for word, that no text of Bedrock's
//! is missing from it, and that the program says it.

mod table;

use std::collections::BTreeSet;
use std::fmt::Write;

use bursar_domain::advice::{Advice, Cause};
use insta::assert_snapshot;
use serde_json::Value;

use crate::world::{HAIKU, NOVA, World, bare};
use table::{advice_on, by_bedrock, by_others};

fn print(name: &str, advice: &Advice) -> String {
    let mut text = format!("{name} [{}]\n  {}\n  why: {}\n", advice.cause, advice.what, advice.why);
    if let Some(answer) = &advice.answer {
        writeln!(text, "  answer: {answer}").unwrap();
    }
    for step in &advice.next {
        writeln!(text, "  next: {step}").unwrap();
    }
    text
}

#[test]
fn the_whole_table_as_people_read_it() {
    let rows = by_bedrock().into_iter().chain(by_others());
    let pages: Vec<_> = rows.map(|row| print(row.name, &advice_on(&row))).collect();
    assert_snapshot!(pages.join("\n"));
}

#[test]
fn every_cause_has_a_row() {
    let rows = by_bedrock().into_iter().chain(by_others());
    let met: BTreeSet<Cause> = rows.map(|row| advice_on(&row).cause).collect();
    let missing: Vec<_> = Cause::ALL.iter().filter(|cause| !met.contains(cause)).collect();
    assert!(missing.is_empty(), "no row leads to {missing:?}");
}

#[test]
fn every_text_of_bedrocks_has_a_row_and_is_recognised() {
    let source = include_str!("../../crates/bursar-wire/src/messages.rs");
    let texts = source.lines().filter(|line| line.starts_with("pub fn ")).filter_map(|line| {
        let (name, rest) = line.strip_prefix("pub fn ")?.split_once('(')?;
        rest.ends_with("-> WireError {").then_some(name)
    });
    let rows = by_bedrock();
    for text in texts {
        let row = rows.iter().find(|row| row.name == text);
        let row = row.unwrap_or_else(|| panic!("`messages::{text}` has no row"));
        let cause = advice_on(row).cause;
        assert!(!matches!(cause, Cause::Unknown | Cause::InvalidRequest), "{text}: {cause}");
    }
}

#[test]
fn every_text_is_lower_case_and_without_a_full_stop_and_says_what_to_do() {
    for row in by_bedrock().iter().chain(&by_others()) {
        let advice = advice_on(row);
        assert!(!advice.next.is_empty(), "{}: nothing to do", row.name);
        for text in [&advice.what, &advice.why].into_iter().chain(&advice.next) {
            assert!(!text.is_empty() && !text.ends_with(['.', ' ']), "{}: {text:?}", row.name);
            assert!(!text.contains("  ") && !text.contains('\n'), "{}: {text:?}", row.name);
        }
        for text in [&advice.what, &advice.why] {
            assert!(!text.contains("--"), "{}: {text:?} is of one command line only", row.name);
        }
    }
}

#[test]
fn a_statement_to_add_is_json() {
    let mut statements = 0;
    for row in by_bedrock().iter().chain(&by_others()) {
        for step in advice_on(row).next {
            let Some(start) = step.find("{\"Effect\"") else { continue };
            let statement: Value = serde_json::from_str(&step[start..]).unwrap();
            assert_eq!(statement["Effect"], "Allow", "{step}");
            assert!(!statement["Action"].is_null() && !statement["Resource"].is_null(), "{step}");
            statements += 1;
        }
    }
    assert!(statements >= 4, "only {statements} statements were found");
}

#[test]
fn every_command_that_advice_names_is_there() {
    let rows = by_bedrock().into_iter().chain(by_others());
    let steps = rows.flat_map(|row| advice_on(&row).next);
    let commands: BTreeSet<String> = steps
        .flat_map(|step| step.split('`').map(str::to_owned).collect::<Vec<_>>())
        .filter(|words| words.starts_with("bursar "))
        .collect();
    assert!(commands.len() >= 4, "only these were found: {commands:?}");
    for command in commands {
        let mut arguments: Vec<&str> = command.split(' ').skip(1).collect();
        // Those that would go on running, or call, are only asked for their help.
        if matches!(arguments[0], "simulate" | "converse" | "doctor" | "estimate") {
            arguments.push("--help");
        }
        bare(&arguments).exits(0);
    }
}

#[test]
fn the_program_says_what_why_and_every_remedy() {
    let world = World::start();
    let ran =
        world.bursar(&["converse", "-m", HAIKU, "--metadata", "bursar-sim=fault=too-long", "x"]);
    let ran = ran.exits(8);
    assert!(
        ran.stderr.starts_with("error: the prompt is over the 200,000 tokens"),
        "{}",
        ran.stderr
    );
    let hints = ran.stderr.lines().filter(|line| line.starts_with("hint: ")).count();
    assert!(hints >= 2, "{}", ran.stderr);
    let answer = "answer: ValidationException (400): Input is too long for requested model.";
    assert!(ran.stderr.lines().any(|line| line == answer), "{}", ran.stderr);
}

#[test]
fn programs_are_told_the_cause_and_the_remedies() {
    let world = World::start();
    world.write("config.toml", "[limits]\nbackoff_ms = 5\nfirst_byte_ms = 700\nidle_ms = 700\n");
    let config = world.path("config.toml");
    let config = config.to_str().unwrap();
    for (fault, cause) in [
        ("throttle", Cause::RequestQuota),
        ("throttle-tokens", Cause::TokenQuota),
        ("throttle-day", Cause::DailyQuota),
        ("access-denied", Cause::ModelAccess),
        ("validation", Cause::OperationNotAllowed),
        ("too-long", Cause::ContextWindow),
        ("not-found", Cause::Legacy),
        ("model-timeout", Cause::ModelTimeout),
        ("model-error", Cause::ModelError),
        ("model-stream-error", Cause::ModelStreamError),
        ("not-ready", Cause::NotReady),
        ("internal", Cause::Internal),
        ("unavailable", Cause::Unavailable),
        ("quota", Cause::ServiceQuota),
        ("not-json", Cause::Proxy),
        ("stream-throttle after=1", Cause::TokenQuota),
        ("stream-validation after=1", Cause::ContextWindow),
        ("stream-model-error after=1", Cause::ModelStreamError),
        ("cut-border after=1", Cause::BrokenReply),
        ("bad-crc after=1", Cause::BrokenReply),
        ("reset after=1", Cause::ConnectionLost),
        ("stall after=1", Cause::IdleTimeout),
        ("hang", Cause::FirstByteTimeout),
    ] {
        let words = format!("bursar-sim=fault={fault}");
        let ran = world.bursar(&[
            "--json",
            "--config",
            config,
            "converse",
            "-m",
            HAIKU,
            "--metadata",
            &words,
            "hello",
        ]);
        let error = &ran.json()["error"];
        assert_eq!(error["cause"], cause.as_str(), "{fault}: {error:#}");
        let next = error["next"].as_array().unwrap();
        assert_eq!(error["hint"], next[0], "{fault}: {error:#}");
        let is_partial = next.iter().any(|step| step.as_str().unwrap().contains("incomplete"));
        assert_eq!(is_partial, fault.contains("after="), "{fault}: {error:#}");
    }
}

#[test]
fn without_a_connection_or_credentials_the_cause_is_told_too() {
    let mut world = World::start();
    for (endpoint, cause) in [
        ("http://127.0.0.1:1", Cause::ConnectionRefused),
        ("http://no-such-host.invalid", Cause::UnknownHost),
        (&world.endpoint.replace("http://", "https://"), Cause::Tls),
    ] {
        world.endpoint = endpoint.to_owned();
        let ran = world.bursar(&["--json", "converse", "-m", NOVA, "hello"]).exits(8);
        let error = &ran.json()["error"];
        assert_eq!(error["cause"], cause.as_str(), "{error:#}");
        assert!(!error["message"].as_str().unwrap().contains("DispatchFailure"), "{error:#}");
    }
    let ran = bare(&["--json", "converse", "-m", NOVA, "hello"]);
    let error = &ran.exits(4).json()["error"];
    assert_eq!(error["cause"], Cause::NoCredentials.as_str(), "{error:#}");
}
