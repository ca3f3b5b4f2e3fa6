//! The live calls, here to the simulator, which says so in the report.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{doctor, finding, level};
use crate::world::{HAIKU, NOVA, Ran, World};

/// A world whose second stream is slow, so that it can be dropped while it comes.
fn slow_world() -> World {
    steered("")
}

fn steered(rules: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let slow = "[[rule]]\noperation = 'ConverseStream'\nnth = 2\nwords = 'output=400 gap-ms=20'\n";
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, format!("{slow}{rules}")).unwrap();
    // It is read before the simulator says where it listens.
    World::start_with(&["--scenario", scenario.to_str().unwrap()])
}

fn report(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(world.path("live.json")).unwrap()).unwrap()
}

#[track_caller]
fn live(world: &World, arguments: &[&str], code: i32) -> Value {
    let path = world.path("live.json");
    let report = ["--live", "--max-cost", "0.05usd", "--report", path.to_str().unwrap()];
    doctor(world, &[&report, arguments].concat(), code)
}

#[test]
fn every_api_is_called_and_told_of_and_all_of_it_is_in_the_ledger() {
    let world = slow_world();
    let told = live(&world, &["-m", HAIKU], 0);
    let operations = [
        "CountTokens",
        "Converse",
        "ConverseStream",
        "InvokeModel",
        "InvokeModelWithResponseStream",
    ];
    for operation in operations {
        assert_eq!(level(&told, &format!("live {operation}")), "ok", "{told:#}");
    }
    let report = report(&world);
    assert_eq!(report, told["live"], "the file and `--json` say the same");
    assert_eq!(report["simulated"], true);
    assert_eq!((&report["model"], &report["region"]), (&json!(HAIKU), &json!("us-east-1")));
    let calls = report["calls"].as_array().unwrap();
    let made: BTreeSet<&str> = calls.iter().map(|c| c["operation"].as_str().unwrap()).collect();
    assert_eq!(made, operations.into_iter().collect());
    // The ledger's rows, newest first, are the report's, oldest first.
    let rows = world.calls();
    assert_eq!((calls.len(), rows.len()), (6, 6));
    for (call, row) in calls.iter().zip(rows.iter().rev()) {
        for column in ["id", "operation", "outcome", "cost_usd", "request_id", "input_tokens"] {
            assert_eq!(call[column], row[column], "{column}: {call:#}");
        }
    }
    world.audit();
}

#[test]
fn the_counts_of_bedrock_and_of_the_body_are_set_side_by_side() {
    let world = slow_world();
    live(&world, &["-m", HAIKU], 0);
    let report = report(&world);
    let calls = report["calls"].as_array().unwrap();
    for call in calls {
        let operation = call["operation"].as_str().unwrap();
        let is_invoke = operation.starts_with("InvokeModel");
        assert_eq!(call["agree"], if is_invoke { json!(true) } else { Value::Null }, "{call:#}");
        if is_invoke {
            assert_eq!(call["tokens_by_bedrock"]["input"], call["input_tokens"], "{call:#}");
            assert_eq!(call["tokens_by_body"]["output"], call["output_tokens"], "{call:#}");
        }
        let accepts = if operation == "CountTokens" { Value::Null } else { json!(true) };
        assert_eq!(call["metadata_accepted"], accepts, "{call:#}");
    }
    let is_marked = |call: &Value| call["metadata"] == json!({"bursar": "live-report"});
    let marked = world.served().iter().filter(|call| is_marked(call)).count();
    assert_eq!(marked, 5, "all but CountTokens, by which the log finds them");
}

#[test]
fn one_stream_is_dropped_and_its_request_is_to_be_looked_up() {
    let world = slow_world();
    let told = live(&world, &["-m", NOVA], 0);
    let dropped = finding(&told, "live ConverseStream, dropped");
    assert_eq!(dropped["level"], "note", "{dropped:#}");
    let report = report(&world);
    let call = report["calls"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&call["dropped"], &call["outcome"]), (&json!(true), &json!("cut")), "{call:#}");
    let id = call["request_id"].as_str().unwrap();
    assert!(dropped["found"].as_str().unwrap().contains(id), "{dropped:#}");
    assert!(call["check_later"].as_str().unwrap().contains("invocation log"), "{call:#}");
    let served = world.served();
    let seen = served.iter().find(|served| served["request_id"] == id).unwrap();
    assert_eq!(seen["ended"], "client-gone", "{seen:#}");
    assert_eq!(level(&told, "live CountTokens"), "note", "this model counts none");
}

#[test]
fn the_cheapest_model_with_access_is_taken() {
    let world = World::start();
    let cheapest = live(&world, &[], 0)["live"]["model"].as_str().unwrap().to_owned();
    let world = World::start_with(&["--no-access", &cheapest]);
    let next = live(&world, &[], 0)["live"].clone();
    assert_ne!(next["model"], cheapest.as_str());
    let of_two = World::start();
    let told = live(&of_two, &["-m", HAIKU, "-m", NOVA], 0);
    assert_eq!(told["live"]["model"], NOVA);
    // It counts no tokens, so the other is asked to: that is free.
    let calls = told["live"]["calls"].as_array().unwrap().iter();
    let counts: Vec<_> = calls.filter(|call| call["operation"] == "CountTokens").collect();
    assert_eq!(counts.len(), 2);
    assert_eq!(
        (&counts[0]["outcome"], &counts[1]["outcome"]),
        (&json!("rejected"), &json!("succeeded"))
    );
}

#[test]
fn more_than_is_allowed_is_refused_before_anything_is_sent() {
    let world = World::start();
    let path = world.path("live.json");
    let path = path.to_str().unwrap();
    let few = ["--live", "--max-cost", "0.0001usd", "--report", path, "-m", NOVA];
    let told = doctor(&world, &few, 5);
    assert_eq!(told["error"]["code"], "over_budget");
    let hint = told["error"]["hint"].as_str().unwrap();
    let enough = hint.split("--max-cost ").nth(1).unwrap().split('`').next().unwrap();
    let is_paid = |call: &Value| call["operation"].as_str().unwrap().starts_with("Converse");
    assert!(!world.served().iter().any(is_paid), "{:#?}", world.served());
    assert!(world.calls().is_empty() && !world.path("live.json").exists());
    // What the hint says is enough, exactly.
    let told = doctor(&world, &["--live", "--max-cost", enough, "--report", path, "-m", NOVA], 0);
    assert_eq!(format!("{}usd", told["live"]["worst_case_usd"].as_str().unwrap()), enough);
}

#[test]
fn a_report_is_never_overwritten_and_a_place_for_it_is_found_before_money_is_spent() {
    let world = World::start();
    let path = world.write("live.json", "an earlier report");
    let told = live(&world, &["-m", NOVA], 2);
    assert!(told["error"]["hint"].as_str().unwrap().contains("nothing was sent"), "{told:#}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "an earlier report");
    let nowhere = ["--live", "--max-cost", "1usd", "--report", "/no/such/folder/live.json"];
    doctor(&world, &nowhere, 66);
    assert!(world.calls().is_empty());
}

#[test]
fn a_call_that_fails_is_told_and_the_rest_are_made() {
    let world = steered("[[rule]]\noperation = 'InvokeModel'\nwords = 'fault=model-error'\n");
    let told = live(&world, &["-m", NOVA], 8);
    let failed = finding(&told, "live InvokeModel");
    assert_eq!(failed["cause"], "model_error", "{failed:#}");
    let report = report(&world);
    assert_eq!(report["calls"].as_array().unwrap().len(), 6);
    assert_eq!(report["calls"][3]["error_code"], "ModelErrorException");
    assert_eq!(level(&told, "live InvokeModelWithResponseStream"), "ok");
}

#[test]
fn the_report_holds_no_account_no_key_and_no_name() {
    let world = slow_world();
    let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{HAIKU}");
    live(&world, &["-m", &profile], 0);
    let text = std::fs::read_to_string(world.path("live.json")).unwrap();
    for secret in ["123456789012", "AKIDEXAMPLE", "secret", "127.0.0.1", "ledger.db"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(text.contains("arn:aws:bedrock:us-east-1:************:inference-profile/"), "{text}");
}

#[test]
fn an_interrupt_stops_the_calls_and_leaves_a_report_of_those_that_were_made() {
    let world = steered("[[rule]]\noperation = 'InvokeModel'\nwords = 'delay-ms=60000'\n");
    let path = world.path("live.json");
    let arguments =
        ["doctor", "--live", "--max-cost", "0.05usd", "--report", path.to_str().unwrap()];
    let child = world.spawn(&[&arguments[..], &["-m", NOVA, "--json"]].concat());
    let has_begun = |call: &Value| call["operation"] == "InvokeModel";
    while !world.served().iter().any(has_begun) {
        std::thread::yield_now();
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert_eq!(ran.json()["error"]["code"], "interrupted");
    let report = report(&world);
    let operations: Vec<_> =
        report["calls"].as_array().unwrap().iter().map(|c| &c["operation"]).collect();
    assert_eq!(operations, ["CountTokens", "Converse", "ConverseStream", "InvokeModel"]);
    world.audit();
}

#[test]
fn live_needs_an_amount_with_its_unit() {
    let world = World::start();
    for arguments in [
        &["--live"][..],
        &["--max-cost", "1usd"],
        &["--live", "--max-cost", "0.05"],
        &["--live", "--max-cost", "-1usd"],
        &["--live", "--max-cost", "five usd"],
        &["--report", "x.json"],
    ] {
        world.bursar(&[&["doctor"], arguments].concat()).exits(2);
    }
    assert!(world.served().is_empty());
}

#[test]
fn nothing_is_spent_where_a_check_failed() {
    let world = World::start_with(&["--no-access", NOVA]);
    let told = live(&world, &["-m", NOVA], 3);
    assert_eq!(told["live"], Value::Null);
    assert_eq!(finding(&told, "live")["found"], "no call was made, since a check failed");
    assert!(world.calls().is_empty() && !world.path("live.json").exists());
}
