//! A ledger that has nothing, is locked, newer, damaged or gone: a page that says so and what to do.

use std::path::PathBuf;

use actix_web::body::to_bytes;
use bursar_admin::Error;
use bursar_ledger::{AuditReport, Error as Ledger, Finding};
use reqwest::StatusCode;

use super::house::{PEOPLE, empty_house, houses};
use crate::frame;
use crate::problem::Problem;

/// The pages that are about calls.
const OF_CALLS: [&str; 9] = [
    "/",
    "/spend",
    "/models",
    "/reliability",
    "/runaways",
    "/budgets",
    "/versions",
    "/prices",
    "/exports",
];

#[tokio::test]
async fn every_page_of_an_empty_ledger_is_there_and_says_how_to_make_data() {
    let house = empty_house().await;
    for (name, role, _) in PEOPLE {
        let cookie = house.sign_in(name).await;
        let role: bursar_admin::Role = role.parse().unwrap();
        let seen = crate::pages::paths().filter(|(_, roles)| roles.contains(&role));
        for (path, _) in seen.filter(|(path, _)| !path.ends_with("{}")) {
            let (status, page) = house.open(&cookie, path).await;
            assert_eq!(status, StatusCode::OK, "{name} {path}: {page}");
            let says = ["bursar demo", "bursar budget set", "bursar streams", "bursar converse"];
            let says = says.iter().any(|hint| page.contains(hint));
            assert!(!OF_CALLS.contains(&path) || says, "{name} {path}: {page}");
        }
        // A model that was never called has a page, and its prices.
        let path = format!("/models/{}", crate::filters::escaped(super::house::NOVA));
        let (status, page) = house.open(&cookie, &path).await;
        assert_eq!(status, StatusCode::OK, "{name}: {page}");
        assert!(page.contains("No call was made in this range"), "{name}: {page}");
    }
    house.end().await;
}

#[tokio::test]
async fn the_last_audit_stands_on_the_settings_page_and_where_none_was_made_how_to() {
    for house in houses().await {
        let ledger = &house.desk.admin.ledger;
        let fin = house.sign_in("fin").await;
        let (_, page) = house.open(&fin, "/settings").await;
        assert!(page.contains("nothing yet: none was made"), "{page}");
        assert!(page.contains("<code>bursar ledger audit</code> adds everything up"), "{page}");
        let clean = ledger.audit().await.unwrap();
        let now = house.desk.admin.clock.now();
        ledger.note_audit(&clean, now).await.unwrap();
        let (_, page) = house.open(&fin, "/settings").await;
        assert!(page.contains("<dd data-value=\"0\">nothing wrong</dd>"), "{page}");
        assert!(page.contains(&format!(", in {} calls", clean.calls)), "{page}");
        let finding = Finding {
            check: "held",
            subject: "w".to_owned(),
            expected: "1".to_owned(),
            found: "2".to_owned(),
        };
        for (count, said) in [(1, "one fault"), (3, "3 faults"), (100, "100 faults or more")] {
            let report = AuditReport { findings: vec![finding.clone(); count], ..clean.clone() };
            ledger.note_audit(&report, now).await.unwrap();
            let (_, page) = house.open(&fin, "/settings").await;
            let told = format!("<dd data-value=\"{count}\">{said}</dd>");
            assert!(page.contains(&told), "{told}: {page}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_the_ledger_is_told_on_a_page_with_what_to_do() {
    let path = || PathBuf::from("/gone/ledger.db");
    let detail = || "it is so".to_owned();
    for (error, status, said) in [
        (Ledger::Locked, 503, "lock"),
        (Ledger::Newer { found: 99, known: 12 }, 503, "use a newer `bursar`"),
        (Ledger::Altered { detail: detail() }, 503, "start a newer `bursar`"),
        (Ledger::Missing { path: path() }, 503, "/gone/ledger.db"),
        (Ledger::MissingDirectory { path: path() }, 503, "make it, or name another ledger"),
        (Ledger::Unreachable { detail: detail() }, 503, "it is so"),
        (Ledger::Closed, 503, "ledger"),
        (Ledger::Corrupt { detail: detail() }, 500, "restore it from a backup"),
    ] {
        let problem = Problem::from(Error::Ledger(error));
        let response = frame::fault(&problem, None, "/spend");
        assert_eq!(response.status().as_u16(), status, "{problem:?}");
        let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a page"));
        let page = String::from_utf8(body.to_vec()).unwrap().replace("&#96;", "`");
        assert_eq!(page.matches("<h1>").count(), 1, "{page}");
        assert!(page.contains(said), "{said}: {page}");
        assert!(status != 503 || page.contains("Load it again"), "{page}");
    }
}
