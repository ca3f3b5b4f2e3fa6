use bursar_domain::identity::Attribution;
use bursar_domain::money::Total;
use bursar_domain::price_book::PriceBook;
use bursar_domain::usage::{TokenKind, Usage};
use reqwest::StatusCode;

use super::house::{HAIKU, House, houses, priced};

/// A call of research with tokens of every kind but one, at a published price.
async fn cached(house: &House) -> (Total, Total) {
    let rows = PriceBook::embedded_only().history(HAIKU);
    let has_all = |kind: &TokenKind| *kind != TokenKind::CacheWrite1h;
    let priced_kinds = TokenKind::ALL.iter().copied().filter(has_all);
    let kinds: Vec<TokenKind> = priced_kinds.collect();
    let is_whole = |price: &&bursar_domain::price::Price| {
        kinds.iter().all(|kind| price.rates.of(*kind).is_some())
    };
    let price = rows.iter().find(is_whole).unwrap();
    let usage = Usage {
        input: 1_000,
        output: 300,
        cache_read: 50_000,
        cache_write_5m: 2_000,
        ..Usage::default()
    };
    let cost = usage.cost(price).unwrap();
    let who = Attribution {
        team: Some("research".to_owned()),
        user: Some("mia".to_owned()),
        tags: [("env".to_owned(), "prod".to_owned())].into(),
        ..Attribution::default()
    };
    let now = house.desk.admin.clock.now();
    priced(&house.desk, (who, HAIKU), now, (usage, price.stamp(), cost)).await;
    let rate = |kind| i128::from(price.rates.of(kind).unwrap().0);
    let less = |kind, tokens: i128| (rate(TokenKind::Input) - rate(kind)) * tokens;
    let saved = less(TokenKind::CacheRead, 50_000) + less(TokenKind::CacheWrite5m, 2_000);
    (Total(cost.pico().into()), Total(saved))
}

#[tokio::test]
async fn spend_is_told_by_kind_of_token_and_what_caches_saved_is_exact() {
    for house in houses().await {
        let (_, saved) = cached(&house).await;
        for (name, who) in [("fin", "&team=research"), ("mia", ""), ("lea", "")] {
            let cookie = house.sign_in(name).await;
            let path = format!("/spend?range=24h{who}");
            let (status, page) = house.open(&cookie, &path).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let tile = format!("<dt>Saved by caches</dt>\n<dd data-value=\"{}\">", saved.usd());
            assert!(page.contains(&tile), "{name}: {tile} in {page}");
            let path = format!("/spend?range=24h{who}&format=csv&sheet=kinds");
            let (_, csv) = house.open(&cookie, &path).await;
            assert!(csv.contains("read from caches,50000,"), "{csv}");
            let parts = csv.lines().skip(1).map(|line| line.split(',').rev().nth(1).unwrap());
            let pico: u64 =
                parts.map(|cost| bursar_domain::money::parse_decimal(cost, 12).unwrap()).sum();
            let (_, all) = house.open(&cookie, &format!("/spend?range=24h{who}")).await;
            let total = format!("<dd data-value=\"{}\">", Total(pico.into()).usd());
            assert!(all.contains(&total), "{name}: {total} in {all}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn spend_is_told_by_two_things_at_once_and_by_a_tag() {
    for house in houses().await {
        let (cost, _) = cached(&house).await;
        let fin = house.sign_in("fin").await;
        let open = async |path: &str| house.open(&fin, path).await;
        for range in ["24h", "30d"] {
            let path =
                format!("/spend?range={range}&group=team&then=model&format=csv&sheet=levels");
            let (status, csv) = open(&path).await;
            assert_eq!(status, StatusCode::OK, "{csv}");
            assert!(csv.contains(&format!("research,{HAIKU},")), "{csv}");
            let path =
                format!("/spend?range={range}&group=model&then=team&format=csv&sheet=levels");
            let (_, swapped) = open(&path).await;
            assert!(swapped.contains(&format!("{HAIKU},research,")), "{swapped}");
            assert_eq!(swapped.lines().count(), csv.lines().count());
        }
        let (_, csv) = open("/spend?range=24h&group=tag&tag=env&format=csv").await;
        assert!(csv.contains(&format!("prod,{},", cost.usd())), "{csv}");
        let (_, csv) =
            open("/spend?range=24h&group=tag&tag=env&then=user&format=csv&sheet=levels").await;
        assert!(csv.contains(&format!("prod,mia,{},", cost.usd())), "{csv}");
        for (path, said) in [
            ("/spend?group=team&then=team", "told apart by team already"),
            ("/spend?group=team&then=mood", "is no then"),
            ("/spend?group=tag&range=24h", "by which"),
        ] {
            let (status, page) = open(path).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {page}");
            assert!(page.contains(said), "{path}: {page}");
        }
        let lea = house.sign_in("lea").await;
        let (_, csv) =
            house.open(&lea, "/spend?range=24h&group=team&then=key&format=csv&sheet=levels").await;
        assert!(csv.contains("research,") && !csv.contains("sales"), "{csv}");
        house.end().await;
    }
}
