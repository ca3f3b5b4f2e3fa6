//! Months that are archived, as people do it and as they look for what was in them.

use std::path::Path;

use bursar_domain::time::{Clock, DAY_MS, Timestamp};
use bursar_ledger::Month;
use serde_json::{Value, json};

use crate::affordable::{bursar, greet};
use crate::world::{BOTH, Database, NOVA, World};

/// So long ago that the month is over.
const AGO_MS: i64 = 40 * DAY_MS;

/// Makes a call of forty days ago, and one of today; the month of the first.
fn two_calls(world: &World) -> Month {
    let now = Clock::system().now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::new(|| Timestamp(Clock::system().now().0 - AGO_MS));
        let bursar = bursar(world, clock).await;
        let reply = greet(&bursar, 50, false).await.unwrap();
        reply.settled().await.unwrap();
        bursar.ledger.close().await.unwrap();
    });
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    world.bursar(&["ledger", "seal"]).exits(0);
    Month::of(Timestamp(now.0 - AGO_MS))
}

#[test]
fn a_month_is_archived_and_its_calls_are_found_where_the_program_says() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let month = two_calls(&world);
        let (before, folder) = (month.next().to_string(), world.path("archives"));
        let folder = folder.to_str().unwrap();
        let usage = world.json(&["usage", "--by", "day"]);
        let old = world.calls().pop().unwrap();
        let id = old["id"].as_str().unwrap();
        let archive = ["ledger", "archive", "--before", &before, "--to", folder];
        let said = world.bursar(&archive).exits(0);
        assert!(said.stdout.contains("written"), "{}", said.stdout);
        assert!(said.stderr.contains("`--drop` takes them out"), "{}", said.stderr);
        assert_eq!(world.calls().len(), 2);
        world.bursar(&["ledger", "seal"]).exits(0);
        let done = world.json(&[archive.as_slice(), &["--drop"]].concat());
        let row = &done["rows"][0];
        assert_eq!((&row["calls"], &row["state"]), (&json!(1), &json!("dropped")), "{done:#}");
        let file = row["file"].as_str().unwrap();
        assert!(Path::new(file).is_file());
        assert_eq!(world.json(&["usage", "--by", "day"])["rows"], usage["rows"]);
        let left = world.json(&["calls"]);
        assert_eq!(left["rows"].as_array().map(Vec::len), Some(1));
        let place = json!([{"month": month.to_string(), "file": file}]);
        assert_eq!(left["archived"], place);
        assert_eq!(world.json(&["calls", "--since", "1d"])["archived"], json!([]));
        assert_eq!(world.json(&["calls", "--id", id])["archived"], place);
        let told = world.bursar(&["calls", "--id", id]).exits(0);
        assert!(told.stderr.contains(&format!("--ledger sqlite:{file}")), "{}", told.stderr);
        let told = world.bursar(&["why", id]).exits(2);
        assert!(told.stderr.contains(&format!("--ledger sqlite:{file}")), "{}", told.stderr);
        let place = format!("sqlite:{file}");
        let found = world.json(&["calls", "--id", id, "--ledger", &place]);
        assert_eq!(found["rows"][0], old);
        world.json(&["ledger", "audit", "--ledger", &place]);
        let listed = world.json(&["ledger", "changes"]);
        let done: Vec<&Value> = listed["rows"].as_array().unwrap().iter().collect();
        let of = |action: &str| done.iter().any(|row| row["action"] == action);
        assert!(of("archive written") && of("archive dropped"), "{listed:#}");
        world.audit();
    }
}

#[test]
fn what_cannot_be_archived_is_told_and_nothing_is_done() {
    let world = World::start();
    for before in ["", "2026", "2026-13", "yesterday"] {
        world.bursar(&["ledger", "archive", "--before", before]).exits(2);
    }
    let later = Month::of(Clock::system().now()).next().to_string();
    world.bursar(&["ledger", "archive", "--before", &later]).exits(1);
    let none = world.bursar(&["ledger", "archive", "--before", "2026-01"]).exits(0);
    assert!(none.stderr.contains("no call is older than 2026-01"), "{}", none.stderr);
    let server = World::on(Database::Postgres, &[]);
    let ran = server.bursar(&["ledger", "archive", "--before", "2026-01"]).exits(2);
    assert!(ran.stderr.contains("`--to`"), "{}", ran.stderr);
}
