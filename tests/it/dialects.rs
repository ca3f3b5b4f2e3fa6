//! OpenAI's and Anthropic's own clients through `bursar serve`, unchanged but for URL and key.
//!
//! What a client says it used is what the ledger recorded and what the simulator knows to be true,
//! call by call. What the clients are made to do is in their own languages, in `clients/`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::clients::{client, place};
use crate::world::World;

/// A gateway before a simulator, and two keys: one of a team with room, one of a team without.
struct Gateway {
    process: Child,
    url: String,
    open: Value,
    spent: Value,
    world: World,
}

impl Gateway {
    fn start() -> Self {
        let world = World::start();
        let key = |team: &str| {
            world.json(&["team", "create", team]);
            world.json(&["key", "create", "--team", team])
        };
        let (open, spent) = (key("open"), key("spent"));
        let none = ["--window", "total", "--limit", "0.000001usd"];
        world.json(&[&["budget", "set", "--team", "spent"], &none[..]].concat());
        let mut process = world
            .command()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the gateway starts");
        let mut line = String::new();
        let stdout = process.stdout.as_mut().expect("its stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        Self { process, url, open, spent, world }
    }

    fn secrets(&self) -> [&str; 2] {
        [&self.open, &self.spent].map(|key| key["secret"].as_str().expect("a key has a secret"))
    }

    /// Runs a script of `clients/` that must find all its checks to hold, and gives back what each
    /// answer's client was told: input and output tokens, by the call's id.
    #[track_caller]
    fn run(&self, mut client: Command, script: &str, checks: usize) -> BTreeMap<String, [u64; 2]> {
        let script = format!("{}/../../tests/it/clients/{script}", env!("CARGO_MANIFEST_DIR"));
        let [open, spent] = self.secrets();
        let pair = ["access_key_id", "secret_access_key"]
            .map(|name| self.open[name].as_str().expect("a key has a pair"));
        client.args([script.as_str(), &self.url, open, spent]).args(pair);
        let ran = client.env("HOME", self.world.path(".")).output().expect("the client starts");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(said.lines().filter(|line| line.ends_with(": held")).count(), checks, "{said}");
        let told = said.lines().filter_map(|line| line.strip_prefix("call: "));
        let told = told.map(|line| {
            let call: Value = serde_json::from_str(line).expect("a script writes JSON");
            let tokens = ["input", "output"].map(|name| call[name].as_u64().expect("a number"));
            (call["id"].as_str().expect("an id").to_owned(), tokens)
        });
        told.collect()
    }

    /// What clients were told is in the ledger, call by call, and no other call of the same kind;
    /// the ledger and the simulator agree on every token.
    #[track_caller]
    fn agrees(&mut self, told: &BTreeMap<String, [u64; 2]>) {
        self.stop();
        let rows = self.world.calls();
        for (id, tokens) in told {
            let row = rows.iter().find(|row| row["id"] == id.as_str()).expect("it is recorded");
            let [output, input @ ..] = tokens_of([row]);
            assert_eq!([input.iter().sum(), output], *tokens, "{row:#}");
            assert_eq!((&row["team"], &row["outcome"]), (&"open".into(), &"succeeded".into()));
        }
        assert!(told.len() > 2, "{told:?}");
        let served = self.world.served();
        let complete = served.iter().filter(|call| call["ended"] == "complete");
        let succeeded = rows.iter().filter(|row| row["outcome"] == "succeeded");
        assert_eq!(tokens_of(succeeded), tokens_of(complete), "{served:#?}");
        assert!(rows.iter().all(|row| row["team"] != "spent"), "a refusal is no call");
        self.world.audit();
    }

    /// Stops it as an operator does, and waits until all is settled.
    #[track_caller]
    fn stop(&mut self) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|status| status.success()), "it is there to be told");
        let ended = self.process.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}

/// The tokens of rows of the ledger or of the simulator, by their kinds: output, then all of input.
fn tokens_of<'a>(rows: impl IntoIterator<Item = &'a Value>) -> [u64; 5] {
    let kinds = ["output", "input", "cache_read", "cache_write_5m", "cache_write_1h"];
    let mut sums = [0; 5];
    for row in rows {
        for (sum, kind) in sums.iter_mut().zip(kinds) {
            *sum += row[format!("{kind}_tokens")].as_u64().expect("every kind is told");
        }
    }
    sums
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It has ended by itself in a test that came to its end.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

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
