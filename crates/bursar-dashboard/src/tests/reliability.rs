use std::mem::replace;

use bursar_domain::advice::{Trouble, advise};
use bursar_domain::call::Operation;
use bursar_domain::catalogue::Names;
use bursar_domain::price_book::PriceBook;
use bursar_domain::quota::Quota;
use bursar_domain::time::Clock;
use reqwest::StatusCode;

use super::house::{HAIKU, NOVA, house_at, houses};
use crate::{Meters, Site};

#[tokio::test]
async fn errors_are_shown_with_the_advice_that_a_terminal_gives() {
    for house in houses().await {
        let prices = PriceBook::embedded_only();
        let model = prices.resolve(HAIKU, &Names::default()).unwrap();
        let said = format!("{} (atlas)", super::endings::THROTTLED);
        let trouble = Trouble {
            code: "ThrottlingException",
            status: Some(429),
            message: &said,
            operation: Some(Operation::ConverseStream),
            model: Some(&model),
            region: "us-east-1",
            attempts: 2,
            body_bytes: 0,
            at: house.desk.admin.clock.now(),
        };
        let advice = advise(&trouble, &prices);
        let lea = house.sign_in("lea").await;
        let path = "/reliability?range=24h&format=csv&sheet=faults";
        let (status, csv) = house.open(&lea, path).await;
        assert_eq!(status, StatusCode::OK, "{csv}");
        let row = csv.lines().find(|line| line.starts_with("ThrottlingException,429,1,")).unwrap();
        assert!(row.contains(&advice.what), "{row}");
        for next in &advice.next {
            assert!(row.contains(next), "{next} in {row}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn throttling_is_a_picture_with_its_table_and_of_what_one_sees() {
    for house in houses().await {
        for (name, throttled) in [("fin", 4), ("lea", 2)] {
            let cookie = house.sign_in(name).await;
            let (_, page) = house.open(&cookie, "/reliability?range=24h").await;
            assert!(page.contains("id=\"throttles-about\""), "{page}");
            let cell = format!(", {HAIKU}: {throttled} of {throttled} attempts throttled");
            assert!(page.contains(&cell), "{cell}: {page}");
            let path = "/reliability?range=24h&format=csv&sheet=throttles";
            let (_, csv) = house.open(&cookie, path).await;
            let row = format!(",{HAIKU},{throttled},{throttled},100.0");
            assert!(csv.contains(&row), "{row} in {csv}");
        }
        // Mia made none of those calls.
        let mia = house.sign_in("mia").await;
        let (_, page) = house.open(&mia, "/reliability?range=24h").await;
        assert!(page.contains("No call of this range ended with an error"), "{page}");
        assert!(!page.contains("attempts throttled"), "{page}");
        house.end().await;
    }
}

#[tokio::test]
async fn every_way_to_end_is_counted() {
    for house in houses().await {
        let fin = house.sign_in("fin").await;
        let path = "/reliability?range=24h&format=csv&sheet=endings";
        let (_, csv) = house.open(&fin, path).await;
        for row in ["succeeded,3,", "throttled,2,", "cut,2,", "failed,0,", "refused,0,"] {
            assert!(csv.lines().any(|line| line.starts_with(row)), "{row} in {csv}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn a_models_page_has_its_errors_its_versions_and_how_the_throttler_counts() {
    for house in houses().await {
        let lea = house.sign_in("lea").await;
        let path = format!("/models/{}?range=24h", crate::filters::escaped(HAIKU));
        let (status, page) = house.open(&lea, &path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let told = page.replace("&#39;", "'");
        assert!(told.contains(bursar_domain::quota::RULE), "{page}");
        for said in ["5 times", "[models.quotas]", ">ThrottlingException<", "2 of 2"] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let (_, csv) = house.open(&lea, &format!("{path}&format=csv&sheet=versions")).await;
        assert_eq!(csv.lines().count(), 2, "{csv}");
        house.end().await;
    }
}

#[tokio::test]
async fn a_quota_that_the_settings_tell_stands_beside_what_was_taken_of_it() {
    let now = Clock::system().now();
    let mut house = house_at(Clock::new(move || now)).await;
    let quota = Quota { tokens: Some(1_000), requests: None };
    house.desk.quotas.insert(NOVA.to_owned(), quota);
    let (url, stop, served) = super::serve_on(Site::new(house.desk.clone(), Meters::none()));
    let before = (replace(&mut house.stop, stop), replace(&mut house.served, served));
    house.url = url;
    before.0.send(()).unwrap();
    before.1.await.unwrap().unwrap();
    let lea = house.sign_in("lea").await;
    let path = format!("/models/{}?range=24h", crate::filters::escaped(NOVA));
    let (_, page) = house.open(&lea, &path).await;
    // Three calls of the team within an hour, of 100 tokens in and 1,000 out: 55 a minute.
    for said in [
        "<dt>Tokens, in its busiest hour</dt><dd data-value=\"55\">55 a minute</dd>",
        "<dt>The quota of tokens</dt><dd data-value=\"1000\">1,000 a minute: 5.5 % of it</dd>",
        "<dt>The quota of requests</dt><dd>not known to Bursar</dd>",
        "<dt>Throttled attempts</dt>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    house.end().await;
}
