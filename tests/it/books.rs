//! The books as their keeper uses them, and as an outsider does: audit, changes, keys, heads and a
//! ledger that is lost and restored.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::world::{BOTH, Database, NOVA, World};

/// A world with a key, a file of heads and one sealed call; the public key.
fn sealed(database: Database) -> (World, String) {
    let world = World::on(database, &[]);
    let heads = world.path("heads.jsonl");
    let key = world.path("key");
    world.write(
        "config.toml",
        &format!(
            "[ledger]\nsigning_key_file = \"{}\"\nheads_file = \"{}\"\n",
            key.display(),
            heads.display()
        ),
    );
    let key = world.json(&["ledger", "keygen", "--config", &config(&world)]);
    world.bursar(&["converse", "-m", NOVA, "Hello"]).exits(0);
    let done = world.json(&["ledger", "seal", "--config", &config(&world)]);
    assert_eq!((&done["sealed"], &done["signed"]), (&json!(1), &json!(true)));
    (world, key["public_key"].as_str().unwrap().to_owned())
}

fn config(world: &World) -> String {
    world.path("config.toml").display().to_string()
}

fn heads(world: &World) -> String {
    world.path("heads.jsonl").display().to_string()
}

#[test]
fn an_outsider_verifies_with_heads_and_public_key_and_nothing_else() {
    for database in BOTH {
        let (world, key) = sealed(database);
        let heads = heads(&world);
        fs::remove_file(world.path("key")).unwrap();
        let verify = ["ledger", "verify", "--heads", &heads, "--public-key", &key];
        let report = world.json(&verify);
        assert_eq!((&report["clean"], &report["rows"]), (&json!(true), &json!(1)));
        assert_eq!(report["unprotected"]["rows"], 0);
        world.bursar(&["converse", "-m", NOVA, "Hello again"]).exits(0);
        let said = world.bursar(&verify).exits(0).stdout;
        assert!(said.contains("unprotected: 1 rows since 2"), "{said}");
        // The key from a file, as it was printed.
        let file = world.write("key.pub", &format!("{key}\n"));
        world.bursar(&["ledger", "verify", "--heads", &heads, "--public-key", &file]).exits(0);
    }
}

#[test]
fn a_changed_head_a_wrong_key_or_no_file_is_told_as_what_it_is() {
    let (world, key) = sealed(Database::Sqlite);
    let heads = heads(&world);
    let edited = fs::read_to_string(&heads).unwrap().replace("\"block\":1", "\"block\":7");
    let edited = world.write("edited.jsonl", &edited);
    let verify = |heads: &str, key: &str| {
        world.bursar(&["ledger", "verify", "--json", "--heads", heads, "--public-key", key])
    };
    let report = verify(&edited, &key).exits(9).json();
    assert_eq!(report["findings"][0]["check"], "head");
    assert_eq!(report["error"]["code"], "audit_findings");
    let wrong = "0".repeat(64);
    verify(&heads, &wrong).exits(9);
    verify("no/such/file", &key).exits(66);
    verify(&heads, "no/such/key").exits(66);
    verify(&heads, &edited).exits(65);
    let again = world.bursar(&["ledger", "keygen", "--config", &config(&world)]).exits(2);
    assert!(again.stderr.contains("name a new one"), "{}", again.stderr);
}

#[test]
fn a_key_beside_the_ledger_is_used_without_being_named() {
    let world = World::start();
    let made = world.json(&["ledger", "keygen"]);
    assert!(made["file"].as_str().unwrap().ends_with("ledger.db-signing-key"), "{made}");
    world.bursar(&["converse", "-m", NOVA, "Hello"]).exits(0);
    assert_eq!(world.json(&["ledger", "seal"])["signed"], true);
    let elsewhere = World::on(Database::Postgres, &[]);
    let refused = elsewhere.bursar(&["ledger", "keygen"]).exits(78);
    assert!(refused.stderr.contains("signing_key_file"), "{}", refused.stderr);
}

#[test]
fn a_lost_ledger_is_restored_from_its_backup_and_says_so() {
    let (world, key) = sealed(Database::Sqlite);
    let backup = world.path("backup.db").display().to_string();
    world.bursar(&["ledger", "backup", &backup]).exits(0);
    world.bursar(&["ledger", "restore", &backup]).exits(2);
    for suffix in ["", "-wal", "-shm"] {
        // The last two are there only after a crash.
        drop(fs::remove_file(world.path(&format!("ledger.db{suffix}"))));
    }
    let report = world.json(&["ledger", "restore", &backup]);
    assert_eq!((&report["clean"], &report["calls"]), (&json!(true), &json!(1)));
    assert_eq!(report["set_aside"], json!(null));
    let verify = ["ledger", "verify", "--heads", &heads(&world), "--public-key", &key];
    world.bursar(&verify).exits(0);
    let changes = world.json(&["ledger", "changes", "--since", "1h"]);
    assert_eq!(changes["rows"][0]["action"], "ledger restore");
    assert_eq!(changes["rows"][0]["becomes"], json!(backup));
    let replaced = world.json(&["ledger", "restore", &backup, "--force"]);
    let old = replaced["set_aside"].as_str().unwrap();
    world.bursar(&["--ledger", &format!("sqlite:{old}"), "ledger", "audit"]).exits(0);
    world.audit();
}

#[test]
fn postgres_is_restored_by_its_own_tool_which_is_named() {
    let world = World::on(Database::Postgres, &[]);
    let refused = world.bursar(&["ledger", "restore", "ledger.dump"]).exits(2);
    for word in ["pg_restore", "bursar ledger audit"] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
}

#[test]
fn an_audit_rebuilds_balances_only_when_it_is_asked_to() {
    for database in BOTH {
        let world = World::on(database, &[]);
        world.bursar(&["converse", "-m", NOVA, "Hello"]).exits(0);
        assert!(world.json(&["ledger", "audit"]).get("rebuilt").is_none());
        assert_eq!(world.json(&["ledger", "audit", "--rebuild"])["rebuilt"], json!([]));
        let said = world.bursar(&["ledger", "changes"]).exits(0);
        assert!(said.stderr.contains("nobody has changed anything"), "{}", said.stderr);
    }
}

#[test]
fn an_audit_is_written_down_and_without_the_right_to_that_says_so() {
    let world = World::on(Database::Postgres, &[]);
    world.bursar(&["converse", "-m", NOVA, "Hello"]).exits(0);
    assert_eq!(world.json(&["ledger", "audit"])["noted"], true);
    let (server, name) = world.ledger.rsplit_once('/').expect("it names a database");
    let role = format!("reader_of_{name}");
    let (scheme, host) = server.rsplit_once('@').expect("it names who asks");
    let grant = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'of-a-test';
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    );
    let psql = Command::new("psql").args([&world.ledger, "-c", &grant]).status();
    assert!(psql.expect("psql is installed").success());
    let scheme = scheme.split("//").next().expect("it has one");
    let reader = format!("{scheme}//{role}:of-a-test@{host}/{name}");
    let audit = world.bursar(&["--ledger", &reader, "ledger", "audit"]).exits(0);
    assert!(audit.stdout.contains("1 calls and 0 open holds agree"), "{}", audit.stdout);
    assert!(audit.stderr.contains("what it found is not written down"), "{}", audit.stderr);
    let told = world.json(&["--ledger", &reader, "ledger", "audit"]);
    assert_eq!((&told["clean"], &told["noted"]), (&json!(true), &json!(false)));
}

#[test]
fn rights_are_given_on_postgres_alone() {
    let world = World::start();
    let refused = world.bursar(&["ledger", "grant", "--to", "app"]).exits(2);
    assert!(refused.stderr.contains("SQLite has no roles"), "{}", refused.stderr);
    let world = World::on(Database::Postgres, &[]);
    world.bursar(&["ledger", "grant", "--to", "nobody_of_this_name"]).exits(10);
}
