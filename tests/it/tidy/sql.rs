//! Where SQL lives: one statement a file, one text for both databases, three exceptions.

use std::collections::BTreeSet;

use super::{Source, assert_none, rust_sources, sources};

const QUERIES: &str = "crates/bursar-ledger/queries";
/// The statements that cannot be one text: they lock what they decide on, and the two databases
/// lock differently. PostgreSQL has one statement for each, SQLite the steps below.
const DOUBLES: [&str; 3] = ["reserve", "settle", "sweep"];
/// The steps of the doubles, each within one transaction of the only writer.
const SQLITE_STEPS: [&str; 18] = [
    "add_usage_grains",
    "add_usage_hours",
    "add_usage_paces",
    "begin",
    "claim_holds",
    "delete_holds",
    "hold_owners",
    "insert_attempts",
    "insert_calls",
    "insert_corrections",
    "insert_holds",
    "insert_refusals",
    "insert_tags",
    "journal_holds",
    "journal_windows",
    "keep_time",
    "move_windows",
    "windows",
];
/// What only one of the databases has: SQLite's backups and file checks, PostgreSQL's leases, roles,
/// time, size and pool hook, and the catalogue of tables and signs of life, which each keeps in its
/// own way.
const SQLITE_ONLY: [&str; 7] = [
    "backup",
    "integrity_check",
    "leave_wal",
    "owner_holds",
    "quick_check",
    "table_count",
    "version",
];
const POSTGRES_ONLY: [&str; 11] = [
    "begin",
    "database_bytes",
    "end_transaction",
    "forget_owners",
    "lapsed",
    "now",
    "overdue_holds",
    "owns_ledger",
    "register_owner",
    "release_owner",
    "table_count",
];
/// How a statement begins. Upper case, as all our SQL is written.
const STATEMENTS: [&str; 5] =
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE "];

fn statements() -> Vec<Source> {
    sources(QUERIES).into_iter().filter(|source| source.extension() == "sql").collect()
}

#[test]
fn every_statement_says_first_what_it_answers() {
    let mut files = statements();
    files.extend(sources("migrations").into_iter().filter(|file| file.extension() == "sql"));
    let is_silent = |file: &&Source| !file.text.starts_with("-- ");
    let breaches: Vec<_> = files.iter().filter(is_silent).map(|file| file.path.clone()).collect();
    assert_none("the first line is a `--` comment that says what the statement answers", &breaches);
}

#[test]
fn only_reserve_settle_and_sweep_are_written_twice() {
    let listed = |names: &[&[&'static str]]| names.concat().into_iter().collect::<BTreeSet<_>>();
    let expected = [
        ("postgres", listed(&[&DOUBLES, &POSTGRES_ONLY])),
        ("sqlite", listed(&[&SQLITE_STEPS, &SQLITE_ONLY])),
    ];
    let files = statements();
    for (folder, expected) in expected {
        let prefix = format!("{QUERIES}/{folder}/");
        let names = files.iter().filter_map(|file| file.path.strip_prefix(&prefix));
        let found: BTreeSet<&str> = names.map(|name| name.trim_end_matches(".sql")).collect();
        let unlisted: Vec<_> = found.difference(&expected).collect();
        let gone: Vec<_> = expected.difference(&found).collect();
        assert!(
            unlisted.is_empty() && gone.is_empty(),
            "one text serves both databases, except for what is listed here; in `{prefix}`, \
             {unlisted:?} is not listed and {gone:?} is gone"
        );
    }
}

#[test]
fn a_statement_for_both_databases_is_not_repeated_for_one() {
    let files = statements();
    let below = |file: &Source| file.path[QUERIES.len() + 1..].to_owned();
    let shared: BTreeSet<String> = files.iter().map(below).filter(|n| !n.contains('/')).collect();
    let is_repeated =
        |name: &String| name.split_once('/').is_some_and(|(_, name)| shared.contains(name));
    let breaches: Vec<_> = files.iter().map(below).filter(is_repeated).collect();
    assert_none("delete one of the two texts, before they drift apart", &breaches);
}

#[test]
fn no_statement_is_written_in_rust() {
    let mut breaches = Vec::new();
    let shipped = rust_sources();
    for source in shipped.iter().filter(|source| source.path.contains("/src/") && !source.is_test())
    {
        for (number, line) in source.shipped_lines() {
            let found = STATEMENTS.iter().filter(|statement| line.contains(*statement));
            breaches.extend(found.map(|sql| format!("{}:{number}: {}", source.path, sql.trim())));
        }
    }
    assert_none("SQL is a file of `bursar-ledger/queries/`", &breaches);
}
