use std::sync::Arc;

use actix_web::body::to_bytes;
use bursar_admin::CallReply;
use bursar_domain::identity::Attribution;
use bursar_domain::time::Timestamp;
use reqwest::StatusCode;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot, watch};

use super::house::{House, NOVA, call, house, houses};
use crate::pages::Making;
use crate::pipe::{self, Pipe};
use crate::problem::Problem;
use crate::site::Mounted;
use crate::{Meters, Site};

async fn file(house: &House, name: &str, query: &str) -> (StatusCode, String) {
    let cookie = house.sign_in(name).await;
    house.open(&cookie, &format!("/exports?format=csv&{query}")).await
}

/// The cells of a column.
fn column<'t>(csv: &'t str, name: &str) -> Vec<&'t str> {
    let mut lines = csv.lines();
    let heads: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = heads.iter().position(|head| *head == name).unwrap();
    lines.map(|line| line.split(',').nth(place).unwrap()).collect()
}

#[tokio::test]
async fn a_file_of_calls_has_every_call_that_one_sees_and_all_that_is_recorded_of_it() {
    for house in houses().await {
        // Three days of three calls, of which mia made three and sales three; two ended badly of each.
        for (name, query, count) in [
            ("fin", "", 13),
            ("lea", "", 8),
            ("mia", "", 3),
            ("fin", "&team=sales", 5),
            ("fin", "&outcome=cut", 2),
        ] {
            let path = format!("sheet=calls&range=90d{query}");
            let (status, csv) = file(&house, name, &path).await;
            assert_eq!(status, StatusCode::OK, "{name} {query}: {csv}");
            assert!(csv.starts_with(&CallReply::COLUMNS.join(",")), "{csv}");
            assert_eq!(csv.lines().count(), count + 1, "{name} {query}: {csv}");
            assert!(name == "fin" || !csv.contains("secret-merger"), "{name}: {csv}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn a_file_of_more_than_a_page_of_calls_has_each_once() {
    let house = house().await;
    let now = house.desk.admin.clock.now();
    for number in 0..1_050 {
        let who = Attribution { team: Some("many".to_owned()), ..Attribution::default() };
        call(&house.desk, (who, NOVA), (Timestamp(now.0 - number), 1)).await;
    }
    let (_, csv) = file(&house, "ada", "sheet=calls&range=24h&team=many").await;
    let ids = column(&csv, "id");
    let each: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!((ids.len(), each.len()), (1_050, 1_050));
    house.end().await;
}

#[tokio::test]
async fn a_file_of_usage_sums_to_what_bursar_usage_says() {
    for house in houses().await {
        let ask = bursar_admin::UsageAsk::default();
        let usage = house.desk.admin.usage(&ask).await.unwrap();
        for group in ["model", "team", "key", "region"] {
            let query = format!("sheet=usage&range=90d&group={group}");
            let (status, csv) = file(&house, "fin", &query).await;
            assert_eq!(status, StatusCode::OK, "{group}: {csv}");
            let calls: i64 =
                column(&csv, "calls").iter().map(|calls| calls.parse::<i64>().unwrap()).sum();
            assert_eq!(calls, usage.total.calls, "{group}: {csv}");
            let pico: u64 = column(&csv, "cost_usd")
                .iter()
                .map(|cost| bursar_domain::money::parse_decimal(cost, 12).unwrap())
                .sum();
            let total = bursar_domain::money::Total(pico.into()).usd();
            assert_eq!(total, usage.total.cost_usd, "{group}: {csv}");
        }
        let (_, csv) = file(&house, "lea", "sheet=usage&range=24h&group=team").await;
        assert_eq!(column(&csv, "team"), ["research"]);
        house.end().await;
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_a_page_that_says_so_and_not_the_beginning_of_a_file() {
    let house = house().await;
    for (query, status, said) in [
        ("sheet=calls&outcome=eaten", 400, "is no outcome"),
        ("sheet=usage&group=mood", 400, "is no group"),
        ("sheet=nothing", 400, "no table of this page"),
    ] {
        let (found, page) = file(&house, "ada", query).await;
        assert_eq!(found.as_u16(), status, "{query}: {page}");
        assert!(page.contains(said) && page.contains("<h1>"), "{query}: {page}");
    }
    let (status, page) = file(&house, "lea", "sheet=calls&team=sales").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{page}");
    let ada = house.sign_in("ada").await;
    house.lose_ledger().await;
    let (status, page) = house.open(&ada, "/exports?format=csv&sheet=calls").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
    house.leave().await;
}

#[tokio::test]
async fn a_file_beyond_those_that_may_be_written_at_once_is_refused_until_one_is_done() {
    let mounted = mounted().await;
    let (go_on, wait) = oneshot::channel::<()>();
    let write = |pipe: Pipe| -> Making<()> {
        Box::pin(async move {
            pipe.send("a piece".to_owned()).await?;
            drop(wait.await);
            pipe.send("another".to_owned()).await
        })
    };
    let first = pipe::file(&mounted, "a.csv", write).await.unwrap();
    let none = |_: Pipe| -> Making<()> { panic!("it is not begun") };
    let second = pipe::file(&mounted, "b.csv", none).await.unwrap_err();
    assert_eq!(second.status.as_u16(), 503);
    go_on.send(()).unwrap();
    let text = to_bytes(first.into_body()).await.unwrap_or_else(|_| panic!("it is whole"));
    assert_eq!(text, "a pieceanother");
    let place = Arc::clone(&mounted.files).acquire_owned().await;
    assert!(place.is_ok(), "there is room again");
}

/// With room for one file.
async fn mounted() -> Mounted {
    Mounted {
        site: Arc::new(Site::new(super::desk().await, Meters::none())),
        runtime: Handle::current(),
        files: Arc::new(Semaphore::new(1)),
        ending: watch::channel(false).1,
    }
}

async fn endless(pipe: Pipe, told: oneshot::Sender<()>) -> Result<(), Problem> {
    while pipe.send("a piece".to_owned()).await.is_ok() {}
    told.send(()).unwrap();
    Ok(())
}

#[tokio::test]
async fn a_file_that_fails_on_its_way_is_a_broken_download_and_a_reader_who_leaves_ends_it() {
    let mounted = mounted().await;
    let broken = |pipe: Pipe| -> Making<()> {
        Box::pin(async move {
            pipe.send("a piece".to_owned()).await?;
            Err(Problem::usage("the ledger is gone"))
        })
    };
    let file = pipe::file(&mounted, "a.csv", broken).await.unwrap();
    assert!(to_bytes(file.into_body()).await.is_err());
    let (told, ended) = oneshot::channel();
    let write = |pipe: Pipe| -> Making<()> { Box::pin(endless(pipe, told)) };
    let _place = Arc::clone(&mounted.files).acquire_owned().await.map(drop);
    drop(pipe::file(&mounted, "b.csv", write).await.unwrap());
    ended.await.unwrap();
}
