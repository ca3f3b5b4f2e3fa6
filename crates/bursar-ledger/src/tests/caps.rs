//! Limits of every unit, counter, window and mode, and freezes, on every database.

use bursar_domain::budget::{Mode, RefusalReason, WindowId};
use bursar_domain::limit::{Each, Limit, OnLimit, Unit};
use bursar_domain::money::Micros;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::Span;
use bursar_domain::time::Timestamp;

use super::world::{NOW, admitted, intent, limit, pico, places, refused, scope, settlement};
use crate::{Change, Ledger};

const ONE: i64 = 1_000_000;

/// A call that is admitted and settles as [`settlement`] says.
async fn call(ledger: &Ledger) {
    ledger.good_call(intent()).await;
}

async fn reason(ledger: &Ledger) -> RefusalReason {
    refused(ledger.reserve(intent()).await.unwrap()).reason()
}

async fn change(ledger: &Ledger, change: Change) {
    ledger.change("ann", vec![change]).await.unwrap();
}

#[tokio::test]
async fn tokens_and_requests_and_calls_at_a_time_are_counted_too() {
    for place in places().await {
        let ledger = place.open().await;
        let set =
            |name: &'static str, unit, amount| Limit { unit, ..limit(name, Mode::Hard, amount) };
        let tokens = ledger.limit(set("team", Unit::Tokens, 3_200 * ONE)).await;
        let requests = ledger.limit(set("project", Unit::Requests, 3 * ONE)).await;
        let open = ledger.limit(set("user", Unit::Concurrent, ONE)).await;
        let first = admitted(ledger.reserve(intent()).await.unwrap());
        assert_eq!(ledger.balance(&tokens).await, (2_000 * ONE, 0, 0));
        assert_eq!(ledger.balance(&open).await, (ONE, 0, 0));
        assert_eq!(reason(&ledger).await, RefusalReason::Held);
        let settled = settlement(first.intent());
        ledger.settle(first, settled).await.unwrap();
        assert_eq!(ledger.balance(&tokens).await, (0, 1_120 * ONE, 0));
        assert_eq!(ledger.balance(&requests).await, (0, ONE, 0));
        assert_eq!(ledger.balance(&open).await, (0, 0, 0));
        call(&ledger).await;
        assert_eq!(reason(&ledger).await, RefusalReason::Spent);
        ledger.end().await;
    }
}

#[tokio::test]
async fn each_user_has_a_counter_of_their_own() {
    for place in places().await {
        let ledger = place.open().await;
        let each = Limit {
            each: Some(Each::User),
            unit: Unit::Requests,
            ..limit("team", Mode::Hard, ONE)
        };
        ledger.limit(each).await;
        call(&ledger).await;
        assert_eq!(reason(&ledger).await, RefusalReason::Spent);
        let mut other = intent();
        other.attribution.user = Some("bob".into());
        ledger.good_call(other).await;
        let mut nobody = intent();
        nobody.attribution.user = None;
        ledger.good_call(nobody).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_limit_on_several_facets_counts_what_has_them_all() {
    for place in places().await {
        let ledger = place.open().await;
        let both = scope("team").with(Facet::Tag("env".into()), "prod");
        let narrow = Limit { scope: both, unit: Unit::Requests, ..limit("both", Mode::Hard, ONE) };
        ledger.limit(narrow).await;
        call(&ledger).await;
        let mut elsewhere = intent();
        elsewhere.attribution.tags.clear();
        ledger.good_call(elsewhere).await;
        assert_eq!(reason(&ledger).await, RefusalReason::Spent);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_shadow_counts_what_it_would_have_refused_and_refuses_nothing() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Shadow, 15_000).await;
        let all = [intent(), intent(), intent()].map(|intent| ledger.reserve(intent));
        let all = futures_util::future::join_all(all).await;
        assert_eq!(ledger.balance(&window).await.0, 30_000);
        assert_eq!(ledger.refused(&window).await, 2);
        drop(all);
        ledger.checkpoint(&intent().id, pico(1)).await.unwrap();
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_changed_limit_counts_on_and_applies_to_the_next_admission() {
    for place in places().await {
        let (ledger, other) = (place.open().await, place.open().await);
        let window = ledger.window("team", Mode::Hard, 10_000).await;
        call(&ledger).await;
        assert_eq!(reason(&ledger).await, RefusalReason::Spent);
        let mut raised = limit("another id", Mode::Hard, 1_000_000);
        raised.scope = scope("team");
        // In memory, each ledger is a database of its own.
        let elsewhere = if place.is_shared() { &other } else { &ledger };
        let made = elsewhere.change("ann", vec![Change::SetLimit(raised)]).await.unwrap();
        assert!(made[0].is_change() && made[0].was.is_some());
        call(&ledger).await;
        assert_eq!(ledger.balance(&window).await, (0, 1_800, 2));
        change(elsewhere, Change::EndLimit(limit("team", Mode::Hard, 0).id)).await;
        call(&ledger).await;
        assert_eq!(ledger.balance(&window).await, (0, 1_800, 2));
        let gone = Change::EndLimit(limit("team", Mode::Hard, 0).id);
        let error = ledger.change("ann", vec![gone]).await.unwrap_err();
        assert!(error.to_string().contains("team"), "{error}");
        other.end().await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn changes_are_made_all_or_none() {
    for place in places().await {
        let ledger = place.open().await;
        let good = Change::SetLimit(limit("team", Mode::Hard, 1));
        let bad = Change::EndLimit(limit("nowhere", Mode::Hard, 1).id);
        assert!(ledger.change("ann", vec![good, bad]).await.is_err());
        call(&ledger).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_is_frozen_is_refused_until_it_is_thawed() {
    for place in places().await {
        let (ledger, other) = (place.open().await, place.open().await);
        let elsewhere = if place.is_shared() { &other } else { &ledger };
        let freeze = Change::Freeze {
            id: "f1".into(),
            scope: scope("team"),
            reason: "it runs in circles".into(),
        };
        change(elsewhere, freeze).await;
        let refusal = refused(ledger.reserve(intent()).await.unwrap());
        assert_eq!(refusal.reason(), RefusalReason::Frozen);
        assert!(refusal.to_string().contains("it runs in circles"), "{refusal}");
        change(elsewhere, Change::Thaw { scope: Scope::default(), reason: String::new() }).await;
        call(&ledger).await;
        other.end().await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_hits_a_limit_that_freezes_stays_refused_when_the_limit_has_room_again() {
    for place in places().await {
        let ledger = place.open().await;
        let freezing = Limit {
            on_limit: OnLimit::Freeze,
            each: Some(Each::Key),
            ..limit("team", Mode::Hard, 10_000)
        };
        ledger.limit(freezing.clone()).await;
        call(&ledger).await;
        assert_eq!(reason(&ledger).await, RefusalReason::Spent);
        let wider = Limit { amount: Micros(1_000_000), ..freezing };
        change(&ledger, Change::SetLimit(wider)).await;
        assert_eq!(reason(&ledger).await, RefusalReason::Frozen);
        let mut other = intent();
        other.attribution.key = Some("key-2".into());
        ledger.good_call(other).await;
        let key = scope("key");
        let thawed = ledger
            .change("ann", vec![Change::Thaw { scope: key, reason: String::new() }])
            .await
            .unwrap();
        assert_eq!(thawed.len(), 1);
        call(&ledger).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_window_whose_making_was_undone_is_made_again() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 100_000).await;
        let known = intent();
        let twice = [known.clone(), known].map(|intent| ledger.reserve(intent));
        // The group that makes the window is undone, for two of its calls have one id.
        let twice = futures_util::future::join_all(twice).await;
        assert_eq!(twice.iter().filter(|one| one.is_ok()).count(), 1);
        assert_eq!(ledger.balance(&window).await, (10_000, 0, 0));
        drop(twice);
        ledger.checkpoint(&intent().id, pico(1)).await.unwrap();
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_windows_thresholds_are_told_once() {
    for place in places().await {
        let ledger = place.open().await;
        let requests = Limit { unit: Unit::Requests, ..limit("team", Mode::Soft, 4 * ONE) };
        ledger.limit(requests).await;
        for told in [0, 1, 1, 3, 3] {
            call(&ledger).await;
            assert_eq!(ledger.thresholds().await, told);
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_window_ends_with_its_span_and_a_new_one_is_empty() {
    for place in places().await {
        let (clock, time) = super::world::moving_clock(NOW);
        let ledger = place.open_with(|options| options.clock = clock).await.unwrap();
        let minutely =
            Limit { unit: Unit::Requests, span: Span::Minute, ..limit("team", Mode::Hard, ONE) };
        ledger.limit(minutely.clone()).await;
        call(&ledger).await;
        if place.has_own_clock() {
            // The server's clock is its own; this test cannot move it.
            ledger.end().await;
            continue;
        }
        assert_eq!(reason(&ledger).await, RefusalReason::Rate);
        time.set(NOW.0 + 60_000);
        call(&ledger).await;
        // Set back, it does not open the first window again.
        time.set(NOW.0);
        assert_eq!(reason(&ledger).await, RefusalReason::Rate);
        let second = minutely.place_at("", Timestamp(NOW.0 + 60_000)).window;
        assert_eq!(ledger.balance(&second).await, (0, ONE, 0));
        let first: WindowId = minutely.place_at("", NOW).window;
        assert_eq!(ledger.balance(&first).await, (0, ONE, 0));
        ledger.end().await;
    }
}
