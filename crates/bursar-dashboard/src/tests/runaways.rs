use bursar_admin::Selectors;
use bursar_domain::call::Outcome;
use bursar_domain::identity::Attribution;
use bursar_domain::time::Timestamp;
use bursar_ledger::Admission;
use reqwest::StatusCode;

use super::endings::ending;
use super::house::{House, NOVA, ended, houses, intent};

/// A call of research's key that was cut after 30 of its 40 tokens were kept back, and two requests
/// of that key that were refused then.
async fn run_away(house: &House) -> String {
    let now = house.desk.admin.clock.now();
    let key = house.keys["research"].clone();
    let who = Attribution {
        team: Some("research".to_owned()),
        key: Some(key.clone()),
        ..Attribution::default()
    };
    let said = "its limit is reached; it was read to its end without its caller: of 40 output \
                tokens, as reported, about 30 were withheld";
    let cut = ending(Outcome::Cut, 200, ("StreamTokenLimit", said));
    let started = Timestamp(now.0 - 2_000);
    let id = ended(&house.desk, (who.clone(), NOVA), (started, 5), (cut, Vec::new())).await;
    let select = Selectors { key: Some(key), ..Selectors::default() };
    house.desk.admin.freeze(&select, "it loops").await.unwrap();
    for _ in 0..2 {
        let asked = intent(&house.desk, (who.clone(), NOVA), now);
        let answer = house.desk.admin.ledger.reserve(asked).await.unwrap();
        assert!(matches!(answer, Admission::Refused(_)), "it is frozen");
    }
    id.to_string()
}

#[tokio::test]
async fn a_cut_call_says_why_what_was_withheld_what_it_cost_and_what_was_refused_after() {
    for house in houses().await {
        let id = run_away(&house).await;
        for name in ["fin", "lea"] {
            let cookie = house.sign_in(name).await;
            let (status, csv) =
                house.open(&cookie, "/runaways?range=24h&format=csv&sheet=runaways").await;
            assert_eq!(status, StatusCode::OK, "{csv}");
            let row = csv.lines().find(|line| line.contains(&id)).unwrap();
            let told = ",StreamTokenLimit,1000,30,0.000000000005,as reported,2,";
            assert!(row.contains(told), "{row}");
            let (_, page) = house.open(&cookie, "/runaways?range=24h").await;
            assert!(page.contains(&format!("href=\"/calls/{}\"", crate::filters::escaped(&id))));
            assert!(page.contains("it loops"), "{page}");
            let (_, csv) = house.open(&cookie, "/runaways?format=csv&sheet=freezes").await;
            assert!(csv.lines().nth(1).unwrap().ends_with(",2"), "{csv}");
        }
        let mia = house.sign_in("mia").await;
        let (_, page) = house.open(&mia, "/runaways?range=24h").await;
        assert!(page.contains("No call was cut in this range"), "{page}");
        assert!(!page.contains("it loops"), "{page}");
        house.end().await;
    }
}
