//! Teams and whose a call is, as people set them up: the real program, the simulator, both databases.

use crate::world::{BOTH, NOVA, World};

const ASK: [&str; 4] = ["converse", "-m", NOVA, "hello"];

/// Asks with further flags; what the ledger says of the call.
#[track_caller]
fn asked(world: &World, flags: &[&str]) -> serde_json::Value {
    world.json(&[&ASK, flags].concat())
}

#[test]
fn a_call_is_recorded_under_whom_its_flags_name() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let made = world.json(&["team", "create", "research", "--owner", "ann"]);
        assert_eq!(made.as_object().map(serde_json::Map::len), Some(2), "{made}");
        assert_eq!(made["name"], "research");
        let id = made["id"].as_str().expect("an id is a text").to_owned();
        world.json(&["team", "project", "add", "research", "atlas"]);
        world.json(&["team", "user", "add", "research", "ann", "bob"]);
        for flags in [["--team", "research"], ["--team", &id], ["--project", "atlas"]] {
            assert_eq!(asked(&world, &flags)["team"], "research", "{flags:?}");
        }
        let call = asked(&world, &["--user", "ann", "--project", "atlas", "--tag", "env=prod"]);
        assert_eq!((&call["user"], &call["project"]), (&"ann".into(), &"atlas".into()));
        assert_eq!(call["tags"]["env"], "prod");
        let mut command = world.command();
        command.env("BURSAR_TEAM", "research").env("BURSAR_USER", "").args(ASK).arg("--json");
        let ran = crate::world::Ran::from(command.output().expect("it starts")).exits(0).json();
        assert_eq!((&ran["team"], ran["user"].is_null()), (&"research".into(), true));
        assert!(asked(&world, &[])["team"].is_null());
        world.audit();
    }
}

#[test]
fn who_is_not_known_is_refused_with_what_is_nearest_and_nothing_is_sent() {
    let world = World::start();
    world.json(&["team", "create", "research"]);
    world.json(&["team", "create", "sales"]);
    world.json(&["team", "project", "add", "sales", "atlas"]);
    world.json(&["team", "user", "add", "research", "ann"]);
    world.json(&["team", "user", "add", "sales", "ann"]);
    for (flags, says) in [
        (vec!["--team", "reserch"], "did you mean `research`? `bursar team create NAME`"),
        (vec!["--project", "zebra"], "`bursar team project add TEAM NAME` makes one"),
        (vec!["--user", "eve"], "`bursar team user add TEAM NAME`"),
        (vec!["--key", "key_x"], "`bursar key create --team NAME`"),
        (vec!["--key", "bsr_abcdefgh_secret"], "give the id"),
        (vec!["--team", "research", "--project", "atlas"], "not of the team `research`"),
        (vec!["--user", "ann"], "say which pays: `research`, `sales`"),
    ] {
        let ran = world.bursar(&[&ASK, flags.as_slice()].concat()).exits(2);
        assert!(ran.stderr.contains(says), "{flags:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("_secret"), "{}", ran.stderr);
    }
    assert!(world.served().is_empty());
    assert!(world.calls().is_empty());
}

#[test]
fn hostile_and_repeated_names_change_nothing() {
    let world = World::start();
    world.json(&["team", "create", "research"]);
    let before = world.json(&["team", "list"]);
    let long = "x".repeat(10_000);
    for name in
        ["", " ", "../x", "a\nb", "\u{1b}[2J", "a\u{202e}b", " padded", "research", "=1", &long]
    {
        let ran = world.bursar(&["team", "create", name]).exits(2);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.len() < 400, "{}", ran.stderr);
        assert!(!ran.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.stderr);
        world.bursar(&["team", "project", "add", "research", "good", name]).exits(
            // Projects and teams do not share their names.
            if name == "research" { 0 } else { 2 },
        );
        world.bursar(&["team", "end", name, "--force"]).exits(i32::from(name != "research") * 2);
        if name == "research" {
            world.json(&["team", "create", "research"]);
        }
    }
    world.bursar(&["team", "create", "sales", "--owner", "a\nb"]).exits(2);
    let after = world.json(&["team", "list"]);
    assert_eq!(before["rows"].as_array().map(Vec::len), after["rows"].as_array().map(Vec::len));
    assert_eq!(after["rows"][0]["projects"], serde_json::json!([]));
}

#[test]
fn a_team_is_shown_changed_and_ended() {
    let world = World::start();
    let empty = world.bursar(&["team", "list"]).exits(0);
    assert!(empty.stderr.contains("`bursar team create NAME` makes one"), "{}", empty.stderr);
    world.json(&["team", "create", "research", "--owner", "ann", "--cost-centre", "4711"]);
    world.json(&["team", "set", "research", "--owner", ""]);
    let team = world.json(&["team", "show", "research"]);
    assert_eq!((team["owner"].is_null(), &team["cost_centre"]), (true, &"4711".into()));
    let table = world.bursar(&["team", "list"]).exits(0).stdout;
    assert!(table.contains("research") && table.contains("4711"), "{table}");
    world.bursar(&["team", "end", "research"]).exits(0);
    assert_eq!(world.json(&["team", "list"])["rows"], serde_json::json!([]));
    world.bursar(&[&ASK[..], &["--team", "research"]].concat()).exits(2);
}
