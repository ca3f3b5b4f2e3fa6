//! A replayed trace is recorded to the pico-dollar: sums computed here, from the file and the price
//! rows alone, equal the ledger's on both databases and by every operation.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{BOTH, Database, HAIKU, NOVA, World};

const AZURE: &str = include_str!("../../crates/bursar/data/azure_llm_2023_code.csv");
/// Rows of the shipped trace that a replay in the suite takes: enough for every model and fault.
const ROWS: usize = 300;

/// Tokens by kind and cost in pico-dollars.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Sums {
    calls: u64,
    input: u64,
    output: u64,
    cache_read: u64,
    pico: u128,
}

/// Pico-dollars per token: input, output, cache read; written down from Bedrock's price list.
fn rates(model: &str) -> [u128; 3] {
    match model {
        "amazon.nova-lite-v1:0" => [60_000, 240_000, 15_000],
        "anthropic.claude-haiku-4-5-20251001-v1:0" => [1_100_000, 5_500_000, 110_000],
        other => panic!("no rates are written down for {other}"),
    }
}

/// What the ledger must say: row i goes to model i mod n.
fn expected(rows: &[[u64; 3]], models: &[&str]) -> BTreeMap<String, Sums> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for (index, [input, output, cache_read]) in rows.iter().enumerate() {
        let model = models[index % models.len()].trim_start_matches("us.");
        let [input_rate, output_rate, read_rate] = rates(model);
        let sum = sums.entry(model.to_owned()).or_default();
        sum.calls += 1;
        sum.input += input;
        sum.output += output;
        sum.cache_read += cache_read;
        sum.pico += u128::from(*input) * input_rate
            + u128::from(*output) * output_rate
            + u128::from(*cache_read) * read_rate;
    }
    sums
}

fn recorded(world: &World) -> BTreeMap<String, Sums> {
    let report = world.json(&["usage", "--by", "model"]);
    let rows = report["rows"].as_array().expect("it has rows");
    let number = |row: &Value, key: &str| row[key].as_u64().expect("it is a number");
    let sums = rows.iter().map(|row| {
        let sums = Sums {
            calls: number(row, "calls"),
            input: number(row, "input_tokens"),
            output: number(row, "output_tokens"),
            cache_read: number(row, "cache_read_tokens"),
            pico: pico(row["cost_usd"].as_str().expect("a decimal string")),
        };
        (row["model"].as_str().expect("a model").to_owned(), sums)
    });
    sums.collect()
}

/// `0.0123` US dollars as pico-dollars, read digit by digit.
fn pico(usd: &str) -> u128 {
    let (whole, rest) = usd.split_once('.').unwrap_or((usd, ""));
    format!("{whole}{rest:0<12}").parse().expect("it is a decimal with twelve places at most")
}

/// Call for call: the simulator's true tokens are the ledger's, joined by request id.
fn agree(world: &World) {
    let ledger: BTreeMap<String, Value> = world
        .calls()
        .into_iter()
        .map(|call| (call["request_id"].as_str().expect("an id").to_owned(), call))
        .collect();
    let served = world.served();
    let answered = served.iter().filter(|call| call["http_status"] == 200);
    assert_eq!(answered.clone().count(), ledger.len());
    for call in answered {
        let id = call["request_id"].as_str().expect("an id");
        let row = &ledger[id];
        for key in ["operation", "input_tokens", "output_tokens", "cache_read_tokens"] {
            assert_eq!(call[key], row[key], "{key} of {id}");
        }
    }
    let attempts: u64 = ledger.values().map(|row| row["attempts"].as_u64().expect("it")).sum();
    assert_eq!(attempts, served.len() as u64, "every attempt is counted");
}

fn azure_rows() -> (String, Vec<[u64; 3]>) {
    let lines: Vec<&str> = AZURE.lines().take(ROWS + 1).collect();
    let rows = lines[1..].iter().map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        [fields[1].parse().expect("input"), fields[2].parse().expect("output"), 0]
    });
    (lines.join("\n"), rows.collect())
}

fn replays_exactly(database: Database, api: &str, simulator: &[&str]) {
    let world = World::on(database, simulator);
    let (text, rows) = azure_rows();
    let trace = world.write("trace.csv", &text);
    let models = [HAIKU, NOVA];
    let list = models.join(",");
    world.bursar(&["replay", &trace, "--models", &list, "--api", api]).exits(0);
    assert_eq!(recorded(&world), expected(&rows, &models), "{database:?} {api}");
    agree(&world);
    world.audit();
}

#[test]
fn a_replay_by_converse_is_exact_on_both_databases() {
    for database in BOTH {
        replays_exactly(database, "converse", &[]);
    }
}

#[test]
fn a_replay_by_converse_stream_is_exact_on_both_databases() {
    for database in BOTH {
        replays_exactly(database, "converse-stream", &[]);
    }
}

#[test]
fn a_replay_by_invoke_is_exact_on_both_databases() {
    for database in BOTH {
        replays_exactly(database, "invoke", &[]);
    }
}

#[test]
fn a_replay_by_invoke_stream_is_exact_on_both_databases() {
    for database in BOTH {
        replays_exactly(database, "invoke-stream", &[]);
    }
}

#[test]
fn a_replay_that_is_throttled_is_as_exact() {
    let throttled = ["--throttle-rate", "0.1"];
    for database in BOTH {
        replays_exactly(database, "mix", &throttled);
    }
}

#[test]
fn cached_input_is_billed_as_cache_reads() {
    let rows = [[16, 3, 24], [0, 1, 4096], [100_000, 20, 0], [7, 893, 50_000]];
    let lines = rows.iter().enumerate().map(|(index, [input, output, cached])| {
        format!("{},{},{output},{cached}\n", index * 50, input + cached)
    });
    let header = "timestamp_ms,input_tokens,output_tokens,prefix_cached_tokens\n";
    let text: String = [header.to_owned()].into_iter().chain(lines).collect();
    for database in BOTH {
        let world = World::on(database, &[]);
        let trace = world.write("mooncake.csv", &text);
        world.bursar(&["replay", &trace, "--models", NOVA, "--api", "mix"]).exits(0);
        assert_eq!(recorded(&world), expected(&rows, &[NOVA]), "{database:?}");
        agree(&world);
    }
}

#[test]
fn a_broken_line_is_told_and_nothing_is_sent() {
    let world = World::start();
    let (text, _) = azure_rows();
    let trace = world.write("trace.csv", &format!("{text}\n2023-11-16 18:20:00.0,many,2\n"));
    let ran = world.bursar(&["replay", &trace]).exits(65);
    assert!(ran.stderr.contains(&format!("trace.csv:{}: `many`", ROWS + 2)), "{}", ran.stderr);
    assert!(world.served().is_empty());
    assert!(world.calls().is_empty());
}

#[test]
fn a_replay_refuses_to_spend_and_says_what_it_would_cost() {
    let mut world = World::start();
    world.endpoint = "https://bedrock-runtime.us-east-1.amazonaws.com".to_owned();
    let (text, rows) = azure_rows();
    let trace = world.write("trace.csv", &text);
    let ran = world.bursar(&["replay", &trace, "--models", NOVA]).exits(2);
    assert!(ran.stderr.contains("is no simulator"), "{}", ran.stderr);
    let dry = world.json(&["replay", &trace, "--models", NOVA, "--dry-run"]);
    let cost = pico(dry["cost_usd"].as_str().expect("a decimal string"));
    assert_eq!(cost, expected(&rows, &[NOVA])["amazon.nova-lite-v1:0"].pico);
}
