//! Calls that are made once, whoever runs the command twice.

use crate::world::{Database, NOVA, World};

#[test]
fn a_call_with_a_key_is_made_once_and_charged_once() {
    for database in [Database::Sqlite, Database::Postgres] {
        let world = World::on(database, &[]);
        let ask = |key: &str, prompt: &str| {
            let call = ["converse", "-m", NOVA, "--idempotency-key", key, prompt, "--json"];
            world.bursar(&call)
        };
        ask("order-17", "hello").exits(0);
        let id = world.only_call()["id"].as_str().unwrap().to_owned();
        let again = ask("order-17", "hello").exits(1).json();
        assert_eq!(again["error"]["code"], "repeated");
        let told = again["error"]["message"].as_str().unwrap();
        assert!(told.contains(&id) && told.contains("already"), "{told}");
        let other = ask("order-17", "goodbye").exits(1).json();
        assert!(other["error"]["message"].as_str().unwrap().contains("another request"));
        assert_eq!(world.served().len(), 1);
        ask("order-18", "hello").exits(0);
        assert_eq!(world.served().len(), 2);
        world.audit();
    }
}

#[test]
fn what_is_no_key_is_refused_and_nothing_is_sent() {
    let world = World::start();
    for key in ["", "two words", "tab\there", "é", &"k".repeat(256)] {
        let ran = world.bursar(&["converse", "-m", NOVA, "--idempotency-key", key, "hello"]);
        let told = ran.exits(2).stderr;
        assert!(told.contains("idempotency key"), "{told}");
    }
    assert_eq!(world.served().len(), 0);
}
