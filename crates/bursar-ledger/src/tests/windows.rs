//! Holds over budget windows: admitted in all or none, released once, exact to the pico-dollar.

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::money::Micros;

use super::world::{admitted, intent, pico, places, poll_once, refused, settlement};
use crate::{Admission, Ledger};

#[tokio::test]
async fn a_hold_is_counted_in_every_window_until_it_is_settled() {
    for place in places().await {
        let ledger = place.open().await;
        let team = ledger.window("team", Mode::Hard, 20_000).await;
        let all = ledger.window("all", Mode::Soft, 1).await;
        let admitted = admitted(ledger.reserve(intent()).await.unwrap());
        assert_eq!(ledger.balance(&team).await, (10_000, 0, 0));
        assert_eq!(ledger.balance(&all).await, (10_000, 0, 0));
        let settlement = settlement(admitted.intent());
        ledger.settle(admitted, settlement).await.unwrap();
        assert_eq!(ledger.balance(&team).await, (0, 900, 1));
        assert_eq!(ledger.balance(&all).await, (0, 900, 1));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_refusal_tells_held_from_spent_with_the_figures() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 15_000).await;
        let first = admitted(ledger.reserve(intent()).await.unwrap());
        let refusal = refused(ledger.reserve(intent()).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Held);
        let balance = refusal.balance().unwrap();
        assert_eq!((balance.held, balance.spent), (Micros(10_000), Micros(0)));
        assert_eq!((balance.limit, balance.room()), (Micros(15_000), Micros(5_000)));
        let mut dear = settlement(first.intent());
        dear.bill.cost = Some(pico(5_000_000_001));
        ledger.settle(first, dear).await.unwrap();
        let refusal = refused(ledger.reserve(intent()).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Spent);
        assert_eq!(refusal.balance().unwrap().spent_total().0, 5_000_000_001);
        let mut unbounded = intent();
        unbounded.ceiling = None;
        let refusal = refused(ledger.reserve(unbounded).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Unbounded);
        let total = super::usage::total(&ledger).await;
        assert_eq!((total.refused, total.calls), (3, 1));
        assert_eq!(ledger.refused(&window).await, 3);
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_one_window_refuses_is_held_in_none() {
    for place in places().await {
        let ledger = place.open().await;
        let wide = ledger.window("project", Mode::Hard, 1_000_000).await;
        let narrow = ledger.window("user", Mode::Hard, 9_999).await;
        let refusal = refused(ledger.reserve(intent()).await.unwrap());
        assert_eq!(refusal.balance().unwrap().window, narrow);
        assert_eq!(ledger.balance(&wide).await, (0, 0, 0));
        ledger.end().await;
    }
}

#[tokio::test]
async fn an_admission_that_nobody_takes_is_undone() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.window("team", Mode::Hard, 10_000).await;
        reserve_and_drop(&ledger).await;
        // The queue is in order: when this is answered, what came before it is done.
        let again = admitted(until_fits(&ledger).await);
        let settlement = settlement(again.intent());
        ledger.settle(again, settlement).await.unwrap();
        assert_eq!(super::usage::total(&ledger).await.calls, 1);
        ledger.end().await;
    }
}

/// Polls a reservation once, so that it is queued, and drops it.
async fn reserve_and_drop(ledger: &Ledger) {
    let mut reservation = Box::pin(ledger.reserve(intent()));
    let is_done = poll_once(&mut reservation).await;
    assert!(!is_done);
}

/// The undoing waits in the queue behind whatever was asked before it.
async fn until_fits(ledger: &Ledger) -> Admission {
    for _ in 0..100 {
        let admission = ledger.reserve(intent()).await.unwrap();
        if matches!(admission, Admission::Admitted(_)) {
            return admission;
        }
    }
    panic!("what nobody took is still held");
}

#[tokio::test]
async fn a_settlement_whose_future_is_dropped_is_recorded() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 10_000).await;
        let call = admitted(ledger.reserve(intent()).await.unwrap());
        let settlement = settlement(call.intent());
        let mut settling = Box::pin(ledger.settle(call, settlement));
        assert!(!poll_once(&mut settling).await);
        drop(settling);
        ledger.checkpoint(&intent().id, pico(1)).await.unwrap();
        assert_eq!(ledger.balance(&window).await, (0, 900, 1));
        assert_eq!(super::usage::total(&ledger).await.succeeded, 1);
        ledger.end().await;
    }
}

#[tokio::test]
async fn an_admission_that_is_dropped_is_paid_as_abandoned() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 10_000).await;
        drop(admitted(ledger.reserve(intent()).await.unwrap()));
        ledger.checkpoint(&intent().id, pico(1)).await.unwrap();
        assert_eq!(ledger.balance(&window).await, (0, 10_000, 0));
        let total = super::usage::total(&ledger).await;
        assert_eq!((total.abandoned, total.estimated), (1, 1));
        ledger.end().await;
    }
}

#[tokio::test]
async fn an_audit_finds_what_was_damaged() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.window("team", Mode::Hard, 20_000).await;
        let call = admitted(ledger.reserve(intent()).await.unwrap());
        let settlement = settlement(call.intent());
        ledger.settle(call, settlement).await.unwrap();
        assert!(ledger.audit().await.unwrap().is_clean());
        ledger.damage(include_str!("sql/damage_call.sql")).await;
        ledger.damage(include_str!("sql/damage_window.sql")).await;
        ledger.damage(include_str!("sql/damage_attempt.sql")).await;
        let report = ledger.audit().await.unwrap();
        let found = |check: &str| {
            let finding = report.findings.iter().find(|finding| finding.check == check);
            let finding = finding.unwrap_or_else(|| panic!("{check}: {:#?}", report.findings));
            (finding.expected.clone(), finding.found.clone())
        };
        assert_eq!(found("cost"), ("0.000900000002".into(), "0.000900000001".into()));
        assert_eq!(found("spent"), ("0.000900000002".into(), "0.000900000001".into()));
        assert_eq!(found("held"), ("0".into(), "1".into()));
        assert_eq!(found("attempts"), ("1".into(), "2".into()));
        ledger.close().await.unwrap();
    }
}
