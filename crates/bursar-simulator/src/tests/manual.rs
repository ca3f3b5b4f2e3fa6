//! The manual names everything that can be steered, and its scenario is one.

use crate::steering::{Policy, Steering, Stop, WireLatency, WireTier};
use crate::{Fault, Scenario};

const MANUAL: &str = include_str!("../../../../docs/simulator.md");

#[test]
fn the_manual_names_every_fault_and_every_word() {
    for fault in Fault::ALL {
        assert!(MANUAL.contains(&format!("| `{fault}` |")), "the fault `{fault}`");
    }
    for word in Steering::KNOWN.split_whitespace() {
        assert!(MANUAL.contains(&format!("`{word}=")), "the word `{word}`");
    }
    let values = Stop::ALL.iter().map(|value| value.as_str());
    let values = values.chain(WireTier::ALL.iter().map(|value| value.as_str()));
    let values = values.chain(WireLatency::ALL.iter().map(|value| value.as_str()));
    for value in values.chain(Policy::ALL.iter().map(|value| value.as_str())) {
        assert!(MANUAL.contains(&format!("`{value}`")), "the value `{value}`");
    }
}

#[test]
fn the_manual_names_no_fault_that_there_is_not() {
    let faults = MANUAL.split("### Faults").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = faults.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: Vec<&str> = rows.filter(|name| *name != "fault=").collect();
    assert_eq!(named.len(), Fault::ALL.len());
    for name in named {
        assert!(name.parse::<Fault>().is_ok(), "`{name}`");
    }
}

#[test]
fn the_manuals_scenarios_can_be_read() {
    let files: Vec<&str> = MANUAL.split("```toml\n").skip(1).collect();
    assert!(!files.is_empty());
    for file in files {
        Scenario::parse(file.split("```").next().unwrap()).unwrap();
    }
}

#[test]
fn the_manual_names_every_member_of_a_call() {
    let call = crate::ServedCall::begun(1).to_json();
    for name in call.as_object().unwrap().keys() {
        assert!(MANUAL.contains(&format!("`{name}`")), "the member `{name}`");
    }
}
