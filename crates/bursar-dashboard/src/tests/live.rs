use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bursar_domain::identity::Attribution;
use bursar_domain::money::Cost;
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{Admitted, Checkpoint};
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use reqwest::{Response, StatusCode};

use super::house::{House, NOVA, begun, form_token, house, house_at, houses, settlement};
use crate::events::OF_SESSION_MAX;

/// Far beyond what an event takes: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stream that runs, of a team, and of a person of it; it began some seconds ago.
async fn runs(house: &House, (team, user): (&'static str, Option<&str>), age_s: i64) -> Admitted {
    let started_at = Timestamp(house.desk.admin.clock.now().0 - age_s * 1_000);
    let who = Attribution {
        team: Some(team.to_owned()),
        user: user.map(str::to_owned),
        key: house.keys.get(user.unwrap_or(team)).cloned(),
        ..Attribution::default()
    };
    begun(&house.desk, (who, NOVA), started_at).await
}

async fn comes_to(house: &House, call: &Admitted, (tokens, pico): (u64, i64)) {
    let checkpoint = Checkpoint {
        cost: Cost::from_pico(pico),
        output_tokens: tokens,
        at: Timestamp(call.intent().started_at.0 + 10_000),
        cut_code: None,
    };
    house.desk.admin.ledger.checkpoint(call.id(), checkpoint).await.unwrap();
}

async fn ends(house: &House, call: Admitted) {
    let settlement = settlement(call.intent(), 7);
    house.desk.admin.ledger.settle(call, settlement).await.unwrap();
}

async fn follow(house: &House, cookie: &str, path: &str) -> Response {
    let request = house.client.get(format!("{}{path}", house.url)).header(COOKIE, cookie);
    request.header(ACCEPT, "text/event-stream").send().await.unwrap()
}

/// Reads until what has come holds a text; what came.
async fn until(stream: &mut Response, text: &str) -> String {
    let mut come = String::new();
    let read = async {
        while !come.contains(text) {
            let piece =
                stream.chunk().await.unwrap().unwrap_or_else(|| panic!("no {text}: {come}"));
            come.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("it comes");
    come
}

/// Reads to the end, which comes by itself.
async fn to_the_end(stream: &mut Response) {
    let read = async { while stream.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, read).await.expect("it ends");
}

/// That somebody sees these of the calls, on the page and in its events, and no others.
async fn sees(house: &House, name: &str, (calls, seen): (&[Admitted], &[usize])) {
    let cookie = house.sign_in(name).await;
    let (status, page) = house.open(&cookie, "/live").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let mut stream = follow(house, &cookie, "/live").await;
    assert_eq!(stream.headers()[CONTENT_TYPE], "text/event-stream");
    let event = until(&mut stream, "\n\n").await;
    for (place, call) in calls.iter().enumerate() {
        let (id, is_seen) = (call.id().as_str(), seen.contains(&place));
        assert_eq!(page.contains(id), is_seen, "{name} {place}: {page}");
        assert_eq!(event.contains(id), is_seen, "{name} {place}: {event}");
    }
    let figures = ["data-value=\"420\"", "data-value=\"42\"", "data-value=\"0.00123456789\""];
    for figure in figures {
        assert_eq!(event.contains(figure), seen.contains(&0), "{name} {figure}: {event}");
    }
    assert!(page.contains("Load it again") && page.contains("As of "), "{page}");
    let buttons = ["lea", "ada"].contains(&name);
    assert_eq!(page.contains("name=\"cut\""), buttons, "{name}: {page}");
    assert_eq!(page.contains("name=\"freeze_team\""), name == "ada", "{name}: {page}");
    let (_, csv) = house.open(&cookie, "/live?format=csv").await;
    assert_eq!(csv.lines().count(), 1 + seen.len(), "{name}: {csv}");
}

#[tokio::test]
async fn what_runs_is_on_the_page_and_in_its_events_for_whom_it_is_about_alone() {
    for house in houses().await {
        let calls = [
            runs(&house, ("research", None), 90).await,
            runs(&house, ("research", Some("mia")), 30).await,
            runs(&house, ("sales", None), 10).await,
        ];
        comes_to(&house, &calls[0], (420, 1_234_567_890)).await;
        for (name, seen) in [("ada", [0, 1, 2].as_slice()), ("fin", &[0, 1, 2]), ("lea", &[0, 1])] {
            sees(&house, name, (&calls, seen)).await;
        }
        sees(&house, "mia", (&calls, &[1])).await;
        for call in calls {
            ends(&house, call).await;
        }
        house.end().await;
    }
}

#[tokio::test]
async fn a_page_is_told_of_what_begins_and_ends_while_it_is_open() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    let mut stream = follow(&house, &ada, "/live?team=research").await;
    until(&mut stream, "Nothing runs just now").await;
    let call = runs(&house, ("research", None), 1).await;
    let other = runs(&house, ("sales", None), 1).await;
    let come = until(&mut stream, call.id().as_str()).await;
    assert!(!come.contains(other.id().as_str()), "{come}");
    ends(&house, call).await;
    until(&mut stream, "Nothing runs just now").await;
    ends(&house, other).await;
    // The server's end is the stream's: nobody waits for a page that is left open.
    let House { stop, served, desk, .. } = house;
    stop.send(()).unwrap();
    to_the_end(&mut stream).await;
    served.await.unwrap().unwrap();
    desk.admin.ledger.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_a_session_has_few() {
    let house = house().await;
    let lea = house.sign_in("lea").await;
    let mut streams = Vec::new();
    for _ in 0..OF_SESSION_MAX {
        let mut stream = follow(&house, &lea, "/live").await;
        until(&mut stream, "\n\n").await;
        streams.push(stream);
    }
    let more = follow(&house, &lea, "/live").await;
    assert_eq!(more.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(more.text().await.unwrap().contains("4 pages kept fresh already"));
    let ada = house.sign_in("ada").await;
    let other = follow(&house, &ada, "/live").await;
    assert_eq!(other.status(), StatusCode::OK, "another's are their own");
    let token = form_token(&house.open(&lea, "/").await.1).to_owned();
    house.post("/logout", Some(&lea), &[("form_token", &token)]).await;
    for mut stream in streams {
        to_the_end(&mut stream).await;
    }
    let stranger = follow(&house, &lea, "/live").await;
    assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
    for path in ["/calls", "/live?team=nobody%00", "/live?order=size"] {
        let status = follow(&house, &ada, path).await.status();
        assert!(status.is_client_error(), "{path}: {status}");
    }
    drop(other);
    house.end().await;
}

#[tokio::test]
async fn a_stream_keeps_nobody_signed_in() {
    let ahead = Arc::new(AtomicI64::new(0));
    let (by, system) = (Arc::clone(&ahead), Clock::system());
    let clock = Clock::new(move || Timestamp(system.now().0 + by.load(Ordering::Relaxed)));
    let house = house_at(clock).await;
    let minutes = |count: i64| ahead.store(count * 60_000, Ordering::Relaxed);
    let ada = house.sign_in("ada").await;
    let mut stream = follow(&house, &ada, "/live").await;
    until(&mut stream, "\n\n").await;
    // Unused for half an hour, but for the stream, which looks all the time.
    minutes(20);
    to_the_end(&mut stream).await;
    let again = follow(&house, &ada, "/live").await;
    assert_eq!(again.status(), StatusCode::OK, "its life is over, and not the session");
    drop(again);
    minutes(31);
    assert_eq!(follow(&house, &ada, "/live").await.status(), StatusCode::SEE_OTHER);
    house.end().await;
}

#[tokio::test]
async fn a_cut_and_a_freeze_are_an_admins_and_within_the_team_its_leads() {
    for house in houses().await {
        let own = runs(&house, ("research", None), 90).await;
        let foreign = runs(&house, ("sales", None), 60).await;
        let (own_key, sales_key) = (house.keys["research"].clone(), house.keys["sales"].clone());
        let no = StatusCode::FORBIDDEN;
        let done = StatusCode::SEE_OTHER;
        for (name, field, value, expected) in [
            ("fin", "cut", own.id().as_str(), no),
            ("mia", "cut", own.id().as_str(), no),
            ("lea", "cut", foreign.id().as_str(), StatusCode::NOT_FOUND),
            ("lea", "cut", "=1+1", StatusCode::NOT_FOUND),
            ("ada", "cut", "=1+1", StatusCode::BAD_REQUEST),
            ("lea", "explode", "x", StatusCode::BAD_REQUEST),
            ("lea", "cut", own.id().as_str(), done),
            ("ada", "cut", foreign.id().as_str(), done),
            ("fin", "freeze_key", &own_key, no),
            ("mia", "freeze_key", &own_key, no),
            ("lea", "freeze_key", &sales_key, StatusCode::NOT_FOUND),
            ("lea", "freeze_team", "research", StatusCode::BAD_REQUEST),
            ("lea", "freeze_team", "sales", StatusCode::NOT_FOUND),
            ("lea", "freeze_key", &own_key, done),
            ("ada", "freeze_team", "sales", done),
            ("ada", "freeze_team", "nobody", StatusCode::NOT_FOUND),
        ] {
            let cookie = house.sign_in(name).await;
            let fields = [(field, value), ("reason", "a test says so")];
            // The form to sign out has the token, too, for who may do nothing here.
            let token = form_token(&house.open(&cookie, "/live").await.1).to_owned();
            let fields = [fields[0], fields[1], ("form_token", &token)];
            let answer = house.post("/live?order=cost", Some(&cookie), &fields).await;
            let (status, page) = (answer.status(), answer.text().await.unwrap());
            assert_eq!(status, expected, "{name} {field} {value}: {page}");
        }
        let ledger = &house.desk.admin.ledger;
        let mut wishes = ledger.cut_wishes().await.unwrap();
        wishes.sort_by(|a, b| a.0.cmp(&b.0));
        let by: Vec<&str> = wishes.iter().map(|(_, wish)| wish.by.as_str()).collect();
        assert_eq!(by, ["lea", "ada"]);
        let freezes = ledger.freezes().await.unwrap();
        let by: Vec<&str> = freezes.iter().map(|freeze| freeze.by.as_str()).collect();
        assert_eq!((by.len(), by.contains(&"lea"), by.contains(&"ada")), (2, true, true));
        let ada = house.sign_in("ada").await;
        let (_, page) = house.open(&ada, "/live").await;
        assert!(page.contains("to be cut, says lea") && !page.contains("name=\"cut\""), "{page}");
        let stranger = house.post("/live", Some(&ada), &[("cut", own.id().as_str())]).await;
        assert_eq!(stranger.status(), no, "a form needs its token");
        ends(&house, own).await;
        ends(&house, foreign).await;
        house.end().await;
    }
}

/// Sends the form of a page that ends a freeze; its answer.
async fn thaws(house: &House, name: &str, freeze: &str) -> (StatusCode, String) {
    let cookie = house.sign_in(name).await;
    let fields = [("thaw", freeze), ("reason", "it was a test")];
    let answer = house.send(&cookie, "/budgets", &fields).await;
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_freeze_is_ended_by_an_admin_and_by_the_lead_whose_own_it_is() {
    for house in houses().await {
        let (key, mias) = (house.keys["research"].clone(), house.keys["mia"].clone());
        for (name, field, value) in [
            ("lea", "freeze_key", key.as_str()),
            ("ada", "freeze_key", &mias),
            ("ada", "freeze_team", "sales"),
            ("ada", "freeze_team", "research"),
        ] {
            let cookie = house.sign_in(name).await;
            let answer = house.send(&cookie, "/live", &[(field, value)]).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name} {value}");
        }
        let leas = format!("team research, key {key}");
        for (name, buttons) in [("ada", 4), ("fin", 0), ("lea", 1), ("mia", 0)] {
            let cookie = house.sign_in(name).await;
            let (_, page) = house.open(&cookie, "/budgets").await;
            assert_eq!(page.matches("name=\"thaw\"").count(), buttons, "{name}: {page}");
        }
        let (no, none) = (StatusCode::FORBIDDEN, StatusCode::NOT_FOUND);
        for (name, freeze, expected) in [
            ("fin", leas.as_str(), no),
            ("mia", &leas, no),
            ("lea", "team sales", none),
            ("lea", "all", none),
            ("lea", "<script>", none),
            ("lea", "team research", StatusCode::BAD_REQUEST),
            ("lea", &leas, StatusCode::SEE_OTHER),
            ("lea", &leas, none),
            ("ada", "team research", StatusCode::SEE_OTHER),
            ("ada", &format!("key {mias}"), StatusCode::SEE_OTHER),
        ] {
            let (status, page) = thaws(&house, name, freeze).await;
            assert_eq!(status, expected, "{name} {freeze}: {page}");
            assert!(!page.contains("<script>"), "{page}");
        }
        let ada = house.sign_in("ada").await;
        let bare = house.post("/budgets", Some(&ada), &[("thaw", "team sales")]).await;
        assert_eq!(bare.status(), no, "a form needs its token");
        let ledger = &house.desk.admin.ledger;
        let still: Vec<String> =
            ledger.freezes().await.unwrap().iter().map(|one| one.scope.to_string()).collect();
        assert_eq!(still, ["team sales"]);
        let changes = ledger.changes(None, None, 100).await.unwrap();
        let thaws = changes.iter().filter(|change| change.action == "thaw");
        let by: Vec<&str> = thaws.clone().map(|change| change.actor.as_str()).collect();
        assert_eq!(by, ["ada", "ada", "lea"]);
        let said = Some("thawed: it was a test");
        assert!(thaws.clone().all(|change| change.becomes.as_deref() == said));
        house.end().await;
    }
}

#[tokio::test]
async fn five_hundred_streams_are_counted_and_a_hundred_shown_the_oldest_or_the_dearest() {
    let house = house().await;
    let mut calls = Vec::new();
    for age in 0..500 {
        calls.push(runs(&house, ("research", None), 1_000 - age).await);
    }
    let (first, last) = (calls[0].id().to_string(), calls[499].id().to_string());
    comes_to(&house, &calls[499], (9, 4_000_000_000)).await;
    let ada = house.sign_in("ada").await;
    for (path, seen, unseen) in
        [("/live", &first, &last), ("/live?order=cost", &last, &calls[498].id().to_string())]
    {
        let mut stream = follow(&house, &ada, path).await;
        let event = until(&mut stream, "\n\n").await;
        assert!(event.contains("<dd data-value=\"500\">500</dd>"), "{event}");
        assert!(event.contains(seen.as_str()) && !event.contains(unseen.as_str()), "{path}");
        assert_eq!(event.matches("name=\"cut\"").count(), 100);
        assert!(event.len() < 200_000, "{}", event.len());
    }
    for call in calls {
        ends(&house, call).await;
    }
    house.end().await;
}
