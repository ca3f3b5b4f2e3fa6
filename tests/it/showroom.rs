//! `bursar demo --stay`: what it prints to be pasted does what it says.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::chat::wait_for;
use crate::clients::place;
use crate::world::{Ran, World};

/// A demo that stays, as a program starts it; its one object.
pub(crate) fn staying(world: &World) -> (Child, Value) {
    let (process, mut lines) = start(world, &["--json"]);
    let line = lines.next().expect("it prints").expect("it is text");
    (process, serde_json::from_str(&line).expect("it is JSON"))
}

fn start(world: &World, more: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut process = world
        .command()
        .args(["demo", "--stay", "--calls", "20", "--quiet"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(process.stdout.take().expect("its stdout is piped")).lines();
    (process, lines)
}

/// Pastes a line into a shell that has the clients on its path, and nothing else of ours.
fn paste(line: &str) -> Ran {
    let python = place("BURSAR_TEST_PYTHON");
    let (folder, _) = python.rsplit_once('/').expect("it is in a folder");
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env_clear().stdin(Stdio::null());
    shell.env("PATH", format!("{folder}:{}", place("PATH"))).env("HOME", "/nonexistent");
    Ran::from(shell.output().expect("sh runs"))
}

#[track_caller]
pub(crate) fn end(mut process: Child) {
    let told = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn every_line_that_it_prints_works_and_is_metered_and_a_team_at_its_budget_is_refused() {
    let world = World::start();
    let (process, told) = staying(&world);
    let [shop, lab] = told["gateway"]["teams"].as_array().expect("it has teams").as_slice() else {
        panic!("there are two teams: {told:#}");
    };
    let before = calls_of(&world, "shop");
    for (number, client) in ["curl", "boto3", "aws", "openai", "anthropic"].iter().enumerate() {
        let line = shop["lines"][client].as_str().expect("each has a line");
        let ran = paste(line).exits(0);
        assert!(!ran.stdout.trim().is_empty() && !ran.stdout.contains("hint:"), "{client}");
        assert_eq!(calls_of(&world, "shop"), before + number + 1, "{client}: {}", ran.stdout);
    }
    let line = lab["lines"]["curl"].as_str().expect("each has a line");
    let said = (0..60).map(|_| paste(line).exits(0).stdout);
    let made = said.take_while(|said| said.contains("outputTokens")).count();
    assert!((1..60).contains(&made), "{made}");
    end(process);
    assert!(world.served().is_empty(), "it brings its own simulator");
    world.audit();
}

fn calls_of(world: &World, team: &str) -> usize {
    world.calls().iter().filter(|call| call["team"] == team).count()
}

#[test]
fn a_person_is_shown_the_same_lines() {
    let world = World::start();
    let (process, lines) = start(&world, &[]);
    let shown: Vec<String> = lines
        .map(|line| line.expect("it is text"))
        .take_while(|line| !line.starts_with("Paste any of these"))
        .collect();
    let after = |mark: &str| {
        let at = shown.iter().position(|line| line == mark);
        shown[at.expect("each client has its mark") + 1].clone()
    };
    paste(&after("# curl")).exits(0);
    paste(&after("# boto3")).exits(0);
    assert!(shown.iter().any(|line| line.starts_with("listening on http://127.0.0.1:")));
    end(process);
    assert!(shown.iter().any(|line| line.contains("others, which are made up")), "{shown:?}");
    assert_eq!(calls_of(&world, "shop"), 2);
    world.audit();
}

#[test]
fn its_link_lets_one_reader_in_as_an_admin_who_finds_the_calls_and_the_streams_that_run() {
    let world = World::start();
    let (process, told) = staying(&world);
    let dashboard = &told["gateway"]["dashboard"];
    let [url, link] = ["url", "link"].map(|name| dashboard[name].as_str().expect("it says where"));
    let curl = |arguments: &[&str]| {
        let mut curl = Command::new("curl");
        Ran::from(curl.args(["-s", "-i"]).args(arguments).output().expect("curl runs"))
            .exits(0)
            .stdout
    };
    for _ in 0..2 {
        assert!(
            curl(&[link]).contains("lets you in as <strong>demo</strong>"),
            "looking is no use"
        );
    }
    let came = curl(&["-X", "POST", link]);
    let cookie = came.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap_or_default());
    for again in [curl(&[link]), curl(&["-X", "POST", link])] {
        assert!(again.starts_with("HTTP/1.1 404") && !again.contains("set-cookie"), "{again}");
    }
    let open = |path: &str| curl(&["-H", &cookie, &format!("{url}{path}")]);
    let overview = open("/?range=24h");
    assert!(
        overview.contains("demo, admin") && overview.contains("<h1>Overview</h1>"),
        "{overview}"
    );
    let calls = world.json(&["usage"])["total"]["calls"].as_u64().expect("a number");
    let made_up = told["gateway"]["made_up"].as_u64().expect("it says how many");
    assert!(made_up >= 1_000 && calls >= 20 + made_up, "{calls} of which {made_up}");
    assert!(overview.contains("<h2 id=\"spend-title\">"), "{overview}");
    // The pages show weeks, and what was before them.
    let days = world.json(&["usage", "--by", "day"]);
    assert!(days["rows"].as_array().is_some_and(|days| days.len() >= 60), "{days:#}");
    let month = open("/?range=30d");
    assert!(month.contains("<dd class=\"beside\">+"), "it grows: {month}");
    let agents = ["planner", "coder", "reviewer"];
    let live = std::iter::repeat_with(|| open("/live"))
        .find(|page| agents.iter().all(|name| page.contains(name)))
        .expect("it goes on for ever");
    assert!(live.contains("name=\"cut\"") && live.contains("of agents"), "{live}");
    end(process);
    let users = world.json(&["user", "list"]);
    assert_eq!(users["rows"][0]["state"], "disabled", "{users:#}");
    assert_eq!(world.calls().iter().filter(|call| call["team"] == "agents").count(), 3);
    world.audit();
}

#[test]
fn on_a_terminal_the_demo_opens_the_dashboard_until_enter_and_elsewhere_it_ends_by_itself() {
    let world = World::start();
    let plain = world.bursar(&["demo", "--calls", "20"]).exits(0).stdout;
    assert!(!plain.contains("come in as an admin") && plain.contains("demo --stay"), "{plain}");
    let mut command = Command::new("script");
    let settings = world.command();
    let settings = settings.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let line = format!("exec {} demo --calls 20", env!("CARGO_BIN_EXE_bursar"));
    command.env_clear().envs(settings).env("TERM", "xterm").args(["-qec", &line, "/dev/null"]);
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script is there");
    let shown = wait_for(process.stdout.as_mut().expect("piped"), "Press Enter to end it all.");
    assert!(shown.contains("come in as an admin, once, at http://127.0.0.1:"), "{shown}");
    process.stdin.as_mut().expect("piped").write_all(b"\r").expect("it reads");
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
    world.audit();
}

#[test]
fn a_ledger_that_held_calls_is_given_no_past() {
    let world = World::start();
    world.bursar(&["converse", "-m", crate::world::NOVA, "hello"]).exits(0);
    let (process, told) = staying(&world);
    end(process);
    assert_eq!(told["gateway"]["made_up"], Value::Null);
    assert!(world.calls().iter().all(|call| call["team"] != "support"));
    world.audit();
}
