//! What pages read of errors and throttles: what the last calls said, and whole hours.

use bursar_domain::call::{CallId, Outcome};
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::world::{NOW, intent_at, new_id, places};
use crate::{Error, Ledger, Whose};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A call of a team that ends with this code, so many hours ago.
async fn ended(
    ledger: &Ledger,
    (team, hours): (&str, i64),
    (outcome, code): (Outcome, &str),
) -> CallId {
    let at = Timestamp(NOW.0 - hours * HOUR_MS);
    let mut intent = intent_at(at);
    intent.id = new_id(at);
    intent.attribution.team = Some(team.to_owned());
    let change = |settlement: &mut bursar_domain::call::Settlement| {
        settlement.ending.outcome = outcome;
        settlement.ending.http_status = Some(429);
        settlement.ending.error_code = Some(code.to_owned());
        settlement.ending.error_message = Some(format!("said to {team} {hours} hours ago"));
    };
    ledger.call(intent, change).await
}

#[tokio::test]
async fn errors_are_told_by_kind_with_what_the_last_call_of_each_said() {
    for place in places().await {
        let ledger = place.open().await;
        ended(&ledger, ("research", 5), (Outcome::Throttled, "ThrottlingException")).await;
        let last = ended(&ledger, ("research", 2), (Outcome::Throttled, "ThrottlingException"));
        let last = last.await;
        ended(&ledger, ("sales", 1), (Outcome::Rejected, "ValidationException")).await;
        ended(&ledger, ("sales", 1), (Outcome::Cut, "operator")).await;
        let day = (Timestamp(NOW.0 - DAY_MS), Timestamp(NOW.0 + 1));
        let rows = ledger.faults(day, Whose::default()).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.code.as_str(), row.calls)).collect();
        assert_eq!(told, [("ThrottlingException", 2), ("ValidationException", 1)]);
        assert_eq!(rows[0].call_id, last.to_string());
        assert_eq!(rows[0].message, "said to research 2 hours ago");
        assert_eq!((rows[0].status(), rows[0].attempts()), (Some(429), 2));
        assert_eq!(rows[0].ended_at().0 - rows[0].started_at().0, 1_700);
        let of = |team, user, model| Whose { team, user, model };
        for (whose, count) in [
            (of(Some("sales"), None, None), 1),
            (of(Some("research"), Some("ann"), Some(CLAUDE)), 1),
            (of(Some("research"), Some("bob"), None), 0),
            (of(None, None, Some("other")), 0),
        ] {
            assert_eq!(ledger.faults(day, whose).await.unwrap().len(), count, "{whose:?}");
        }
        let before = (Timestamp(0), Timestamp(NOW.0 - DAY_MS));
        assert_eq!(ledger.faults(before, Whose::default()).await.unwrap(), []);
        ledger.end().await;
    }
}

#[tokio::test]
async fn throttles_are_told_of_whole_hours_and_of_as_many_as_may_be_read() {
    for place in places().await {
        let ledger = place.open().await;
        ended(&ledger, ("research", 0), (Outcome::Succeeded, "")).await;
        ended(&ledger, ("sales", 3), (Outcome::Succeeded, "")).await;
        let day = (Timestamp(NOW.hour().0 - DAY_MS), Timestamp(NOW.hour().0 + HOUR_MS));
        let all = ledger.throttles(day, Whose::default()).await.unwrap();
        let told: Vec<_> =
            all.rows.iter().map(|row| (row.hour(), row.attempts, row.throttled)).collect();
        let earlier = Timestamp(NOW.hour().0 - 3 * HOUR_MS);
        assert_eq!(told, [(NOW.hour(), 2, 1), (earlier, 2, 1)]);
        assert_eq!((all.since, all.until), day);
        let sales = Whose { team: Some("sales"), ..Whose::default() };
        assert_eq!(ledger.throttles(day, sales).await.unwrap().rows.len(), 1);
        ledger.damage(include_str!("sql/many_hours.sql")).await;
        let two = (Timestamp(0), Timestamp(2 * HOUR_MS));
        let last = ledger.throttles(two, Whose::default()).await.unwrap();
        assert_eq!((last.since, last.rows.len()), (Timestamp(HOUR_MS), 1), "the first is cut off");
        ledger.damage(include_str!("sql/few_hours.sql")).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn an_hour_of_more_rows_than_may_be_read_is_refused() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.damage(include_str!("sql/many_hours.sql")).await;
        ledger.damage(include_str!("sql/one_hour.sql")).await;
        let two = (Timestamp(0), Timestamp(2 * HOUR_MS));
        let read = ledger.throttles(two, Whose::default()).await;
        assert!(matches!(read, Err(Error::TooMuch { most: 10_000 })), "{read:?}");
        ledger.damage(include_str!("sql/few_hours.sql")).await;
        ledger.end().await;
    }
}
