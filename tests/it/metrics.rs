//! What Prometheus reads of a gateway: what its own process counted, and every name that is drawn or
//! alarmed from.

use std::collections::{BTreeMap, BTreeSet};

use crate::administration::Served;
use crate::world::{NOVA, World};

/// What is shown at this moment.
fn scraped(served: &Served) -> String {
    let url = format!("{}/metrics", served.admin);
    let ran = std::process::Command::new("curl").args(["-sf", &url]).output().expect("curl runs");
    assert!(ran.status.success(), "{}", served.admin);
    String::from_utf8(ran.stdout).expect("it is a text")
}

fn figures(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').expect("a name and a figure")).collect()
}

/// Sends a request, and waits for the end of its answer.
fn ask(url: &str, body: &str) -> String {
    let ran = std::process::Command::new("curl").args(["-s", "-d", body, url]).output();
    String::from_utf8_lossy(&ran.expect("curl runs").stdout).into_owned()
}

fn body(steering: &str) -> String {
    format!(
        r#"{{"messages":[{{"role":"user","content":[{{"text":"hello"}}]}}],
            "requestMetadata":{{"bursar-sim":"{steering}"}}}}"#
    )
}

#[test]
fn a_gateway_counts_what_it_did_and_why_it_did_not() {
    let world = World::start();
    let served = Served::start(&world);
    let url = |operation: &str| format!("{}/model/{NOVA}/{operation}", served.gateway);
    ask(&url("converse"), &body("output=5"));
    ask(&url("converse"), &body("fault=throttle"));
    ask(&url("converse-stream"), &body("output=5"));
    ask(&format!("{}/model/no-such-model/converse", served.gateway), &body("output=5"));
    ask(&url("converse"), "no JSON");
    let cut = ["--all", "--tokens", "3"];
    world.json(&[&["streams", "limit"], &cut[..]].concat());
    ask(&url("converse-stream"), &body("output=500 gap-ms=5"));
    world.json(&["budget", "set", "--all", "--window", "total", "--limit", "0usd"]);
    ask(&url("converse"), &body("output=5"));
    let text = scraped(&served);
    let figures = figures(&text);
    let of = |name: &str| *figures.get(name).unwrap_or_else(|| panic!("no {name} in {text}"));
    let model = format!(r#"{{model="{NOVA}"}}"#);
    let expected = [
        (format!("bursar_request_duration_seconds_count{model}"), "4"),
        (format!("bursar_time_to_first_token_seconds_count{model}"), "2"),
        ("bursar_overhead_seconds_count".to_owned(), "4"),
        (r#"bursar_overhead_seconds_bucket{le="+Inf"}"#.to_owned(), "4"),
        (r#"bursar_answers_total{outcome="ok"}"#.to_owned(), "3"),
        (r#"bursar_answers_total{outcome="throttled"}"#.to_owned(), "1"),
        (r#"bursar_refusals_total{reason="unknown_model"}"#.to_owned(), "1"),
        (r#"bursar_refusals_total{reason="invalid"}"#.to_owned(), "1"),
        (r#"bursar_refusals_total{reason="spent"}"#.to_owned(), "1"),
        (r#"bursar_streams_cut_total{reason="StreamTokenLimit"}"#.to_owned(), "1"),
        ("bursar_streams_open".to_owned(), "0"),
        ("bursar_ledger_queue".to_owned(), "0"),
        ("bursar_ledger_away".to_owned(), "0"),
        ("bursar_spool_bytes".to_owned(), "0"),
    ];
    for (name, figure) in expected {
        assert_eq!(of(&name), figure, "{name}: {text}");
    }
    assert_ne!(of("bursar_ledger_lag_seconds"), "0");
    assert!(!text.contains("no-such-model"), "what a caller writes is no label: {text}");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn the_alerts_and_the_board_ask_for_nothing_that_is_not_measured() {
    let world = World::start();
    let served = Served::start(&world);
    let text = scraped(&served);
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let mut names = BTreeSet::new();
    for (name, kind) in kinds {
        assert!(names.insert(name.to_owned()), "{name} stands twice");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        if kind == "histogram" {
            names.extend(["_bucket", "_sum", "_count"].map(|end| format!("{name}{end}")));
        }
    }
    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");
    for file in ["prometheus/alerts.yml", "grafana/bursar.json"] {
        let text = std::fs::read_to_string(format!("{deploy}/{file}")).expect("it is there");
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let words = text.split(|letter| !is_word(letter));
        let asked: BTreeSet<&str> = words.filter(|word| word.starts_with("bursar_")).collect();
        assert!(asked.len() > 8, "{file} was not read as expected: {asked:?}");
        for name in asked {
            assert!(names.contains(name), "{file} asks for `{name}`, of {names:?}");
        }
    }
    assert_eq!(served.stop(), Some(0));
}
