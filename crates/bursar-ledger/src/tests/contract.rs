//! A call from its reservation to its row, on all three databases.

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::{CallId, Operation, Outcome};
use bursar_domain::money::Micros;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Meter;
use sqlx::FromRow;

use super::world::{NOW, intent, intent_at, new_id, pico, places, price, settlement};
use crate::statement::Statement;
use crate::{CallFilter, Error, Ledger, Page, Settled};

const ALL: Page = Page { after: None, limit: Page::LIMIT_MAX };

#[tokio::test]
async fn a_call_is_read_back_as_it_was_recorded() {
    for place in places().await {
        let ledger = place.open().await;
        let intent = intent();
        let mut settlement = settlement(&intent);
        settlement.bill.usage.meters = vec![(Meter("image".into()), 2)];
        let admitted = ledger.admit(intent.clone()).await;
        assert_eq!(admitted.held(), Some(Micros(10_000)));
        let settled = ledger.settle(admitted, settlement.clone()).await.unwrap();
        assert_eq!(settled, Settled { overrun: false, late: false });

        let calls = ledger.calls(&CallFilter::default(), &ALL).await.unwrap();
        let [call] = calls.as_slice() else { panic!("{} calls", calls.len()) };
        assert_eq!(call.id, intent.id);
        assert_eq!(call.started_at, intent.started_at);
        assert_eq!(call.first_token_at, settlement.first_token_at);
        assert_eq!(call.ended_at, settlement.ended_at);
        assert_eq!(call.attribution, intent.attribution);
        assert_eq!(call.operation, intent.operation);
        assert_eq!(call.model_requested, intent.model_requested);
        assert_eq!(call.model, intent.model);
        assert_eq!(call.model_version, settlement.model_version);
        assert_eq!(call.version_evidence, settlement.version_evidence);
        assert_eq!(call.provider, "anthropic");
        assert_eq!(call.region, intent.region);
        assert_eq!(call.served_region, settlement.served_region);
        assert_eq!(call.routing, intent.routing);
        assert_eq!((call.tier_requested, call.tier), (intent.tier_requested, settlement.tier));
        assert_eq!(call.ending, settlement.ending);
        assert_eq!((call.attempts, call.throttled_attempts), (2, 1));
        assert_eq!(call.bill, settlement.bill);
        assert_eq!((call.overrun, call.corrected), (false, false));
        assert_eq!(call.held, Some(Micros(10_000)));
        assert_eq!(call.request_id, settlement.request_id);
        assert_eq!(call.guardrail, settlement.guardrail);
        assert_eq!(call.request_hmac, intent.request_hmac);
        assert!(call.simulated);
        assert_eq!(ledger.attempts(&call.id).await.unwrap(), settlement.attempts);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_call_with_nothing_but_the_necessary_is_kept_too() {
    for place in places().await {
        let ledger = place.open().await;
        let mut intent = intent();
        intent.attribution = bursar_domain::identity::Attribution::default();
        intent.price = None;
        intent.ceiling = None;
        intent.request_hmac = None;
        let id = ledger
            .call(intent, |settlement| {
                settlement.attempts.clear();
                settlement.bill.price = None;
                settlement.bill.cost = None;
                settlement.first_token_at = None;
                settlement.request_id = None;
            })
            .await;
        let calls = ledger.calls(&CallFilter::default(), &ALL).await.unwrap();
        assert_eq!(calls[0].id, id);
        assert_eq!((calls[0].bill.cost, &calls[0].bill.price), (None, &None));
        assert_eq!((calls[0].held, calls[0].overrun), (None, false));
        assert_eq!(ledger.attempts(&id).await.unwrap(), []);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_bill_over_its_hold_is_accepted_and_flagged() {
    for place in places().await {
        let ledger = place.open().await;
        for (cost, overrun) in [(10_000_000_000, false), (10_000_000_001, true)] {
            let admitted = ledger.admit(intent()).await;
            let mut settlement = settlement(admitted.intent());
            settlement.bill.cost = Some(pico(cost));
            let id = admitted.id().clone();
            let settled = ledger.settle(admitted, settlement).await.unwrap();
            assert_eq!(settled, Settled { overrun, late: false });
            let filter = CallFilter { id: Some(id), ..CallFilter::default() };
            assert_eq!(ledger.calls(&filter, &ALL).await.unwrap()[0].overrun, overrun);
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn an_id_is_admitted_once() {
    for place in places().await {
        let ledger = place.open().await;
        let first = intent();
        let admitted = ledger.admit(first.clone()).await;
        let again = ledger.reserve(first.clone()).await.unwrap_err();
        assert!(matches!(again, Error::DuplicateCall { .. }), "{again}");
        let settlement = settlement(&first);
        ledger.settle(admitted, settlement).await.unwrap();
        let again = ledger.reserve(first).await.unwrap_err();
        assert!(matches!(again, Error::DuplicateCall { .. }), "{again}");
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_bad_member_does_not_spoil_its_group() {
    for place in places().await {
        let ledger = place.open().await;
        let (good, twice) = (intent(), intent());
        let (a, b, c) = tokio::join!(
            ledger.reserve(twice.clone()),
            ledger.reserve(good.clone()),
            ledger.reserve(twice.clone()),
        );
        assert!(b.is_ok());
        assert_eq!(usize::from(a.is_ok()) + usize::from(c.is_ok()), 1);
        drop((a, b, c));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_settlement_of_another_call_is_refused_and_the_hold_is_paid() {
    for place in places().await {
        let ledger = place.open().await;
        let admitted = ledger.admit(intent()).await;
        let id = admitted.id().clone();
        let mut settlement = settlement(admitted.intent());
        settlement.id = new_id(NOW);
        let error = ledger.settle(admitted, settlement).await.unwrap_err();
        assert!(matches!(error, Error::WrongCall { .. }), "{error}");
        ledger.checkpoint(&id, pico(1)).await.unwrap();
        let filter = CallFilter { id: Some(id), ..CallFilter::default() };
        let calls = ledger.calls(&filter, &ALL).await.unwrap();
        assert_eq!(calls[0].ending.outcome, Outcome::Abandoned);
        assert_eq!(calls[0].bill.cost, Some(pico(10_000_000_000)));
        ledger.end().await;
    }
}

async fn read_by_twos(ledger: &Ledger) -> Vec<CallId> {
    let mut seen = Vec::new();
    let mut page = Page { after: None, limit: 2 };
    loop {
        let calls = ledger.calls(&CallFilter::default(), &page).await.unwrap();
        let Some(last) = calls.last() else { return seen };
        page.after = Some(last.id.clone());
        seen.extend(calls.into_iter().map(|call| call.id));
    }
}

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    for place in places().await {
        let ledger = place.open().await;
        let mut ids = Vec::new();
        for second in [3, 1, 2, 2, 2, 5, 4] {
            let intent = intent_at(Timestamp(NOW.0 + second * 1_000));
            ids.push((second, ledger.good_call(intent).await));
        }
        ids.sort();
        let newest_first: Vec<CallId> = ids.into_iter().rev().map(|(_, id)| id).collect();
        assert_eq!(read_by_twos(&ledger).await, newest_first);
        let page = Page { after: Some(new_id(NOW)), limit: 2 };
        assert!(ledger.calls(&CallFilter::default(), &page).await.is_err());
        ledger.end().await;
    }
}

#[tokio::test]
async fn each_filter_finds_its_calls_and_no_other() {
    for place in places().await {
        let ledger = place.open().await;
        let mut plain = intent();
        plain.attribution = bursar_domain::identity::Attribution::default();
        plain.operation = Operation::Converse;
        plain.model = bursar_domain::model::ModelId::parse("amazon.nova-lite-v1:0").unwrap();
        let other = ledger
            .call(plain, |settlement| {
                settlement.ending.outcome = Outcome::Throttled;
                settlement.request_id = Some("request-9".into());
            })
            .await;
        let wanted = ledger.good_call(intent_at(Timestamp(NOW.0 + 1))).await;
        let any = CallFilter::default;
        let filters = [
            CallFilter { since: Some(Timestamp(NOW.0 + 1)), ..any() },
            CallFilter { model: Some("anthropic.claude-sonnet-4-5-20250929-v1:0".into()), ..any() },
            CallFilter { team: Some("research".into()), ..any() },
            CallFilter { key: Some("key-1".into()), ..any() },
            CallFilter { outcome: Some(Outcome::Succeeded), ..any() },
            CallFilter { operation: Some(Operation::ConverseStream), ..any() },
            CallFilter { request_id: Some("request-1".into()), ..any() },
            CallFilter { client_session: Some("session-1".into()), ..any() },
            CallFilter { id: Some(wanted.clone()), ..any() },
        ];
        for filter in filters {
            let calls = ledger.calls(&filter, &ALL).await.unwrap();
            let ids: Vec<&CallId> = calls.iter().map(|call| &call.id).collect();
            assert_eq!(ids, [&wanted], "{filter:?}");
        }
        let until = CallFilter { until: Some(Timestamp(NOW.0 + 1)), ..any() };
        assert_eq!(ledger.calls(&until, &ALL).await.unwrap()[0].id, other);
        let neither = CallFilter { id: Some(wanted), team: Some("sales".into()), ..any() };
        assert_eq!(ledger.calls(&neither, &ALL).await.unwrap(), []);
        ledger.end().await;
    }
}

#[derive(FromRow)]
struct CountRow {
    number: i64,
}

#[tokio::test]
async fn a_loop_of_refusals_is_counted_whole_and_kept_in_part() {
    const KEPT: Statement = Statement { doing: "count", sql: include_str!("sql/refusal_rows.sql") };
    for place in places().await {
        let ledger = place.open().await;
        let intent = intent();
        let refusals =
            (0..150).map(|_| ledger.refuse(&intent, RefusalReason::Unpriced, "no price"));
        futures_util::future::try_join_all(refusals).await.unwrap();
        let kept: Option<CountRow> = ledger.reads.row(KEPT, &[]).await.unwrap();
        assert_eq!(kept.unwrap().number, 60);
        let total = super::usage::total(&ledger).await;
        assert_eq!((total.refused, total.calls), (150, 0));
        assert_eq!(ledger.calls(&CallFilter::default(), &ALL).await.unwrap(), []);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_closed_ledger_says_so() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.clone().close().await.unwrap();
        assert!(matches!(ledger.reserve(intent()).await, Err(Error::Closed)));
        assert!(matches!(ledger.audit().await, Err(Error::Closed)));
    }
}

#[test]
fn a_hold_s_facts_are_its_intent() {
    let intent = intent();
    let text = crate::facts::write_intent(&intent);
    assert_eq!(crate::facts::read_intent(&text), Some(intent));
    assert_eq!(price().id.0, "p1");
}
