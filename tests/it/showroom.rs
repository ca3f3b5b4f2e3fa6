//! `bursar demo --stay`: what it prints to be pasted does what it says.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::clients::place;
use crate::world::{Ran, World};

/// A demo that stays, as a program starts it; its one object.
fn staying(world: &World) -> (Child, Value) {
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
fn end(mut process: Child) {
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
    assert_eq!(calls_of(&world, "shop"), 2);
    world.audit();
}
