//! However a call ends, its row is complete: Ctrl-C, kill -9, nobody reading.

use std::io::Read;
use std::process::{Child, Command};

use crate::world::{BOTH, HAIKU, NOVA, World};

/// A stream that would take minutes: it can only end by what the test does.
const ENDLESS: &str = "bursar-sim=input=20 output=4000 gap-ms=200";

fn long_stream(world: &World) -> Child {
    let arguments =
        ["converse", "-m", NOVA, "--max-tokens", "4000", "--metadata", ENDLESS, "hello"];
    let mut child = world.spawn(&arguments);
    let mut first = [0];
    let stdout = child.stdout.as_mut().expect("its stdout is piped");
    stdout.read_exact(&mut first).expect("the answer begins");
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn ctrl_c_cuts_the_stream_settles_it_and_exits_130() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let mut child = long_stream(&world);
        signal(&child, "-INT");
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{database:?}");
        let call = world.only_call();
        assert_eq!(call["outcome"], "cut");
        assert_eq!(call["error_code"], "Interrupted");
        assert_eq!(call["estimated"], true);
        assert_eq!(call["cost_usd"], call["held_usd"]);
        assert!(call["cost_low_usd"].is_string(), "{call:#}");
        world.audit();
    }
}

#[test]
fn a_killed_process_leaves_an_intent_that_the_next_start_settles() {
    let world = World::start();
    let mut child = long_stream(&world);
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    let call = world.only_call();
    assert_eq!(call["outcome"], "abandoned");
    assert_eq!(call["estimated"], true);
    assert_eq!(call["cost_usd"], call["held_usd"]);
    assert_eq!(call["model"], NOVA);
    world.audit();
}

#[test]
fn output_that_nobody_reads_any_more_cuts_the_stream() {
    let world = World::start();
    let mut child = long_stream(&world);
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(6));
    assert_eq!(world.only_call()["error_code"], "OutputClosed");
}

#[test]
fn an_answer_carries_its_version_its_price_and_its_request_id() {
    let world = World::start();
    let metadata =
        "bursar-sim=input=374 output=44 cache-read=100 cache-write-5m=10 cache-write-1h=1";
    let answer =
        world.json(&["converse", "-m", HAIKU, "--tag", "app=it", "--metadata", metadata, "hello"]);
    assert!(answer["text"].as_str().is_some_and(|text| !text.is_empty()));
    let call = world.only_call();
    for (column, value) in call.as_object().expect("a row is an object") {
        assert_eq!(&answer[column], value, "{column}");
    }
    assert_eq!(call["model"], "anthropic.claude-haiku-4-5-20251001-v1:0");
    assert_eq!(call["model_requested"], HAIKU);
    assert_eq!(call["version_evidence"], "resolved");
    assert_eq!(call["tags"], serde_json::json!({"app": "it"}));
    assert_eq!(call["simulated"], true);
    assert_eq!(call["rates"]["output"], "5.5");
    // 374 × 1.1 + 44 × 5.5 + 100 × 0.11 + 10 × 1.375 + 1 × 2.2 micro-dollars
    assert_eq!(call["cost_usd"], "0.00068035");
    let served = world.served();
    assert_eq!(served[0]["request_id"], call["request_id"]);
    world.audit();
}

#[test]
fn every_operation_records_the_tokens_that_were_served() {
    let world = World::start();
    for arguments in [
        &["converse", "-m", NOVA, "hello"][..],
        &["converse", "-m", NOVA, "--no-stream", "hello"],
        &["invoke", "-m", NOVA, "--prompt", "hello"],
        &["invoke", "-m", NOVA, "--prompt", "hello", "--stream"],
    ] {
        let ran = world.bursar(arguments).exits(0);
        assert!(!ran.stdout.trim().is_empty(), "{arguments:?} printed no words");
        assert!(ran.stderr.contains(" in, "), "no cost line: {}", ran.stderr);
        let (call, served) = (&world.calls()[0], world.served());
        let served = served.last().expect("it was served");
        for key in ["operation", "input_tokens", "output_tokens", "request_id"] {
            assert_eq!(call[key], served[key], "{arguments:?}");
        }
        assert_eq!(call["estimated"], false);
        assert_eq!(call["overrun"], false);
    }
    world.audit();
}
