use bursar_admin::{LimitWords, Selectors};
use reqwest::StatusCode;

use super::house::houses;

#[tokio::test]
async fn a_limit_is_drawn_with_what_it_has_used_and_only_for_whom_it_is() {
    for house in houses().await {
        for team in ["research", "sales"] {
            let select = Selectors { team: Some(team.to_owned()), ..Selectors::default() };
            let words = LimitWords {
                window: "month".to_owned(),
                limit: "50usd".to_owned(),
                ..LimitWords::default()
            };
            house.desk.admin.set_budget(&select, &words).await.unwrap();
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
