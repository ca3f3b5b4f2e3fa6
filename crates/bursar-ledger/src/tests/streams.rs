//! Running streams in the ledger: their limits, what they have come to, and wishes to cut them.

use bursar_domain::budget::RefusalReason;
use bursar_domain::money::{Micros, Total};
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;
use bursar_domain::watch::{OnCut, OnRepetition, StreamLimits};
use sqlx::FromRow;

use super::world::{
    NOW, durable_places, intent, intent_at, new_id, pico, places, scope, settlement,
};
use crate::statement::Statement;
use crate::{Change, Changed, Checkpoint, CutWish, Ledger};

const SECONDS: StreamLimits = StreamLimits { seconds: Some(60), ..StreamLimits::NONE };

async fn change(ledger: &Ledger, change: Change) -> Changed {
    let mut changed = ledger.change("ann", vec![change]).await.unwrap();
    assert_eq!(changed.len(), 1);
    changed.remove(0)
}

fn set(id: &str, scope: Scope, limits: StreamLimits) -> Change {
    Change::SetStreamLimits { id: id.to_owned(), scope, limits }
}

async fn changes(ledger: &Ledger) -> i64 {
    #[derive(FromRow)]
    struct CountRow {
        number: i64,
    }
    const COUNT: Statement = Statement { doing: "count", sql: include_str!("sql/change_rows.sql") };
    let row: Option<CountRow> = ledger.reads.row(COUNT, &[]).await.unwrap();
    row.unwrap().number
}

#[tokio::test]
async fn a_stream_is_admitted_with_the_strictest_of_all_limits_that_match() {
    for place in places().await {
        let ledger = place.open().await;
        let team = StreamLimits { money: Some(Micros(500_000)), ..SECONDS };
        let model = StreamLimits {
            seconds: Some(30),
            output_tokens: Some(1_000),
            idle_seconds: Some(5),
            on_repetition: OnRepetition::Cut,
            on_cut: OnCut::Drop,
            ..StreamLimits::NONE
        };
        let elsewhere = StreamLimits { output_tokens: Some(1), ..StreamLimits::NONE };
        change(&ledger, set("t", scope("team"), team)).await;
        change(&ledger, set("m", scope("model"), model)).await;
        change(&ledger, set("e", scope("elsewhere"), elsewhere)).await;
        let admitted = ledger.admit(intent()).await;
        assert_eq!(admitted.stream_limits(), team.strictest(model));
        let settled = settlement(admitted.intent());
        ledger.settle(admitted, settled).await.unwrap();
        // The ledger says what was set, to the last figure.
        let rules = ledger.stream_rules().await.unwrap();
        assert_eq!(rules.len(), 3);
        let rule = |id: &str| rules.iter().find(|rule| rule.id == id).unwrap();
        assert_eq!((rule("m").limits, &rule("m").scope), (model, &scope("model")));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_change_of_limits_reaches_the_next_stream_of_every_process_and_is_audited_once() {
    for place in durable_places().await {
        let (one, other) = (place.open().await, place.open().await);
        other.good_call(intent()).await;
        let changed = change(&one, set("a", scope("team"), SECONDS)).await;
        assert_eq!((changed.was, changed.becomes.as_deref()), (None, Some("60 s")));
        let admitted = other.admit(intent()).await;
        assert_eq!(admitted.stream_limits(), SECONDS);
        let settled = settlement(admitted.intent());
        other.settle(admitted, settled).await.unwrap();
        // The same again is no change; another figure keeps the identity.
        assert!(!change(&one, set("b", scope("team"), SECONDS)).await.is_change());
        let stricter = StreamLimits { seconds: Some(5), ..SECONDS };
        let changed = change(&one, set("c", scope("team"), stricter)).await;
        assert_eq!(
            (changed.was.as_deref(), changed.becomes.as_deref()),
            (Some("60 s"), Some("5 s"))
        );
        assert_eq!(one.stream_rules().await.unwrap()[0].id, "a");
        let ended = change(&one, Change::EndStreamLimits { scope: scope("team") }).await;
        assert_eq!(ended.was.as_deref(), Some("5 s"));
        let ended = change(&one, Change::EndStreamLimits { scope: scope("team") }).await;
        assert!(!ended.is_change());
        assert_eq!(changes(&one).await, 3);
        let admitted = other.admit(intent()).await;
        assert_eq!(admitted.stream_limits(), StreamLimits::NONE);
        let settled = settlement(admitted.intent());
        other.settle(admitted, settled).await.unwrap();
        one.end().await;
        other.end().await;
    }
}

#[tokio::test]
async fn every_process_sees_what_runs_and_what_it_has_come_to() {
    for place in durable_places().await {
        let (owner, other) = (place.open().await, place.open().await);
        let admitted = owner.admit(intent()).await;
        let id = admitted.id().clone();
        let seen = other.open_calls(None).await.unwrap();
        assert_eq!((seen.len(), &seen[0].checkpoint, &seen[0].wish), (1, &None, &None));
        assert_eq!((&seen[0].intent, seen[0].held), (admitted.intent(), admitted.held()));
        let first = Checkpoint {
            cost: Some(pico(700)),
            output_tokens: 12,
            at: NOW,
            cut_code: Some("StreamMoneyLimit".to_owned()),
        };
        owner.checkpoint(&id, first.clone()).await.unwrap();
        // One that comes late, and knows less, takes nothing away.
        owner
            .checkpoint(&id, Checkpoint { output_tokens: 3, ..Checkpoint::default() })
            .await
            .unwrap();
        owner.checkpoint(&id, pico(500)).await.unwrap();
        let seen = other.open_calls(None).await.unwrap();
        assert_eq!(seen[0].checkpoint, Some(first));
        assert_eq!(other.open_calls(Some(&id)).await.unwrap(), []);
        let settled = settlement(admitted.intent());
        owner.settle(admitted, settled).await.unwrap();
        assert_eq!(other.open_calls(None).await.unwrap(), []);
        owner.end().await;
        other.end().await;
    }
}

#[tokio::test]
async fn a_wish_to_cut_reaches_the_owner_stands_and_is_forgotten_with_its_call() {
    for place in durable_places().await {
        let (owner, other) = (place.open().await, place.open().await);
        let admitted = owner.admit(intent()).await;
        let (id, ended) = (admitted.id().clone(), new_id(NOW));
        let wish = |reason: &str| Change::Cut {
            calls: vec![id.clone(), ended.clone()],
            reason: reason.to_owned(),
        };
        let changed = other.change("ann", vec![wish("too dear")]).await.unwrap();
        let taken: Vec<bool> = changed.iter().map(Changed::is_change).collect();
        assert_eq!(taken, [true, false], "a call that is not open cannot be cut");
        let changed = other.change("bob", vec![wish("me too")]).await.unwrap();
        assert!(changed.iter().all(|changed| !changed.is_change()), "the first wish stands");
        let first = CutWish { by: "ann".to_owned(), reason: "too dear".to_owned() };
        assert_eq!(owner.cut_wishes().await.unwrap(), [(id.clone(), first.clone())]);
        assert_eq!(other.open_calls(None).await.unwrap()[0].wish, Some(first));
        assert_eq!(changes(&other).await, 1);
        let settled = settlement(admitted.intent());
        owner.settle(admitted, settled).await.unwrap();
        other.change("ann", vec![wish("again")]).await.unwrap();
        assert_eq!(owner.cut_wishes().await.unwrap(), []);
        owner.end().await;
        other.end().await;
    }
}

#[tokio::test]
async fn what_has_just_happened_is_told_by_minute_and_by_model_and_team() {
    for place in places().await {
        let ledger = place.open().await;
        let earlier = Timestamp(NOW.0 - 2 * 60_000);
        for at in [earlier, NOW, NOW] {
            ledger
                .call(intent_at(at), |settlement| settlement.bill.cost = Some(pico(1_500_000)))
                .await;
        }
        ledger.refuse(&intent(), RefusalReason::Policy, "not this model").await.unwrap();
        let minutes = ledger.recent_minutes(earlier).await.unwrap();
        let told: Vec<_> = minutes.iter().map(|m| (m.at, m.calls, m.cost)).collect();
        let minute = |at: Timestamp| Timestamp(at.0 - at.0 % 60_000);
        let expected = [(minute(earlier), 1, Total(1_500_000)), (minute(NOW), 2, Total(3_000_000))];
        assert_eq!(told, expected);
        let troubles = ledger.recent_troubles(NOW).await.unwrap();
        assert_eq!(troubles.len(), 1);
        let of = (&troubles[0].team, troubles[0].refused, troubles[0].throttled_attempts);
        assert_eq!((of.0.as_str(), of.1), ("research", 1));
        ledger.end().await;
    }
}
