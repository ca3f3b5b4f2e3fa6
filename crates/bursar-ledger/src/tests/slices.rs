//! What pages read of the roll-ups: the same sums as everywhere, in parts, and no more than a page may.

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::world::{NOW, intent, intent_at, places};
use crate::{Counters, Error, Grain, GrainSlice, HourBy, HourSlice, Ledger, SliceRow};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn days(grain: Grain) -> GrainSlice {
    let (since, until) = (Timestamp(NOW.day().0 - DAY_MS), Timestamp(NOW.day().0 + DAY_MS));
    GrainSlice { grain, since, until, values: None, second: None, step_ms: None }
}

fn hours(by: HourBy) -> HourSlice {
    HourSlice {
        by,
        then: None,
        since: Timestamp(NOW.day().0 - DAY_MS),
        until: Timestamp(NOW.day().0 + DAY_MS),
        team: None,
        user: None,
        model: None,
        step_ms: None,
    }
}

/// Two calls of research today, one of them of bob, and one of sales yesterday.
async fn three_calls(ledger: &Ledger) {
    ledger.good_call(intent()).await;
    let mut bobs = intent();
    bobs.id = super::world::new_id(Timestamp(NOW.0 + 1));
    bobs.attribution.user = Some("bob".into());
    ledger.good_call(bobs).await;
    let mut other = intent_at(Timestamp(NOW.0 - DAY_MS));
    other.attribution.team = Some("sales".into());
    ledger.good_call(other).await;
}

fn calls(rows: &[SliceRow]) -> Vec<(&str, &str, i64)> {
    rows.iter().map(|row| (row.value.as_str(), row.second.as_str(), row.counters.calls)).collect()
}

fn sum(rows: &[SliceRow]) -> Counters {
    let mut sum = Counters::default();
    for row in rows {
        sum.add(&row.counters);
    }
    sum
}

fn sorted(mut rows: Vec<SliceRow>) -> Vec<SliceRow> {
    rows.sort_by(|one, other| {
        (one.at, &one.value, &one.second).cmp(&(other.at, &other.value, &other.second))
    });
    rows
}

#[tokio::test]
async fn a_slice_has_what_was_asked_for_and_sums_to_the_whole() {
    for place in places().await {
        let ledger = place.open().await;
        three_calls(&ledger).await;
        let whole = super::usage::total(&ledger).await;
        for grain in Grain::ALL {
            let mut sum = sum(&ledger.grains(&days(*grain)).await.unwrap());
            assert_eq!(sum, whole, "{grain}");
            sum.subtract(&whole);
            assert_eq!(sum, Counters::default());
        }
        for by in HourBy::ALL {
            assert_eq!(sum(&ledger.hours(&hours(*by)).await.unwrap()), whole, "{by}");
        }
        let of = |values: &[&str], grain| GrainSlice {
            values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            ..days(grain)
        };
        let rows = ledger.grains(&of(&["research"], Grain::TeamModel)).await.unwrap();
        assert_eq!(calls(&rows), [("research", CLAUDE, 2)]);
        let rows =
            GrainSlice { second: Some("other".into()), ..of(&["research"], Grain::TeamModel) };
        assert_eq!(ledger.grains(&rows).await.unwrap(), []);
        assert_eq!(ledger.grains(&of(&["nobody"], Grain::Team)).await.unwrap(), []);
        assert_eq!(ledger.grains(&of(&[], Grain::Team)).await.unwrap(), []);
        for (grain, at) in [(Grain::Team, NOW.day()), (Grain::HourTeam, NOW.hour())] {
            let rows = GrainSlice { step_ms: Some(grain.step_ms()), ..days(grain) };
            let rows = sorted(ledger.grains(&rows).await.unwrap());
            assert_eq!(calls(&rows), [("sales", "", 1), ("research", "", 2)]);
            assert_eq!(rows[1].at, Some(at));
        }
        let rows = GrainSlice { step_ms: Some(HOUR_MS), ..of(&["sales"], Grain::HourTeamModel) };
        let rows = ledger.grains(&rows).await.unwrap();
        assert_eq!(calls(&rows), [("sales", CLAUDE, 1)]);
        // Steps are counted back from the end, and the first may begin before what is asked for.
        let step = 3 * DAY_MS;
        let two = GrainSlice { step_ms: Some(step), ..days(Grain::Model) };
        let rows = ledger.grains(&two).await.unwrap();
        assert_eq!(
            (calls(&rows), rows[0].at),
            (vec![(CLAUDE, "", 3)], Some(Timestamp(two.until.0 - step)))
        );
        let priced = HourSlice { then: Some(HourBy::Price), ..hours(HourBy::Model) };
        let priced = ledger.hours(&priced).await.unwrap();
        for grain in [Grain::Price, Grain::HourPrice] {
            assert_eq!(ledger.grains(&days(grain)).await.unwrap(), priced, "{grain}");
        }
        let bobs = HourSlice {
            team: Some("research".into()),
            user: Some("bob".into()),
            step_ms: Some(HOUR_MS),
            ..hours(HourBy::Model)
        };
        let rows = ledger.hours(&bobs).await.unwrap();
        assert_eq!((calls(&rows), rows[0].at), (vec![(CLAUDE, "", 1)], Some(NOW.hour())));
        let within = HourSlice { then: Some(HourBy::User), ..hours(HourBy::Team) };
        let rows = sorted(ledger.hours(&within).await.unwrap());
        let told = [("research", "ann", 1), ("research", "bob", 1), ("sales", "ann", 1)];
        assert_eq!(calls(&rows), told);
        let before =
            HourSlice { until: NOW.hour(), since: Timestamp(NOW.hour().0 - HOUR_MS), ..bobs };
        assert_eq!(ledger.hours(&before).await.unwrap(), []);
        ledger.end().await;
    }
}

#[tokio::test]
async fn how_long_calls_took_is_told_by_steps_and_of_nothing_there_is_none() {
    for place in places().await {
        let ledger = place.open().await;
        three_calls(&ledger).await;
        let [paces] = ledger.paces(&days(Grain::Model)).await.unwrap().try_into().unwrap();
        // 1.7 s to the end and 0.7 s to the first token; 20 tokens in a second.
        assert_eq!(paces.latency.quantile(50), Some(2_500));
        assert_eq!(paces.first_token.quantile(99), Some(1_000));
        assert_eq!((paces.speed.quantile(50), paces.latency.count()), (Some(25), 3));
        let of = GrainSlice { values: Some(vec!["sales".into()]), ..days(Grain::TeamModel) };
        let [paces] = ledger.paces(&of).await.unwrap().try_into().unwrap();
        assert_eq!((paces.second.as_str(), paces.latency.count()), (CLAUDE, 1));
        let of = GrainSlice { values: Some(vec!["nobody".into()]), ..days(Grain::Team) };
        assert_eq!(ledger.paces(&of).await.unwrap(), []);
        ledger.end().await;
    }
}

#[tokio::test]
async fn more_than_a_page_may_read_is_refused_and_never_cut_short() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.damage(include_str!("sql/many_sums.sql")).await;
        let all = GrainSlice { since: Timestamp(0), until: Timestamp(DAY_MS), ..days(Grain::Team) };
        assert!(matches!(ledger.grains(&all).await, Err(Error::TooMuch { most: 20_000 })));
        assert!(matches!(ledger.paces(&all).await, Err(Error::TooMuch { .. })));
        let some = GrainSlice { values: Some(vec!["many 1".into()]), ..all.clone() };
        assert_eq!(ledger.grains(&some).await.unwrap().len(), 1);
        // Nor are more days and values asked for than that.
        let until = Timestamp(5_001 * DAY_MS);
        let values = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let long = GrainSlice { until, values: Some(values), ..all };
        assert!(matches!(ledger.grains(&long).await, Err(Error::TooMuch { .. })));
        ledger.damage(include_str!("sql/few_sums.sql")).await;
        ledger.damage(include_str!("sql/many_hours.sql")).await;
        let two = (Timestamp(0), Timestamp(2 * HOUR_MS));
        let wide = HourSlice { since: two.0, until: two.1, ..hours(HourBy::Key) };
        assert!(matches!(ledger.hours(&wide).await, Err(Error::TooMuch { most: 20_000 })));
        let first = HourSlice { until: Timestamp(HOUR_MS), ..wide };
        assert_eq!(ledger.hours(&first).await.unwrap().len(), 10_000);
        ledger.damage(include_str!("sql/few_hours.sql")).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn versions_are_told_with_whom_they_answered_and_when() {
    for place in places().await {
        let ledger = place.open().await;
        three_calls(&ledger).await;
        let range = (Timestamp(0), Timestamp(NOW.0 + DAY_MS));
        let rows = ledger.versions(range, (None, None), 20_000).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.team.as_str(), row.calls)).collect();
        assert_eq!(told, [("research", 2), ("sales", 1)]);
        assert_eq!((rows[0].first_at, rows[0].last_at), (NOW, NOW));
        assert_eq!(rows[0].evidence, "reported");
        let bobs = ledger.versions(range, (Some("research"), Some("bob")), 20_000).await.unwrap();
        assert_eq!((bobs.len(), bobs[0].calls), (1, 1));
        ledger.end().await;
    }
}
