use bursar_ledger::Secret;
use reqwest::StatusCode;
use reqwest::header::{COOKIE, HOST, ORIGIN, RETRY_AFTER, SET_COOKIE};

use super::house::{House, PASSWORD, cookie, encoded, form_token, house, location};
use super::{desk, serve_on};
use crate::{Meters, Site};

const RIGHT: [(&str, &str); 2] = [("username", "ada"), ("password", PASSWORD)];

async fn is_in(house: &House, cookie: &str) -> bool {
    house.open(cookie, "/").await.0 == StatusCode::OK
}

#[tokio::test]
async fn who_signs_in_gets_a_new_token_and_signing_out_ends_it() {
    let house = house().await;
    let stranger = house.get("", "/spend?range=7d").await;
    assert_eq!(location(&stranger), "/login?next=%2Fspend%3Frange%3D7d");
    let planted = format!("bursar={}", "a".repeat(64));
    let answer = house.post("/login", Some(&planted), &RIGHT).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let header = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert!(header.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{header}");
    let first = cookie(&answer).unwrap();
    assert_ne!(first, planted);
    assert!(is_in(&house, &first).await && !is_in(&house, &planted).await);
    // Again, in the same browser: the old token is of no use.
    let second = cookie(&house.post("/login", Some(&first), &RIGHT).await).unwrap();
    assert!(is_in(&house, &second).await && !is_in(&house, &first).await);
    let (_, page) = house.open(&second, "/").await;
    let out = house.post("/logout", Some(&second), &[("form_token", form_token(&page))]).await;
    assert_eq!((out.status(), location(&out)), (StatusCode::SEE_OTHER, "/login"));
    assert!(out.headers()[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert!(!is_in(&house, &second).await);
    house.end().await;
}

#[tokio::test]
async fn over_tls_the_cookie_is_a_secure_one_of_this_host_alone() {
    let house = house().await;
    let request = house.client.post(format!("{}/login", house.url));
    let request = request.header(HOST, "bursar.example").header(ORIGIN, "https://bursar.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(encoded(&RIGHT)).send().await.unwrap();
    let header = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert!(header.starts_with("__Host-bursar=") && header.contains("; Secure"), "{header}");
    let token = cookie(&answer).unwrap();
    assert!(is_in(&house, &token).await);
    // One that another host could have planted does not count beside it.
    assert!(is_in(&house, &format!("bursar={}; {token}", "b".repeat(64))).await);
    house.end().await;
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_disabled_account_look_alike() {
    let house = house().await;
    house.desk.admin.let_user("fin", false).await.unwrap();
    let mut told = Vec::new();
    for (name, password) in [("ada", "wrong horse battery"), ("bob", PASSWORD), ("fin", PASSWORD)] {
        let answer =
            house.post("/login", None, &[("username", name), ("password", password)]).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
        assert!(cookie(&answer).is_none());
        let page = answer.text().await.unwrap();
        assert!(!page.contains(password), "{page}");
        told.push(page.replace(name, "NAME"));
    }
    assert!(told.iter().all(|page| *page == told[0]), "{told:#?}");
    house.end().await;
}

#[tokio::test]
async fn guessing_is_stopped_and_says_when_to_come_back() {
    let house = house().await;
    let guess = || house.post("/login", None, &[("username", "ada"), ("password", "a guess")]);
    for _ in 0..10 {
        assert_eq!(guess().await.status(), StatusCode::UNAUTHORIZED);
    }
    let answer = guess().await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let seconds: i64 = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&seconds), "{seconds}");
    // The right one is not looked at either, and nobody else is hindered.
    let right = house.post("/login", None, &RIGHT).await;
    assert_eq!(right.status(), StatusCode::TOO_MANY_REQUESTS);
    house.sign_in("fin").await;
    house.end().await;
}

/// A form as it is sent: its kind, its headers, its body, and the status that it gets.
type Sent<'a> = (&'a str, &'a [(&'a str, &'a str)], String, u16);

#[tokio::test]
async fn no_form_of_another_site_session_or_kind_changes_anything() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    let fin = house.sign_in("fin").await;
    let token_of = async |cookie: &str| form_token(&house.open(cookie, "/").await.1).to_owned();
    let (own, others) = (token_of(&ada).await, token_of(&fin).await);
    let team = |token: &str| encoded(&[("form_token", token), ("do", "team"), ("name", "made")]);
    let form = "application/x-www-form-urlencoded";
    let (url, host) = (house.url.as_str(), house.url.replace("http://", ""));
    let near = [("origin", url), ("sec-fetch-site", "same-origin")];
    let cases: [Sent<'_>; 9] = [
        (form, &near, team(&others), 403),
        (form, &near, team(""), 403),
        (form, &near, encoded(&[("do", "team"), ("name", "made")]), 403),
        (form, &[("origin", "http://evil.example")], team(&own), 403),
        (form, &[("origin", "null")], team(&own), 403),
        (form, &[("origin", url), ("sec-fetch-site", "cross-site")], team(&own), 403),
        (form, &[("origin", url), ("sec-fetch-site", "same-site")], team(&own), 403),
        ("text/plain", &near, team(&own), 415),
        ("application/json", &near, format!("{{\"form_token\":\"{own}\"}}"), 415),
    ];
    for (kind, headers, body, expected) in cases {
        let mut request = house.client.post(format!("{url}/teams")).header(COOKIE, &ada);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", kind).header(HOST, &host);
        let status = request.body(body.clone()).send().await.unwrap().status();
        assert_eq!(status, expected, "{headers:?} {kind} {body}");
    }
    // By GET nothing is changed, whatever it carries.
    let query = format!("/teams?{}", team(&own));
    assert_eq!(house.open(&ada, &query).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(house.desk.admin.teams().await.unwrap().len(), 2);
    let made = house
        .post("/teams", Some(&ada), &[("form_token", &own), ("do", "team"), ("name", "made")])
        .await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    assert_eq!(house.desk.admin.teams().await.unwrap().len(), 3);
    house.end().await;
}

#[tokio::test]
async fn every_answer_to_a_browser_says_what_it_may_load_and_that_nobody_keeps_it() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    let mut paths = vec!["/login", "/nowhere", "/link/x", "/first/x", "/calls/x", "/spend?range=x"];
    paths.extend(crate::pages::paths().map(|(path, _)| path).filter(|path| !path.contains('{')));
    for path in paths {
        let request = house.client.get(format!("{}{path}", house.url)).header(COOKIE, &ada);
        let answer = request.header("accept-encoding", "gzip, br, deflate").send().await.unwrap();
        let headers = answer.headers().clone();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{path}: {policy}");
        }
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(!headers.contains_key("content-encoding"), "{path}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.starts_with("<!doctype html>"), "{path}: {page}");
        for inline in
            [" style=", "<style", "<script>", " onclick", "javascript:", "http://", "https://"]
        {
            assert!(!page.contains(inline), "{path}: {inline} in {page}");
        }
        let style = page.split("href=\"").find(|part| part.starts_with("/assets/style")).unwrap();
        let style = style.split('"').next().unwrap();
        let asset = house.get("", style).await;
        assert_eq!(
            (asset.status(), &asset.headers()["content-type"] == "text/css; charset=utf-8"),
            (StatusCode::OK, true)
        );
    }
    house.end().await;
}

#[tokio::test]
async fn the_first_admin_is_made_by_the_link_once_and_by_nobody_else() {
    let desk = desk().await;
    let token = Secret::new("f".repeat(64));
    let (site, path) = Site::new(desk.clone(), Meters::none()).with_first_link(token);
    let (url, stop, served) = serve_on(site);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    let login = client.get(format!("{url}/login")).send().await.unwrap().text().await.unwrap();
    assert!(login.contains("Nobody may sign in yet"), "{login}");
    let send = async |path: &str, password: &str| {
        let body = encoded(&[("username", "root"), ("password", password)]);
        let request = client.post(format!("{url}{path}")).body(body).header(ORIGIN, &url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.send().await.unwrap().status()
    };
    let forged = format!("/first/{}", "0".repeat(64));
    assert_eq!(send(&forged, PASSWORD).await, StatusCode::NOT_FOUND);
    assert_eq!(send(path.expose(), "short").await, StatusCode::BAD_REQUEST);
    assert_eq!(send(path.expose(), PASSWORD).await, StatusCode::SEE_OTHER);
    assert_eq!(send(path.expose(), PASSWORD).await, StatusCode::NOT_FOUND);
    let users = desk.admin.users().await.unwrap();
    assert_eq!((users.len(), users[0].name.as_str(), users[0].role.as_str()), (1, "root", "admin"));
    assert_eq!(send("/login", PASSWORD).await, StatusCode::SEE_OTHER);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    desk.admin.ledger.close().await.unwrap();
}

#[tokio::test]
async fn a_link_sets_a_password_and_is_of_no_use_then() {
    let house = house().await;
    let master = house.desk.admin.master_key(&house.desk.master).await.unwrap();
    let made = house.desk.admin.reset_user(&master, "lea").await.unwrap();
    let path = made.link.unwrap().expose().to_owned();
    let (status, page) = house.open("", &path).await;
    assert!(status == StatusCode::OK && page.contains("lea"), "{page}");
    let other = "another horse battery";
    let short = house.post(&path, None, &[("username", "lea"), ("password", "short")]).await;
    assert_eq!(short.status(), StatusCode::BAD_REQUEST);
    let set = house.post(&path, None, &[("username", "lea"), ("password", other)]).await;
    assert_eq!(set.status(), StatusCode::SEE_OTHER);
    let fields = [("username", "lea"), ("password", other)];
    assert_eq!(house.post("/login", None, &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(house.open("", &path).await.0, StatusCode::NOT_FOUND);
    house.end().await;
}

#[tokio::test]
async fn after_signing_in_nobody_is_sent_to_another_site() {
    let house = house().await;
    for (next, expected) in [
        ("/spend?range=7d", "/spend?range=7d"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
        ("/logout", "/"),
        ("", "/"),
    ] {
        let fields = [("username", "ada"), ("password", PASSWORD), ("next", next)];
        let answer = house.post("/login", None, &fields).await;
        assert_eq!(location(&answer), expected, "{next}");
    }
    house.end().await;
}
