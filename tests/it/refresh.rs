//! `models refresh`: what Bedrock lists, kept and laid over the catalogue.

use serde_json::{Value, json};

use crate::world::{NOVA, World, bare};

const GONE: &str = "amazon.gone-v1:0";

fn kept(world: &World) -> std::path::PathBuf {
    world.path(".local/share/bursar/models-us-east-1.tsv")
}

/// As if an earlier list had one model more, and told another day of Nova's end.
fn make_old(world: &World) {
    let text = std::fs::read_to_string(kept(world)).unwrap();
    let nova = text.lines().find(|line| line.starts_with(&format!("{NOVA}\tmodel"))).unwrap();
    let gone = nova.replace(NOVA, GONE).replace("Nova Lite", "Gone");
    let ends = nova.rsplit_once('\t').unwrap().0.to_owned() + "\t2030-01-31";
    let text = text.replace(nova, &ends);
    let mut lines: Vec<&str> = text.lines().collect();
    let place = lines.iter().position(|line| line.starts_with("amazon.nova")).unwrap();
    lines.insert(place, &gone);
    std::fs::write(kept(world), lines.join("\n") + "\n").unwrap();
}

fn list(world: &World) -> Value {
    world.json(&["models", "list", "--all"])
}

#[test]
fn what_bedrock_lists_is_kept_with_its_day_its_source_and_its_region() {
    let world = World::start();
    let told = world.json(&["models", "refresh"]);
    assert_eq!((&told["region"], &told["source"]), (&json!("us-east-1"), &json!(world.endpoint)));
    assert!(told["models"].as_u64().unwrap() > 50, "{told}");
    assert_eq!(told["added"], json!([]), "the simulator knows what is embedded");
    assert_eq!(told["file"], kept(&world).to_str().unwrap());
    let operations: Vec<Value> =
        world.served().iter().map(|call| call["operation"].clone()).collect();
    assert_eq!(operations, ["ListFoundationModels", "ListInferenceProfiles"]);
    let catalogue = &list(&world)["catalogue"];
    assert_eq!(catalogue["refreshed_at"], told["retrieved_at"]);
    let ran = world.bursar(&["models", "show", NOVA]).exits(0);
    assert!(ran.stderr.contains("Bedrock's list of us-east-1"), "{}", ran.stderr);
    let again = world.json(&["models", "refresh"]);
    let nothing = json!([]);
    assert_eq!((&again["changed"], &again["retired"]), (&nothing, &nothing));
    let ran = world.bursar(&["models", "refresh"]).exits(0);
    assert!(ran.stdout.contains("nothing is new"), "{}", ran.stdout);
    let unpriced = again["unpriced"].as_array().unwrap();
    for id in unpriced {
        bare(&["price", id.as_str().unwrap(), "--input", "1"]).exits(3);
    }
}

#[test]
fn what_is_gone_and_what_differs_is_told() {
    let world = World::start();
    world.json(&["models", "refresh"]);
    make_old(&world);
    let ids = list(&world)["rows"].to_string();
    assert!(ids.contains(GONE), "a kept model is listed");
    let shown = world.json(&["models", "show", GONE]);
    assert_eq!((&shown["display_name"], &shown["prices"]), (&json!("Gone"), &json!([])));
    let ran = world.bursar(&["converse", "-m", GONE, "hello"]).exits(3);
    assert!(ran.stderr.contains("no price"), "{}", ran.stderr);
    let told = world.json(&["models", "refresh"]);
    assert_eq!(told["retired"], json!([GONE]));
    let changed = told["changed"].as_array().unwrap();
    assert_eq!((changed.len(), &changed[0]["id"]), (1, &json!(NOVA)), "{changed:#?}");
    assert!(changed[0]["changes"][0].as_str().unwrap().contains("2030-01-31"), "{changed:#?}");
    world.bursar(&["models", "show", GONE]).exits(3);
}

#[test]
fn a_broken_list_is_told_where_it_is_needed_and_written_anew() {
    let world = World::start();
    world.json(&["models", "refresh"]);
    let good = std::fs::read_to_string(kept(&world)).unwrap();
    for broken in [good.replacen("\tmodel\t", "\tmod", 1), "{}".to_owned(), String::new()] {
        std::fs::write(kept(&world), broken).unwrap();
        let ran = world.bursar(&["models", "list"]).exits(78);
        assert!(ran.stderr.contains("models-us-east-1.tsv") && ran.stderr.contains("line "));
        assert!(ran.stderr.contains("models refresh"), "{}", ran.stderr);
        world.bursar(&["models", "show", GONE]).exits(78);
        // Known names need no list.
        world.bursar(&["price", NOVA, "--input", "1"]).exits(0);
        world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    }
    std::fs::write(kept(&world), [0xff, 0xfe]).unwrap();
    world.bursar(&["models", "list"]).exits(78);
    let ran = world.bursar(&["models", "refresh"]).exits(0);
    assert!(ran.stderr.contains("written anew"), "{}", ran.stderr);
    list(&world);
}

#[test]
fn who_may_not_list_models_is_told_the_action_and_keeps_the_old_list() {
    let home = tempfile::tempdir().unwrap();
    let scenario = home.path().join("denied.toml");
    let rule =
        "[[rule]]\noperation = 'ListInferenceProfiles'\nnth = 2\nwords = 'fault=access-denied'";
    std::fs::write(&scenario, rule).unwrap();
    let world = World::start_with(&["--scenario", scenario.to_str().unwrap()]);
    world.json(&["models", "refresh"]);
    let before = std::fs::read_to_string(kept(&world)).unwrap();
    let ran = world.bursar(&["models", "refresh"]).exits(4);
    assert!(ran.stderr.contains("bedrock:ListInferenceProfiles"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(kept(&world)).unwrap(), before);
}

#[test]
fn the_settings_may_name_the_file_and_each_region_has_its_own() {
    let world = World::start();
    let config = world.write("config.toml", "[models]\ncatalogue = \"mine.tsv\"\n");
    let told = world.json(&["models", "refresh", "--config", &config]);
    assert_eq!(told["file"], world.path("mine.tsv").to_str().unwrap());
    assert!(!kept(&world).exists());
    let mut command = world.command();
    let ran = command.env("AWS_REGION", "eu-west-1").args(["models", "refresh"]).output().unwrap();
    assert!(ran.status.success());
    assert!(world.path(".local/share/bursar/models-eu-west-1.tsv").exists());
    assert!(list(&world)["catalogue"]["refreshed_at"].is_null(), "another region's list");
}
