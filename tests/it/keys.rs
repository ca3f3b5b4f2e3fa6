//! Virtual keys and policies, as people make them: the real program, the simulator, both databases.

use crate::world::{BOTH, NOVA, Ran, World};

const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Runs with a master key, which PostgreSQL has no file for.
fn keyed(world: &World, arguments: &[&str]) -> Ran {
    let mut command = world.command();
    command.env("BURSAR_MASTER_KEY", MASTER).args(arguments).arg("--json");
    Ran::from(command.output().expect("the program starts"))
}

fn ask(world: &World, flags: &[&str]) -> Ran {
    world.bursar(&[&["converse", "-m", NOVA, "hello", "--max-tokens", "50"], flags].concat())
}

#[test]
fn a_keys_secrets_are_shown_once_and_its_calls_are_its_teams() {
    for database in BOTH {
        let world = World::on(database, &[]);
        world.json(&["team", "create", "research"]);
        world.json(&["team", "project", "add", "research", "atlas"]);
        let create = ["key", "create", "--team", "research", "--name", "ci", "--project", "atlas"];
        let made = keyed(&world, &create).exits(0).json();
        let text = |field: &str| made[field].as_str().expect("it is a text").to_owned();
        let (id, secret) = (text("id"), text("secret"));
        assert!(id.starts_with("key_") && secret.starts_with("bsr_"), "{made}");
        assert_eq!((text("access_key_id").len(), text("secret_access_key").len()), (20, 40));
        assert_eq!(made.as_object().map(serde_json::Map::len), Some(4), "{made}");
        let call = ask(&world, &["--key", &id, "--json"]).exits(0).json();
        assert_eq!(
            (&call["key"], &call["team"], &call["project"]),
            (&id.clone().into(), &"research".into(), &"atlas".into())
        );
        let rotated = keyed(&world, &["key", "rotate", "ci"]).exits(0).json();
        assert_eq!(rotated["id"], made["id"]);
        assert_ne!(rotated["secret"], made["secret"]);
        let shown = ["list", "show"].map(|verb| {
            let name: &[&str] = if verb == "show" { &["ci"] } else { &[] };
            world.bursar(&[&["key", verb, "--json"], name].concat()).exits(0).stdout
        });
        let (_, hidden) = secret.rsplit_once('_').expect("it has parts");
        let kept = shown.concat();
        assert!(kept.contains(&id) && !kept.contains(hidden), "{kept}");
        assert!(!kept.contains(&text("secret_access_key")), "{kept}");
        keyed(&world, &["key", "revoke", &id]).exits(0);
        let gone = ask(&world, &["--key", &id]).exits(2);
        assert!(gone.stderr.contains("was revoked at"), "{}", gone.stderr);
        world.audit();
    }
}

#[test]
fn no_file_of_the_ledger_holds_a_secret() {
    let world = World::start();
    world.json(&["team", "create", "research"]);
    let made = world.json(&["key", "create", "--team", "research"]);
    let master = std::fs::read(world.path("ledger.db.key")).expect("it lies beside the ledger");
    let master = String::from_utf8(master).expect("it is base64");
    let hidden = [made["secret"].as_str(), made["secret_access_key"].as_str(), Some(master.trim())];
    for entry in std::fs::read_dir(world.path("")).expect("there is a folder").flatten() {
        let name = entry.file_name().into_string().expect("its name is UTF-8");
        if !name.starts_with("ledger.db") || name == "ledger.db.key" {
            continue;
        }
        let bytes = std::fs::read(entry.path()).expect("it can be read");
        for secret in hidden.into_iter().flatten() {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name}");
        }
    }
}

#[test]
fn without_the_right_master_key_no_key_is_made() {
    let world = World::on(BOTH[1], &[]);
    world.json(&["team", "create", "research"]);
    let create = ["key", "create", "--team", "research"];
    let none = world.bursar(&create).exits(78);
    assert!(none.stderr.contains("openssl rand -base64 32"), "{}", none.stderr);
    keyed(&world, &create).exits(0);
    let mut other = world.command();
    other.env("BURSAR_MASTER_KEY", MASTER.replace("AAEC", "BBEC")).args(create);
    let ran = Ran::from(other.output().expect("it starts")).exits(78);
    assert!(ran.stderr.contains("is bound to the master key"), "{}", ran.stderr);
    let mut bad = world.command();
    bad.env("BURSAR_MASTER_KEY", "changeme").args(create);
    Ran::from(bad.output().expect("it starts")).exits(78);
    let file = world.write("master.key", MASTER);
    let mut filed = world.command();
    filed.env("BURSAR_MASTER_KEY_FILE", &file).args(create);
    Ran::from(filed.output().expect("it starts")).exits(0);
    assert_eq!(world.json(&["key", "list"])["rows"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_call_outside_its_keys_policy_is_refused_before_anything_is_sent() {
    let world = World::start();
    world.json(&["team", "create", "research"]);
    for (flags, says, code) in [
        (["--models", "anthropic"], "allows model `anthropic`", 3),
        (["--models", "nova-pro,claude-sonnet"], "`nova-pro`", 3),
        (["--regions", "eu-*"], "allows region `eu-*`", 5),
        (["--max-tokens", "49"], "allows max-tokens up to 49", 5),
    ] {
        let made = world.json(&[&["key", "create", "--team", "research"], &flags[..]].concat());
        let id = made["id"].as_str().expect("an id is a text");
        let ran = ask(&world, &["--key", id]).exits(code);
        assert!(ran.stderr.contains(says) && ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
    assert!(world.served().is_empty());
    let routed = world.json(&["key", "create", "--team", "research", "--routing", "in-region"]);
    let id = routed["id"].as_str().expect("an id is a text");
    let by_profile = ["converse", "-m", "us.amazon.nova-lite-v1:0", "hello", "--key", id];
    let ran = world.bursar(&by_profile).exits(5);
    assert!(ran.stderr.contains("`us.amazon.nova-lite-v1:0` was asked for"), "{}", ran.stderr);
    ask(&world, &["--key", id]).exits(0);
    assert_eq!(world.served().len(), 1);
    world.audit();
}

#[test]
fn a_teams_and_a_keys_policies_are_changed_part_by_part_and_count_from_the_next_call() {
    let world = World::start();
    world.json(&["team", "create", "research"]);
    let set = |what: &str, flags: &[&str]| {
        let name = if what == "team" { "research" } else { "ci" };
        world.json(&[&[what, "set", name], flags].concat())["policy"].clone()
    };
    world.json(&["key", "create", "--team", "research", "--name", "ci"]);
    for (what, flags) in [("team", ["--team", "research"]), ("key", ["--key", "ci"])] {
        ask(&world, &flags).exits(0);
        set(what, &["--models", "amazon"]);
        let policy = set(what, &["--max-tokens", "49"]);
        assert_eq!((&policy["models"][0], &policy["max_tokens"]), (&"amazon".into(), &49.into()));
        ask(&world, &flags).exits(5);
        set(what, &["--anew", "--models", "anthropic"]);
        ask(&world, &flags).exits(3);
        assert_eq!(set(what, &["--anew"])["models"], serde_json::json!([]));
        ask(&world, &flags).exits(0);
    }
    world.audit();
}

#[test]
fn what_makes_no_sense_makes_no_key() {
    let world = World::start();
    world.json(&["team", "create", "research"]);
    for (flags, code) in [
        (["--models", "claude-nonet-9"], 3),
        (["--regions", "EU west"], 2),
        (["--routing", "geo:"], 2),
        (["--max-tokens", "0"], 2),
        (["--max-tokens", "-5"], 2),
        (["--expires", "2020-01-01"], 2),
        (["--expires", "never"], 2),
        (["--user", "nobody"], 2),
        (["--project", "nothing"], 2),
        (["--name", "../x"], 2),
    ] {
        let ran = world.bursar(&[&["key", "create", "--team", "research"], &flags[..]].concat());
        ran.exits(code);
    }
    world.bursar(&["key", "create", "--team", "sales"]).exits(2);
    world.bursar(&["key", "rotate", "key_none"]).exits(2);
    let list = world.bursar(&["key", "list", "--revoked"]).exits(0);
    assert!(list.stderr.contains("there are no keys yet"), "{}", list.stderr);
}

#[test]
fn a_key_tells_the_policies_that_stand_on_it_and_what_they_leave() {
    for database in BOTH {
        let world = World::on(database, &[]);
        world.json(&["team", "create", "research"]);
        let policy = ["--models", "amazon", "--regions", "eu-*,us-*", "--max-tokens", "4000"];
        world.json(&[&["team", "set", "research"], policy.as_slice()].concat());
        let create = ["key", "create", "--team", "research", "--name", "ci", "--expires", "30d"];
        let policy = ["--models", NOVA, "--regions", "us-east-1", "--max-tokens", "100"];
        let made = keyed(&world, &[create.as_slice(), &policy].concat()).exits(0).json();
        let id = made["id"].as_str().expect("it has an id");
        let why = world.json(&["why", "--key", "ci"]);
        let scopes: Vec<_> = why["policies"].as_array().expect("they are a list").iter().collect();
        assert_eq!(scopes.len(), 2, "{why:#}");
        let of = |scope: &str| scopes.iter().find(|on| on["scope"] == scope).expect("it is there");
        assert_eq!(of("team research")["regions"], serde_json::json!(["eu-*", "us-*"]));
        assert_eq!(of(&format!("key {id}"))["max_tokens"], 100);
        let in_force = &why["in_force"];
        assert_eq!(in_force["models"], serde_json::json!([NOVA]));
        assert_eq!(in_force["regions"], serde_json::json!(["us-east-1"]));
        assert_eq!(in_force["max_tokens"], 100);
        assert!(in_force["expires_at"].is_string() && in_force["refused"].is_null(), "{why:#}");
        let told = world.bursar(&["why", "--key", "ci"]).exits(0).stdout;
        for line in ["policy of team research: models amazon;", "in force of them:", "it expires"] {
            assert!(told.contains(line), "{line}: {told}");
        }
        // What it says is what a call meets.
        ask(&world, &["--key", id]).exits(0);
        let long = ["converse", "-m", NOVA, "hello", "--max-tokens", "101", "--key", id];
        let ran = world.bursar(&long).exits(5);
        assert!(ran.stderr.contains("allows max-tokens up to 100"), "{}", ran.stderr);
        keyed(&world, &["key", "revoke", id]).exits(0);
        let why = world.json(&["why", "--key", id]);
        let refused = why["in_force"]["refused"].as_str().expect("it says so");
        assert!(refused.contains("was revoked"), "{refused}");
    }
}

#[test]
fn where_a_master_key_is_at_hand_a_calls_request_is_hashed_and_nothing_is_made_for_it() {
    let world = World::start();
    ask(&world, &[]).exits(0);
    assert!(world.only_call()["request_hmac"].is_null());
    assert!(!world.path("ledger.db.key").exists(), "nobody needed a key");
    world.json(&["team", "create", "research"]);
    world.json(&["key", "create", "--team", "research"]);
    ask(&world, &[]).exits(0);
    ask(&world, &[]).exits(0);
    let calls = world.calls();
    assert_eq!(calls[0]["request_hmac"].as_str().map(str::len), Some(64));
    assert_eq!(calls[0]["request_hmac"], calls[1]["request_hmac"], "the same request");
    // Another master key is not the ledger's.
    let mut command = world.command();
    command.env("BURSAR_MASTER_KEY", MASTER).args(["converse", "-m", NOVA, "hello"]);
    let refused = Ran::from(command.output().expect("the program starts"));
    assert!(refused.stderr.contains("master key"), "{}", refused.stderr);
    assert_eq!(world.served().len(), 3);
}
