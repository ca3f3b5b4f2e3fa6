//! Past calls: written many at once, and the books agree as if each had been held and settled.

use std::sync::Arc;

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::call::Intent;
use bursar_domain::time::{DAY_MS, Timestamp};

use super::world::{NOW, intent_at, limit, places, settlement};
use crate::{Change, Dimension, Error, PastCall, PastEnd, UsageQuery};

fn past(at: Timestamp) -> PastCall {
    let intent: Arc<Intent> = intent_at(at).into();
    let end = PastEnd::Settled(settlement(&intent).into());
    PastCall { intent, end }
}

fn refused(at: Timestamp) -> PastCall {
    let intent: Arc<Intent> = intent_at(at).into();
    let detail = "over its budget".to_owned();
    PastCall { intent, end: PastEnd::Refused { reason: RefusalReason::Spent, detail } }
}

#[tokio::test]
async fn past_calls_are_counted_wherever_calls_are() {
    for place in places().await {
        let ledger = place.open().await;
        assert!(!ledger.has_calls().await.unwrap());
        // Less than they come to: what has ended is refused no more.
        let small = limit("all", Mode::Hard, 1_000);
        ledger.change("a test", vec![Change::SetLimit(small.clone())]).await.unwrap();
        let days = |n: i64| Timestamp(NOW.0 - n * DAY_MS);
        let mut calls: Vec<PastCall> = (0..40).map(|n| past(days(40 - n))).collect();
        calls.extend((0..3).map(|_| refused(days(1))));
        ledger.record_past(calls).await.unwrap();
        assert!(ledger.has_calls().await.unwrap());
        let (held, spent, rest) = ledger.balance(&small.place_at("", NOW).window).await;
        assert_eq!((held, spent, rest), (0, 40 * 900, 40));
        let (since, until) = (days(60), Timestamp(NOW.0 + DAY_MS));
        let query = UsageQuery {
            by: Dimension::Team,
            since: Some(since),
            until: Some(until),
            count_tokens: false,
        };
        let usage = ledger.usage(&query).await.unwrap();
        assert_eq!((usage.total.calls, usage.total.refused), (40, 3));
        assert_eq!(usage.total.cost.0, 40 * 900_000_001);
        // The next call finds the limit used up.
        let admission = ledger.reserve(intent_at(NOW)).await.unwrap();
        assert!(matches!(admission, crate::Admission::Refused(_)));
        ledger.end().await;
    }
}

#[tokio::test]
async fn past_calls_are_written_all_or_none_and_a_bounded_number_at_once() {
    for place in places().await {
        let ledger = place.open().await;
        let known = past(NOW);
        ledger.record_past(vec![known.clone()]).await.unwrap();
        let error = ledger.record_past(vec![past(NOW), known]).await.unwrap_err();
        assert!(matches!(error, Error::Database { .. }), "{error}");
        let many = vec![past(NOW); PastCall::TOGETHER_MAX + 1];
        let error = ledger.record_past(many).await.unwrap_err();
        assert!(matches!(error, Error::Unkept { field: "calls", .. }), "{error}");
        let report = ledger.audit().await.unwrap();
        assert_eq!(report.calls, 1);
        ledger.end().await;
    }
}
