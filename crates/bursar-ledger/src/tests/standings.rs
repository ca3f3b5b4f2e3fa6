//! How limits stand, what would become of a call, and why one was admitted or refused: read back on
//! every database, exactly.

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::limit::{Each, Limit, Unit};
use bursar_domain::money::{Cost, Micros, Total};
use bursar_domain::span::Span;

use super::world::{NOW, intent, limit, moving_clock, places, refused, scope, settlement};
use crate::{AdmittedBy, Change, RefusedFor, Standing};

const ONE: i64 = 1_000_000;
/// What a good call costs, in pico-dollars.
const COST: i128 = 900_000_001;

#[tokio::test]
async fn a_limit_that_nothing_was_counted_in_stands_at_zero() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.window("team", Mode::Hard, 5 * ONE).await;
        let limits = ledger.limits().await.unwrap();
        let at = ledger.window_time(NOW).await.unwrap();
        let standings = ledger.standings(&limits, at).await.unwrap();
        let [Standing { limit, balance, refused: 0, .. }] = standings.as_slice() else {
            panic!("{standings:#?}");
        };
        assert_eq!((&limit.scope, limit.amount), (&scope("team"), Micros(5 * ONE)));
        assert_eq!((balance.held, balance.spent_total()), (Micros(0), Total(0)));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_standing_is_what_was_held_spent_and_refused() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 15_000).await;
        ledger.good_call(intent()).await;
        let open = ledger.admit(intent()).await;
        refused(ledger.reserve(intent()).await.unwrap());
        let limits = ledger.limits().await.unwrap();
        let at = ledger.window_time(NOW).await.unwrap();
        let standings = ledger.standings(&limits, at).await.unwrap();
        let (held, spent, rest) = ledger.balance(&window).await;
        assert!(held > 0 && spent > 0);
        let balance = &standings[0].balance;
        assert_eq!(balance.held, Micros(held));
        assert_eq!(balance.spent_total(), Total::from_halves(spent, rest));
        assert_eq!(standings[0].refused, 1);
        let pace = ledger.pace(&standings).await.unwrap();
        assert_eq!(pace[&window].settled, 1);
        let settled = settlement(open.intent());
        ledger.settle(open, settled).await.unwrap();
        assert_eq!(ledger.pace(&standings).await.unwrap()[&window].settled, 2);
        ledger.end().await;
    }
}

#[tokio::test]
async fn counters_of_each_stand_apart_those_that_used_most_first() {
    for place in places().await {
        let ledger = place.open().await;
        let each = Limit {
            each: Some(Each::User),
            unit: Unit::Requests,
            span: Span::Day,
            ..limit("team", Mode::Hard, 9 * ONE)
        };
        ledger.limit(each).await;
        let limits = ledger.limits().await.unwrap();
        let at = ledger.window_time(NOW).await.unwrap();
        assert_eq!(ledger.standings(&limits, at).await.unwrap(), []);
        for user in ["bob", "carl", "carl"] {
            let mut call = intent();
            call.attribution.user = Some(user.into());
            ledger.good_call(call).await;
        }
        let standings = ledger.standings(&limits, at).await.unwrap();
        let seen: Vec<_> = standings.iter().map(|s| (&*s.each_value, s.balance.spent.0)).collect();
        assert_eq!(seen, [("carl", 2 * ONE), ("bob", ONE)]);
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_is_foreseen_of_a_call_is_what_becomes_of_it_and_nothing_is_held() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 12_000).await;
        for calls in 0..3 {
            let foreseen = ledger.foresee(&intent(), NOW).await.unwrap();
            assert_eq!(foreseen.refusal, None, "after {calls}");
            assert_eq!(foreseen.counters.len(), 1);
            let (standing, asked) = &foreseen.counters[0];
            assert_eq!(*asked, intent().ceiling.map(Cost::micros_up));
            assert_eq!(standing.balance.spent_total(), Total(i128::from(calls) * COST));
            ledger.good_call(intent()).await;
        }
        let foreseen = ledger.foresee(&intent(), NOW).await.unwrap().refusal.unwrap();
        assert_eq!(ledger.balance(&window).await.0, 0);
        assert_eq!(ledger.refused(&window).await, 0);
        assert_eq!(foreseen, refused(ledger.reserve(intent()).await.unwrap()));
        let freeze = Change::Freeze { id: "f".into(), scope: scope("team"), reason: "x".into() };
        ledger.change("ann", vec![freeze]).await.unwrap();
        let frozen = ledger.foresee(&intent(), NOW).await.unwrap().refusal.unwrap();
        assert_eq!(frozen.reason(), RefusalReason::Frozen);
        assert_eq!(ledger.freezes().await.unwrap()[0].by, "ann");
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_call_tells_by_which_figures_it_was_admitted() {
    for place in places().await {
        let (clock, hands) = moving_clock(NOW);
        let ledger = place.open_with(|options| options.clock = clock).await.unwrap();
        ledger.window("team", Mode::Hard, 90_000).await;
        ledger.good_call(intent()).await;
        let open = ledger.admit(intent()).await;
        let id = open.id().clone();
        assert_eq!(ledger.open_hold(&id).await.unwrap().unwrap().held, open.held());
        // A later change does not alter what was so then.
        hands.set(NOW.0 + 1);
        ledger.window("team", Mode::Soft, 1).await;
        let settled = settlement(open.intent());
        ledger.settle(open, settled).await.unwrap();
        assert_eq!(ledger.open_hold(&id).await.unwrap(), None);
        ledger.good_call(intent()).await;
        let by = ledger.admitted_by(&id, NOW).await.unwrap();
        let [AdmittedBy { then, asked, added }] = by.as_slice() else { panic!("{by:#?}") };
        assert_eq!((then.limit.mode, then.limit.amount), (Mode::Hard, Micros(90_000)));
        assert_eq!((then.balance.held, then.balance.spent_total()), (Micros(0), Total(COST)));
        assert_eq!((*asked, *added), (Micros(10_000), Total(COST)));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_refusal_is_found_by_its_call_and_by_its_key() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.window("team", Mode::Hard, 1).await;
        let asked = intent();
        let no = refused(ledger.reserve(asked.clone()).await.unwrap());
        let row = ledger.refusal(&asked.id).await.unwrap().unwrap();
        assert_eq!((row.reason.as_str(), &row.detail), ("spent", &no.to_string()));
        let key = asked.attribution.key.clone().unwrap_or_default();
        assert_eq!(ledger.refusals_of_key(&key, 5).await.unwrap(), [row]);
        assert_eq!(ledger.refusals_of_key("nobody", 5).await.unwrap(), []);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_window_tells_why_it_refused_the_last_calls() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 15_000).await;
        let other = ledger.window("project", Mode::Hard, 90_000).await;
        let open = ledger.admit(intent()).await;
        refused(ledger.reserve(intent()).await.unwrap());
        let settled = settlement(open.intent());
        ledger.settle(open, settled).await.unwrap();
        for _ in 0..2 {
            let mut dear = intent();
            dear.ceiling = Cost::from_pico(20_000_000_000);
            refused(ledger.reserve(dear).await.unwrap());
        }
        let why = |reason: &str, refused| RefusedFor { reason: reason.to_owned(), refused };
        let all = ledger.refusals_of_window(&window, 10).await.unwrap();
        assert_eq!(all, [why("spent", 2), why("held", 1)]);
        assert_eq!(ledger.refusals_of_window(&window, 1).await.unwrap().len(), 1);
        assert_eq!(ledger.refusals_of_window(&other, 10).await.unwrap(), []);
        ledger.end().await;
    }
}
