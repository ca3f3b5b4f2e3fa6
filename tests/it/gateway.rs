//! `bursar serve` before a simulator, as its operator starts and stops it, for clients of any kind.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::clients::ERRORS;
use crate::world::World;

/// A gateway before a simulator, and two keys: one of a team with room, one of a team without.
pub(crate) struct Gateway {
    pub(crate) process: Child,
    pub(crate) url: String,
    pub(crate) tls_url: String,
    pub(crate) open: Value,
    pub(crate) spent: Value,
    pub(crate) world: World,
}

impl Gateway {
    pub(crate) fn start() -> Self {
        let world = World::start();
        let key = |team: &str| {
            world.json(&["team", "create", team]);
            world.json(&["key", "create", "--team", team])
        };
        let (open, spent) = (key("open"), key("spent"));
        let none = ["--window", "total", "--limit", "0.000001usd"];
        world.json(&[&["budget", "set", "--team", "spent"], &none[..]].concat());
        let certificate = world.path("gateway.pem");
        let log = std::fs::File::create(world.path("gateway.log")).expect("a file can be made");
        let mut process = world
            .command()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--tls-listen", "127.0.0.1:0", "--tls-self-signed", "--tls-certificate-out"])
            .arg(&certificate)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the gateway starts");
        let mut lines =
            BufReader::new(process.stdout.as_mut().expect("its stdout is piped")).lines();
        let mut address = || {
            let line = lines.next().expect("it says where it listens").expect("it is text");
            line.strip_prefix("listening on ").expect("it listens").to_owned()
        };
        let (url, tls_url) = (address(), address());
        Self { process, url, tls_url, open, spent, world }
    }

    /// What a client has to trust, as PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.world.path("gateway.pem")
    }

    /// The lines of its log that are about so.
    pub(crate) fn log(&self, target: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.world.path("gateway.log")).expect("it has a log");
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON"));
        lines.filter(|line: &Value| line["target"] == target).collect()
    }

    fn secrets(&self) -> [&str; 2] {
        [&self.open, &self.spent].map(|key| key["secret"].as_str().expect("a key has a secret"))
    }

    /// Runs a script of `clients/` that must find all its checks to hold, and gives back what each
    /// answer's client was told: input and output tokens, by the call's id.
    #[track_caller]
    pub(crate) fn run(
        &self,
        mut client: Command,
        script: &str,
        checks: usize,
    ) -> BTreeMap<String, [u64; 2]> {
        let script = format!("{}/../../tests/it/clients/{script}", env!("CARGO_MANIFEST_DIR"));
        let [open, spent] = self.secrets();
        let pair = |key: &Value| {
            ["access_key_id", "secret_access_key"]
                .map(|name| key[name].as_str().expect("a key has a pair").to_owned())
        };
        client.args([script.as_str(), &self.url, open, spent]);
        client.args(pair(&self.open)).args(pair(&self.spent)).arg(&self.tls_url);
        client.env("AWS_CA_BUNDLE", self.certificate());
        client.env("BURSAR_TEST_ERRORS", json!(ERRORS).to_string());
        client.env("NODE_EXTRA_CA_CERTS", self.certificate());
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
    pub(crate) fn agrees(&mut self, told: &BTreeMap<String, [u64; 2]>) {
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
        assert_eq!(units_of(&rows), units_of(&served), "{served:#?}");
        assert!(rows.iter().all(|row| row["team"] != "spent"), "a refusal is no call");
        self.world.audit();
    }

    /// Stops it as an operator does, and waits until all is settled.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|status| status.success()), "it is there to be told");
        let ended = self.process.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}

/// The tokens of rows of the ledger or of the simulator, by their kinds: output, then all of input.
pub(crate) fn tokens_of<'a>(rows: impl IntoIterator<Item = &'a Value>) -> [u64; 5] {
    let kinds = ["output", "input", "cache_read", "cache_write_5m", "cache_write_1h"];
    let mut sums = [0; 5];
    for row in rows {
        for (sum, kind) in sums.iter_mut().zip(kinds) {
            *sum += row[format!("{kind}_tokens")].as_u64().expect("every kind is told");
        }
    }
    sums
}

/// The metered units of rows of the ledger or of the simulator, by name.
fn units_of(rows: &[Value]) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (name, units) in rows.iter().filter_map(|row| row["meters"].as_object()).flatten() {
        *sums.entry(name.clone()).or_default() += units.as_u64().expect("units are numbers");
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
