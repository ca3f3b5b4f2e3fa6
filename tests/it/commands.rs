//! What the commands print, for people and for programs.

use serde_json::{Value, json};

use crate::world::{HAIKU, NOVA, World, bare};

fn price(arguments: &[&str]) -> Value {
    bare(&[&["price"], arguments, &["--json"]].concat()).exits(0).json()
}

#[test]
fn a_price_is_exact_and_says_where_it_comes_from() {
    let found = price(&[HAIKU, "--input", "1", "--output", "1", "--at", "2026-11-01"]);
    assert_eq!(found["model"], "anthropic.claude-haiku-4-5-20251001-v1:0");
    assert_eq!(found["routing"], "regional");
    assert_eq!(found["region"], "us-east-1");
    assert_eq!(found["tier"], "standard");
    assert_eq!(found["context"], "base");
    assert_eq!(found["cost_usd"], "0.0000066");
    assert_eq!(
        found["rates"],
        json!({"input": "1.1", "output": "5.5", "cache_read": "0.11", "cache_write_5m": "1.375", "cache_write_1h": "2.2"})
    );
    assert!(found["price"]["sources"].as_array().is_some_and(|sources| !sources.is_empty()));
    assert_eq!(found["price"]["effective_from"], Value::Null);
}

#[test]
fn a_global_profile_is_billed_globally_and_a_long_context_wholly() {
    let global = HAIKU.replacen("us.", "global.", 1);
    assert_eq!(price(&[&global, "--input", "1000000"])["cost_usd"], "1");
    let short = price(&["anthropic.claude-haiku-5-5", "--input", "100000"]);
    let long = price(&["anthropic.claude-haiku-5-5", "--input", "100000", "--cache-read", "1"]);
    assert_eq!((&short["context"], &short["cost_usd"]), (&json!("base"), &json!("0.011")));
    assert_eq!(
        (&long["context"], &long["cost_usd"]),
        (&json!("above_100k"), &json!("0.055000055"))
    );
}

#[test]
fn a_price_that_changed_keeps_its_history() {
    let at =
        |day| price(&["openai.gpt-5.6-sol", "--input", "1000000", "--at", day])["cost_usd"].clone();
    assert_eq!(at("2026-08-20"), "11");
    assert_ne!(at("2026-08-20"), at("2026-08-21"));
}

#[test]
fn images_units_and_hours_have_prices_too() {
    let canvas = ["amazon.nova-canvas-v1:0", "--meter", "image=2", "--variant", "size=1024x1024"];
    let standard = price(&[&canvas[..], &["--variant", "quality=standard"]].concat());
    assert_eq!(
        (&standard["cost_usd"], &standard["meters"]),
        (&json!("0.08"), &json!({"image": "0.04"}))
    );
    let rerank = price(&["cohere.rerank-v3-5:0", "--meter", "search_unit=3"]);
    assert_eq!(rerank["cost_usd"], "0.006");
    let policy =
        ["bedrock.guardrails", "--meter", "unit=3", "--variant", "policy=contentPolicyUnits"];
    assert_eq!(price(&policy)["cost_usd"], "0.00045");
    let hours =
        ["amazon.nova-canvas-v1:0", "--tier", "provisioned", "--variant", "commitment=1-month"];
    let hours = price(&[&hours[..], &["--meter", "model_unit_hour=2"]].concat());
    assert_eq!(hours["cost_usd"], "110");
}

#[test]
fn a_price_of_ones_own_overrides_bedrocks_and_is_stamped_on_the_row() {
    let world = World::start();
    let prices = "[[price]]\nmodel = \"amazon.nova-lite-v1:0\"\ninput = \"0.05\"\noutput = \"0.2\"\nsource = \"contract 17\"\n";
    world.write("prices.toml", prices);
    let config = world.write("config.toml", "[prices]\nfile = \"prices.toml\"\n");
    let found = world.json(&["--config", &config, "price", NOVA, "--input", "1000000"]);
    assert_eq!(found["cost_usd"], "0.05");
    assert_eq!(found["price"]["sources"], json!(["contract 17"]));
    world.bursar(&["--config", &config, "converse", "-m", NOVA, "hello"]).exits(0);
    let call = world.only_call();
    assert_eq!(call["price_id"], found["price"]["id"]);
    assert_eq!(call["rates"]["input"], "0.05");
}

#[test]
fn an_alias_is_dispatched_as_what_it_stands_for() {
    let world = World::start();
    let config =
        world.write("config.toml", "[models.aliases]\nquick = \"amazon.nova-lite-v1:0\"\n");
    world.bursar(&["--config", &config, "converse", "-m", "quick", "hello"]).exits(0);
    let call = world.only_call();
    assert_eq!((&call["model_requested"], &call["model"]), (&json!("quick"), &json!(NOVA)));
    assert_eq!(call["version_evidence"], "resolved");
    assert_eq!(world.served()[0]["model_sent"], NOVA);
}

#[test]
fn an_alias_is_shown_beside_what_it_stands_for_wherever_it_is_used() {
    let world = World::start();
    let aliases = format!("[models.aliases]\nquick = \"{NOVA}\"\nclever = \"{HAIKU}\"\n");
    let config = world.write("config.toml", &aliases);
    let said = |arguments: &[&str]| {
        let ran = world.bursar(&[&["--config", &config], arguments].concat()).exits(0);
        ran.stdout + &ran.stderr
    };
    let both = format!("quick = {NOVA}");
    for arguments in [
        &["converse", "-m", "quick", "hello"][..],
        &["converse", "-m", "quick", "--dry-run", "hello"],
        &["invoke", "-m", "quick", "--prompt", "hello"],
        &["estimate", "-m", "quick", "hello"],
        &["price", "quick", "--input", "1000"],
        &["models", "show", "quick"],
        &["config", "check"],
    ] {
        let said = said(arguments);
        assert!(said.contains(&both), "{arguments:?}: {said}");
    }
    let plain = said(&["converse", "-m", NOVA, "hello"]);
    assert!(plain.contains(NOVA) && !plain.contains(" = "), "{plain}");

    let json = |arguments: &[&str]| world.json(&[&["--config", &config], arguments].concat());
    assert_eq!(json(&["estimate", "-m", "quick", "hello"])["rows"][0]["alias"], "quick");
    assert_eq!(json(&["converse", "-m", "quick", "-n", "hello"])["alias"], "quick");
    assert_eq!(json(&["price", NOVA, "--input", "1"])["alias"], Value::Null);
    // Through a profile, too.
    let shown = json(&["models", "show", "clever"]);
    assert_eq!(shown["your_aliases"], json!(["clever"]));
    let list = said(&["models", "list"]);
    let line = |id: &str| {
        list.lines().find(|line| line.trim_start().starts_with(id)).expect("it is listed")
    };
    assert!(list.contains("YOUR ALIASES"), "{list}");
    assert!(line(NOVA).trim_end().ends_with("quick"), "{list}");
    assert!(line(HAIKU.trim_start_matches("us.")).trim_end().ends_with("clever"), "{list}");
    let without = bare(&["models", "list"]).exits(0).stdout;
    assert!(!without.contains("YOUR ALIASES"), "{without}");
}

#[test]
fn models_are_listed_with_their_prices() {
    let rows = bare(&["models", "list", "--provider", "amazon", "--json"]).exits(0).json();
    let rows = rows["rows"].as_array().expect("it has rows").clone();
    let nova = rows.iter().find(|row| row["id"] == NOVA).expect("Nova Lite is listed");
    assert_eq!(nova["rates"]["input"], "0.06");
    assert_eq!(nova["context_window"], 300_000);
    let shown = bare(&["models", "show", NOVA, "--json"]).exits(0).json();
    assert!(shown["prices"].as_array().is_some_and(|rows| rows.len() > 5));
    bare(&["models", "show", NOVA]).exits(0);
    assert!(bare(&["models", "list"]).exits(0).stdout.contains("anthropic.claude"));
}

#[test]
fn usage_is_told_by_every_dimension() {
    let world = World::start();
    world.bursar(&["converse", "-m", NOVA, "--tag", "app=a", "hello"]).exits(0);
    world.bursar(&["converse", "-m", HAIKU, "--tag", "app=b", "--no-stream", "hello"]).exits(0);
    world
        .bursar(&["converse", "-m", NOVA, "--metadata", "bursar-sim=fault=validation", "hi"])
        .exits(8);
    let total = world.json(&["usage"])["total"].clone();
    assert_eq!(
        (&total["calls"], &total["succeeded"], &total["rejected"]),
        (&json!(3), &json!(2), &json!(1))
    );
    for by in [
        "model",
        "provider",
        "team",
        "project",
        "user",
        "key",
        "operation",
        "outcome",
        "region",
        "routing",
        "tier",
        "day",
        "hour",
        "tag:app",
    ] {
        let report = world.json(&["usage", "--by", by]);
        assert_eq!(report["total"], total, "the total by {by}");
        let key = by.split(':').next().expect("a dimension has a name");
        let rows = report["rows"].as_array().expect("it has rows");
        assert!(
            !rows.is_empty() && rows.iter().all(|row| row.get(key).is_some()),
            "{by}: {report:#}"
        );
    }
    let tags = world.json(&["usage", "--by", "tag:app"]);
    let values: Vec<&Value> =
        tags["rows"].as_array().expect("rows").iter().map(|row| &row["tag"]).collect();
    assert!(values.contains(&&json!("a")) && values.contains(&&json!("b")), "{tags:#}");
    world.bursar(&["usage", "--by", "weather"]).exits(2);
}

#[test]
fn an_empty_ledger_says_how_to_fill_it() {
    let world = World::start();
    for command in ["usage", "calls"] {
        let ran = world.bursar(&[command]).exits(0);
        assert!(ran.stderr.contains("bursar demo"), "{}", ran.stderr);
    }
    assert_eq!(world.json(&["usage"])["rows"], json!([]));
}

#[test]
fn a_dry_run_tells_the_worst_case_and_calls_nothing() {
    let world = World::start();
    let told = world.json(&["converse", "-m", NOVA, "--max-tokens", "1000", "--dry-run", "hello"]);
    assert_eq!(told["output_tokens_max"], 1000);
    assert!(told["cost_max_usd"].is_string());
    assert!(world.served().is_empty() && world.calls().is_empty());
    world.bursar(&["converse", "-m", "no.such-model", "--dry-run", "hello"]).exits(3);
}

#[test]
fn a_body_of_ones_own_is_sent_and_answered_byte_for_byte() {
    let world = World::start();
    let body = r#"{"schemaVersion":"messages-v1","messages":[{"role":"user","content":[{"text":"hi"}]}],"x-unknown":1.50}"#;
    let path = world.write("body.json", body);
    let ran = world.bursar(&["invoke", "-m", NOVA, "--body", &path]).exits(0);
    let reply: Value = serde_json::from_str(&ran.stdout).expect("the reply is Nova's JSON");
    assert!(reply["output"]["message"]["content"][0]["text"].is_string());
    let vector = ["invoke", "-m", "amazon.titan-embed-text-v2:0", "--prompt", "embed me"];
    let vector: Value = serde_json::from_str(&world.bursar(&vector).exits(0).stdout).expect("JSON");
    assert!(vector["embedding"].as_array().is_some_and(|numbers| !numbers.is_empty()));
}

#[test]
fn the_configuration_prints_itself_and_is_checked() {
    let world = World::start();
    let example = world.bursar(&["config"]).exits(0).stdout;
    let config = world.write("config.toml", &example);
    let checked = world.json(&["--config", &config, "config", "check"]);
    assert_eq!(checked["file"], config);
    let path = world.json(&["config", "path"]);
    assert_eq!(path["exists"], false);
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        "demo",
        "chat",
        "converse",
        "invoke",
        "price",
        "models",
        "calls",
        "usage",
        "replay",
        "run",
        "simulate",
        "config",
        "ledger",
        "completions",
    ] {
        let help = bare(&[command, "--help"]).exits(0).stdout;
        assert!(help.contains("Example"), "{command} --help shows no example");
        assert!(help.contains(&format!("bursar {command}")), "{command} --help shows no use");
    }
    bare(&[]).exits(2);
    bare(&["convers"]).exits(2);
    assert!(bare(&["--version"]).exits(0).stdout.starts_with("bursar "));
}

#[test]
fn man_pages_and_completions_are_written() {
    let world = World::start();
    for (what, file) in [("man", "bursar-converse.1"), ("completions", "bursar.bash")] {
        let folder = world.path(what);
        std::fs::create_dir(&folder).expect("a folder can be made");
        world.bursar(&["generate", what, folder.to_str().expect("UTF-8")]).exits(0);
        assert!(folder.join(file).is_file(), "{file} was not written");
    }
}

#[test]
fn the_demo_runs_on_nothing_but_this_machine() {
    let world = World::start();
    let ran = world.bursar(&["demo", "--calls", "60", "--json"]).exits(0);
    let capped = ran.json()["capped"].clone();
    assert_eq!((&capped["refused"], &capped["budget"]["refused"]), (&json!("spent"), &json!(1)));
    assert_eq!(capped["cut"], json!({"outcome": "cut", "error_code": "StreamTokenLimit"}));
    let made = capped["admitted"].as_u64().expect("a number") + 1;
    assert_eq!(world.json(&["usage"])["total"]["calls"], 60 + made);
    let ran = world.bursar(&["demo", "--calls", "60"]).exits(0);
    assert!(ran.stdout.contains("no AWS account"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&world.ledger), "{}", ran.stdout);
    let total = world.json(&["usage"])["total"].clone();
    // The team's cap is used up by then: of its calls none is made again.
    assert_eq!(total["calls"], 60 + made + 60 + 1);
    assert!(world.served().is_empty(), "it brings its own simulator");
    world.audit();
}
