//! Access from a file, as an administrator applies it: the real program, both databases.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::world::{BOTH, NOVA, Ran, World};

const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// So many teams, each with a user, a limit and a key.
fn teams(count: usize) -> String {
    let mut file = String::new();
    for team in 0..count {
        let _ = writeln!(
            file,
            "[teams.team-{team}]\nowner = \"owner-{team}\"\nusers = [\"user-{team}\"]\n\
             limits = [{{ window = \"month\", limit = \"{}usd\" }}]\n\
             [teams.team-{team}.keys.ci]\nuser = \"user-{team}\"\n",
            team + 1
        );
    }
    file
}

fn apply(world: &World, file: &str, flags: &[&str]) -> Ran {
    let mut command = world.command();
    command.env("BURSAR_MASTER_KEY", MASTER).args(["apply", "-f", file]).args(flags);
    Ran::from(command.output().expect("the program starts"))
}

#[test]
fn forty_teams_are_applied_at_once_and_a_second_time_there_is_nothing_to_change() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let file = world.write("access.toml", &teams(40));
        let began = Instant::now();
        let applied = apply(&world, &file, &["--json"]).exits(0).json();
        // The promise is five seconds on a machine of one's own; tests share theirs.
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!(applied["changes"].as_array().map(Vec::len), Some(160));
        let keys = applied["keys"].as_array().expect("it lists keys").clone();
        assert_eq!(keys.len(), 40);
        let again = apply(&world, &file, &[]).exits(0);
        assert_eq!(again.stdout, "nothing to change\n");
        let key = keys.iter().find(|key| key["team"] == "team-7").expect("every team has one");
        let id = key["id"].as_str().expect("an id is a text");
        let call = world.json(&["converse", "-m", NOVA, "hello", "--key", id]);
        assert_eq!((&call["team"], &call["user"]), (&"team-7".into(), &"user-7".into()));
        world.audit();
    }
}

#[test]
fn a_plan_says_what_would_be_and_a_prune_ends_the_rest() {
    let world = World::start();
    let three = world.write("three.toml", &teams(3));
    let planned = apply(&world, &three, &["--dry-run"]).exits(0);
    assert!(planned.stdout.starts_with("+ team team-0\n"), "{}", planned.stdout);
    assert!(!planned.stdout.contains("bsr_"), "{}", planned.stdout);
    assert_eq!(world.json(&["team", "list"])["rows"], serde_json::json!([]));
    let made = apply(&world, &three, &[]).exits(0).stdout;
    assert_eq!(made.matches("bsr_").count(), 3, "{made}");
    let one = world.write("one.toml", &teams(1).replace("owner-0", "somebody"));
    let changed = apply(&world, &one, &[]).exits(0).stdout;
    assert_eq!(changed, "~ team team-0: owner somebody, cost centre none\n");
    let pruned = apply(&world, &one, &["--prune"]).exits(0).stdout;
    assert!(
        pruned.contains("- team team-2\n") && pruned.contains("- limit team team-1"),
        "{pruned}"
    );
    assert_eq!(world.json(&["team", "list"])["rows"].as_array().map(Vec::len), Some(1));
    world.audit();
}

#[test]
fn an_error_in_line_300_names_it_and_nothing_is_applied() {
    let world = World::start();
    let mut text = teams(42);
    assert_eq!(text.lines().count(), 294);
    text.push_str("[teams.last]\nowner = \"ann\"\n\n[[teams.last.limits]]\nwindow = \"day\"\n");
    text.push_str("limit = \"NaNusd\"\n");
    let file = world.write("access.toml", &text);
    let ran = apply(&world, &file, &["--json"]).exits(65);
    assert!(ran.stderr.contains("access.toml:300: `NaNusd`"), "{}", ran.stderr);
    assert_eq!(ran.json()["error"]["code"], "bad_data");
    assert_eq!(world.json(&["team", "list"])["rows"], serde_json::json!([]));
    apply(&world, "nowhere.toml", &[]).exits(66);
    std::fs::write(world.path("raw.toml"), b"\n\n\xff").expect("it can be written");
    let raw = world.path("raw.toml").display().to_string();
    let ran = apply(&world, &raw, &[]).exits(65);
    assert!(ran.stderr.contains("raw.toml:3: "), "{}", ran.stderr);
}
