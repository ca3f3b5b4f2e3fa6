use reqwest::StatusCode;

use super::house::{House, PEOPLE, house};

async fn say(house: &House, name: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let cookie = house.sign_in(name).await;
    let answer = house.send(&cookie, "/teams", fields).await;
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn keys_are_made_rotated_and_ended_by_an_admin_and_the_teams_lead_alone() {
    let house = house().await;
    let made = |team| [("do", "key"), ("team", team), ("name", "new")];
    let no = StatusCode::FORBIDDEN;
    for ((name, ..), expected) in PEOPLE.iter().zip([StatusCode::OK, no, StatusCode::NOT_FOUND, no])
    {
        let (status, page) = say(&house, name, &made("sales")).await;
        assert_eq!(status, expected, "{name}: {page}");
        assert_eq!(page.contains("bsr_"), expected == StatusCode::OK, "{name}");
    }
    let (status, page) = say(&house, "lea", &made("research")).await;
    assert!(status == StatusCode::OK && page.contains("AWS_BEARER_TOKEN_BEDROCK=bsr_"), "{page}");
    let cookie = house.sign_in("lea").await;
    assert!(!house.open(&cookie, "/teams").await.1.contains("bsr_"), "once, and never again");
    for what in ["rotate", "revoke"] {
        let sales = house.keys["sales"].clone();
        for (name, expected) in [("fin", no), ("mia", no), ("lea", StatusCode::NOT_FOUND)] {
            let (status, page) = say(&house, name, &[("do", what), ("key", &sales)]).await;
            assert_eq!(status, expected, "{name} {what}: {page}");
        }
        let own = house.keys["research"].clone();
        let (status, page) = say(&house, "lea", &[("do", what), ("key", &own)]).await;
        assert!(status == StatusCode::OK || status == StatusCode::SEE_OTHER, "{what}: {page}");
    }
    let keys = house.desk.admin.keys(None, true).await.unwrap();
    let of = |id: &str| keys.iter().find(|key| key.id == id).unwrap();
    assert_eq!(of(&house.keys["sales"]).state, "live");
    assert_eq!(
        (of(&house.keys["research"]).state.as_str(), of(&house.keys["research"]).generation),
        ("revoked", 2)
    );
    let changes = house.desk.admin.ledger.changes(None, None, 100).await.unwrap();
    let revoke = changes.iter().find(|change| change.action == "key revoke").unwrap();
    assert_eq!(revoke.actor, "lea");
    house.end().await;
}

#[tokio::test]
async fn a_bad_word_in_a_form_is_a_page_that_says_so() {
    let house = house().await;
    for (fields, said) in [
        ([("do", "team"), ("name", "=1+1")], "is no name"),
        ([("do", "team"), ("name", "<script>alert(1)</script>")], "is no name"),
        ([("do", "team"), ("name", "research")], "already"),
        ([("do", "explode"), ("name", "x")], "cannot be done here"),
    ] {
        let (status, page) = say(&house, "ada", &fields).await;
        assert!(status.is_client_error() && page.contains(said), "{fields:?}: {status} {page}");
        assert!(!page.contains("<script>"), "{page}");
    }
    house.end().await;
}

#[tokio::test]
async fn a_lead_sets_limits_within_the_team_and_below_its_own() {
    let house = house().await;
    let send = async |name: &str, fields: &[(&str, &str)]| {
        let cookie = house.sign_in(name).await;
        let answer = house.send(&cookie, "/budgets", fields).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let own = house.keys["research"].clone();
    let foreign = house.keys["sales"].clone();
    let set = |limit: &'static str| [("do", "set"), ("window", "month"), ("limit", limit)];
    let with = |more: &[(&'static str, &str)], limit| {
        let mut all: Vec<(&str, String)> =
            set(limit).iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        all.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        all
    };
    for (name, more, limit, status, said) in [
        ("ada", vec![("team", "research")], "100usd", 303, ""),
        ("fin", vec![("team", "research")], "1usd", 403, "not for you"),
        ("mia", vec![("team", "research"), ("user", "mia")], "1usd", 403, "not for you"),
        ("lea", vec![("team", "research")], "1usd", 400, "an admin&#39;s to set"),
        ("lea", vec![], "1usd", 400, "an admin&#39;s to set"),
        ("lea", vec![("team", "sales"), ("user", "mia")], "1usd", 404, "no team"),
        ("lea", vec![("key", foreign.as_str())], "1usd", 404, "no key"),
        ("lea", vec![("key", "sales-key")], "1usd", 404, "no key"),
        ("lea", vec![("key", own.as_str())], "101usd", 400, "more than the team"),
        ("lea", vec![("key", own.as_str())], "nonsense", 400, "is no limit"),
        ("lea", vec![("key", own.as_str())], "100usd", 303, ""),
        ("lea", vec![("user", "mia")], "2usd", 303, ""),
    ] {
        let fields = with(&more, limit);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (found, page) = send(name, &fields).await;
        assert_eq!(found, status, "{name} {more:?} {limit}: {page}");
        assert!(page.contains(said), "{name} {more:?} {limit}: {page}");
    }
    let limits = house.desk.admin.ledger.limits().await.unwrap();
    assert_eq!(limits.len(), 3, "{limits:?}");
    for (name, seen) in [("ada", 3), ("lea", 3), ("mia", 1)] {
        let cookie = house.sign_in(name).await;
        let csv = house.open(&cookie, "/budgets?format=csv").await.1;
        assert_eq!(csv.lines().count(), 1 + seen, "{name}: {csv}");
    }
    let end = [("do", "end"), ("window", "month"), ("team", "research"), ("user", "mia")];
    assert_eq!(send("mia", &end).await.0, 403);
    assert_eq!(send("lea", &end).await.0, 303);
    assert_eq!(house.desk.admin.ledger.limits().await.unwrap().len(), 2);
    house.end().await;
}
