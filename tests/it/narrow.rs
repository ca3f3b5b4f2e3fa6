//! Output where there is little room for it: a terminal of twenty columns, a pipe that closes.

use std::process::Command;

use crate::reads::{on_terminal, used};
use crate::world::{Database, HAIKU, NOVA};

/// Every command that prints a table, and those that print more than a line. None changes what
/// another one shows.
const TABLES: [&[&str]; 15] = [
    &["usage"],
    &["usage", "--by", "outcome"],
    &["usage", "--since", "24h", "--compare"],
    &["calls"],
    &["models", "list", "--provider", "amazon"],
    &["models", "search", "haiku"],
    &["models", "show", NOVA],
    &["price", NOVA, "--input", "1000", "--output", "10"],
    &["estimate", "-m", NOVA, "-m", HAIKU, "four words of text"],
    &["converse", "-m", NOVA, "--dry-run", "hello"],
    &["iam-policy", NOVA],
    &["config"],
    &["config", "check"],
    &["ledger", "audit"],
    &["completions", "bash"],
];

/// The words and figures of a text, without what may be left out of a table.
fn words(text: &str) -> Vec<&str> {
    let is_bar = |word: &str| word.chars().all(|letter| ('▁'..='▏').contains(&letter));
    text.split_whitespace().filter(|word| !is_bar(word) && *word != "·").collect()
}

#[test]
fn twenty_columns_lose_no_word_and_no_figure() {
    let world = used(Database::Sqlite);
    for arguments in TABLES {
        let line: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
        let narrow = on_terminal(&world, (50, 20), &line.join(" "), "cat");
        let piped = world.bursar(arguments).exits(0).stdout;
        assert!(!words(&piped).is_empty(), "{arguments:?} shows nothing");
        let shown = words(&narrow);
        let lost: Vec<_> = words(&piped).into_iter().filter(|word| !shown.contains(word)).collect();
        assert!(lost.is_empty(), "{arguments:?} lost {lost:?}: {narrow}");
    }
}

#[test]
fn a_pipe_that_closes_is_no_failure() {
    let world = used(Database::Sqlite);
    world.write("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,4,1\n");
    let trace = world.path("trace.csv").display().to_string();
    let more: [&[&str]; 9] = [
        &["usage", "--csv"],
        &["calls", "--csv"],
        &["calls", "--json"],
        &["models", "list", "--json"],
        &["estimate", "-m", NOVA, "--json", "hello"],
        &["replay", &trace, "--dry-run"],
        &["replay", &trace],
        &["demo", "--calls", "20"],
        &["--help"],
    ];
    for arguments in TABLES.into_iter().chain(more) {
        let mut child = world.spawn(arguments);
        drop(child.stdout.take());
        let ran = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ran.stderr);
        let is_calm = !said.contains("error:") && !said.contains("panicked");
        assert!(ran.status.success() && is_calm, "{arguments:?}: {said}");
    }
}

#[test]
fn head_takes_the_first_line_and_the_rest_is_for_nobody() {
    let world = used(Database::Sqlite);
    let program = env!("CARGO_BIN_EXE_bursar");
    for (command, first) in [("usage", "MODEL"), ("models list", "MODEL"), ("config", "#")] {
        let mut shell = Command::new("bash");
        shell.args(["-o", "pipefail", "-c", &format!("{program} {command} | head -1")]);
        let variables = world.command();
        shell
            .env_clear()
            .envs(variables.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = shell.output().expect("bash runs");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && !said.contains("error:"), "{command}: {said}");
        let shown = String::from_utf8_lossy(&ran.stdout);
        assert!(
            shown.trim_start().starts_with(first) && shown.lines().count() == 1,
            "{command}: {shown}"
        );
    }
}
