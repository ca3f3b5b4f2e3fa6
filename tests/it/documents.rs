//! The README's commands do what it says, and it and the help name all that there is.

use std::process::Command;

use crate::world::{World, bare};

const README: &str = include_str!("../../README.md");

/// Every `$ bursar …` line of the README's console blocks, in order.
fn commands() -> Vec<&'static str> {
    let blocks = README.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ "));
    lines.filter(|line| line.starts_with("bursar ")).collect()
}

#[test]
fn every_command_of_the_readme_runs() {
    let world = World::start();
    let rows = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,48,10\n";
    world.write("trace.csv", rows);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bursar"));
    let folder = program.parent().expect("the program is in a folder").display().to_string();
    let commands = commands();
    assert!(commands.len() >= 5, "the README shows {} commands", commands.len());
    // A command that serves until it is stopped is tried by every other test.
    for line in commands.into_iter().filter(|line| !line.starts_with("bursar simulate")) {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(world.path(""));
        shell
            .env_clear()
            .envs(world.command().get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = shell.env("PATH", format!("{folder}:/usr/bin:/bin")).output().expect("sh runs");
        assert!(ran.status.success(), "$ {line}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
}

/// The commands that `bursar --help` lists, by its groups.
fn listed() -> Vec<String> {
    let help = bare(&["--help"]).exits(0).stdout;
    let (_, groups) = help.split_once("Usage:").expect("the help shows a usage");
    let (groups, _) = groups.split_once("Each command has").expect("the groups come first");
    let name = |line: &str| {
        let (name, about) = line.strip_prefix("  ")?.split_once("  ")?;
        let is_name = !name.is_empty() && !name.starts_with(' ') && !about.trim().is_empty();
        is_name.then(|| name.to_owned())
    };
    groups.lines().filter_map(name).collect()
}

#[test]
fn every_command_of_the_help_stands_once_in_the_readmes_table() {
    let (_, table) = README.split_once("| to | there is |\n").expect("the README has the table");
    let (table, _) = table.split_once("\n\n").expect("it ends");
    let cells = table.lines().filter_map(|line| line.split('|').nth(2));
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned));
    let mut shown: Vec<String> = words.collect();
    let mut listed = listed();
    assert!(listed.len() > 10, "{listed:?}");
    shown.sort();
    listed.sort();
    assert_eq!(shown, listed);
}

#[test]
fn wherever_a_commands_help_speaks_of_cost_it_names_the_one_way_to_ask() {
    let is_of_cost = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_ascii_alphabetic());
        ["cost", "costs", "price", "prices"].contains(&word.to_ascii_lowercase().as_str())
    };
    let mut speaking = Vec::new();
    for command in listed() {
        let help = bare(&[&command, "--help"]).exits(0).stdout;
        let words: Vec<&str> = help.split_whitespace().collect();
        // Its own name, in its usage and examples, is no pointer.
        let others = ["estimate", "price"].into_iter().filter(|other| *other != command);
        let points = others.map(|other| format!("`bursar {other}`"));
        let is_pointed = points.into_iter().any(|point| words.join(" ").contains(&point));
        if words.into_iter().any(is_of_cost) {
            assert!(is_pointed, "`bursar {command} --help` speaks of cost, and points nowhere");
            speaking.push(command);
        }
    }
    assert!(speaking.len() >= 6, "only {speaking:?} speak of cost");
}
