//! OpenAI's and Anthropic's own clients through `bursar serve`, unchanged but for URL and key.
//!
//! What a client says it used is what the ledger recorded and what the simulator knows to be true,
//! call by call. What the clients are made to do is in their own languages, in `clients/`.

use crate::clients::{client, place};
use crate::gateway::Gateway;
use crate::world::{Ran, World};

#[test]
fn openais_client_is_served_and_told_what_the_ledger_recorded() {
    let mut gateway = Gateway::start();
    let python = client(&place("BURSAR_TEST_PYTHON"));
    let told = gateway.run(python, "openai_gateway.py", 11);
    gateway.agrees(&told);
}

#[test]
fn anthropics_clients_direct_and_for_bedrock_are_served_and_told_what_the_ledger_recorded() {
    let mut gateway = Gateway::start();
    let python = client(&place("BURSAR_TEST_PYTHON"));
    let told = gateway.run(python, "anthropic_gateway.py", 7);
    gateway.agrees(&told);
}

#[test]
fn both_houses_clients_for_javascript_are_served_and_told_what_the_ledger_recorded() {
    let mut gateway = Gateway::start();
    let mut node = client(&place("BURSAR_TEST_NODE"));
    node.env("NODE_PATH", place("BURSAR_TEST_NODE_MODULES")).env("NODE_NO_WARNINGS", "1");
    let told = gateway.run(node, "dialects_gateway.cjs", 10);
    gateway.agrees(&told);
}

#[test]
fn aws_own_model_of_converse_finds_nothing_wrong_with_what_is_made_of_openais_requests() {
    let world = World::start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/converse_referee.py");
    let mut python = client(&place("BURSAR_TEST_PYTHON"));
    let settings = world.command();
    let settings = settings.get_envs().filter_map(|(name, value)| Some((name, value?)));
    python.envs(settings.filter(|(name, _)| *name != "PATH"));
    let ran = python.args([script, env!("CARGO_BIN_EXE_bursar")]).output();
    let ran = Ran::from(ran.expect("Python starts")).exits(0);
    let held = ran.stdout.lines().filter(|line| line.ends_with(": held")).count();
    assert_eq!(held, 7, "{}", ran.stdout);
}
