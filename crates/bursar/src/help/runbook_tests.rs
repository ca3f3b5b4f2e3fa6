//! What is written down to be typed in a hurry can be typed: every command of the runbook, of the
//! alerts and of the service.

use clap::error::ErrorKind;

use super::command;

fn text(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words of a line as a shell has them, which quotes with `'`.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Every command of ours in a text: in its blocks of code, and in its spans of it.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for (number, block) in text.split("```").enumerate() {
        let spans: Vec<&str> = if number % 2 == 1 {
            block.lines().collect()
        } else {
            block.split('`').skip(1).step_by(2).collect()
        };
        let ours = spans.into_iter().filter(|span| span.starts_with("bursar "));
        commands.extend(ours.map(|span| span.replace('\n', " ")));
    }
    commands
}

fn check(line: &str) {
    match command().try_get_matches_from(words(line)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {}
        Err(error) => panic!("`{line}`: {error}"),
    }
}

#[test]
fn every_command_of_the_runbook_can_be_typed() {
    let found = commands(&text("docs/runbook.md"));
    assert!(found.len() > 40, "the runbook was not read as expected: {found:#?}");
    for line in found {
        check(&line);
    }
}

#[test]
fn the_service_starts_what_there_is() {
    let unit = text("deploy/systemd/bursar.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/"));
    check(start.expect("it starts something"));
}

#[test]
fn every_alert_has_its_place_in_the_runbook_and_the_runbook_no_other() {
    let (alerts, runbook) = (text("deploy/prometheus/alerts.yml"), text("docs/runbook.md"));
    let mut named: Vec<&str> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let mut told: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    told.retain(|heading| heading.starts_with("Bursar"));
    for name in &named {
        let place = format!("docs/runbook.md#{}", name.to_ascii_lowercase());
        assert!(alerts.contains(&format!("runbook: {place}\n")), "{name}");
    }
    named.sort_unstable();
    told.sort_unstable();
    assert_eq!(named, told);
}
