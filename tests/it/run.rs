//! `bursar run`: somebody's own script, unchanged, capped and metered by a gateway of its own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::clients::place;
use crate::gateway::tokens_of;
use crate::world::{BOTH, NOVA, Ran, World};

/// Runs `bursar run` with these flags and, behind `--`, a command; clients are found on its path.
fn run(world: &World, flags: &[&str], command: &[&str]) -> Ran {
    Ran::from(errand(world, flags, command).output().expect("the program starts"))
}

fn errand(world: &World, flags: &[&str], command: &[&str]) -> Command {
    let mut bursar = world.command();
    bursar.arg("run").args(flags).arg("--").args(command).env("PATH", place("PATH"));
    bursar.env("AWS_DEFAULT_REGION", "us-east-1");
    bursar
}

/// Runs the script of `clients/` so.
fn run_script(world: &World, flags: &[&str], what: &str) -> Ran {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/run_errand.py");
    run(world, flags, &[&place("BURSAR_TEST_PYTHON"), script, what])
}

/// The JSON object that stands last on stderr.
fn told(ran: &Ran) -> Value {
    let line = ran.stderr.lines().last().expect("something is told");
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr))
}

/// What calls cost together, in pico-dollars.
fn pico(calls: &[Value]) -> u128 {
    let cost = |call: &Value| dollars(call["cost_usd"].as_str().expect("it is priced"));
    calls.iter().map(cost).sum()
}

/// An exact decimal of dollars in pico-dollars.
fn dollars(text: &str) -> u128 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{rest:0<12}").parse().expect("an amount is a decimal")
}

#[test]
fn every_client_of_a_script_is_metered_and_the_line_is_the_ledgers_to_the_pico_dollar() {
    for database in BOTH {
        let world = World::on(database, &[]);
        world.json(&["team", "create", "research"]);
        let flags = ["--cap", "2usd", "--team", "research", "--tag", "experiment=7", "--json"];
        let ran = run_script(&world, &flags, "all").exits(0);
        let ids: Vec<&str> =
            ran.stdout.lines().filter_map(|line| line.strip_prefix("call: ")).collect();
        assert_eq!(ids.len(), 4, "{}", ran.stdout);
        let calls = world.calls();
        assert_eq!(calls.len(), 4, "{calls:#?}");
        for call in &calls {
            assert!(ids.contains(&call["id"].as_str().expect("an id")), "{call:#}");
            assert_eq!(
                (&call["team"], &call["outcome"]),
                (&json!("research"), &json!("succeeded"))
            );
        }
        let told = told(&ran);
        let [output, input @ ..] = tokens_of(&calls);
        assert_eq!((&told["calls"], &told["refused"]), (&json!(4), &json!(0)));
        assert_eq!(told["input_tokens"], json!(input.iter().sum::<u64>()));
        assert_eq!(told["output_tokens"], json!(output));
        assert_eq!(dollars(told["cost_usd"].as_str().expect("an amount")), pico(&calls));
        let complete = world.served();
        assert_eq!(tokens_of(&calls), tokens_of(&complete), "the simulator knows it");
        // The run's label stands on each call, and its limit went with it.
        let by_run = world.json(&["usage", "--by", "tag:bursar-run"]);
        assert_eq!(by_run["total"]["calls"], 4);
        assert_eq!(world.json(&["budget", "list"])["rows"], json!([]));
        world.audit();
    }
}

#[test]
fn javascripts_streams_arrive_whole_and_are_metered() {
    let world = World::start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/run_errand.cjs");
    let node = place("BURSAR_TEST_NODE");
    let mut bursar = errand(&world, &["--cap", "2usd", "--json"], &[&node, script]);
    bursar.env("NODE_PATH", place("BURSAR_TEST_NODE_MODULES")).env("NODE_NO_WARNINGS", "1");
    let ran = Ran::from(bursar.output().expect("the program starts")).exits(0);
    let calls = world.calls();
    assert!(calls.iter().all(|call| call["outcome"] == "succeeded"), "{calls:#?}");
    assert_eq!((calls.len(), &told(&ran)["calls"]), (3, &json!(3)));
    assert_eq!(tokens_of(&calls), tokens_of(&world.served()));
    world.audit();
}

#[test]
fn a_cap_that_is_used_up_refuses_and_says_so_even_where_the_script_does_not_care() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let ran = run_script(&world, &["--cap", "0.001usd", "--json"], "spend").exits(5);
        let made: usize =
            ran.stdout.trim().strip_prefix("made: ").expect("it ran").parse().unwrap();
        assert!(made > 1 && made < 200, "{made}");
        let told = told(&ran);
        assert_eq!((&told["refused"], &told["exit_code"]), (&json!(1), &json!(0)));
        let calls = world.calls();
        assert_eq!((calls.len(), world.served().len()), (made, made), "nothing more was sent");
        assert!(pico(&calls) <= dollars("0.001"), "{calls:#?}");
        assert_eq!(dollars(told["cost_usd"].as_str().expect("an amount")), pico(&calls));
        world.audit();
        // The next run begins anew.
        assert_eq!(run_script(&world, &["--cap", "0.001usd"], "spend").exits(5).stdout, ran.stdout);
    }
}

#[test]
fn a_crowd_of_calls_at_once_never_passes_the_cap() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let ran = run_script(&world, &["--cap", "0.003usd", "--json"], "crowd").exits(5);
        let calls = world.calls();
        assert_eq!(ran.stdout.trim(), format!("made: {}", calls.len()));
        assert_eq!(calls.len(), world.served().len(), "nothing was sent without a hold");
        assert!(pico(&calls) <= dollars("0.003"), "{calls:#?}");
        let told = told(&ran);
        assert!(told["refused"].as_u64() >= Some(12), "each of them was refused: {told}");
        assert_eq!(dollars(told["cost_usd"].as_str().expect("an amount")), pico(&calls));
        world.audit();
    }
}

#[test]
fn the_line_at_the_end_is_for_people_and_the_output_is_the_commands_own() {
    let world = World::start();
    let ask = format!(
        "curl -s -d '{{\"messages\":[{{\"role\":\"user\",\"content\":[{{\"text\":\"Hi\"}}]}}]}}' \
         $AWS_ENDPOINT_URL_BEDROCK_RUNTIME/model/{NOVA}/converse"
    );
    let ran = run(&world, &["--cap", "2usd"], &["sh", "-c", &ask]).exits(0);
    let answer: Value = serde_json::from_str(&ran.stdout).expect("stdout is the answer alone");
    let call = world.only_call();
    assert_eq!(answer["usage"]["outputTokens"], call["output_tokens"]);
    let cost = call["cost_usd"].as_str().expect("it is priced");
    let line = ran.stderr.trim();
    assert!(line.starts_with("bursar: 1 call · "), "{line}");
    assert!(line.contains(&format!("${cost} of $2 · run ")), "{line}");
    let quiet = run(&world, &["--cap", "2usd", "--quiet"], &["true"]).exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn the_commands_own_end_is_told_and_so_is_that_there_is_no_such_command() {
    let world = World::start();
    let sh = |line: &str| run(&world, &["--cap", "2usd", "--quiet"], &["sh", "-c", line]);
    sh("exit 0").exits(0);
    sh("exit 42").exits(42);
    sh("kill -KILL $$").exits(137);
    let missing = run(&world, &["--cap", "2usd"], &["no-such-command-of-mine"]).exits(127);
    assert!(missing.stderr.contains("cannot run `no-such-command-of-mine`"), "{}", missing.stderr);
    let file = world.write("not-a-program", "hello");
    run(&world, &["--cap", "2usd"], &[&file]).exits(126);
    assert_eq!(world.json(&["budget", "list"])["rows"], json!([]), "no limit is left behind");
    let nothing = world.bursar(&["run", "--cap", "2usd"]).exits(2);
    assert!(nothing.stderr.contains("COMMAND"), "{}", nothing.stderr);
}

#[test]
fn what_is_no_cap_is_refused_before_anything_runs() {
    let world = World::start();
    for cap in ["0usd", "-1usd", "NaNusd", "infusd", "2", "2eur", "", "100tokens", "1e3usd"] {
        let flag = format!("--cap={cap}");
        let ran = run(&world, &[&flag], &["sh", "-c", "echo it ran"]).exits(2);
        assert!(!ran.stdout.contains("it ran"), "{cap}: {}", ran.stdout);
        assert!(ran.stderr.contains("hint:"), "{cap}: {}", ran.stderr);
    }
    run(&world, &[], &["true"]).exits(2);
    let tag = ["--cap", "2usd", "--tag", "bursar-run=mine"];
    assert!(run(&world, &tag, &["true"]).exits(2).stderr.contains("is the run's own"));
    let team = ["--cap", "2usd", "--team", "nobody"];
    assert_ne!(run(&world, &team, &["sh", "-c", "echo it ran"]).stdout, "it ran\n");
}

#[test]
fn another_process_is_not_let_in_and_the_token_opens_nothing_afterwards() {
    let world = World::start();
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
    // Without its token, and with another.
    let line = format!(
        "host=${{AWS_ENDPOINT_URL_BEDROCK_RUNTIME%%/run/*}}; for base in $host \
         ${{AWS_ENDPOINT_URL_BEDROCK_RUNTIME}}0; do \
         curl -s -o /dev/null -w '%{{http_code}} ' -d '{body}' $base/model/{NOVA}/converse; done"
    );
    let ran = run(&world, &["--cap", "2usd"], &["sh", "-c", &line]).exits(0);
    assert_eq!(ran.stdout.trim(), "403 403", "{}", ran.stderr);
    assert!(world.served().is_empty());
    assert!(!ran.stderr.contains("bsr_"), "{}", ran.stderr);
}

#[test]
fn its_own_credentials_stay_and_only_the_addresses_are_others() {
    let world = World::start();
    let mut bursar = errand(&world, &["--cap", "2usd", "-q"], &["env"]);
    bursar.env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true").env("AWS_ENDPOINT_URL", "http://x");
    bursar.env("NO_PROXY", "example.com").env("OPENAI_API_KEY", "sk-own");
    // What is to be overlooked is overlooked by Bursar too; the file says where the simulator is.
    let config = format!("[aws]\nendpoint = '{}'\n", world.endpoint);
    bursar.env("BURSAR_CONFIG", world.write("config.toml", &config));
    let ran = Ran::from(bursar.output().expect("the program starts")).exits(0);
    let value = |name: &str| {
        ran.stdout
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
            .map(str::to_owned)
    };
    let base = value("AWS_ENDPOINT_URL_BEDROCK_RUNTIME").expect("it has an address");
    assert!(base.starts_with("http://127.0.0.1:") && base.contains("/run/bsr_"), "{base}");
    assert_eq!(value("OPENAI_BASE_URL"), Some(format!("{base}/v1")));
    assert_eq!(value("ANTHROPIC_BASE_URL").as_ref(), Some(&base));
    assert_eq!(value("ANTHROPIC_BEDROCK_BASE_URL").as_ref(), Some(&base));
    assert_eq!(value("AWS_ACCESS_KEY_ID").as_deref(), Some("AKIDEXAMPLE"));
    assert_eq!(value("NO_PROXY").as_deref(), Some("example.com,127.0.0.1"));
    assert_eq!(value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").as_deref(), Some("false"));
    assert_eq!(value("AWS_ENDPOINT_URL"), None);
    assert_ne!(value("OPENAI_API_KEY").as_deref(), Some("sk-own"), "it goes nowhere");
}

#[test]
fn by_an_api_key_alone_clients_that_sign_get_something_to_sign_with() {
    let world = World::start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/clients/run_errand.py");
    let python = place("BURSAR_TEST_PYTHON");
    let mut bursar = errand(&world, &["--cap", "2usd", "-q"], &[&python, script, "all"]);
    bursar.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    bursar.env("AWS_BEARER_TOKEN_BEDROCK", "an-api-key");
    Ran::from(bursar.output().expect("the program starts")).exits(0);
    assert_eq!(world.calls().len(), 4);
}

#[test]
fn told_to_stop_it_tells_the_command_and_settles_what_ran() {
    let world = World::start();
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],
        "requestMetadata":{"bursar-sim":"output=40 gap-ms=1"}}"#;
    // A stream is read in the background by somebody who ends with the command.
    let line = format!(
        "curl -sN -d '{body}' $AWS_ENDPOINT_URL_BEDROCK_RUNTIME/model/{NOVA}/converse-stream \
         > /dev/null & reader=$!; sleep 600 & trap 'echo told; kill $reader $!; exit 9' TERM; \
         echo ready; wait"
    );
    let mut process = errand(&world, &["--cap", "2usd", "--json"], &["sh", "-c", &line])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    assert_eq!(lines.next().expect("it says so").expect("it is text"), "ready");
    while world.served().is_empty() {
        std::thread::yield_now();
    }
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    assert_eq!(lines.next().expect("it is told").expect("it is text"), "told");
    drop(lines);
    let ran = Ran::from(process.wait_with_output().expect("it ends")).exits(9);
    let call = world.only_call();
    assert_eq!(told(&ran)["calls"], 1);
    assert_eq!(dollars(told(&ran)["cost_usd"].as_str().expect("an amount")), pico(&[call]));
    world.audit();
}
