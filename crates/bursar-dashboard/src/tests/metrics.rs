use std::collections::BTreeMap;

use serde_json::json;

use super::World;
use crate::{Family, Kind, Meters, Sample};

/// What Prometheus would read: figures by name and labels. Panics where it would refuse.
fn parsed(text: &str) -> BTreeMap<String, String> {
    assert!(text.ends_with('\n'));
    let mut figures = BTreeMap::new();
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(kinds.insert(name, kind).is_none(), "{name} stands twice");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            family = name;
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let is_name =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(name.bytes().all(is_name), "{name}");
            assert!(name.starts_with(family) && name.starts_with("bursar_"), "{line} in {family}");
            assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
            assert!(figures.insert(series.to_owned(), value.to_owned()).is_none(), "{line}");
        }
    }
    figures
}

#[tokio::test]
async fn what_prometheus_reads_is_what_the_ledger_has_and_what_the_process_counts() {
    let hostile = "a\"b\\c\nd";
    let meters = Meters::new(move || {
        vec![Family {
            name: "bursar_overhead_seconds",
            help: "Added\nlatency.",
            kind: Kind::Histogram,
            samples: vec![
                Sample {
                    suffix: "_bucket",
                    ..Sample::new(&[("le", "+Inf"), ("door", hostile)], 3)
                },
                Sample { suffix: "_sum", ..Sample::new(&[("door", hostile)], "0.25") },
                Sample { suffix: "_count", ..Sample::new(&[("door", hostile)], 3) },
            ],
        }]
    });
    let world = World::with(meters).await;
    let set = |select: serde_json::Value| json!({"select": select, "limit": {"window": "month", "limit": "500usd"}});
    world.ask("POST", "/teams", Some(json!({"name": "research"}))).await;
    world.ask("POST", "/teams/research/users", Some(json!({"names": ["ann"]}))).await;
    world.ask("POST", "/budgets", Some(set(json!({"team": "research"})))).await;
    world.ask("POST", "/budgets", Some(set(json!({"user": "ann"})))).await;
    world.ask("POST", "/freezes", Some(json!({"select": {"all": true}, "reason": "x"}))).await;
    let (_, text) = world.page("/metrics").await;
    let figures = parsed(&text);
    let limit = r#"{limit="team research, month"}"#;
    let expected = [
        ("bursar_ledger_up".to_owned(), "1"),
        ("bursar_freezes".to_owned(), "1"),
        ("bursar_streams_in_flight".to_owned(), "0"),
        (format!("bursar_budget_limit_usd{limit}"), "500"),
        (format!("bursar_budget_spent_usd{limit}"), "0"),
        (format!("bursar_budget_used_ratio{limit}"), "0"),
        (r#"bursar_overhead_seconds_count{door="a\"b\\c\nd"}"#.to_owned(), "3"),
    ];
    for (series, value) in expected {
        assert_eq!(figures.get(&series).map(String::as_str), Some(value), "{series}: {text}");
    }
    assert!(!text.contains("ann"), "a person is no label: {text}");
    world.end().await;
}
