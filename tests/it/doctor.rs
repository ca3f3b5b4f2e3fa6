//! What `bursar doctor` finds, against a world where one thing at a time is wrong; its live calls
//! are in `doctor/live.rs`.

mod live;
mod wrong;

use serde_json::Value;

use crate::world::{HAIKU, NOVA, Ran, World};

/// The finding of one check.
#[track_caller]
fn finding(told: &Value, check: &str) -> Value {
    let findings = told["findings"].as_array().expect("it has findings");
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no check `{check}` in {told:#}")).clone()
}

/// The level of one check.
#[track_caller]
fn level(told: &Value, check: &str) -> String {
    finding(told, check)["level"].as_str().expect("a level").to_owned()
}

/// Runs it with `--json`; there is one object, whatever it ends with.
#[track_caller]
fn doctor(world: &World, arguments: &[&str], code: i32) -> Value {
    world.bursar(&[&["doctor", "--json"], arguments].concat()).exits(code).json()
}

#[test]
fn where_all_is_well_every_check_says_so_and_nothing_is_left_behind() {
    // Signatures are checked, STS's too.
    let key = ["--access-key-id", "AKIDEXAMPLE", "--secret-access-key", "secret"];
    let world = World::start_with(&key);
    let told = doctor(&world, &["-m", HAIKU, "-m", NOVA], 0);
    for check in ["region", "clock", "credentials", "catalogue"] {
        assert_eq!(level(&told, check), "ok", "{told:#}");
    }
    let haiku = finding(&told, &format!("model {HAIKU}"));
    assert_eq!(haiku["found"], "the account has access; it counts tokens when asked");
    assert_eq!(level(&told, &format!("model {NOVA}")), "ok", "it counts none, which is no fault");
    assert_eq!(level(&told, "endpoint"), "note", "a simulator is said to be one");
    assert_eq!(level(&told, "ledger"), "note");
    assert_eq!((&told["worst"], &told["error"]), (&"note".into(), &Value::Null));
    assert!(!world.path("ledger.db").exists(), "who only asks makes no ledger");
    let is_free = |call: &Value| {
        let operation = call["operation"].as_str().expect("it has one");
        operation.starts_with("Get") || operation == "CountTokens"
    };
    let served = world.served();
    assert!(!served.is_empty() && served.iter().all(is_free), "{served:#?}");
}

#[test]
fn people_read_a_list_that_needs_no_colour() {
    let world = World::start();
    let config =
        world.write("config.toml", "[models.aliases]\nquick = \"amazon.nova-lite-v1:0\"\n");
    let ran = world.bursar(&["--config", &config, "doctor"]).exits(0);
    let marks =
        ["✓ configuration: `", "✓ region: `us-east-1`, by `AWS_REGION`", "· endpoint: http:"];
    for (line, mark) in ran.stdout.lines().zip(marks) {
        assert!(line.starts_with(mark), "{}", ran.stdout);
    }
    assert!(ran.stdout.lines().any(|line| line.starts_with("✓ model quick: ")), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'), "a pipe gets no colour");
    assert_eq!(ran.stderr, "", "and no progress");
    let none = world.bursar(&["doctor"]).exits(0);
    let hint = "name them with -m, or give them aliases under `[models.aliases]`";
    assert!(none.stdout.contains(hint), "{}", none.stdout);
}

#[test]
fn a_terminal_of_twenty_columns_shows_every_word() {
    let world = World::start();
    let line =
        format!("stty cols 20 rows 24; exec {} doctor -m {NOVA}", env!("CARGO_BIN_EXE_bursar"));
    // `script` gives it a terminal.
    let mut command = std::process::Command::new("script");
    let settings = world.command();
    let settings = settings.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(settings).env("TERM", "xterm").args(["-qec", &line, "/dev/null"]);
    let ran = Ran::from(command.output().expect("script is a part of every Linux")).exits(0);
    let shown = anstream::adapter::strip_str(&ran.stdout).to_string();
    let lines: Vec<&str> = shown.split(['\r', '\n']).map(str::trim_end).collect();
    assert!(lines.contains(&"4/4 checks"), "progress is shown: {shown}");
    assert!(lines.contains(&"✓ region:"), "{shown}");
    assert!(lines.contains(&"  `us-east-1`, by"), "{shown}");
    // What is longer is one word, which is left whole.
    let is_broken = |line: &&str| {
        line.chars().count() > 20 && line.trim_start_matches(['✓', '·', ' ']).contains(' ')
    };
    let long: Vec<&&str> = lines.iter().filter(|line| is_broken(line)).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn an_open_call_is_seen_and_the_ledger_is_measured() {
    let world = World::start();
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    let told = doctor(&world, &[], 0);
    let ledger = finding(&told, "ledger");
    let found = ledger["found"].as_str().expect("a text");
    assert_eq!(ledger["level"], "ok", "{ledger:#}");
    assert!(found.contains("version ") && found.ends_with(", 0 calls open"), "{found}");
    let slow = ["converse", "-m", NOVA, "--metadata", "bursar-sim=output=400 gap-ms=200", "hello"];
    let mut running = world.spawn(&slow);
    let mut first = [0];
    let stdout = running.stdout.as_mut().expect("it is piped");
    std::io::Read::read_exact(stdout, &mut first).expect("the answer begins");
    let told = doctor(&world, &[], 0);
    let found = finding(&told, "ledger")["found"].to_string();
    assert!(found.contains(", 1 call open, the oldest since 20"), "{found}");
    running.kill().expect("it runs");
    running.wait().expect("it ends");
}
