//! `bursar serve --admin-listen`: the admin API beside the gateway, as programs rely on it.

use std::io::{BufRead, BufReader};
use std::process::Child;

use crate::world::{NOVA, Ran, World};

/// A gateway with its admin API, and where the two are.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) gateway: String,
    pub(crate) admin: String,
}

impl Served {
    pub(crate) fn start(world: &World) -> Self {
        Self::start_with(world, &[])
    }

    pub(crate) fn start_with(world: &World, more: &[&str]) -> Self {
        let flags = ["serve", "--open", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let mut child = world.spawn(&[&flags[..], more].concat());
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout is piped")).lines();
        let mut line = |start: &str| {
            let line = lines.next().expect("it says where").expect("it is a text");
            line.strip_prefix(start).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let (gateway, admin) = (line("listening on "), line("admin on "));
        Self { child, gateway, admin }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let told = std::process::Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("it can be told").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Served {
    /// A test that fails leaves nobody behind, who would keep what it has open.
    fn drop(&mut self) {
        if std::thread::panicking() {
            drop(self.child.kill());
        }
    }
}

#[test]
fn a_gateway_is_administered_while_it_serves_and_stops_well() {
    let world = World::start();
    let served = Served::start(&world);
    let key = world.json(&["admin-key", "create", "--name", "terraform"]);
    let key = key["secret"].as_str().expect("it is shown").to_owned();
    let remote = |arguments: &[&str]| {
        let mut command = world.command();
        command.env_remove("BURSAR_LEDGER").env("BURSAR_SERVER", &served.admin);
        command.env("BURSAR_ADMIN_KEY", &key).args(arguments).arg("--json");
        Ran::from(command.output().expect("the program starts"))
    };
    remote(&["team", "create", "research"]).exits(0);
    remote(&["budget", "set", "--all", "--window", "total", "--limit", "0usd"]).exits(0);
    // What is set there counts here, for the next call.
    let body = r#"{"messages":[{"role":"user","content":[{"text":"hello"}]}]}"#;
    let url = format!("{}/model/{NOVA}/converse", served.gateway);
    let status = |body: &str| {
        let curl = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", body, &url];
        let ran = std::process::Command::new("curl").args(curl).output().expect("curl runs");
        String::from_utf8(ran.stdout).expect("it is a number")
    };
    assert_ne!(status(body), "200");
    assert_eq!(world.served().len(), 0);
    remote(&["budget", "end", "--all"]).exits(0);
    assert_eq!(status(body), "200");
    let calls = remote(&["calls"]).exits(0).json();
    assert_eq!(calls["rows"].as_array().map(Vec::len), Some(1), "{calls}");
    let changes = remote(&["ledger", "changes", "--limit", "1"]).exits(0).json();
    assert_eq!(changes["rows"][0]["actor"], "terraform");
    assert_eq!(served.stop(), Some(0));
    world.audit();
}

#[test]
fn it_is_not_served_to_other_machines_unless_that_is_said() {
    let world = World::start();
    let flags = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"];
    let refused = world.bursar(&flags).exits(2);
    assert!(refused.stderr.contains("--allow-remote-admin"), "{}", refused.stderr);
    world.bursar(&["serve", "--listen", "127.0.0.1:0", "--allow-remote-admin"]).exits(2);
}
