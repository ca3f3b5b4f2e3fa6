//! SQL that is honest on both databases: every file prepares, both schemas are one, and a dropped
//! transaction on a pooled connection loses nothing.

use std::fs;
use std::path::Path;

use sqlx::{
    AssertSqlSafe, Column, Connection, Executor, FromRow, SqlSafeStr, Statement as _, TypeInfo,
};

use super::world::{file, poll_once, postgres};
use crate::database_url::Place;
use crate::open::postgres_pool;
use crate::statement::{Pool, Statement};

/// Which databases a file is for: `queries/` and `copy/` both, the other folders one each.
fn query_files() -> Vec<(String, String, bool, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let folders = [
        ("", true, true),
        ("copy", true, true),
        ("sqlite", true, false),
        ("postgres", false, true),
    ];
    let mut files = Vec::new();
    for (folder, sqlite, postgres) in folders {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let name = path.display().to_string();
                files.push((name, fs::read_to_string(path).unwrap(), sqlite, postgres));
            }
        }
    }
    assert!(files.len() > 50, "{} files", files.len());
    files
}

#[tokio::test]
async fn every_query_prepares_on_both() {
    let (on_disk, on_server) = (file(), postgres().await);
    let (sqlite, postgres) = (on_disk.open().await, on_server.open().await);
    let (Pool::Sqlite(lite), Pool::Limited(pg, _)) = (&sqlite.reads, &postgres.reads) else {
        panic!("each on its own database");
    };
    for (name, sql, on_sqlite, on_postgres) in query_files() {
        assert!(sql.starts_with("-- "), "{name} does not say what it answers");
        if on_sqlite {
            let prepared = lite.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await;
            prepared.unwrap_or_else(|error| panic!("{name} on SQLite: {error}"));
        }
        if on_postgres {
            let prepared = pg.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await;
            let prepared = prepared.unwrap_or_else(|error| panic!("{name} on Postgres: {error}"));
            let kinds = prepared.columns().iter().map(|column| column.type_info().name());
            let plain = ["INT8", "TEXT", "BOOL", "FLOAT8"];
            assert!(kinds.clone().all(|kind| plain.contains(&kind)), "{name}: {kinds:?}");
        }
    }
    sqlite.end().await;
    postgres.end().await;
}

#[derive(Debug, PartialEq, FromRow)]
struct ColumnRow {
    table_name: String,
    column_name: String,
    nullable: bool,
}

#[tokio::test]
async fn both_schemas_agree() {
    const SQLITE: Statement =
        Statement { doing: "look", sql: include_str!("sql/sqlite_columns.sql") };
    const POSTGRES: Statement =
        Statement { doing: "look", sql: include_str!("sql/postgres_columns.sql") };
    let (on_disk, on_server) = (file(), postgres().await);
    let (sqlite, postgres) = (on_disk.open().await, on_server.open().await);
    let ours: Vec<ColumnRow> = sqlite.reads.rows(SQLITE, &[]).await.unwrap();
    let theirs: Vec<ColumnRow> = postgres.reads.rows(POSTGRES, &[]).await.unwrap();
    assert!(ours.len() > 200, "{} columns", ours.len());
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    sqlite.end().await;
    postgres.end().await;
}

#[tokio::test]
async fn a_transaction_that_was_dropped_while_it_began_loses_nothing() {
    const BUDGET: Statement =
        Statement { doing: "seed", sql: include_str!("sql/insert_budget.sql") };
    const COUNT: Statement = Statement { doing: "count", sql: include_str!("sql/budget_rows.sql") };
    let place = postgres().await;
    let ledger = place.open().await;
    let Place::Postgres(connect) = &place.url.0 else { panic!("this is about PostgreSQL") };
    // One connection, so that the next borrower gets the one that was left in a transaction.
    let pool = postgres_pool().max_connections(1).connect_with((**connect).clone());
    let pool = pool.await.unwrap();
    // Often the answer is there at once; then nothing was dropped half-way, and it is tried again.
    let (mut dropped, mut tried) = (0, 0);
    while dropped < 5 && tried < 2_000 {
        let mut connection = pool.acquire().await.unwrap();
        let mut beginning = Box::pin(connection.begin());
        dropped += u32::from(!poll_once(&mut beginning).await);
        drop(beginning);
        drop(connection);
        let values = [format!("b{tried}").as_str().into()];
        assert_eq!(Pool::Postgres(pool.clone()).run(BUDGET, &values).await.unwrap(), 1);
        tried += 1;
    }
    assert!(dropped > 0, "no transaction was dropped while it began");
    pool.close().await;
    let count: Option<CountRow> = ledger.reads.row(COUNT, &[]).await.unwrap();
    assert_eq!(count.unwrap().number, tried, "an acknowledged row is gone");
    ledger.end().await;
}

#[derive(Debug, FromRow)]
struct CountRow {
    number: i64,
}
