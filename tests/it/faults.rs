//! Every fault of the simulator ends in one row with the right outcome, attempts and cost.

use serde_json::Value;

use crate::world::{HAIKU, NOVA, World};

/// A fault, and what the ledger must say of a call that met it.
struct Case {
    words: &'static str,
    outcome: &'static str,
    code: Option<&'static str>,
    attempts: u64,
    exit: i32,
    owes: Owes,
}

#[derive(PartialEq)]
enum Owes {
    Nothing,
    /// The true tokens, exactly.
    Truth,
    /// The hold, marked as an estimate: an upper bound of the truth.
    Hold,
}

const fn case(words: &'static str, outcome: &'static str, code: &'static str, exit: i32) -> Case {
    Case { words, outcome, code: Some(code), attempts: 1, exit, owes: Owes::Nothing }
}

const fn at_hold(words: &'static str, outcome: &'static str, code: &'static str) -> Case {
    Case { words, outcome, code: Some(code), attempts: 1, exit: 8, owes: Owes::Hold }
}

/// Faults before an answer begins: for every operation alike.
const BEFORE: &[Case] = &[
    case("fault=access-denied", "rejected", "AccessDeniedException", 4),
    case("fault=validation", "rejected", "ValidationException", 8),
    case("fault=not-found", "rejected", "ResourceNotFoundException", 8),
    case("fault=quota", "rejected", "ServiceQuotaExceededException", 8),
    case("fault=model-timeout", "rejected", "ModelTimeoutException", 8),
    case("fault=model-error", "rejected", "ModelErrorException", 8),
    Case { attempts: 4, ..case("fault=throttle", "throttled", "ThrottlingException", 7) },
    Case { attempts: 4, ..case("fault=not-ready", "rejected", "ModelNotReadyException", 8) },
    Case { attempts: 4, ..case("fault=unavailable", "failed", "ServiceUnavailableException", 8) },
];

/// Faults within a stream.
const WITHIN: &[Case] = &[
    at_hold("fault=stream-throttle after=2", "failed", "ThrottlingException"),
    at_hold("fault=stream-internal after=2", "failed", "InternalServerException"),
    at_hold("fault=stream-model-error after=2", "failed", "ModelStreamErrorException"),
    at_hold("fault=stream-validation after=2", "failed", "ValidationException"),
    at_hold("fault=stream-unavailable after=2", "failed", "ServiceUnavailableException"),
    at_hold("fault=cut-border after=2", "failed", "TruncatedReply"),
    at_hold("fault=cut-inside after=2", "failed", "TruncatedReply"),
    at_hold("fault=bad-crc after=2", "failed", "BrokenFrame"),
    at_hold("fault=reset after=2", "failed", "ConnectionLost"),
    at_hold("fault=stall after=2", "failed", "IdleTimeout"),
];

#[test]
fn a_model_that_fails_before_it_streams_owes_nothing() {
    let world = quick_world();
    let failed = case("fault=model-stream-error", "rejected", "ModelStreamErrorException", 8);
    for operation in ["converse-stream", "invoke-stream"] {
        check(&world, operation, &failed);
    }
    world.audit();
}

#[test]
fn an_error_before_the_answer_owes_nothing() {
    let world = quick_world();
    for operation in ["converse", "converse-stream", "invoke", "invoke-stream"] {
        for case in BEFORE {
            check(&world, operation, case);
        }
    }
    world.audit();
}

#[test]
fn a_stream_that_breaks_is_settled_at_its_hold_and_marked() {
    let world = quick_world();
    for operation in ["converse-stream", "invoke-stream"] {
        for case in WITHIN {
            check(&world, operation, case);
        }
    }
    world.audit();
}

#[test]
fn an_answer_that_never_begins_is_settled_at_its_hold() {
    let world = quick_world();
    for operation in ["converse", "converse-stream", "invoke", "invoke-stream"] {
        check(&world, operation, &at_hold("fault=hang", "failed", "FirstByteTimeout"));
    }
    world.audit();
}

#[test]
fn usage_that_is_missing_or_absurd_is_never_believed() {
    let world = quick_world();
    for operation in ["converse", "converse-stream", "invoke", "invoke-stream"] {
        for words in ["fault=no-usage", "fault=lying-usage-negative", "fault=lying-usage-huge"] {
            let case = Case {
                words,
                outcome: "succeeded",
                code: None,
                attempts: 1,
                exit: 0,
                owes: Owes::Hold,
            };
            check(&world, operation, &case);
        }
    }
    world.audit();
}

#[test]
fn a_slow_first_byte_is_only_slow() {
    let world = quick_world();
    let case = Case {
        words: "fault=slow-first-byte delay-ms=100",
        outcome: "succeeded",
        code: None,
        attempts: 1,
        exit: 0,
        owes: Owes::Truth,
    };
    for operation in ["converse", "converse-stream", "invoke", "invoke-stream"] {
        check(&world, operation, &case);
    }
}

#[test]
fn a_call_that_is_throttled_twice_succeeds_at_the_third_attempt() {
    let world = quick_world();
    let case = Case {
        words: "fault=throttle times=2",
        outcome: "succeeded",
        code: None,
        attempts: 3,
        exit: 0,
        owes: Owes::Truth,
    };
    let row = check(&world, "converse", &case);
    assert_eq!(row["throttled_attempts"], 2);
    assert_eq!(world.served().len(), 3);
}

#[test]
fn an_endpoint_that_nobody_listens_on_owes_nothing() {
    let mut world = quick_world();
    world.endpoint = "http://127.0.0.1:1".to_owned();
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(8);
    let row = world.only_call();
    assert_eq!((&row["outcome"], &row["error_code"]), (&"failed".into(), &"ConnectFailed".into()));
    assert_eq!((&row["cost_usd"], &row["estimated"]), (&"0".into(), &false.into()));
    assert_eq!(row["attempts"], 4);
}

/// A world whose patience is short, for a fault that is waited out.
fn quick_world() -> World {
    let world = World::start();
    world.write("config.toml", "[limits]\nbackoff_ms = 5\nfirst_byte_ms = 700\nidle_ms = 700\n");
    world
}

#[track_caller]
fn check(world: &World, operation: &str, case: &Case) -> Value {
    let words = format!("input=374 output=44 {}", case.words);
    let scenario = [("bursar-sim", words.as_str())];
    let config = world.path("config.toml");
    let config = config.to_str().expect("its name is UTF-8");
    let metadata = format!("{}={}", scenario[0].0, scenario[0].1);
    let before = world.calls().len();
    let mut arguments = vec!["--config", config];
    arguments.extend(match operation {
        "converse" => vec!["converse", "--no-stream", "-m", HAIKU],
        "converse-stream" => vec!["converse", "-m", HAIKU],
        "invoke" => vec!["invoke", "-m", HAIKU],
        _ => vec!["invoke", "--stream", "-m", HAIKU],
    });
    arguments.extend(["--max-tokens", "100", "--metadata", &metadata]);
    let prompt = "a prompt that is longer than its tokens are many, ".repeat(8);
    if operation.starts_with("invoke") {
        arguments.push("--prompt");
    }
    arguments.push(&prompt);
    world.bursar(&arguments).exits(case.exit);
    let calls = world.calls();
    assert_eq!(calls.len(), before + 1, "{operation} {}: one row a call", case.words);
    let row = calls[0].clone();
    let about = format!("{operation} {}: {row:#}", case.words);
    assert_eq!(row["outcome"], case.outcome, "{about}");
    assert_eq!(row["error_code"], Value::from(case.code), "{about}");
    assert_eq!(row["attempts"], case.attempts, "{about}");
    assert_eq!(row["estimated"], case.owes == Owes::Hold, "{about}");
    match case.owes {
        Owes::Nothing => assert_eq!(row["cost_usd"], "0", "{about}"),
        Owes::Hold => assert_eq!(row["cost_usd"], row["held_usd"], "{about}"),
        Owes::Truth => {
            assert_eq!((&row["input_tokens"], &row["output_tokens"]), (&374.into(), &44.into()));
        }
    }
    row
}
