//! Sums by every dimension equal the calls that they are made of.

use bursar_domain::budget::Mode;
use bursar_domain::call::{Chosen, Operation, Outcome};
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Each, Limit, LimitId, OnLimit, Unit};
use bursar_domain::model::ModelId;
use bursar_domain::money::{Micros, Total};
use bursar_domain::price::{Routing, Tier};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::world::{NOW, file, intent, intent_at, pico, places};
use crate::{Counters, Dimension, Error, Ledger, UsageQuery};

/// The sums of everything.
pub(super) async fn total(ledger: &Ledger) -> Counters {
    ledger.usage(&query(Dimension::Model)).await.unwrap().total
}

fn query(by: Dimension) -> UsageQuery {
    UsageQuery { by, since: None, until: None, count_tokens: false }
}

/// Values and how many calls each has.
async fn calls_by(ledger: &Ledger, query: &UsageQuery) -> Vec<(Option<String>, i64)> {
    let report = ledger.usage(query).await.unwrap();
    let total: i64 = report.rows.iter().map(|row| row.counters.calls).sum();
    assert_eq!(total, report.total.calls);
    report.rows.into_iter().map(|row| (row.value, row.counters.calls)).collect()
}

fn some(rows: &[(&str, i64)]) -> Vec<(Option<String>, i64)> {
    rows.iter().map(|&(value, calls)| (Some(value.to_owned()), calls)).collect()
}

/// Two calls of one kind and one, a day and an hour later, that differs in everything.
async fn three_calls(ledger: &Ledger) {
    ledger.good_call(intent()).await;
    ledger.good_call(intent_at(Timestamp(NOW.0 + 1))).await;
    let mut other = intent_at(Timestamp(NOW.0 + DAY_MS + HOUR_MS));
    other.attribution = Attribution::default();
    other.model = ModelId::parse("amazon.nova-lite-v1:0").unwrap();
    other.operation = Operation::InvokeModel;
    other.region = "eu-west-1".into();
    other.routing = Routing::Global;
    ledger
        .call(other, |settlement| {
            settlement.tier = Tier::Flex;
            settlement.ending.outcome = Outcome::Throttled;
            settlement.bill.cost = Some(pico(5));
        })
        .await;
}

#[tokio::test]
async fn every_dimension_tells_its_values_apart() {
    let claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    for place in places().await {
        let ledger = place.open().await;
        three_calls(&ledger).await;
        let cases = [
            (Dimension::Model, some(&[("amazon.nova-lite-v1:0", 1), (claude, 2)])),
            (Dimension::Provider, some(&[("amazon", 1), ("anthropic", 2)])),
            (Dimension::Operation, some(&[("ConverseStream", 2), ("InvokeModel", 1)])),
            (Dimension::Outcome, some(&[("succeeded", 2), ("throttled", 1)])),
            (Dimension::Region, some(&[("eu-west-1", 1), ("us-east-1", 2)])),
            (Dimension::Routing, some(&[("global", 1), ("regional", 2)])),
            (Dimension::Tier, some(&[("flex", 1), ("priority", 2)])),
            (Dimension::Day, some(&[("2026-11-23", 2), ("2026-11-24", 1)])),
            (
                Dimension::Hour,
                some(&[("2026-11-23T10:00:00.000Z", 2), ("2026-11-24T11:00:00.000Z", 1)]),
            ),
        ];
        for (by, expected) in cases {
            assert_eq!(calls_by(&ledger, &query(by.clone())).await, expected, "{by:?}");
        }
        let named = [
            (Dimension::Team, "research"),
            (Dimension::Project, "atlas"),
            (Dimension::User, "ann"),
            (Dimension::Key, "key-1"),
            (Dimension::Tag("env".into()), "prod"),
        ];
        for (by, value) in named {
            let expected = [(None, 1), (Some(value.to_owned()), 2)];
            assert_eq!(calls_by(&ledger, &query(by.clone())).await, expected, "{by:?}");
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn sums_are_exact_in_every_counter() {
    for place in places().await {
        let ledger = place.open().await;
        three_calls(&ledger).await;
        let expected = Counters {
            calls: 3,
            succeeded: 2,
            throttled: 1,
            attempts: 6,
            throttled_attempts: 3,
            input_tokens: 300,
            output_tokens: 60,
            cache_read_tokens: 3_000,
            cost: Total(2 * 900_000_001 + 5),
            ..Counters::default()
        };
        for by in [Dimension::Team, Dimension::Region, Dimension::Tag("env".into())] {
            assert_eq!(ledger.usage(&query(by)).await.unwrap().total, expected);
        }
        ledger.end().await;
    }
}

async fn assert_one_call_an_hour(ledger: &Ledger, by: Dimension) {
    let at = |hour: i64| Some(Timestamp(NOW.day().0 + hour * HOUR_MS));
    for (from, to) in [(0, 96), (5, 90), (24, 48), (30, 40), (23, 25), (30, 30), (95, 200)] {
        let range = UsageQuery { since: at(from), until: at(to), ..query(by.clone()) };
        let report = ledger.usage(&range).await.unwrap();
        assert_eq!(report.total.calls, to.min(96) - from, "{range:?}");
        assert_eq!((report.since, report.until), (at(from), at(to)));
    }
}

#[tokio::test]
async fn a_range_takes_whole_days_from_days_and_edges_from_hours() {
    for place in places().await {
        let ledger =
            place.open_with(|options| options.report_tags = vec!["env".into()]).await.unwrap();
        // One call an hour for four days, from midnight.
        let midnight = NOW.day().0;
        for hour in 0..96 {
            ledger.good_call(intent_at(Timestamp(midnight + hour * HOUR_MS + 5))).await;
        }
        for by in [Dimension::Model, Dimension::Day, Dimension::Tag("env".into()), Dimension::Tier]
        {
            assert_one_call_an_hour(&ledger, by).await;
        }
        let inside = UsageQuery {
            since: Some(Timestamp(midnight + 30 * HOUR_MS + 1)),
            until: Some(Timestamp(midnight + 31 * HOUR_MS + 1)),
            ..query(Dimension::Team)
        };
        let report = ledger.usage(&inside).await.unwrap();
        assert_eq!(report.total.calls, 2, "a range is widened to whole hours");
        ledger.end().await;
    }
}

#[tokio::test]
async fn counting_tokens_is_no_call_unless_asked_for() {
    for place in places().await {
        let ledger = place.open().await;
        let mut count = intent();
        count.operation = Operation::CountTokens;
        count.ceiling = Some(pico(0));
        ledger.call(count, |settlement| settlement.bill.cost = Some(pico(0))).await;
        ledger.good_call(intent()).await;
        for by in [Dimension::Model, Dimension::Operation, Dimension::Tag("env".into())] {
            let asked = UsageQuery { count_tokens: true, ..query(by.clone()) };
            assert_eq!(ledger.usage(&asked).await.unwrap().total.calls, 2);
            assert_eq!(ledger.usage(&query(by)).await.unwrap().total.calls, 1);
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_report_tag_gives_the_sums_that_its_calls_give() {
    for place in places().await {
        let ledger =
            place.open_with(|options| options.report_tags = vec!["env".into()]).await.unwrap();
        three_calls(&ledger).await;
        let declared = ledger.usage(&query(Dimension::Tag("env".into()))).await.unwrap();
        let undeclared = ledger.usage(&query(Dimension::Tag("feature".into()))).await.unwrap();
        assert_eq!(declared.rows[1].value.as_deref(), Some("prod"));
        assert_eq!(undeclared.rows[1].value.as_deref(), Some("search"));
        let sums = |report: crate::UsageReport| -> Vec<Counters> {
            report.rows.into_iter().map(|row| row.counters).collect()
        };
        assert_eq!(sums(declared), sums(undeclared));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_tag_declared_later_is_summed_from_its_calls() {
    for place in super::world::durable_places().await {
        let ledger = place.open().await;
        ledger.good_call(intent()).await;
        let declaring = place.open_with(|options| options.report_tags = vec!["env".into()]);
        declaring.await.unwrap().end().await;
        // The other process learns of the tag before its next call is admitted.
        let hour = Timestamp(NOW.0 + HOUR_MS);
        ledger.good_call(intent_at(hour)).await;
        let by = || query(Dimension::Tag("env".into()));
        assert_eq!(calls_by(&ledger, &by()).await, some(&[("prod", 2)]));
        // This range is read from the roll-ups, which keep the tag apart since then.
        let later = UsageQuery { since: Some(hour), ..by() };
        assert_eq!(calls_by(&ledger, &later).await, some(&[("prod", 1)]));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_fifth_report_tag_is_refused() {
    let place = file();
    let tags = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let four = tags(&["a", "b", "c", "d"]);
    place.open_with(|options| options.report_tags = four.clone()).await.unwrap().end().await;
    let error = place.open_with(|options| options.report_tags = tags(&["e"])).await.unwrap_err();
    assert!(matches!(error, Error::TooManyReportTags { .. }), "{error}");
    place.open_with(|options| options.report_tags = four).await.unwrap().end().await;
}

#[tokio::test]
async fn a_call_is_summed_under_the_model_that_was_chosen_to_answer() {
    for place in places().await {
        let ledger = place.open().await;
        let model = ModelId::parse("amazon.nova-lite-v1:0").unwrap();
        ledger
            .call(intent(), |settlement| {
                settlement.chosen = Some(Chosen {
                    model,
                    routing: Routing::Global,
                    region: Some("eu-west-1".to_owned()),
                });
            })
            .await;
        for (by, value) in [
            (Dimension::Model, "amazon.nova-lite-v1:0"),
            (Dimension::Provider, "amazon"),
            (Dimension::Routing, "global"),
            (Dimension::Region, "eu-west-1"),
        ] {
            assert_eq!(calls_by(&ledger, &query(by)).await, some(&[(value, 1)]));
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_a_limits_calls_used_in_the_last_days_is_told_by_its_scope() {
    let limit = |facets: &[(Facet, &str)], each, unit| {
        let scope = facets
            .iter()
            .fold(Scope::default(), |scope, (facet, value)| scope.with(facet.clone(), value));
        Limit {
            id: LimitId("1".into()),
            scope,
            each,
            unit,
            span: Span::Month,
            zone: Zone::UTC,
            mode: Mode::Hard,
            on_limit: OnLimit::Refuse,
            amount: Micros(1),
        }
    };
    for place in places().await {
        let ledger = place.open().await;
        three_calls(&ledger).await;
        let at = Timestamp(NOW.0 + DAY_MS + 2 * HOUR_MS);
        let all = limit(&[], None, Unit::Requests);
        let habit = ledger.habits(&all, at).await.unwrap().unwrap().remove("").unwrap();
        let units = |total: Total| total.0 / 1_000_000_000_000;
        assert_eq!(habit.days.map(units), [1, 2, 0, 0, 0, 0, 0]);
        assert_eq!((habit.calls, habit.since, habit.until), (3, NOW.hour(), at.hour()));
        let intent = intent();
        let team = intent.attribution.team.as_deref().unwrap();
        let both = [(Facet::Team, team), (Facet::Model, intent.model.as_str())];
        let money = limit(&both, Some(Each::User), Unit::Usd);
        let habits = ledger.habits(&money, at).await.unwrap().unwrap();
        let user = intent.attribution.user.as_deref().unwrap();
        assert_eq!(habits.keys().collect::<Vec<_>>(), [user]);
        assert_eq!(habits[user].days[1], Total(total(&ledger).await.cost.0 - 5));
        let nobody = limit(&[(Facet::Team, "nobody")], None, Unit::Usd);
        assert!(ledger.habits(&nobody, at).await.unwrap().unwrap().is_empty());
        let tag = limit(&[(Facet::Tag("env".into()), "prod")], None, Unit::Usd);
        assert_eq!(ledger.habits(&tag, at).await.unwrap(), None);
        let session = limit(&[], Some(Each::Session), Unit::Usd);
        assert_eq!(ledger.habits(&session, at).await.unwrap(), None);
        ledger.end().await;
    }
}
