//! OpenAI's and Anthropic's own clients through `bursar serve`, unchanged but for URL and key.
//!
//! What a client says it used is what the ledger recorded and what the simulator knows to be true,
//! call by call. What the clients are made to do is in their own languages, in `clients/`.

use crate::clients::{client, place};
use crate::gateway::Gateway;

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
