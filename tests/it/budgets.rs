//! Limits as people set and meet them: with the real program, several processes, and a simulator
//! that tells what was really sent.

use serde_json::{Value, json};

use crate::world::{BOTH, Database, HAIKU, NOVA, World};

/// A dollar amount in pico-dollars.
#[track_caller]
fn pico(text: &Value) -> i128 {
    let text = text.as_str().expect("an amount is a decimal in a text");
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{rest:0<12}").parse().expect("a decimal with twelve places at most")
}

fn with_team(database: Database) -> World {
    let world = World::on(database, &[]);
    let team = world.json(&["team", "create", "research"]);
    assert_eq!(team["name"], "research");
    world
}

fn set(world: &World, what: &[&str]) -> Value {
    world.json(&[&["budget", "set"], what].concat())
}

#[test]
fn a_team_at_its_cap_is_refused_before_anything_is_sent_and_told_why() {
    for database in BOTH {
        let world = with_team(database);
        set(&world, &["--team", "research", "--window", "month", "--limit", "0.000001usd"]);
        let ask = ["converse", "-m", NOVA, "--team", "research", "hello", "--json"];
        let error = &world.bursar(&ask).exits(5).json()["error"];
        assert_eq!(error["code"], "over_budget");
        assert_eq!(error["reason"], "spent");
        let limit = &error["limit"];
        assert_eq!(limit["name"], "team research, month");
        assert_eq!((&limit["unit"], &limit["limit"]), (&json!("usd"), &json!("0.000001")));
        assert_eq!((&limit["spent"], &limit["held"]), (&json!("0"), &json!("0")));
        assert!(limit["window_end"].as_str().is_some_and(|end| end.ends_with("01T00:00:00.000Z")));
        assert_eq!(error["would_fit"], "0.000001");
        assert!(pico(&error["asked"]) > 1_000_000);
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("raise the limit")));
        assert!(world.served().is_empty(), "it was sent");
        let shown = world.json(&["budget", "show", "--team", "research", "--window", "month"]);
        assert_eq!((&shown["refused"], &shown["spent"]), (&json!(1), &json!("0")));
        // Who is no member of the team is not counted by its limit.
        world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
        let why = world.json(&["why", error["call"].as_str().expect("an id")]);
        assert_eq!((&why["verdict"], &why["reason"]), (&json!("refused"), &json!("spent")));
        assert_eq!(why["message"], error["message"]);
        assert!(why["remedy"][0].as_str().is_some_and(|remedy| remedy.contains("raise the limit")));
        world.audit();
    }
}

#[test]
fn a_limit_is_shown_with_what_was_spent_to_the_pico_dollar() {
    for database in BOTH {
        let world = World::on(database, &[]);
        set(&world, &["--all", "--window", "total", "--limit", "5.00usd"]);
        set(&world, &["-m", HAIKU, "--window", "day", "--limit", "1000000tokens"]);
        set(&world, &["--all", "--window", "1m", "--limit", "10concurrent"]);
        world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
        world.bursar(&["converse", "-m", HAIKU, "hello"]).exits(0);
        let calls = world.calls();
        let cost: i128 = calls.iter().map(|call| pico(&call["cost_usd"])).sum();
        let shown = world.json(&["budget", "show", "--all", "--window", "total", "--unit", "usd"]);
        assert_eq!(pico(&shown["spent"]), cost);
        assert_eq!(pico(&shown["remaining"]), 5_000_000_000_000 - cost);
        let rest = json!({"unit": "usd", "limit": "5", "held": "0", "refused": 0, "mode": "hard",
            "window_start": null, "window_end": null, "spent": shown["spent"],
            "remaining": shown["remaining"]});
        assert_eq!(shown, rest);
        let haiku = calls.iter().find(|call| call["model_requested"] == HAIKU).expect("a call");
        let tokens = haiku["input_tokens"].as_u64().zip(haiku["output_tokens"].as_u64());
        let tokens = tokens.map(|(input, output)| input + output).expect("counts");
        // By any name of the model: what is counted is the model itself.
        let base = haiku["model"].as_str().expect("its id");
        let shown = world.json(&["budget", "show", "-m", base, "--window", "day"]);
        assert_eq!(shown["spent"], tokens.to_string());
        assert!(
            shown["window_start"].as_str().is_some_and(|start| start.ends_with("T00:00:00.000Z"))
        );
        let rows = world.json(&["budget", "list"])["rows"].clone();
        let of =
            |id: &str| rows.as_array().and_then(|rows| rows.iter().find(|row| row["unit"] == id));
        assert_eq!(of("tokens").expect("a row")["scope"], json!({ "model": base }));
        assert_eq!(of("concurrent").expect("a row")["held"], "0");
        assert_eq!(rows.as_array().map(Vec::len), Some(3));
        world.audit();
    }
}

#[test]
fn a_limit_that_is_set_again_is_changed_and_keeps_what_it_has_counted() {
    let world = World::start();
    let limit = ["--all", "--window", "month", "--limit"];
    let made = set(&world, &[&limit[..], &["5usd"]].concat());
    assert_eq!((&made["was"], &made["becomes"]["limit"]), (&Value::Null, &json!("5")));
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    let spent = world.only_call()["cost_usd"].clone();
    let changed = set(&world, &[&limit[..], &["7.5usd", "--mode", "soft"]].concat());
    assert_eq!((&changed["id"], &changed["was"]["mode"]), (&made["id"], &json!("hard")));
    let shown = world.json(&["budget", "show", "--all", "--window", "month"]);
    assert_eq!((&shown["spent"], &shown["limit"]), (&spent, &json!("7.5")));
    let again = [&["budget", "set"][..], &limit, &["7.5usd", "--mode", "soft"]].concat();
    assert!(world.bursar(&again).exits(0).stdout.contains("was so before: $7.5, soft"));
    let ended = world.bursar(&["budget", "remove", "--all", "--window", "month"]).exits(0);
    assert!(ended.stdout.contains("is ended"), "{}", ended.stdout);
    world.bursar(&["budget", "show", "--all", "--window", "month"]).exits(2);
    assert_eq!(world.json(&["budget", "list"]), json!({ "rows": [] }));
    let empty = world.bursar(&["budget", "list"]).exits(0);
    assert!(empty.stderr.contains("no limit is set"), "{}", empty.stderr);
}

#[test]
fn a_freeze_stops_the_next_call_of_another_process_until_it_is_thawed() {
    for database in BOTH {
        let world = with_team(database);
        let ask = ["converse", "-m", NOVA, "--team", "research", "hello", "--json"];
        world.bursar(&ask).exits(0);
        let freeze = ["freeze", "--team", "research", "--reason", "it loops"];
        assert_eq!(world.json(&freeze)["already"], false);
        let error = &world.bursar(&ask).exits(5).json()["error"];
        assert_eq!((&error["reason"], &error["limit"]), (&json!("frozen"), &Value::Null));
        assert_eq!(error["freeze"]["reason"], "it loops");
        assert_eq!(world.json(&freeze)["already"], true);
        assert_eq!(world.json(&["freeze", "--list"])["rows"][0]["name"], "team research");
        let check = ["budget", "check", "--team", "research"];
        world.bursar(&check).exits(5);
        let thawed = world.json(&["thaw", "--team", "research", "--reason", "fixed"]);
        assert_eq!(thawed["thawed"][0]["name"], "team research");
        assert_eq!(world.json(&["thaw", "--team", "research"])["thawed"], json!([]));
        world.bursar(&check).exits(0);
        world.bursar(&ask).exits(0);
        assert_eq!(world.served().len(), 2);
        world.audit();
    }
}

#[test]
fn a_limit_that_freezes_stops_what_hit_it_for_good() {
    let world = World::start();
    let limit = ["--all", "--each", "session", "--window", "1m", "--limit", "1requests"];
    set(&world, &[&limit[..], &["--on-limit", "freeze"]].concat());
    set(&world, &["--all", "--window", "day", "--limit", "1requests", "--on-limit", "freeze"]);
    let ask = ["converse", "-m", NOVA, "hello", "--json"];
    world.bursar(&ask).exits(0);
    assert_eq!(world.bursar(&ask).exits(5).json()["error"]["reason"], "spent");
    assert_eq!(world.bursar(&ask).exits(5).json()["error"]["reason"], "frozen");
    set(&world, &["--all", "--window", "day", "--limit", "9requests", "--on-limit", "freeze"]);
    world.bursar(&ask).exits(5);
    world.bursar(&["thaw", "--all"]).exits(0);
    world.bursar(&ask).exits(0);
}

#[test]
fn a_check_answers_a_pipeline_with_its_exit_code_and_leaves_no_trace() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let check = |rest: &[&str]| world.bursar(&[&["budget", "check"], rest].concat());
        assert!(check(&[]).exits(0).stdout.contains("no limit counts it"));
        set(&world, &["--all", "--window", "day", "--limit", "2requests"]);
        let call = ["-m", NOVA, "--max-tokens", "100", "hello"];
        let told = check(&[&call[..], &["--json"]].concat()).exits(0).json();
        assert_eq!((&told["admitted"], &told["limits"][0]["asked"]), (&json!(true), &json!("1")));
        let spoken = ["converse", "-m", NOVA, "--max-tokens", "100", "hello"];
        world.bursar(&spoken).exits(0);
        // Priced as a real one; what is held is that, rounded up to the micro-dollar.
        let held = pico(&world.only_call()["held_usd"]);
        assert_eq!((pico(&told["worst_usd"]) + 999_999) / 1_000_000 * 1_000_000, held);
        check(&["--fail-at", "90%"]).exits(0);
        let nine = check(&["--fail-at", "50%", "--json"]).exits(9).json();
        assert_eq!(
            (&nine["error"]["code"], &nine["admitted"]),
            (&json!("threshold"), &json!(true))
        );
        assert_eq!(nine["reached"], json!(["all, day"]));
        check(&[&call[..], &["--fail-at", "50"]].concat()).exits(9);
        world.bursar(&spoken).exits(0);
        // A refusal outweighs a threshold.
        let five = check(&[&call[..], &["--fail-at", "50%", "--json"]].concat()).exits(5).json();
        assert_eq!((&five["error"]["reason"], &five["admitted"]), (&json!("spent"), &json!(false)));
        check(&["--fail-at", "50%"]).exits(5);
        for bad in ["0%", "101%", "-5%", "NaN", "1e2", ""] {
            check(&["--fail-at", bad]).exits(2);
        }
        let shown = world.json(&["budget", "show", "--all", "--window", "day"]);
        assert_eq!((&shown["spent"], &shown["held"]), (&json!("2"), &json!("0")));
        assert_eq!(shown["refused"], 0, "what was only asked is not counted");
        assert_eq!(world.calls().len(), 2);
        world.audit();
    }
}

#[test]
fn an_affordable_answer_is_as_long_as_the_limits_have_room_for() {
    let world = World::start();
    set(&world, &["--all", "--window", "total", "--limit", "0.0005usd", "--on-limit", "freeze"]);
    let ask = ["converse", "-m", NOVA, "--max-tokens", "5000", "hello", "--json"];
    let foreseen = ["budget", "check", "-m", NOVA, "--max-tokens", "5000", "hello"];
    world.bursar(&foreseen).exits(5);
    let answer = world.bursar(&[&ask[..], &["--affordable"]].concat()).exits(0).json();
    let lowered = answer["max_tokens_lowered_to"].as_u64().expect("it was lowered");
    assert!((1..5000).contains(&lowered), "{lowered}");
    let call = world.only_call();
    assert!(pico(&call["held_usd"]) <= 500_000_000, "{}", call["held_usd"]);
    // One token more would not have fitted.
    let rate = pico(&call["rates"]["output"]) / 1_000_000;
    assert!(pico(&call["held_usd"]) + rate + 1_000_000 > 500_000_000, "{call:#}");
    // Nobody was refused, and so nobody frozen, for what could be made to fit.
    let shown = world.json(&["budget", "show", "--all", "--window", "total"]);
    assert_eq!((&shown["refused"], &shown["held"]), (&json!(0), &json!("0")));
    assert_eq!(world.json(&["freeze", "--list"])["rows"], json!([]));
    let refused = world.bursar(&ask).exits(5).json();
    let fits = refused["error"]["would_fit_tokens"].as_u64().expect("some tokens fit");
    assert!(fits < 5000 && refused["error"]["next"].to_string().contains("--affordable"));
    world.bursar(&["thaw", "--all"]).exits(0);
    set(&world, &["--all", "--window", "total", "--limit", "0.000001usd"]);
    world.bursar(&[&ask[..], &["--affordable"]].concat()).exits(5);
    world.audit();
}

#[test]
fn a_call_tells_which_limits_admitted_it_and_at_which_figures() {
    for database in BOTH {
        let world = with_team(database);
        set(&world, &["--team", "research", "--window", "month", "--limit", "5usd"]);
        let ask = ["converse", "-m", NOVA, "--team", "research", "hello"];
        world.bursar(&ask).exits(0);
        let first = world.only_call();
        world.bursar(&ask).exits(0);
        let second = world.calls().remove(0);
        let why = world.json(&["why", second["id"].as_str().expect("an id")]);
        assert_eq!((&why["verdict"], &why["cost_usd"]), (&json!("succeeded"), &second["cost_usd"]));
        let limit = &why["limits"][0];
        assert_eq!(
            (&limit["name"], &limit["limit"]),
            (&json!("team research, month"), &json!("5"))
        );
        assert_eq!((&limit["spent"], &limit["added"]), (&first["cost_usd"], &second["cost_usd"]));
        assert_eq!((&limit["asked"], &limit["held"]), (&second["held_usd"], &json!("0")));
        assert_eq!(why["attempts"][0]["outcome"], "succeeded");
        let by_request = world.json(&["why", second["request_id"].as_str().expect("one came")]);
        assert_eq!(by_request, why);
        world.bursar(&["why", "0193a5b2-0000-7000-8000-000000000000"]).exits(2);
        world.bursar(&["why", "\u{1b}[2J"]).exits(2);
        let forecast = world.json(&["budget", "forecast", "--team", "research"]);
        let row = &forecast["rows"][0];
        assert_eq!((&row["outlook"], &row["per_day"]), (&json!("too_little_known"), &Value::Null));
        assert_eq!((&row["calls"], &row["based_on"]), (&json!(2), &Value::Null));
    }
}

#[test]
fn a_key_tells_what_stands_on_it_and_what_became_of_its_calls() {
    let world = with_team(Database::Sqlite);
    set(&world, &["--team", "research", "--window", "month", "--limit", "5usd"]);
    let empty = world.json(&["why", "--key", "nobody"]);
    assert_eq!((&empty["calls"], &empty["refusals"]), (&json!([]), &json!([])));
    assert!(world.bursar(&["why", "--key", "nobody"]).exits(0).stdout.contains("no limit"));
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let world = with_team(Database::Sqlite);
    set(&world, &["--team", "research", "--window", "month", "--limit", "5usd"]);
    let before = world.json(&["budget", "list"]);
    let (limit, month) = (["--limit", "5usd"], ["--window", "month"]);
    for amount in [
        "-5usd",
        "NaNusd",
        "1e400usd",
        "5",
        "5eur",
        "usd",
        "5.0000001usd",
        "0.5requests",
        "infusd",
        "99999999999999usd",
        "1,000usd",
        "",
    ] {
        let set = ["budget", "set", "--team", "research", "--window", "month", "--limit", amount];
        let ran = world.bursar(&set).exits(2);
        assert!(ran.stderr.contains("hint: "), "{amount}: {}", ran.stderr);
    }
    for (words, code, said) in [
        (&["--team", "reserch"][..], 2, "did you mean `research`?"),
        (&["--project", "atlas"], 2, "there is no project"),
        (&["--user", "ann"], 2, "there is no user"),
        (&["--key", "key_0"], 2, "there is no key"),
        (&["--provider", "antropic"], 3, "there is `anthropic`"),
        (&["-m", "amazon.nova-lite-v9:9"], 3, NOVA),
        (&["--all", "--team", "research"], 2, "leave one away"),
        (&[], 2, "nothing is selected"),
        (&["--tag", "env"], 2, "has no `=`"),
        (&["--tag", "env= "], 2, "it is empty"),
        (&["--tag", "env=\u{1b}[2J"], 2, "control characters"),
        (&["--all", "--zone", "Europe/Berln"], 2, "write `Europe/Berlin`"),
        (&["--all", "--mode", "firm"], 2, "`hard`, `soft`, `shadow`"),
        (&["--all", "--on-limit", "explode"], 2, "`refuse`, `freeze`"),
        (&["--all", "--each", "team"], 2, "`user`, `key`, `session`"),
    ] {
        let ran = world.bursar(&[&["budget", "set"][..], words, &month, &limit].concat());
        let ran = ran.exits(code);
        assert!(ran.stderr.contains(said), "{words:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("\u{1b}[2J"), "{words:?}");
    }
    let window = ["budget", "set", "--all", "--window", "fortnight", "--limit", "5usd"];
    world.bursar(&window).exits(2);
    let hostile = "x".repeat(10_000);
    world.bursar(&["freeze", "--team", &hostile, "--reason", "a"]).exits(2);
    world.bursar(&["freeze", "--all", "--reason", &hostile]).exits(2);
    world.bursar(&["freeze", "--all", "--reason", " "]).exits(2);
    world.bursar(&["freeze", "--all"]).exits(2);
    world.bursar(&["freeze", "--reason", "a"]).exits(2);
    assert_eq!(world.json(&["freeze", "--list"])["rows"], json!([]));
    assert_eq!(world.json(&["budget", "list"]), before);
}
