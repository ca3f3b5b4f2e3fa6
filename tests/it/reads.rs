//! What is read from a ledger, and where to: copies, backups, CSV, comparisons, a terminal.

use std::process::Command;

use bursar_domain::time::{HOUR_MS, Timestamp};
use serde_json::{Value, json};

use crate::world::{BOTH, Database, HAIKU, NOVA, World, bare};

/// A world with three calls by two people, one of them rejected.
pub(crate) fn used(database: Database) -> World {
    let world = World::on(database, &[]);
    world.bursar(&["converse", "-m", NOVA, "--tag", "who=ann", "hello"]).exits(0);
    world.bursar(&["converse", "-m", HAIKU, "--tag", "who==1+1", "hello"]).exits(0);
    let fault = "bursar-sim=fault=validation";
    world.bursar(&["converse", "-m", NOVA, "--tag", "who=ann", "--metadata", fault, "hi"]).exits(8);
    world
}

/// Cells of a CSV text, its header first.
fn cells(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let records = reader.records().map(|record| record.expect("it is CSV"));
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

/// Runs the program on a terminal of this size, as `script` makes one.
pub(crate) fn on_terminal(
    world: &World,
    (rows, columns): (u16, u16),
    arguments: &str,
    pager: &str,
) -> String {
    let program = env!("CARGO_BIN_EXE_bursar");
    let line = format!("stty rows {rows} cols {columns}; {program} {arguments}");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script
        .env_clear()
        .envs(world.command().get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .env("NO_COLOR", "1")
        .env("PAGER", pager);
    let ran = script.output().expect("`script` is installed (Debian: bsdutils)");
    let shown = String::from_utf8(ran.stdout).expect("the output is UTF-8").replace('\r', "");
    assert!(ran.status.success(), "{shown}");
    shown
}

#[test]
fn a_ledger_is_copied_to_the_other_database_and_back() {
    for database in BOTH {
        let world = used(database);
        let other =
            if database == Database::Sqlite { Database::Postgres } else { Database::Sqlite };
        let away = World::on(other, &[]).ledger.clone();
        let away = if other == Database::Sqlite { sqlite(&world, "away.db") } else { away };
        let back = sqlite(&world, "back.db");
        let first = world.json(&["ledger", "copy", &world.ledger, &away]);
        assert_eq!((&first["clean"], &first["calls"]), (&json!(true), &json!(3)));
        assert_eq!(first["rows"], first["rows_written"]);
        let again = world.json(&["ledger", "copy", &world.ledger, &away]);
        assert_eq!(again["rows_written"], 0);
        world.json(&["ledger", "copy", &away, &back]);
        for read in [&["usage", "--by", "day"][..], &["usage", "--by", "tag:who"], &["calls"]] {
            let of = |ledger: &str| world.json(&[&["--ledger", ledger], read].concat());
            assert_eq!(of(&world.ledger), of(&back), "{read:?}");
        }
        // A ledger that was copied goes on as any other.
        world.bursar(&["--ledger", &back, "converse", "-m", NOVA, "hello"]).exits(0);
        assert_eq!(world.json(&["--ledger", &back, "ledger", "audit"])["calls"], 4);
        let refused = world.bursar(&["ledger", "copy", &away, &back]).exits(10);
        assert!(refused.stderr.contains("1 rows of `call`"), "{}", refused.stderr);
    }
}

fn sqlite(world: &World, name: &str) -> String {
    format!("sqlite:{}", world.path(name).display())
}

#[test]
fn a_copy_that_makes_no_sense_is_refused() {
    let world = used(Database::Sqlite);
    let (ledger, new) = (world.ledger.as_str(), sqlite(&world, "new.db"));
    world.bursar(&["ledger", "copy", ledger, ledger]).exits(2);
    world.bursar(&["ledger", "copy", ledger, "sqlite::memory:"]).exits(2);
    world.bursar(&["ledger", "copy", ledger, "new.db"]).exits(78);
    world.bursar(&["ledger", "copy", &sqlite(&world, "absent.db"), &new]).exits(66);
    assert!(!world.path("new.db").exists() && !world.path("absent.db").exists());
    let unreachable = "postgres://me:s3cret@127.0.0.1:1/x";
    let ran = world.bursar(&["ledger", "copy", ledger, unreachable]).exits(10);
    assert!(!ran.stderr.contains("s3cret"), "{}", ran.stderr);
}

#[test]
fn a_backup_is_one_file_that_is_a_ledger() {
    let world = used(Database::Sqlite);
    let file = world.path("backup.db").display().to_string();
    let told = world.json(&["ledger", "backup", &file]);
    assert_eq!((&told["clean"], &told["calls"]), (&json!(true), &json!(3)));
    let ran = world.bursar(&["ledger", "backup", &file]).exits(2);
    assert!(ran.stderr.contains("already"), "{}", ran.stderr);
    let restored = format!("sqlite:{file}");
    assert_eq!(world.json(&["--ledger", &restored, "calls"]), world.json(&["calls"]));
    let absent = sqlite(&world, "absent.db");
    world.bursar(&["--ledger", &absent, "ledger", "backup", "x.db"]).exits(66);
}

#[test]
fn postgres_is_backed_up_by_the_command_that_is_named() {
    let world = used(Database::Postgres);
    let file = world.path("it's a backup").display().to_string();
    let ran = world.bursar(&["ledger", "backup", &file]).exits(2);
    let (_, command) = ran.stderr.split_once("run `").expect("a command is named");
    let (command, _) = command.rsplit_once('`').expect("it ends");
    // The command names no password: pg_dump is given it as its user would give it.
    let (user, _) = world.ledger.rsplit_once('@').expect("the address names a user");
    let password = user.rsplit(':').next().expect("what stands before the host");
    let mut shell = Command::new("sh");
    let dumped = shell.args(["-c", command]).env("PGPASSWORD", password).output().expect("sh runs");
    assert!(dumped.status.success(), "{command}\n{}", String::from_utf8_lossy(&dumped.stderr));
    let dump = std::fs::read(&file).expect("the dump was written");
    assert!(dump.starts_with(b"PGDMP"));
}

#[test]
fn completions_are_what_the_shells_take() {
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef bursar"), ("fish", "complete -c")]
    {
        let script = bare(&["completions", shell]).exits(0).stdout;
        assert!(script.contains(sign) && script.contains("usage"), "{shell}");
        if shell == "bash" {
            let folder = tempfile::tempdir().expect("there is room");
            let file = folder.path().join("completions");
            std::fs::write(&file, &script).expect("it can be written");
            let taken = Command::new("bash").arg("-n").arg(&file).output().expect("bash");
            assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
        }
    }
    bare(&["completions", "tcsh"]).exits(2);
}

#[test]
fn csv_has_the_keys_of_json_and_no_formulas() {
    let world = used(Database::Sqlite);
    let usage = cells(&world.bursar(&["usage", "--by", "tag:who", "--csv"]).exits(0).stdout);
    let object = world.json(&["usage", "--by", "tag:who"])["rows"][0].clone();
    assert_eq!(sorted(&usage[0]), keys(&object));
    assert_eq!(usage[0][..2], ["tag", "calls"]);
    let users: Vec<&str> = usage[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(users, ["'=1+1", "ann"]);

    let ran = world.bursar(&["calls", "--csv"]).exits(0);
    assert!(ran.stdout.contains("\r\n"));
    let calls = cells(&ran.stdout);
    let rows = world.calls();
    assert_eq!(sorted(&calls[0]), keys(&rows[0]));
    assert_eq!(calls.len(), 4);
    let at = |name: &str| calls[0].iter().position(|column| column == name).expect("a column");
    for (cells, row) in calls[1..].iter().zip(&rows) {
        assert_eq!(json!(cells[at("id")]), row["id"]);
        assert_eq!(json!(cells[at("cost_usd")]), row["cost_usd"]);
        assert_eq!(cells[at("team")], "");
        assert_eq!(serde_json::from_str::<Value>(&cells[at("tags")]).expect("JSON"), row["tags"]);
    }
    world.bursar(&["usage", "--csv", "--json"]).exits(2);
    world.bursar(&["calls", "--csv", "--json"]).exits(2);
}

fn keys(object: &Value) -> Vec<String> {
    object.as_object().expect("an object").keys().cloned().collect()
}

fn sorted(texts: &[String]) -> Vec<String> {
    let mut texts = texts.to_vec();
    texts.sort();
    texts
}

#[test]
fn a_period_is_compared_with_the_one_before() {
    let world = World::start();
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    let call = world.only_call();
    let started = call["started_at"].as_str().and_then(Timestamp::parse_rfc3339).expect("a time");
    let hour = |number: i64| Timestamp(started.hour().0 + number * HOUR_MS).to_string();
    let compare = |since: &str, until: &str, form: &[&str]| {
        let range = ["usage", "--compare", "--since", since, "--until", until];
        world.bursar(&[&range[..], form].concat()).exits(0).stdout
    };
    let of = |from: i64| -> Value {
        let text = compare(&hour(from), &hour(from + 1), &["--json"]);
        serde_json::from_str(&text).expect("JSON")
    };
    let gone = of(1);
    assert_eq!(gone["before"], json!({"since": hour(0), "until": hour(1)}));
    assert_eq!((&gone["rows"][0]["model"], &gone["rows"][0]["calls"]), (&json!(NOVA), &json!(0)));
    assert_eq!(gone["rows"][0]["before_cost_usd"], call["cost_usd"]);
    assert_eq!((&gone["total"]["calls"], &gone["total"]["before_calls"]), (&json!(0), &json!(1)));
    let new = of(0);
    assert_eq!((&new["rows"][0]["calls"], &new["rows"][0]["before_calls"]), (&json!(1), &json!(0)));
    assert!(compare(&hour(1), &hour(2), &[]).contains("-100.0%"));
    assert!(compare(&hour(0), &hour(1), &[]).contains("new"));
    let csv = cells(&compare(&hour(1), &hour(2), &["--csv"]));
    assert_eq!(csv[0][csv[0].len() - 2..], ["before_calls", "before_cost_usd"]);
    assert_eq!(json!(csv[1][csv[1].len() - 1]), call["cost_usd"]);
    let ran = world.bursar(&["usage", "--compare"]).exits(2);
    assert!(ran.stderr.contains("--since"), "{}", ran.stderr);
}

#[test]
fn a_terminal_shows_how_the_cost_went_and_a_pipe_does_not() {
    let world = used(Database::Sqlite);
    let wide = on_terminal(&world, (50, 200), "usage --since 24h", "cat");
    assert!(wide.contains("PER HOUR"), "{wide}");
    assert!(wide.contains("····█") || wide.contains("····▁"), "{wide}");
    assert!(wide.contains("██████████"), "{wide}");
    let piped = world.bursar(&["usage", "--since", "24h"]).exits(0).stdout;
    assert!(!piped.contains("PER HOUR") && piped.contains("██████████"), "{piped}");
    // What repeats a figure goes first when the terminal is narrow; the figures stay.
    let narrow = on_terminal(&world, (50, 20), "usage --since 24h", "cat");
    assert!(!narrow.contains("PER HOUR") && !narrow.contains('█'), "{narrow}");
    assert!(narrow.contains("TOTAL") || narrow.contains("total"), "{narrow}");
}

#[test]
fn only_what_does_not_fit_the_terminal_is_paged() {
    let world = used(Database::Sqlite);
    let pager = "sed s/^/paged:/";
    let long = on_terminal(&world, (4, 300), "calls", pager);
    assert_eq!(long.matches("paged:").count(), 4, "{long}");
    for (size, arguments) in [
        ((40, 300), "calls"),
        ((4, 300), "calls --no-pager"),
        ((4, 300), "calls --json"),
        ((4, 300), "calls | cat"),
    ] {
        let shown = on_terminal(&world, size, arguments, pager);
        assert!(!shown.contains("paged:") && shown.contains(NOVA), "{arguments}: {shown}");
    }
    // A pager that is not there takes nothing away.
    let shown = on_terminal(&world, (4, 300), "calls", "no-such-pager");
    assert!(shown.contains(NOVA), "{shown}");
    // One that is closed at once is no failure.
    on_terminal(&world, (4, 300), "calls", "true");
}

/// The lines below `Examples:` of a command's help.
pub(crate) fn examples(command: &[&str]) -> Vec<String> {
    let help = bare(&[command, &["--help"]].concat()).exits(0).stdout;
    let (_, examples) = help.split_once("Examples:\n").expect("it has examples");
    let lines = examples.lines().take_while(|line| !line.trim().is_empty());
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_examples_of_the_help_run() {
    let world = used(Database::Sqlite);
    let server = World::on(Database::Postgres, &[]);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bursar"));
    let folder = program.parent().expect("the program is in a folder").display().to_string();
    let commands: [&[&str]; 20] = [
        &["team"],
        &["key"],
        &["key", "create"],
        &["apply"],
        &["streams"],
        &["streams", "limit"],
        &["top"],
        &["usage"],
        &["calls"],
        &["budget"],
        &["budget", "set"],
        &["budget", "show"],
        &["budget", "check"],
        &["freeze"],
        &["thaw"],
        &["completions"],
        &["doctor"],
        &["ledger"],
        &["ledger", "backup"],
        &["ledger", "copy"],
    ];
    for example in commands.into_iter().flat_map(examples) {
        let line = example
            .replace("postgres://bursar@db.example/bursar", &server.ledger)
            .replace("sqlite:bursar.db", &world.ledger);
        // The help of `ledger` and that of its `backup` name one file.
        drop(std::fs::remove_file(world.path("bursar-backup.db")));
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(world.path(""));
        shell
            .env_clear()
            .envs(world.command().get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = shell.env("PATH", format!("{folder}:/usr/bin:/bin")).output().expect("sh runs");
        assert!(ran.status.success(), "$ {line}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
}
