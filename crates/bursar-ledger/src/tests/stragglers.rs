//! A hold that is given back before the statement that takes it arrives: a lock that the test holds
//! says which comes first, so that the order is not left to luck.

use std::sync::Arc;
use std::time::Duration;

use bursar_domain::budget::{Mode, WindowId};
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, FromRow};

use super::outage::until;
use super::resent::writer;
use super::server;
use super::world::{NOW, Place, at, intent};
use crate::admitted::Open;
use crate::queue::{Asking, Patience, Task};
use crate::statement::Statement;
use crate::{Error, Ledger};

/// What a call of [`intent`] holds, in micro-dollars.
const HELD: i64 = 10_000;

/// A PostgreSQL, and a session of the test's own.
pub(super) async fn place() -> (Place, PgConnection) {
    let address = server::new_database().await;
    let options: sqlx::postgres::PgConnectOptions = address.parse().unwrap();
    (at(&address), options.connect().await.unwrap())
}

/// Locks every window until the session ends.
async fn lock(session: &mut PgConnection) {
    sqlx::raw_sql(include_str!("sql/hold_windows.sql")).execute(session).await.unwrap();
}

#[derive(FromRow)]
struct CountRow {
    number: i64,
}

pub(super) async fn blocked(ledger: &Ledger) -> i64 {
    const BLOCKED: Statement = Statement { doing: "look", sql: include_str!("sql/blocked.sql") };
    let row: Option<CountRow> = ledger.reads.row(BLOCKED, &[]).await.unwrap();
    row.unwrap().number
}

#[derive(FromRow)]
struct KindRow {
    kind: String,
}

async fn kinds(ledger: &Ledger, window: &WindowId) -> Vec<String> {
    const KINDS: Statement =
        Statement { doing: "look", sql: include_str!("sql/journal_kinds.sql") };
    let rows = ledger.reads.rows(KINDS, &[window.0.as_str().into()]).await.unwrap();
    rows.into_iter().map(|row: KindRow| row.kind).collect()
}

#[tokio::test]
async fn a_hold_that_is_given_back_before_it_is_taken_is_given_back_once_it_is() {
    let (place, mut session) = place().await;
    let ledger = place.open().await;
    let window = ledger.window("team", Mode::Hard, 1_000_000).await;
    ledger.good_call(intent()).await;
    let spent = ledger.balance(&window).await;
    let intent = intent();
    let asking = Asking::new(intent);
    let open = Open::by_heart(Arc::clone(&asking.intent), Vec::new());
    let void = Task::Void { open: Box::new(open) };
    let reserve = Task::Reserve { asking, patience: Patience::None };
    lock(&mut session).await;
    let mut late = writer(&ledger);
    let statement = tokio::spawn(async move { late.send_again(&reserve, NOW).await });
    until("the statement waits", async || blocked(&ledger).await == 1).await;
    // First: nothing is held yet, so there is nothing to give back.
    writer(&ledger).end_alone(&void, NOW).await.unwrap();
    assert_eq!(ledger.balance(&window).await, spent);
    // Second: the statement arrives.
    session.close().await.unwrap();
    assert!(statement.await.unwrap().is_some());
    assert_eq!(ledger.balance(&window).await.0, HELD);
    // Third: what is given back now is what is held, with its lines; and only once.
    for _ in 0..2 {
        writer(&ledger).end_alone(&void, NOW).await.unwrap();
        assert_eq!(ledger.balance(&window).await, spent);
    }
    assert_eq!(kinds(&ledger, &window).await, ["hold", "settle", "hold", "void"]);
    ledger.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_refused_while_its_statement_waits_is_not_held_for_ever() {
    let (place, mut session) = place().await;
    let limit = Duration::from_millis(300);
    let ledger = place.open_with(|options| options.answer_limit = limit).await.unwrap();
    let window = ledger.window("team", Mode::Hard, 1_000_000).await;
    ledger.good_call(intent()).await;
    let spent = ledger.balance(&window).await;
    lock(&mut session).await;
    let error = ledger.reserve(intent()).await.unwrap_err();
    assert!(matches!(error, Error::Away { .. }), "{error}");
    // The statement was given up here, and waits on there.
    assert_eq!(blocked(&ledger).await, 1);
    session.close().await.unwrap();
    let undone = ["hold", "settle", "hold", "void"];
    until("it came, and was undone", async || kinds(&ledger, &window).await == undone).await;
    assert_eq!(ledger.balance(&window).await, spent);
    ledger.good_call(intent()).await;
    ledger.end().await;
}
