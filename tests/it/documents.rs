//! The README's commands do what it says.

use std::process::Command;

use crate::world::World;

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
