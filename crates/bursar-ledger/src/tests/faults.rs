//! What pages read of errors and throttles: what the last calls said, and whole hours.

use bursar_domain::call::{CallId, Outcome};
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::world::{NOW, intent_at, new_id, places};
use crate::{Ledger, Whose};

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
