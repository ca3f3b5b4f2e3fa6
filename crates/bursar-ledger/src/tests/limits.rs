//! Every bound holds, and says what it is.

use bursar_domain::time::Timestamp;

use super::world::{file, intent, pico, places, poll_once, settlement};
use crate::queue::{Queue, Task, WAITING_MAX};
use crate::rollup::{Rollup, Rooms, Sums};
use crate::{CallFilter, Page};

#[tokio::test]
async fn what_is_over_a_limit_is_refused_with_the_limit() {
    let place = file();
    let ledger = place.open().await;
    let mut long = intent();
    long.model_requested = "m".repeat(2_049);
    let mut nul = intent();
    nul.attribution.team = Some("a\0b".into());
    let mut tags = intent();
    tags.attribution.tags = (0..33).map(|tag| (tag.to_string(), String::new())).collect();
    let mut early = intent();
    early.started_at = Timestamp(-1);
    let fields = ["model_requested", "team", "tags", "started_at"];
    for (intent, field) in [long, nul, tags, early].into_iter().zip(fields) {
        let error = ledger.reserve(intent).await.unwrap_err();
        assert!(error.to_string().contains(field), "{error}");
    }
    for limit in [0, Page::LIMIT_MAX + 1] {
        let page = Page { after: None, limit };
        assert!(ledger.calls(&CallFilter::default(), &page).await.is_err());
    }
    let admitted = ledger.admit(intent()).await;
    let mut huge = settlement(admitted.intent());
    huge.bill.usage.input = u64::MAX;
    let error = ledger.settle(admitted, huge).await.unwrap_err();
    assert!(error.to_string().contains("1099511627776"), "{error}");
    ledger.end().await;
}

#[tokio::test]
async fn foreign_texts_are_cut_and_cleaned_not_refused() {
    for place in places().await {
        let ledger = place.open().await;
        ledger
            .call(intent(), |settlement| {
                settlement.ending.error_message = Some(format!("\0{}", "é".repeat(2_000)));
            })
            .await;
        let calls =
            ledger.calls(&CallFilter::default(), &Page { after: None, limit: 1 }).await.unwrap();
        let message = calls[0].ending.error_message.as_deref().unwrap();
        assert!(message.starts_with("\u{fffd}é") && message.len() <= 2_050, "{}", message.len());
        ledger.end().await;
    }
}

#[tokio::test]
async fn no_more_callers_wait_for_the_writer_than_there_is_room_for() {
    let (queue, waiting) = Queue::new();
    let checkpoint = || Task::Checkpoint { id: intent().id, checkpoint: pico(1).into() };
    let mut callers: Vec<_> =
        (0..WAITING_MAX + 10).map(|_| Box::pin(queue.ask(checkpoint()))).collect();
    for caller in &mut callers {
        assert!(!poll_once(caller).await);
        // The runtime lets a task make only so many steps in one go.
        tokio::task::yield_now().await;
    }
    assert_eq!(waiting.len(), WAITING_MAX);
    // A settlement always fits: its call was made.
    queue.push(checkpoint()).unwrap();
    assert_eq!(waiting.len(), WAITING_MAX + 1);
}

#[test]
fn a_call_that_succeeded_falls_in_one_bucket_of_each_histogram() {
    let buckets_of = |change: fn(&mut bursar_domain::call::Settlement)| {
        let intent = intent();
        let mut settlement = settlement(&intent);
        change(&mut settlement);
        let mut rollup = Rollup::default();
        let sums = Sums::call(settlement.ending.outcome);
        rollup.add_call(&Rooms::default(), (&intent, &settlement), &sums);
        let row = serde_json::to_value(rollup.pace_rows().next().unwrap()).unwrap();
        ["latency", "first_token", "speed"].map(|measure| {
            let counts = row[measure].as_array().unwrap();
            assert_eq!(counts.len(), 20);
            assert!(counts.iter().filter(|count| **count != 0).count() <= 1);
            counts.iter().position(|count| *count == 1)
        })
    };
    // 1,700 ms in all, 700 ms to the first token, then 20 tokens in a second.
    assert_eq!(buckets_of(|_| {}), [Some(8), Some(6), Some(7)]);
    let slow = |settlement: &mut bursar_domain::call::Settlement| {
        settlement.ended_at = Timestamp(i64::MAX);
    };
    assert_eq!(buckets_of(slow), [Some(19), Some(6), Some(0)]);
    let failed = |settlement: &mut bursar_domain::call::Settlement| {
        settlement.ending.outcome = bursar_domain::call::Outcome::Failed;
    };
    assert_eq!(buckets_of(failed), [None; 3]);
}
