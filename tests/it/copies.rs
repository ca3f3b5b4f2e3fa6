//! A copy of a ledger that is killed half-way, and made again: from SQLite to PostgreSQL and back.
//!
//! The copy is held at a known place by a lock that it has to wait for, so that the kill always
//! comes in the middle of it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::world::{Database, NOVA, World};

/// Two pages of calls, and two of their attempts.
const CALLS: usize = 600;
const TURNS_MAX: usize = 100_000;

/// A world with so many calls.
fn filled() -> World {
    let world = World::start();
    let head = "TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned();
    let rows = (0..CALLS).map(|n| format!("2023-11-16 18:17:03,{},{}\n", n % 97 + 1, n % 7 + 1));
    let trace = world.write("trace.csv", &rows.fold(head, |text, row| text + &row));
    world.bursar(&["replay", &trace, "--models", NOVA, "--quiet"]).exits(0);
    world
}

/// A session of `psql` that has taken a lock, and gives it back when it is dropped.
struct Locked(Child);

impl Locked {
    fn take(ledger: &str, table: &str) -> Self {
        let mut session = Command::new("psql");
        session.args([ledger, "--quiet", "--tuples-only", "--no-align"]);
        let session = session.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut session = session.expect("psql is installed beside the server");
        let lock = format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE; SELECT 'locked';\n");
        let stdin = session.stdin.as_mut().expect("its stdin is piped");
        stdin.write_all(lock.as_bytes()).expect("it reads");
        let mut said = String::new();
        let stdout = session.stdout.as_mut().expect("its stdout is piped");
        BufReader::new(stdout).read_line(&mut said).expect("it answers");
        assert_eq!(said.trim(), "locked");
        Self(session)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// What a query finds, as one line.
fn found(ledger: &str, query: &str) -> String {
    let mut psql = Command::new("psql");
    psql.args([ledger, "--tuples-only", "--no-align", "--command", query]);
    let ran = psql.output().expect("psql is installed beside the server");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

fn kill(mut copy: Child) {
    assert!(copy.try_wait().expect("it can be asked").is_none(), "the copy had ended before");
    copy.kill().expect("it is killed");
    assert_eq!(copy.wait().expect("it is gone").code(), None, "a killed process has no exit code");
}

/// Makes the copy again, which writes what is missing and no more, and compares both.
fn finish(world: &World, from: &str, to: &str) {
    let report = world.json(&["ledger", "copy", from, to]);
    assert_eq!((&report["clean"], &report["calls"]), (&json!(true), &json!(CALLS)));
    assert!(report["rows_written"].as_u64() > Some(0), "nothing was left to copy");
    assert!(report["rows_written"].as_u64() < report["rows"].as_u64(), "nothing had been copied");
    for read in [&["usage", "--by", "day"][..], &["usage"], &["calls", "--limit", "1000"]] {
        let of = |ledger: &str| world.json(&[&["--ledger", ledger], read].concat());
        assert_eq!(of(from), of(to), "{read:?}");
    }
    assert_eq!(world.json(&["--ledger", to, "ledger", "audit"])["clean"], true);
}

/// Kills a copy into PostgreSQL when it has written the calls, and waits to write their attempts.
fn kill_into_postgres(world: &World, from: &str, to: &str) {
    world.bursar(&["--ledger", to, "ledger", "migrate"]).exits(0);
    let locked = Locked::take(to, "attempt");
    let copy = world.spawn(&["ledger", "copy", from, to]);
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted \
        AND relation = 'attempt'::regclass AND database = \
        (SELECT oid FROM pg_database WHERE datname = current_database())";
    let is_held = (0..TURNS_MAX).any(|_| found(to, waits) == "1");
    assert!(is_held, "the copy never came to the attempts");
    kill(copy);
    drop(locked);
    assert_eq!(found(to, "SELECT count(*) FROM call"), CALLS.to_string());
}

/// Kills a copy into a file between two of its pages: it takes turns by a lock, which is kept from
/// it once something of it is in the file.
fn kill_into_sqlite(world: &World, from: &str, file: &Path) {
    let to = format!("sqlite:{}", file.display());
    world.bursar(&["--ledger", &to, "ledger", "migrate"]).exits(0);
    let beside = |suffix: &str| file.with_file_name(format!("{}{suffix}", name(file)));
    let size = |file: &Path| file.metadata().map_or(0, |file| file.len());
    let written = || size(file) + size(&beside("-wal"));
    let before = written();
    let turn = File::options().write(true).open(beside("-lock")).expect("a migrated file has it");
    let copy = world.spawn(&["ledger", "copy", from, &to]);
    // A page of calls is this much at least, so that the schema's own pages do not count.
    let is_begun = (0..TURNS_MAX).any(|_| {
        turn.lock().expect("it can be waited for");
        let is_begun = written() > before + 100_000;
        if !is_begun {
            turn.unlock().expect("it is ours");
            std::thread::yield_now();
        }
        is_begun
    });
    assert!(is_begun, "the copy never wrote a page");
    kill(copy);
    turn.unlock().expect("it is ours");
}

fn name(file: &Path) -> String {
    file.file_name().expect("it has a name").to_string_lossy().into_owned()
}

#[test]
fn a_copy_that_was_killed_half_way_is_finished_by_the_next_on_both_databases() {
    let world = filled();
    let away = World::on(Database::Postgres, &[]).ledger.clone();
    kill_into_postgres(&world, &world.ledger, &away);
    finish(&world, &world.ledger, &away);
    let file = world.path("back.db");
    kill_into_sqlite(&world, &away, &file);
    let back = format!("sqlite:{}", file.display());
    finish(&world, &away, &back);
    for read in [&["usage", "--by", "day"][..], &["calls", "--limit", "1000"]] {
        let of = |ledger: &str| world.json(&[&["--ledger", ledger], read].concat());
        assert_eq!(of(&world.ledger), of(&back), "there and back: {read:?}");
    }
}
