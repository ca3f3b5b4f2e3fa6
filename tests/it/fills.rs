//! Ledgers that are filled with a made-up past.

use serde_json::Value;

use crate::world::{BOTH, Database, World};

const FILL: [&str; 14] = [
    "ledger",
    "fill",
    "--calls",
    "800",
    "--months",
    "2",
    "--teams",
    "3",
    "--models",
    "5",
    "--seed",
    "7",
    "--until",
    "2026-11-01",
];

/// A cost in pico-dollars, as it is printed.
fn pico(row: &Value) -> i128 {
    let text = row["cost_usd"].as_str().unwrap();
    let (dollars, rest) = text.split_once('.').unwrap_or((text, ""));
    format!("{dollars}{rest:0<12}").parse().unwrap()
}

#[test]
fn what_was_made_up_is_in_the_books_as_what_was_made() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let made = world.json(&FILL);
        assert_eq!(made["calls"], 800, "{made:#}");
        for figure in ["seconds", "calls_per_second", "bytes", "bytes_per_call"] {
            assert!(made[figure].as_f64().unwrap() > 0.0, "{figure}: {made:#}");
        }
        world.audit();
        let calls = world.json(&["calls", "--limit", "1000"]);
        let calls = calls["rows"].as_array().unwrap();
        assert_eq!(calls.len(), 800);
        let of_calls: i128 = calls.iter().map(pico).sum();
        for by in ["model", "team", "key", "outcome"] {
            let usage = world.json(&["usage", "--by", by]);
            assert_eq!(usage["total"]["calls"], 800);
            assert_eq!(pico(&usage["total"]), of_calls, "by {by}");
        }
        assert_eq!(pico(&made), of_calls);
        let shows = |name: &str, value: &str| calls.iter().any(|call| call[name] == value);
        assert!(shows("outcome", "throttled") && shows("operation", "ConverseStream"));
        assert!(calls.iter().any(|call| call["cache_read_tokens"].as_u64() > Some(0)));
        assert!(calls.iter().all(|call| call["simulated"] == true));
        let budgets = world.json(&["budget", "list"]);
        assert_eq!(budgets["rows"].as_array().unwrap().len(), 3, "{budgets:#}");
        world.bursar(&["ledger", "seal"]).exits(0);
    }
}

#[test]
fn the_same_seed_makes_the_same_and_another_makes_other_calls() {
    let sum = |world: &World, arguments: &[&str]| {
        let made = world.json(arguments);
        (pico(&made), made["refused"].clone(), made["succeeded"].clone())
    };
    let first = sum(&World::on(Database::Sqlite, &[]), &FILL);
    assert_eq!(sum(&World::on(Database::Postgres, &[]), &FILL), first);
    let other = FILL.map(|word| if word == "7" { "8" } else { word });
    assert_ne!(sum(&World::on(Database::Sqlite, &[]), &other), first);
}

#[test]
fn a_ledger_with_calls_is_added_to_only_where_somebody_says_so() {
    let world = World::start();
    world.bursar(&["converse", "-m", crate::world::NOVA, "hello"]).exits(0);
    let refused = world.bursar(&FILL).exits(2);
    assert!(refused.stderr.contains("holds calls already"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--add"), "{}", refused.stderr);
    assert_eq!(world.calls().len(), 1);
    world.bursar(&[FILL.as_slice(), &["--add"]].concat()).exits(0);
    let other: Vec<&str> = FILL.iter().map(|word| if *word == "7" { "8" } else { word }).collect();
    world.bursar(&[other.as_slice(), &["--add"]].concat()).exits(0);
    assert_eq!(world.json(&["usage", "--by", "team"])["total"]["calls"], 1_601);
    // The same again would be the same calls.
    let again = world.bursar(&[FILL.as_slice(), &["--add"]].concat());
    assert_ne!(again.code, Some(0));
    assert_eq!(world.json(&["usage", "--by", "team"])["total"]["calls"], 1_601);
    world.audit();
}

#[test]
fn what_cannot_be_made_is_said_before_anything_is() {
    let world = World::start();
    let asks = [
        (["--calls", "0"], "--calls"),
        (["--months", "61"], "--months"),
        (["--teams", "1001"], "--teams"),
        (["--models", "201"], "--models"),
    ];
    for (flag, named) in asks {
        let base = ["ledger", "fill", "--calls", "5"];
        let rest: Vec<&str> =
            if flag[0] == "--calls" { vec!["ledger", "fill"] } else { base.to_vec() };
        let ran = world.bursar(&[rest.as_slice(), &flag].concat()).exits(2);
        assert!(ran.stderr.contains(named), "{}", ran.stderr);
    }
    let many = ["ledger", "fill", "--calls", "5", "--models", "200"];
    let ran = world.bursar(&many).exits(2);
    assert!(ran.stderr.contains("models are priced by the token"), "{}", ran.stderr);
}
