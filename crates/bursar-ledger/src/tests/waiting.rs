//! Calls that would fit once others settle: they wait, in order, and not for ever.

use std::time::Duration;

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::call::Intent;
use futures_util::FutureExt;

use super::world::{
    Place, admitted, durable_places, intent, pico, places, poll_once, refused, settlement,
};
use crate::{Admitted, Ledger};

/// Longer than any test.
const LONG: Duration = Duration::from_mins(10);

async fn open(place: &Place, wait: Duration) -> Ledger {
    place.open_with(|options| options.admission_wait = wait).await.unwrap()
}

/// A call that may cost so many micro-dollars.
fn asking(micro: i64) -> Intent {
    Intent { ceiling: Some(pico(micro * 1_000_000)), ..intent() }
}

async fn settle(ledger: &Ledger, call: Admitted) {
    let settlement = settlement(call.intent());
    ledger.settle(call, settlement).await.unwrap();
}

#[tokio::test]
async fn a_held_call_waits_until_another_settles() {
    for place in places().await {
        let ledger = open(&place, LONG).await;
        let window = ledger.window("team", Mode::Hard, 15_000).await;
        let first = ledger.admit(intent()).await;
        let mut second = ledger.reserve(intent()).boxed();
        assert!(!poll_once(&mut second).await);
        // The writer takes tasks in order: whoever comes later has been told after it.
        ledger.checkpoint(first.id(), pico(1)).await.unwrap();
        assert_eq!(ledger.balance(&window).await.0, 10_000);
        settle(&ledger, first).await;
        settle(&ledger, admitted(second.await.unwrap())).await;
        assert_eq!(ledger.refused(&window).await, 0);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_call_of_another_process_makes_room_too() {
    for place in durable_places().await {
        let (ledger, other) = (open(&place, LONG).await, open(&place, LONG).await);
        ledger.window("team", Mode::Hard, 15_000).await;
        let first = other.admit(intent()).await;
        let mut second = ledger.reserve(intent()).boxed();
        assert!(!poll_once(&mut second).await);
        settle(&other, first).await;
        settle(&ledger, admitted(second.await.unwrap())).await;
        other.end().await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn who_has_waited_long_enough_is_refused_and_counted_once() {
    for place in places().await {
        let ledger = open(&place, Duration::from_millis(60)).await;
        let window = ledger.window("team", Mode::Hard, 15_000).await;
        let first = ledger.admit(intent()).await;
        let refusal = refused(ledger.reserve(intent()).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Held);
        assert_eq!(ledger.refused(&window).await, 1);
        settle(&ledger, first).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_will_never_fit_does_not_wait() {
    for place in places().await {
        let ledger = open(&place, LONG).await;
        ledger.window("team", Mode::Hard, 15_000).await;
        let first = ledger.admit(intent()).await;
        let refusal = refused(ledger.reserve(asking(15_001)).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Spent);
        settle(&ledger, first).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn small_calls_pass_a_large_one_but_not_for_ever() {
    for place in places().await {
        let ledger = open(&place, LONG).await;
        let window = ledger.window("team", Mode::Hard, 100_000).await;
        let first = ledger.admit(asking(30_000)).await;
        let mut large = ledger.reserve(asking(75_000)).boxed();
        assert!(!poll_once(&mut large).await);
        let mut passed = Vec::new();
        let last = loop {
            let mut small = ledger.reserve(asking(1_000)).boxed();
            let (id, bound) = (first.id().clone(), pico(1));
            let told = ledger.checkpoint(&id, bound);
            let is_told = poll_once(&mut small).await;
            told.await.unwrap();
            match (is_told, small.as_mut().now_or_never()) {
                (false, Some(admission)) => passed.push(admitted(admission.unwrap())),
                _ => break small,
            }
        };
        assert!(!passed.is_empty() && passed.len() <= 16, "{} passed", passed.len());
        // There is room for the small one, but the large one is before it.
        assert!(ledger.balance(&window).await.0 < 99_000);
        for call in passed.into_iter().chain([first]) {
            settle(&ledger, call).await;
        }
        settle(&ledger, admitted(large.await.unwrap())).await;
        settle(&ledger, admitted(last.await.unwrap())).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn who_stops_waiting_holds_nothing() {
    for place in places().await {
        let ledger = open(&place, LONG).await;
        let window = ledger.window("team", Mode::Hard, 15_000).await;
        let first = ledger.admit(intent()).await;
        let mut gone = ledger.reserve(intent()).boxed();
        assert!(!poll_once(&mut gone).await);
        drop(gone);
        settle(&ledger, first).await;
        settle(&ledger, ledger.admit(intent()).await).await;
        assert_eq!(ledger.balance(&window).await.0, 0);
        ledger.end().await;
    }
}

#[tokio::test]
async fn closing_tells_those_who_wait() {
    for place in places().await {
        let ledger = open(&place, LONG).await;
        ledger.window("team", Mode::Hard, 15_000).await;
        let first = ledger.admit(intent()).await;
        let waiting = ledger.clone();
        let waiting = tokio::spawn(async move { waiting.reserve(intent()).await });
        while ledger.reserve(asking(15_001)).now_or_never().is_some() {}
        settle(&ledger, first).await;
        let call = admitted(waiting.await.unwrap().unwrap());
        settle(&ledger, call).await;
        ledger.end().await;
    }
}
