use bursar_domain::identity::Attribution;
use reqwest::StatusCode;

use super::house::{House, NOVA, call, house};

/// What somebody writes where others will read it.
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "\u{202e}gnp.exe",
    "javascript:alert(1)",
];

/// What a spreadsheet takes for a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

fn is_armed(cell: &&str) -> bool {
    cell.parse::<f64>().is_err() && cell.trim_start_matches('"').starts_with(FORMULA)
}

/// A call in which everything that a caller can say is this.
async fn said(house: &House, text: &str) -> String {
    let text = text.to_owned();
    let who = Attribution {
        team: Some(text.clone()),
        project: Some(text.clone()),
        user: Some(text.clone()),
        tags: [("env".to_owned(), text.clone())].into(),
        client_session: Some(text),
        ..Attribution::default()
    };
    let now = house.desk.admin.clock.now();
    call(&house.desk, (who, NOVA), (now, 1_000_000)).await.to_string()
}

#[tokio::test]
async fn what_callers_say_is_text_on_every_page_and_no_formula_in_any_table() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    let mut paths: Vec<String> =
        ["/", "/calls", "/spend?group=team", "/spend?group=project", "/versions"]
            .map(str::to_owned)
            .to_vec();
    for text in HOSTILE {
        paths.push(format!("/calls/{}", said(&house, text).await));
    }
    paths.push("/spend?range=7d&group=user".to_owned());
    for path in &paths {
        let (status, page) = house.open(&ada, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for live in ["<script>", "<img", "onerror=alert(1)>", "href=\"javascript:"] {
            assert!(!page.contains(live), "{path}: {live} in {page}");
        }
        let join = if path.contains('?') { '&' } else { '?' };
        let (status, csv) = house.open(&ada, &format!("{path}{join}format=csv")).await;
        if status == StatusCode::OK {
            let cells = csv.lines().flat_map(|line| line.split(','));
            let armed: Vec<&str> = cells.filter(is_armed).collect();
            assert!(armed.is_empty(), "{path}: {armed:?}");
            assert!(!csv.contains('\u{202e}'), "{path}");
        }
    }
    house.end().await;
}

#[tokio::test]
async fn what_is_asked_badly_is_a_page_that_says_so() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    let long = format!("/calls?session={}", "x".repeat(9_000));
    for (path, status, said) in [
        ("/spend?since=2026-11-03&until=2026-11-01", 400, "before it begins"),
        ("/spend?range=forever", 400, "is no range"),
        ("/spend?group=mood", 400, "is no group"),
        ("/spend?zone=Mars", 400, "is no time zone"),
        ("/spend?team=%3Cscript%3E", 200, "No call was made"),
        ("/spend?format=csv&sheet=x", 400, "no table of this page"),
        ("/calls?outcome=eaten", 400, "is no outcome"),
        ("/calls?after=1", 400, "is no call id"),
        ("/calls/%F0%9F", 404, "nothing here"),
        ("/calls/nobody", 404, "nothing is recorded"),
        ("/models/nobodys.model", 400, "nobodys.model"),
        ("/audit?before=x", 400, "no number of a change"),
        ("/prices?model=nobodys", 400, "nobodys"),
        ("/nowhere", 404, "nothing here"),
        ("/spend/", 404, "nothing here"),
        ("//spend", 404, "nothing here"),
        (&long, 414, "too long"),
    ] {
        let (found, page) = house.open(&ada, path).await;
        assert_eq!(found.as_u16(), status, "{path}: {page}");
        assert!(page.contains(said), "{path}: {page}");
        assert!(!page.contains("<script>"), "{path}");
        assert_eq!(page.matches("<h1>").count(), 1, "{path}");
    }
    house.end().await;
}

#[tokio::test]
async fn a_ledger_that_is_away_is_a_page_that_says_so() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    house.lose_ledger().await;
    let every = crate::pages::paths().map(|(path, _)| path.replace("{}", "a"));
    // Which models there are, and what they cost, is no secret of the ledger's.
    for path in every.chain(["/login".to_owned()]).filter(|path| path != "/models/a") {
        let (status, page) = house.open(&ada, &path).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {page}");
        assert!(page.contains("<h1>The ledger does not answer</h1>"), "{path}: {page}");
        assert!(page.contains("Load it again"), "{path}: {page}");
    }
    assert_eq!(house.get("", &crate::assets::style()).await.status(), StatusCode::OK);
    house.leave().await;
}
