use bursar_admin::{Role, UsageAsk};
use bursar_domain::time::{DAY_MS, Timestamp};
use reqwest::StatusCode;
use reqwest::header::COOKIE;

use super::house::{HAIKU, House, NOVA, PEOPLE, house, houses};
use crate::pages;

/// What only those may read who see sales.
const FOREIGN: [&str; 3] = ["sales", "secret-merger", "sales-key"];

/// Every page, as it is asked for with this query, one thing's page with things of each kind.
fn every_page(house: &House) -> Vec<(String, &'static [Role])> {
    let mut all = Vec::new();
    for (path, roles) in pages::paths() {
        let Some(before) = path.strip_suffix("{}") else {
            all.push((path.to_owned(), roles));
            continue;
        };
        match before {
            "/calls/" => all.push((format!("{before}{}", house.calls["mia"]), roles)),
            "/models/" => all.push((format!("{before}{}", crate::filters::escaped(NOVA)), roles)),
            other => panic!("say how {other} is tried"),
        }
    }
    all
}

/// Opens a page as somebody, who sees it or not, and nothing of sales unless they see everything.
async fn open(house: &House, (name, role, cookie): (&str, Role, &str), path: &str, seen: bool) {
    let (status, page) = house.open(cookie, path).await;
    let is_csv = path.ends_with("?format=csv");
    // What has no table of its own has none as CSV.
    let no_table = is_csv && status == StatusCode::BAD_REQUEST;
    let expected = if seen { StatusCode::OK } else { StatusCode::FORBIDDEN };
    assert!(status == expected || no_table, "{name} {path}: {status}\n{page}");
    let foreign = FOREIGN.into_iter().chain([house.keys["sales"].as_str()]);
    let shown: Vec<&str> = foreign.filter(|foreign| page.contains(foreign)).collect();
    let may = matches!(role, Role::Admin | Role::Finance);
    assert!(may || shown.is_empty(), "{name} {path} shows {shown:?}: {page}");
    assert!(is_csv || page.matches("<h1>").count() == 1, "{path}: {page}");
    assert!(is_csv || page.contains(" · Bursar</title>"), "{path}");
}

/// Opens every page as somebody.
async fn open_all(house: &House, (name, role): (&str, Role)) {
    let cookie = house.sign_in(name).await;
    let queries = ["", "?range=90d", "?range=24h", "?format=csv"];
    // A member's sums are of hours, and of a month at most.
    let queries =
        queries.into_iter().filter(|query| role != Role::Member || *query != "?range=90d");
    for query in queries {
        for (path, roles) in every_page(house) {
            let path = format!("{path}{query}");
            open(house, (name, role, &cookie), &path, roles.contains(&role)).await;
        }
    }
}

#[tokio::test]
async fn every_page_is_seen_by_its_roles_alone_and_shows_nobody_what_is_anothers() {
    for house in houses().await {
        for (name, role, _) in PEOPLE {
            open_all(&house, (name, role.parse().unwrap())).await;
        }
        house.end().await;
    }
}

/// Who of the four gets a page, the others being told that there is none.
async fn asked(house: &House, path: &str, getters: &[&str]) {
    for (name, ..) in PEOPLE {
        let cookie = house.sign_in(name).await;
        let (status, page) = house.open(&cookie, path).await;
        let gets = getters.contains(&name);
        let expected = if gets { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(status, expected, "{name} {path}: {page}");
        assert!(gets || !page.contains("secret-merger"), "{name} {path}: {page}");
        // What is picked beside one's own team finds nothing, and says no more.
        let beside = path.contains(&house.keys["sales"]) && ["lea", "mia"].contains(&name);
        assert!(!beside || page.contains("No call is recorded"), "{name} {path}: {page}");
    }
}

#[tokio::test]
async fn nobody_asks_for_anothers_things_by_name_id_or_position() {
    for house in houses().await {
        let [call, own, teams] = ["sales", "mia", "research"].map(|whose| &house.calls[whose]);
        let (whole, all) = (["ada", "fin"], ["ada", "fin", "lea", "mia"]);
        for path in [
            "/spend?team=sales".to_owned(),
            "/spend?team=sales&group=key".to_owned(),
            "/models?team=sales".to_owned(),
            "/versions?team=sales".to_owned(),
            "/calls?team=sales".to_owned(),
            "/spend?team=sales&then=user".to_owned(),
            "/reliability?team=sales".to_owned(),
            "/runaways?team=sales".to_owned(),
            "/exports?team=sales".to_owned(),
            "/exports?team=sales&format=csv&sheet=calls".to_owned(),
            "/exports?team=sales&format=csv&sheet=usage".to_owned(),
            format!("/models/{}?team=sales", crate::filters::escaped(NOVA)),
            format!("/calls/{call}"),
            format!("/calls?after={call}"),
        ] {
            asked(&house, &path, &whole).await;
        }
        asked(&house, &format!("/calls/{teams}"), &all[..3]).await;
        for path in [
            format!("/calls/{own}"),
            "/calls?team=research".to_owned(),
            format!("/calls?key={}", house.keys["sales"]),
            "/calls?user=nobody".to_owned(),
        ] {
            asked(&house, &path, &all).await;
        }
        house.end().await;
    }
}

#[tokio::test]
async fn a_session_is_no_key_of_the_api() {
    let house = house().await;
    for (name, ..) in PEOPLE {
        let cookie = house.sign_in(name).await;
        for operation in bursar_admin::api::operations() {
            let url = format!("{}/api/v1{}", house.url, operation.path);
            let request = house.client.request(operation.method.as_str().parse().unwrap(), url);
            let status = request.header(COOKIE, &cookie).send().await.unwrap().status();
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{name} {}", operation.path);
        }
    }
    house.end().await;
}

/// The exact figures of a page's cells in a row that begins with a name.
fn row(page: &str, name: &str) -> Vec<String> {
    let (_, table) = page.split_once("id=\"spend-title\"").unwrap();
    let rows = table.split("<tr>").find(|row| row.contains(&format!(">{name}<")));
    let row = rows.unwrap_or_else(|| panic!("no {name}: {page}"));
    let values = row.split("data-value=\"").skip(1);
    values.map(|rest| rest.split_once('"').unwrap().0.to_owned()).collect()
}

/// That a page shows the same as `bursar usage`, as a table and as CSV.
async fn compare(house: &House, cookie: &str, (group, since, until): (&str, String, String)) {
    let ask = UsageAsk {
        by: Some(group.to_owned()),
        since: Some(since.clone()),
        until: Some(until.clone()),
        count_tokens: false,
    };
    let usage = house.desk.admin.usage(&ask).await.unwrap();
    let path = format!("/spend?group={group}&since={since}&until={until}");
    let (_, page) = house.open(cookie, &path).await;
    let total = format!("<dd data-value=\"{}\">", usage.total.cost_usd);
    assert!(page.contains(&total), "{group}: {total} in {page}");
    for line in &usage.rows {
        let shown = row(&page, line.value.as_deref().unwrap_or("(none)"));
        let name = line.value.clone().unwrap_or_default();
        let expected = [name, line.sums.cost_usd.clone(), line.sums.calls.to_string()];
        assert_eq!(shown[..3], expected, "{group}: {shown:?}");
        assert_eq!(shown[4], line.sums.input_tokens.to_string(), "{group}: {shown:?}");
    }
    let csv = house.open(cookie, &format!("{path}&format=csv")).await.1;
    assert_eq!(csv.lines().count(), usage.rows.len() + 1, "{csv}");
}

#[tokio::test]
async fn a_page_shows_what_bursar_usage_says_to_the_pico_dollar() {
    for house in houses().await {
        let cookie = house.sign_in("fin").await;
        let today = house.desk.admin.clock.now().day();
        let day = |days_ago: i64| Timestamp(today.0 - days_ago * DAY_MS).date();
        for group in ["model", "provider", "team", "project", "key"] {
            compare(&house, &cookie, (group, day(60), day(-1))).await;
        }
        for group in ["operation", "region", "tier", "user"] {
            compare(&house, &cookie, (group, day(6), day(-1))).await;
        }
        house.end().await;
    }
}

/// That the sums on a page are these.
async fn sums(house: &House, cookie: &str, path: &str, pico: i128) {
    let (status, page) = house.open(cookie, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    let total = format!("<dd data-value=\"{}\">", bursar_domain::money::Total(pico).usd());
    assert!(page.contains(&total), "{path}: {total} in {page}");
}

/// The same, however they are told apart.
async fn by_groups(house: &House, cookie: &str, (range, pico): (&str, i128)) {
    for group in ["model", "provider", "team", "key", "project"] {
        let path = format!("/spend?range={range}&group={group}");
        sums(house, cookie, &path, pico).await;
    }
}

#[tokio::test]
async fn a_lead_and_a_member_see_sums_that_are_those_of_their_calls() {
    for house in houses().await {
        // On each of three days a call of research, one of mia's, and one of sales.
        let (old, haiku, nova) = (40_000_000_001_i128, 3_000_000_000_123, 7_654_321);
        for (name, count) in [("ada", 3), ("lea", 2), ("mia", 1)] {
            let cookie = house.sign_in(name).await;
            by_groups(&house, &cookie, ("7d", count * (haiku + nova))).await;
            let path = format!("/spend?range=7d&model={}", crate::filters::escaped(HAIKU));
            sums(&house, &cookie, &path, count * haiku).await;
            let path = format!("/models/{}?range=7d", crate::filters::escaped(HAIKU));
            sums(&house, &cookie, &path, count * haiku).await;
        }
        for (name, count) in [("ada", 3), ("lea", 2)] {
            let cookie = house.sign_in(name).await;
            by_groups(&house, &cookie, ("90d", count * (old + haiku + nova))).await;
        }
        let mia = house.sign_in("mia").await;
        let (status, page) = house.open(&mia, "/spend?range=90d").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("31 days at most"), "{page}");
        house.end().await;
    }
}
