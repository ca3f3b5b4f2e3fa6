use bursar_admin::{LimitWords, Selectors};
use bursar_domain::identity::Attribution;
use bursar_domain::money::Cost;
use bursar_domain::time::Clock;
use bursar_ledger::Admission;
use reqwest::StatusCode;

use super::house::{House, NOVA, house_at, houses, intent};

async fn limit(house: &House, team: &str, (limit, mode): (&str, &str)) {
    let select = Selectors { team: Some(team.to_owned()), ..Selectors::default() };
    let words = LimitWords {
        window: "month".to_owned(),
        limit: limit.to_owned(),
        mode: Some(mode.to_owned()),
        ..LimitWords::default()
    };
    house.desk.admin.set_budget(&select, &words).await.unwrap();
}

/// Asks for a call of a team that may cost so much; whether it is refused.
async fn is_refused(house: &House, team: &str, ceiling: Option<i64>) -> bool {
    let who = Attribution { team: Some(team.to_owned()), ..Attribution::default() };
    let mut asked = intent(&house.desk, (who, NOVA), house.desk.admin.clock.now());
    asked.ceiling = ceiling.and_then(Cost::from_pico);
    let answer = house.desk.admin.ledger.reserve(asked).await.unwrap();
    match answer {
        Admission::Refused(_) => true,
        Admission::Admitted(open) => {
            let settled = super::house::settlement(open.intent(), 1);
            house.desk.admin.ledger.settle(open, settled).await.unwrap();
            false
        }
    }
}

/// Whether a limit's row has these figures.
fn is_told(rows: &[&str], (whose, figures): (&str, &str)) -> bool {
    rows.iter().any(|row| row.contains(whose) && row.contains(figures))
}

#[tokio::test]
async fn a_limit_is_drawn_with_what_it_has_used_and_only_for_whom_it_is() {
    for house in houses().await {
        for team in ["research", "sales"] {
            limit(&house, team, ("50usd", "hard")).await;
        }
        for (name, count) in [("fin", 2), ("lea", 1), ("mia", 0)] {
            let cookie = house.sign_in(name).await;
            let (status, page) = house.open(&cookie, "/budgets").await;
            assert_eq!(status, StatusCode::OK, "{page}");
            assert_eq!(page.matches("<figcaption>").count(), count, "{name}: {page}");
            assert!(count == 0 || page.contains("$0.00 of $50.00 is spent"), "{name}: {page}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn a_limit_tells_how_many_calls_it_refused_and_why_and_a_shadow_that_it_would_have() {
    for house in houses().await {
        limit(&house, "research", ("1usd", "hard")).await;
        limit(&house, "sales", ("1usd", "shadow")).await;
        let two_dollars = Some(2_000_000_000_000);
        for ceiling in [two_dollars, two_dollars, None] {
            assert!(is_refused(&house, "research", ceiling).await);
            assert!(!is_refused(&house, "sales", ceiling).await);
        }
        for (name, told) in [("fin", 2), ("lea", 1), ("mia", 0)] {
            let cookie = house.sign_in(name).await;
            let (status, csv) = house.open(&cookie, "/budgets?format=csv").await;
            assert_eq!(status, StatusCode::OK, "{csv}");
            let rows: Vec<&str> = csv.lines().skip(1).collect();
            assert_eq!(rows.len(), told, "{name}: {csv}");
            let hard = ("team research", ",3,\"2 spent, 1 unbounded\",hard,");
            assert_eq!(is_told(&rows, hard), told > 0, "{name}: {csv}");
            let shadow = ("team sales", ",3,a shadow: it would have,shadow,");
            assert_eq!(is_told(&rows, shadow), told > 1, "{name}: {csv}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn more_refusals_than_are_looked_at_are_told_as_the_last_of_them() {
    let now = Clock::system().now();
    let house = house_at(Clock::new(move || now)).await;
    limit(&house, "research", ("1usd", "hard")).await;
    // At most sixty a minute are kept of a key; here of none.
    for _ in 0..61 {
        assert!(is_refused(&house, "research", None).await);
    }
    let cookie = house.sign_in("fin").await;
    let (_, csv) = house.open(&cookie, "/budgets?format=csv").await;
    assert!(csv.contains(",61,60 unbounded; of the last 60,hard,"), "{csv}");
    house.end().await;
}

#[tokio::test]
async fn the_months_end_is_not_told_of_a_day() {
    let world = super::World::start().await;
    let desk = world.desk.clone();
    let viewer = bursar_admin::Viewer {
        account: "1".to_owned(),
        name: "ada".to_owned(),
        role: bursar_admin::Role::Admin,
        sight: bursar_admin::Sight::Everything,
    };
    let outlay = bursar_admin::View::new(&desk, viewer).outlay().await.unwrap();
    assert_eq!(outlay.ahead, None);
    world.end().await;
}
