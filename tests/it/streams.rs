//! Running streams, as people see, bound and cut them: from another process than the one they run in.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;

use serde_json::{Value, json};

use crate::world::{BOTH, NOVA, Ran, World, bare};

/// A stream that would take minutes: it can only end by what the test does.
const ENDLESS: &str = "bursar-sim=input=20 output=4000 gap-ms=200";
/// Forty tokens, one in five milliseconds.
const FORTY: &str = "bursar-sim=input=20 output=40 gap-ms=5";

fn converse<'a>(steer: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = ["converse", "-m", NOVA, "--max-tokens", "4000", "--metadata", steer, "hello"];
    [more, all.as_slice()].concat()
}

/// A stream that runs in a process of its own; its first word has come.
fn running(world: &World) -> Child {
    running_with(world, &[])
}

/// The same, with further flags.
fn running_with(world: &World, more: &[&str]) -> Child {
    let config = world.write("quick.toml", "[streams]\ndrain_ms = 100\n");
    let mut child = world.spawn(&[&converse(ENDLESS, &["--config", &config]), more].concat());
    let mut first = [0];
    child.stdout.as_mut().expect("it is piped").read_exact(&mut first).expect("it begins");
    child
}

/// Waits for a process, and reads what it said.
fn end(child: Child) -> Ran {
    Ran::from(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_stream_is_seen_and_cut_by_another_process() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let child = running(&world);
        let listed = world.json(&["streams"]);
        let row = &listed["rows"][0];
        assert_eq!((&row["model"], &row["is_stream"]), (&json!(NOVA), &json!(true)), "{listed:#}");
        let id = row["id"].as_str().expect("it has an id").to_owned();
        let cut = world.json(&["streams", "cut", &id, "--reason", "a loop in the agent"]);
        assert_eq!(cut["rows"], json!([{"id": id, "state": "cut"}]));
        let ran = end(child).exits(6);
        assert!(ran.stderr.contains("a loop in the agent"), "{}", ran.stderr);
        assert!(ran.stderr.contains("cut by cli:"), "{}", ran.stderr);
        let call = world.only_call();
        assert_eq!(
            (&call["outcome"], &call["error_code"]),
            (&json!("cut"), &json!("CutByOperator"))
        );
        assert_eq!(world.json(&["streams"])["rows"], json!([]));
        let again = world.bursar(&["streams", "cut", &id]).exits(0);
        assert!(again.stdout.contains("cut"), "{}", again.stdout);
        world.audit();
    }
}

#[test]
fn every_stream_is_cut_at_once_and_nothing_is_a_clear_answer() {
    let world = World::start();
    let quiet = world.bursar(&["streams", "cut", "--all"]).exits(0);
    assert!(quiet.stderr.contains("nothing of that runs just now"), "{}", quiet.stderr);
    let children = [running(&world), running(&world)];
    world.json(&["team", "create", "research"]);
    assert_eq!(world.json(&["streams", "cut", "--team", "research"])["rows"], json!([]));
    let cut = world.json(&["streams", "cut", "--all"]);
    let states = cut["rows"].as_array().expect("it has rows").iter().map(|row| &row["state"]);
    assert_eq!(states.collect::<Vec<_>>(), [&json!("cut"), &json!("cut")]);
    for child in children {
        end(child).exits(6);
    }
    let calls = world.calls();
    assert!(calls.iter().all(|call| call["error_code"] == "CutByOperator"), "{calls:#?}");
    world.audit();
}

#[test]
fn the_streams_of_a_team_are_cut_and_a_team_that_is_not_there_is_named() {
    let world = World::start();
    let team = world.json(&["team", "create", "research"]);
    let child = running_with(&world, &["--team", "research"]);
    let ran = world.bursar(&["streams", "cut", "--team", "reserch"]).exits(2);
    assert!(ran.stderr.contains("there is no team `reserch`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: did you mean `research`?"), "{}", ran.stderr);
    assert_eq!(world.json(&["streams"])["rows"][0]["cut_wished_by"], Value::Null);
    let id = team["id"].as_str().expect("it has an id");
    let cut = world.json(&["streams", "cut", "--team", id]);
    assert_eq!(cut["rows"][0]["state"], "cut");
    end(child).exits(6);
    world.audit();
}

#[test]
fn limits_of_the_call_the_settings_and_the_ledger_all_count() {
    let world = World::start();
    let config = world.write("config.toml", "[streams]\ntokens = 20\n");
    let tokens = |more: &[&str], flags: &[&str]| {
        let ran = world.bursar(&[converse(FORTY, more), flags.to_vec()].concat()).exits(6);
        assert!(ran.stderr.contains("output tokens is reached"), "{}", ran.stderr);
        // A word of three letters and a blank is a token.
        ran.stdout.split_whitespace().count()
    };
    assert_eq!(tokens(&[], &["--stream-tokens", "7"]), 7);
    assert_eq!(tokens(&["--config", &config], &[]), 20);
    assert_eq!(tokens(&["--config", &config], &["--stream-tokens", "30"]), 20);
    let set = world.json(&["streams", "limit", "--model", NOVA, "--tokens", "9"]);
    assert_eq!(set["becomes"], "9 output tokens");
    assert_eq!(tokens(&["--config", &config], &[]), 9);
    let listed = world.json(&["streams", "limit"]);
    assert_eq!(listed["rows"][0]["output_tokens"], 9);
    let removed = world.json(&["streams", "limit", "--model", NOVA, "--remove"]);
    assert_eq!((&removed["was"], &removed["becomes"]), (&json!("9 output tokens"), &Value::Null));
    world.bursar(&converse(FORTY, &[])).exits(0);
    // Each that was cut was read to its usage: what the ledger has is what was served.
    let calls = world.calls();
    assert!(calls.iter().all(|call| call["estimated"] == false && call["output_tokens"] == 40));
    world.audit();
}

#[test]
fn a_call_that_is_not_there_and_a_limit_that_makes_no_sense_change_nothing() {
    let world = World::start();
    let unknown = "0193a5b2-0000-7000-8000-000000000000";
    let ran = world.bursar(&["streams", "cut", unknown]).exits(1);
    assert!(ran.stderr.contains("there is no call"), "{}", ran.stderr);
    for arguments in [
        &["streams", "cut"][..],
        &["streams", "cut", "not-an-id"],
        &["streams", "cut", "--all", "--reason", "two\nlines"],
        &["streams", "limit", "--all"],
        &["streams", "limit", "--usd", "1usd"],
        &["streams", "limit", "--all", "--usd", "-1usd"],
        &["streams", "limit", "--all", "--usd", "NaNusd"],
        &["streams", "limit", "--all", "--usd", "0usd"],
        &["streams", "limit", "--all", "--tokens", "0"],
        &["streams", "limit", "--all", "--seconds", "99999999999999999999"],
        &["streams", "limit", "--all", "--on-repetition", "perhaps"],
        &["streams", "limit", "--all", "--usd", "1usd", "--remove"],
    ] {
        world.bursar(arguments).exits(2);
    }
    assert_eq!(world.json(&["streams", "limit"])["rows"], json!([]));
    let plain = ["converse", "-m", NOVA, "--no-stream", "--stream-tokens", "5", "hello"];
    world.bursar(&plain).exits(2);
    assert_eq!(world.served().len(), 0);
    let config = world.write("config.toml", "[streams]\non_cut = \"perhaps\"\n");
    let ran = world.bursar(&["--config", &config, "streams"]).exits(78);
    assert!(ran.stderr.contains("`[streams] on_cut`"), "{}", ran.stderr);
}

#[test]
fn top_prints_one_frame_and_wants_a_terminal_for_more() {
    let world = World::start();
    let child = running(&world);
    let ran = world.bursar(&["top", "--once"]).exits(0);
    for word in ["bursar top", "1 running", NOVA, "SPEND A MINUTE", "REFUSED"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    let told = world.json(&["top"]);
    assert_eq!(told["running"][0]["model"], NOVA);
    let refused = bare(&["top"]).exits(2);
    assert!(refused.stderr.contains("--once"), "{}", refused.stderr);
    world.bursar(&["streams", "cut", "--all"]).exits(0);
    end(child).exits(6);
}

#[test]
fn top_fills_a_terminal_and_leaves_it_as_it_was() {
    let world = World::start();
    let program = env!("CARGO_BIN_EXE_bursar");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &format!("stty cols 20 rows 10; {program} top"), "/dev/null"]);
    script.envs(world.command().get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("TERM", "xterm").stdin(std::process::Stdio::piped());
    script.stdout(std::process::Stdio::piped());
    let mut child = script.spawn().expect("`script` gives it a terminal");
    let mut shown = BufReader::new(child.stdout.take().expect("it is piped"));
    // The alternate screen is entered, drawn on, and left.
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("\u{1b}[?1049h") {
        assert!(shown.read_until(b'h', &mut seen).expect("it draws") > 0, "it ended");
    }
    let mut keys = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut keys, b"jxnq").expect("it takes keys");
    shown.read_to_end(&mut seen).expect("it ends");
    assert!(String::from_utf8_lossy(&seen).contains("\u{1b}[?1049l"), "it is left as it was");
    assert!(child.wait().expect("it ends").success());
}
