//! What admission is measured against: the least that a guarded budget needs, with no limits to
//! choose from, no journal, no audit and nobody to answer.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::{Outcomes, ROOM, WAITING};

const BEGIN: &str = include_str!("../../queries/sqlite/begin.sql");
const HOLDS: &str = include_str!("../../queries/sqlite/insert_holds.sql");
const GUARD: &str = include_str!("guard.sql");
const SINGLE: &str = include_str!("single.sql");
const WINDOW: &str = include_str!("window.sql");
/// The bare loops' window.
const ID: &str = "bare";
/// What one call holds, in micro-dollars.
const HELD: i64 = 20_000;
/// Clients that run the single statement at once.
const CLIENTS: usize = 16;

/// As many bytes as the ledger keeps of an intent.
const FACTS: &str = concat!(
    r#"{"id":"01a17269-4deb-7000-8000-000000000561","started_ms":1795428600000,"team":"one","#,
    r#""project":null,"user":null,"key":"key-1","tags":{},"client_session":null,"operation":"#,
    r#""ConverseStream","model_requested":"claude","model":"anthropic.claude-sonnet-4-5-2025092"#,
    r#"9-v1:0","region":"us-east-1","routing":"regional","tier_requested":"standard","price_id":"#,
    r#"null,"rates":null,"ceiling_pico":20000000000,"ceiling_tokens":2000,"request_hmac":null,"#,
    r#""simulated":true}"#
);

/// Makes the bare loops' window.
pub(crate) async fn make_window(url: &str) -> Outcomes<()> {
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await?;
        query(WINDOW).bind(ID).execute(&mut connection).await?;
    } else {
        let mut connection = PgConnection::connect(url).await?;
        query(WINDOW).bind(ID).execute(&mut connection).await?;
    }
    Ok(())
}

/// Groups on SQLite: one guarded update and one insert of all intents in a transaction.
pub(crate) async fn grouped(url: &str, round: usize, calls: usize) -> Outcomes<Duration> {
    let mut connection = SqliteConnection::connect(url).await?;
    let start = Instant::now();
    for first in (0..calls).step_by(WAITING) {
        let size = WAITING.min(calls - first);
        let holds: Map<String, Value> =
            (first..first + size).map(|call| (id(round, call), hold())).collect();
        let count = i64::try_from(size)?;
        let mut transaction = connection.begin_with(BEGIN).await?;
        let guard = query(GUARD).bind(ID).bind(count * HELD).bind(ROOM).bind(count);
        let moved = guard.execute(&mut *transaction).await?.rows_affected();
        if moved != 1 {
            return Err("the bare loop's window has no room".into());
        }
        query(HOLDS).bind(Json(holds)).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(start.elapsed())
}

/// One statement a call on PostgreSQL, sixteen clients on one row.
pub(crate) async fn singly(url: &str, round: usize, calls: usize) -> Outcomes<Duration> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(PgConnection::connect(url).await?);
    }
    let start = Instant::now();
    let clients = clients.into_iter().enumerate().map(|(client, connection)| {
        tokio::spawn(one_client(connection, round, (client..calls).step_by(CLIENTS)))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    Ok(start.elapsed())
}

async fn one_client(
    mut connection: PgConnection,
    round: usize,
    calls: impl Iterator<Item = usize>,
) -> Outcomes<()> {
    for call in calls {
        let single = query(SINGLE).bind(ID).bind(HELD).bind(ROOM);
        let single = single.bind(id(round, call)).bind(FACTS);
        if single.execute(&mut connection).await?.rows_affected() != 1 {
            return Err("the bare loop's window has no room".into());
        }
    }
    Ok(())
}

fn id(round: usize, call: usize) -> String {
    format!("bare-{round:016}-{call:014}")
}

fn hold() -> Value {
    json!({"owner": "bare", "epoch": 1, "started_ms": 0, "held_micro": HELD, "facts": FACTS})
}

fn query<DB: sqlx::Database>(text: &'static str) -> sqlx::query::Query<'static, DB, DB::Arguments> {
    #[expect(clippy::disallowed_methods, reason = "the bare loops' own statements")]
    sqlx::query(text)
}
