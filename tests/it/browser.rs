//! The dashboard in a real browser, on the demo's ledger: every page that the server names is walked as
//! every role, in light and dark, and what a role may do is done there. What a browser is told and looks
//! at stands in `clients/dashboard_walk.cjs`; what came of it in the ledger is looked at here.

use serde_json::{Value, json};

use crate::clients::{client, place};
use crate::showroom::{end, staying};
use crate::users::piped;
use crate::world::{Ran, World};

const PASSWORD: &str = "correct horse battery";
/// The team of the demo whose streams go on.
const TEAM: &str = "agents";

/// Walks as one role, who comes in by the demo's link or by name and password.
fn walk(world: &World, told: &Value, role: &str) -> Ran {
    let dashboard = &told["gateway"]["dashboard"];
    let mut who = json!({ "url": dashboard["url"], "role": role, "team": TEAM });
    if role == "admin" {
        who["link"] = dashboard["link"].clone();
    } else {
        let name = if role == "member" { "planner" } else { role };
        let mut create = vec!["user", "create", name, "--role", role];
        if role != "finance" {
            create.extend(["--team", TEAM]);
        }
        piped(world, &create, PASSWORD).exits(0);
        who["name"] = name.into();
        who["password"] = PASSWORD.into();
    }
    let mut node = client(&place("BURSAR_TEST_NODE"));
    node.env("NODE_PATH", place("BURSAR_TEST_NODE_MODULES")).env("NODE_NO_WARNINGS", "1");
    node.env("BURSAR_TEST_CHROMIUM", place("BURSAR_TEST_CHROMIUM")).env("HOME", world.path("."));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/dashboard_walk.cjs");
    node.env("BURSAR_WALK", who.to_string()).arg(script);
    Ran::from(node.output().expect("Node.js runs"))
}

/// Walks in a world of its own, and ends the demo.
fn walked(role: &str) -> (World, Value) {
    let world = World::start();
    let (process, told) = staying(&world);
    let ran = walk(&world, &told, role);
    end(process);
    let seen = ran.exits(0).json();
    assert_eq!(seen["faults"], json!([]), "{seen:#}");
    (world, seen)
}

fn pages(seen: &Value) -> Vec<&str> {
    let pages = seen["pages"].as_array().expect("it lists pages");
    pages.iter().map(|page| page.as_str().expect("a path")).collect()
}

/// That what was cut in the browser ended so in the ledger.
fn were_cut(world: &World, seen: &Value) {
    let cut = seen["cut"].as_array().expect("it lists calls");
    assert_eq!(cut.len(), 2, "{seen:#}");
    let calls = world.calls();
    for id in cut {
        let call = calls.iter().find(|call| call["id"] == *id).expect("it is recorded");
        let ending = (&call["outcome"], &call["error_code"]);
        assert_eq!(ending, (&json!("cut"), &json!("CutByOperator")), "{call:#}");
    }
}

#[test]
fn an_admin_walks_every_page_makes_a_team_a_key_and_a_limit_and_cuts_streams() {
    let (world, seen) = walked("admin");
    let pages = pages(&seen);
    for path in ["/", "/spend", "/models", "/calls", "/live", "/budgets", "/teams", "/settings"] {
        assert!(pages.contains(&path), "{path} is not walked: {pages:?}");
    }
    for below in ["/calls/", "/models/"] {
        assert!(pages.iter().any(|page| page.starts_with(below)), "{below}: {pages:?}");
    }
    assert!(seen["csv"].as_u64() >= Some(10), "{seen:#}");
    were_cut(&world, &seen);
    let teams = world.json(&["team", "list"]);
    assert!(teams.to_string().contains("\"walkers\""), "{teams:#}");
    let budgets = world.json(&["budget", "list"]);
    assert!(budgets.to_string().contains("team walkers"), "{budgets:#}");
    world.audit();
}

#[test]
fn finance_walks_every_page_and_has_nothing_to_press() {
    let (world, seen) = walked("finance");
    assert!(pages(&seen).contains(&"/audit"), "{seen:#}");
    world.audit();
}

#[test]
fn a_lead_walks_the_teams_pages_makes_a_key_of_it_and_cuts_its_streams() {
    let (world, seen) = walked("lead");
    assert!(!pages(&seen).contains(&"/audit"), "{seen:#}");
    were_cut(&world, &seen);
    let keys = world.json(&["key", "list"]);
    assert!(keys.to_string().contains("\"walk\""), "{keys:#}");
    world.audit();
}

#[test]
fn a_member_walks_pages_about_their_own_calls_and_has_nothing_to_press() {
    let (world, seen) = walked("member");
    assert!(pages(&seen).contains(&"/live"), "{seen:#}");
    world.audit();
}
