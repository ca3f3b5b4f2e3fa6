//! A gateway that reads its configuration again while it serves: at SIGHUP, and when it is asked to.

use std::process::Command;

use serde_json::Value;

use crate::administration::Served;
use crate::world::{HAIKU, NOVA, World};

/// A gateway by a configuration file of its own.
struct Reloaded {
    served: Served,
    key: String,
    world: World,
}

impl Reloaded {
    fn start(configuration: &str) -> Self {
        let world = World::start();
        let key = world.json(&["admin-key", "create", "--name", "terraform"]);
        let key = key["secret"].as_str().expect("it is shown").to_owned();
        let file = world.write("config.toml", configuration);
        let served = Served::start_with(&world, &["--config", &file]);
        Self { served, key, world }
    }

    /// The status of a call to a name, and the model that was called.
    fn call(&self, name: &str) -> (String, Option<String>) {
        let body = r#"{"messages":[{"role":"user","content":[{"text":"hello"}]}]}"#;
        let url = format!("{}/model/{name}/converse", self.served.gateway);
        let before = self.world.served().len();
        let status = curl(&["-o", "/dev/null", "-w", "%{http_code}", "-d", body, &url]);
        let model = self
            .world
            .served()
            .get(before)
            .map(|call| call["model_sent"].as_str().expect("a call has a model").to_owned());
        (status, model)
    }

    fn ask(&self) -> Value {
        let url = format!("{}/api/v1/reload", self.served.admin);
        let key = format!("authorization: Bearer {}", self.key);
        let said = curl(&["-X", "POST", "-H", &key, &url]);
        serde_json::from_str(&said).expect("the answer is JSON")
    }

    fn hang_up(&self) {
        let id = self.served.child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().expect("kill runs").success());
    }

    /// Whether what it read last was right.
    fn is_good(&self) -> bool {
        let metrics = curl(&[&format!("{}/metrics", self.served.admin)]);
        let name = "bursar_config_last_reload_successful ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.expect("it is told") == "1"
    }

    /// Stops it, and gives back the lines of its log.
    fn stop(mut self) -> Vec<Value> {
        let stderr = self.served.child.stderr.take().expect("its stderr is piped");
        assert_eq!(self.served.stop(), Some(0));
        let text = std::io::read_to_string(stderr).expect("it is a text");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

fn curl(arguments: &[&str]) -> String {
    let ran = Command::new("curl").arg("-s").args(arguments).output().expect("curl runs");
    String::from_utf8(ran.stdout).expect("it is a text")
}

fn aliased(model: &str) -> String {
    format!("[models.aliases]\nfast = \"{model}\"\n")
}

#[test]
fn what_is_right_counts_from_the_next_call_on_and_what_is_wrong_changes_nothing() {
    let gateway = Reloaded::start(&aliased(NOVA));
    assert_eq!(gateway.call("fast"), ("200".to_owned(), Some(NOVA.to_owned())));
    gateway.world.write("config.toml", &aliased(HAIKU));
    assert_eq!(gateway.call("fast").1.as_deref(), Some(NOVA), "nobody has told it");
    let told = gateway.ask();
    assert!(told["file"].as_str().is_some_and(|file| file.ends_with("config.toml")), "{told}");
    assert_eq!(told["needs_restart"], serde_json::json!([]));
    assert_eq!(gateway.call("fast").1.as_deref(), Some(HAIKU));
    gateway.world.write("config.toml", "[limits]\nidle_ms = 5\ntotal_ms = \"soon\"\n");
    let told = gateway.ask();
    assert_eq!(told["error"]["code"], "configuration", "{told}");
    let message = told["error"]["message"].as_str().expect("it says why");
    assert!(message.contains("config.toml:3: `total_ms`"), "{message}");
    assert!(!gateway.is_good());
    assert_eq!(gateway.call("fast").1.as_deref(), Some(HAIKU), "the old counts");
    gateway
        .world
        .write("config.toml", "[ledger]\nheads_file = \"heads\"\n[aws]\nregion = \"eu-west-1\"\n");
    assert_eq!(gateway.ask()["needs_restart"], serde_json::json!(["[ledger]", "[aws]"]));
    assert!(gateway.is_good());
    assert_eq!(gateway.call("fast").0, "400", "the alias is gone");
    assert_eq!(gateway.call(NOVA).0, "200");
    let lines = gateway.stop();
    let is_refused = |line: &&Value| {
        let message = line["message"].as_str().unwrap_or_default();
        line["level"] == "error" && message.contains("config.toml:3: `total_ms`")
    };
    assert_eq!(lines.iter().filter(is_refused).count(), 1, "{lines:#?}");
}

#[test]
fn a_hangup_has_it_read_again_and_a_bad_file_is_told_in_the_log() {
    let gateway = Reloaded::start(&aliased(NOVA));
    gateway.world.write("config.toml", "[models]\naliasses = 1\n");
    gateway.hang_up();
    while gateway.is_good() {
        std::thread::yield_now();
    }
    assert_eq!(gateway.call("fast").1.as_deref(), Some(NOVA));
    gateway.world.write("config.toml", &aliased(HAIKU));
    gateway.hang_up();
    while !gateway.is_good() {
        std::thread::yield_now();
    }
    assert_eq!(gateway.call("fast").1.as_deref(), Some(HAIKU));
    let lines = gateway.stop();
    let of_config = |line: &&Value| line["message"].to_string().contains("config");
    let levels: Vec<&Value> = lines.iter().filter(of_config).map(|line| &line["level"]).collect();
    assert_eq!(levels, ["error", "info"], "{lines:#?}");
}

#[test]
fn the_logs_level_is_read_again_too() {
    let gateway = Reloaded::start("[log]\nlevel = \"warn\"\n");
    assert_eq!(gateway.call(NOVA).0, "200");
    gateway.world.write("config.toml", "[log]\nlevel = \"info\"\n");
    assert!(gateway.ask()["error"].is_null());
    assert_eq!(gateway.call(NOVA).0, "200");
    gateway.world.write("config.toml", "[log]\nlevel = \"loud\"\n");
    let told = gateway.ask();
    assert_eq!(told["error"]["code"], "configuration", "{told}");
    assert_eq!(gateway.call(NOVA).0, "200", "the old level counts");
    gateway.world.write("config.toml", "[log]\nlevel = \"off\"\n");
    assert!(gateway.ask()["error"].is_null());
    assert_eq!(gateway.call(NOVA).0, "200");
    assert_eq!(gateway.world.calls().len(), 4);
    let lines = gateway.stop();
    let calls = lines.iter().filter(|line| line["target"] == "bursar::call").count();
    assert_eq!(calls, 2, "{lines:#?}");
}

#[test]
fn prices_and_limits_are_read_again_too() {
    let gateway = Reloaded::start("");
    let cost = |gateway: &Reloaded| {
        assert_eq!(gateway.call(NOVA).0, "200");
        let calls = gateway.world.calls();
        calls.iter().map(|call| call["cost_usd"].as_str().expect("a cost").to_owned()).collect()
    };
    let before: Vec<String> = cost(&gateway);
    gateway
        .world
        .write("prices.toml", &format!("[[discount]]\nmodel = \"{NOVA}\"\npercent = \"100\"\n"));
    gateway.world.write("config.toml", "[prices]\nfile = \"prices.toml\"\n");
    let told = gateway.ask();
    assert!(told["error"].is_null(), "{told}");
    let after: Vec<String> = cost(&gateway);
    assert_eq!((before.len(), after.len()), (1, 2));
    assert!(after.iter().any(|cost| cost == "0"), "{after:?}");
    gateway.stop();
}
