//! Two hundred tasks at once: the limit is met exactly, nothing deadlocks, nothing is lost.

use std::time::Duration;

use bursar_domain::budget::Mode;

use sqlx::{Connection, FromRow};

use super::migrating::{NEXT, as_next};
use super::outage::until;
use super::stragglers;
use super::world::{Place, durable_places, intent, places, postgres, settlement};
use crate::open::known_version;
use crate::statement::Statement;
use crate::{Admission, Ledger};

const TASKS: usize = 200;

/// Each asks for ten thousand micro-dollars of both windows; sixty fit.
async fn race(ledgers: Vec<Ledger>) {
    let first = &ledgers[0];
    let team = first.window("team", Mode::Hard, 600_000).await;
    let all = first.window("all", Mode::Hard, 5_000_000).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let ledger = ledgers[task % ledgers.len()].clone();
            // In either order: locks are taken in ascending order whatever is asked.
            tokio::spawn(async move {
                match ledger.reserve(intent()).await.unwrap() {
                    Admission::Admitted(admitted) => Some(admitted),
                    Admission::Refused(_) => None,
                }
            })
        })
        .collect();
    let mut admitted = Vec::new();
    for task in tasks {
        admitted.extend(task.await.unwrap());
    }
    assert_eq!(admitted.len(), 60);
    assert_eq!(first.balance(&team).await, (600_000, 0, 0));
    assert!(first.audit().await.unwrap().is_clean());
    let settling: Vec<_> = admitted
        .into_iter()
        .enumerate()
        .map(|(number, admitted)| {
            let ledger = ledgers[number % ledgers.len()].clone();
            let settlement = settlement(admitted.intent());
            tokio::spawn(async move { ledger.settle(admitted, settlement).await.unwrap() })
        })
        .collect();
    for task in settling {
        assert!(!task.await.unwrap().late);
    }
    assert_eq!(first.balance(&team).await, (0, 60 * 900, 60));
    assert_eq!(first.balance(&all).await, (0, 60 * 900, 60));
    let total = super::usage::total(first).await;
    assert_eq!((total.succeeded, total.refused), (60, 140));
    for ledger in ledgers {
        ledger.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_meet_a_limit_exactly() {
    for place in places().await {
        race(vec![place.open().await]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_meet_a_limit_exactly() {
    for place in durable_places().await {
        let mut ledgers = Vec::new();
        for _ in 0..3 {
            ledgers.push(place.open().await);
        }
        race(ledgers).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_open_a_new_ledger_at_once() {
    for place in durable_places().await {
        let place: &'static Place = Box::leak(Box::new(place));
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(place.open())).collect();
        for task in tasks {
            let ledger = task.await.unwrap();
            ledger.good_call(intent()).await;
            ledger.end().await;
        }
        let ledger = place.open().await;
        assert_eq!(super::usage::total(&ledger).await.calls, 8);
        ledger.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_sessions_loses_and_doubles_nothing() {
    const TERMINATE: Statement =
        Statement { doing: "end sessions", sql: include_str!("sql/end_sessions.sql") };
    let place = postgres().await;
    let (ledger, nemesis) = (place.open().await, place.open().await);
    for _ in 0..5 {
        let calls: Vec<_> = (0..100).map(|_| tokio::spawn(one_call(ledger.clone()))).collect();
        let ended: Vec<EndedRow> = nemesis.reads.rows(TERMINATE, &[]).await.unwrap();
        assert!(ended.iter().all(|row| row.ended));
        for call in calls {
            call.await.unwrap();
        }
    }
    assert_eq!(super::usage::total(&nemesis).await.succeeded, 500);
    nemesis.close().await.unwrap();
    ledger.end().await;
}

#[tokio::test]
async fn a_reservation_whose_locks_cross_those_of_a_migration_is_admitted_after_it() {
    let (place, mut session) = stragglers::place().await;
    // A second, which the server takes to find that locks have crossed, is more than half of it.
    let limit = Duration::from_millis(1_800);
    let ledger = place.open_with(|options| options.answer_limit = limit).await.unwrap();
    let window = ledger.window("team", Mode::Hard, 1_000_000).await;
    sqlx::raw_sql(include_str!("sql/lock_holds.sql")).execute(&mut session).await.unwrap();
    let asked = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.admit(intent()).await }
    });
    until("it waits", async || stragglers::blocked(&ledger).await == 1).await;
    // Whoever waited first finds out that neither of the two can go on, and is the one that is ended.
    sqlx::raw_sql(include_str!("sql/lock_windows.sql")).execute(&mut session).await.unwrap();
    session.close().await.unwrap();
    let admitted = asked.await.unwrap();
    assert_eq!(ledger.balance(&window).await.0, 10_000);
    let settled = settlement(admitted.intent());
    ledger.settle(admitted, settled).await.unwrap();
    ledger.end().await;
}

#[tokio::test]
async fn a_migration_whose_locks_cross_those_of_a_call_is_made_after_it() {
    let (place, mut session) = stragglers::place().await;
    let ledger = place.open().await;
    sqlx::raw_sql(include_str!("sql/write_windows.sql")).execute(&mut session).await.unwrap();
    let opened = tokio::spawn(async move { (as_next(&place, NEXT).await, place) });
    until("it waits", async || stragglers::blocked(&ledger).await == 1).await;
    // The migration has the table of calls by now, and waited first: it is the one that is ended.
    sqlx::raw_sql(include_str!("sql/write_calls.sql")).execute(&mut session).await.unwrap();
    session.close().await.unwrap();
    let (next, _place) = opened.await.unwrap();
    assert_eq!(next.checkup().await.unwrap().version, known_version() + 1);
    next.end().await;
    ledger.end().await;
}

async fn one_call(ledger: Ledger) {
    ledger.good_call(intent()).await;
}

#[derive(FromRow)]
struct EndedRow {
    ended: bool,
}
