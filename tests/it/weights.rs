//! Aliases that call one model or another, by weight: drawn once a call, and told wherever a call is.

use std::collections::BTreeSet;

use serde_json::json;

use crate::serve::{converse_with, serve, terminate};
use crate::world::{BOTH, NOVA, World};

const MICRO: &str = "amazon.nova-micro-v1:0";

/// A configuration with an alias of two, and one that leads to it.
fn shared() -> String {
    format!("[models.aliases]\nshared = {{ \"{NOVA}\" = 1, \"{MICRO}\" = 1 }}\nmine = \"shared\"\n")
}

#[test]
fn what_was_drawn_is_what_is_sent_priced_recorded_and_told() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let config = world.write("config.toml", &shared());
        let mut told = Vec::new();
        for alias in ["shared", "mine", "shared"] {
            let call = world.json(&["--config", &config, "converse", "-m", alias, "hello"]);
            assert_eq!(call["model_requested"], alias);
            told.push(call["model"].as_str().expect("it has a model").to_owned());
        }
        let (gateway, address) = serve(&world, &["--open", "--config", &config]);
        for _ in 0..5 {
            let reply = converse_with(&address, "shared");
            let header = |line: &str| line.strip_prefix("x-bursar-model: ").map(str::to_owned);
            told.push(reply.lines().find_map(header).expect("it says which"));
        }
        terminate(gateway);
        let sent = world.served().into_iter().map(|call| call["model_sent"].clone());
        assert_eq!(sent.collect::<Vec<_>>(), told);
        let mut rows = world.calls();
        rows.reverse();
        let models = rows.iter().map(|call| call["model"].clone());
        assert_eq!(models.collect::<Vec<_>>(), told);
        assert!(rows.iter().all(|call| call["version_evidence"] == "resolved"), "{rows:#?}");
        let drawn: BTreeSet<&str> = told.iter().map(String::as_str).collect();
        assert!(drawn.is_subset(&BTreeSet::from([NOVA, MICRO])), "{drawn:?}");
        world.audit();
    }
}

#[test]
fn a_repeated_call_is_known_whatever_is_drawn_the_second_time() {
    let world = World::start();
    let config = world.write("config.toml", &shared());
    let call = ["--config", &config, "converse", "-m", "shared", "--idempotency-key", "k", "hello"];
    world.bursar(&call).exits(0);
    // As likely as not another model is drawn: all of them are the same request.
    for _ in 0..6 {
        let said = world.bursar(&call).exits(1).stderr;
        assert!(said.contains("this call was made already"), "{said}");
    }
    assert_eq!(world.served().len(), 1);
}

#[test]
fn who_does_not_call_is_told_what_an_alias_by_weight_stands_for() {
    let world = World::start();
    let config = world.write("config.toml", &shared());
    let json = |arguments: &[&str]| world.json(&[&["--config", &config], arguments].concat());
    let said = |arguments: &[&str]| world.bursar(&[&["--config", &config], arguments].concat());
    let no = said(&["price", "shared", "--input", "1000"]).exits(3).stderr;
    assert!(no.contains("it stands for one of several, by weight"), "{no}");
    assert!(no.contains(&format!("did you mean `{NOVA}` or `{MICRO}`?")), "{no}");
    let rows = json(&["estimate", "-m", "shared", "hello"])["rows"].clone();
    let models: Vec<&str> =
        rows.as_array().expect("rows").iter().filter_map(|row| row["model"].as_str()).collect();
    assert_eq!(models, [NOVA, MICRO]);
    assert_eq!(json(&["models", "show", MICRO])["your_aliases"], json!(["mine", "shared"]));
    let check = said(&["config", "check"]).exits(0).stdout;
    assert!(check.contains(&format!("shared = {NOVA} (1), {MICRO} (1)")), "{check}");
    assert_eq!(json(&["config", "check"])["aliases"]["shared"], json!({NOVA: 1, MICRO: 1}));
    let policy = said(&["iam-policy"]).exits(0).stdout;
    assert!(policy.contains(NOVA) && policy.contains(MICRO), "{policy}");
}

#[test]
fn names_that_lead_nowhere_or_back_are_refused_with_their_line() {
    let world = World::start();
    for (names, line, problem) in [
        ("a = \"b\"\nb = \"a\"", 2, "the alias `a` leads back to itself"),
        ("a = { \"b\" = 1, \"amazon.nova-lite-v1:0\" = 1 }\nb = \"a\"", 2, "`a` leads back"),
        ("ok = \"amazon.nova-lite-v1:0\"\na = { \"x.y\" = 1 }", 3, "`x.y` is not a model"),
        ("a = { \"amazon.nova-lite-v1:0\" = 0 }", 2, "the weight of `amazon.nova-lite-v1:0` is 0"),
    ] {
        let config = world.write("config.toml", &format!("[models.aliases]\n{names}\n"));
        let said = world.bursar(&["--config", &config, "usage"]).exits(78).stderr;
        assert!(said.contains(&format!("config.toml:{line}: ")), "{said}");
        assert!(said.contains(problem), "{said}");
    }
}
