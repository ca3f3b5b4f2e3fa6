use std::sync::atomic::Ordering;

use bursar_ledger::Secret;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::house::{PASSWORD, cookie, encoded, house_by, location};
use super::referee::{
    Jar, Referee, begin, come_back, prove, refused, session, settings, sign_on, signed_by,
};
use crate::{Provider, ProviderSettings};

#[tokio::test]
async fn who_proves_it_to_the_provider_is_signed_in_with_the_role_of_the_first_group() {
    for algorithm in ["RS256", "ES256"] {
        let (house, referee) = signed_by(algorithm).await;
        referee.say(r#"{"ann": {"groups": ["others", "research-leads"]}}"#);
        let (_, page) = house.open("", "/login?next=%2Fmodels").await;
        assert!(
            page.contains("Sign in with the works") && page.contains("next=%2Fmodels"),
            "{page}"
        );
        assert!(page.contains("name=\"password\""), "{page}");
        let answer = sign_on(&house, &referee, "ann").await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/models"));
        let cookies: Vec<_> = answer.headers().get_all(SET_COOKIE).iter().collect();
        assert!(
            cookies.iter().all(|one| one.to_str().unwrap().contains("; HttpOnly; SameSite=Lax"))
        );
        let ann = session(&answer);
        let (status, page) = house.open(&ann, "/teams").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("ann, lead of research") && !page.contains("sales"), "{page}");
        let users = house.desk.admin.users().await.unwrap();
        let row = users.iter().find(|user| user.name == "ann").unwrap();
        assert_eq!((row.state.as_str(), row.issuer.as_ref()), ("live", Some(&referee.issuer)));
        referee.end();
        house.end().await;
    }
}

#[tokio::test]
async fn groups_are_followed_at_each_sign_in_and_who_has_none_is_out() {
    let (house, referee) = signed_by("RS256").await;
    referee.say(r#"{"ann": {"groups": "finance"}}"#);
    let first = session(&sign_on(&house, &referee, "ann").await);
    assert!(house.open(&first, "/").await.1.contains("ann, finance"));
    referee.say(r#"{"ann": {"groups": ["research-leads"]}}"#);
    let second = session(&sign_on(&house, &referee, "ann").await);
    assert!(house.open(&second, "/").await.1.contains("ann, lead of research"));
    assert!(location(&house.get(&first, "/").await).starts_with("/login"), "with less, anew");
    for groups in [r#"["strangers"]"#, "[]", "null", "7", r#"{"finance": true}"#] {
        referee.say(&format!(r#"{{"ann": {{"groups": {groups}}}}}"#));
        let answer = sign_on(&house, &referee, "ann").await;
        refused(answer, StatusCode::FORBIDDEN, "none of your groups has a role").await;
        assert!(location(&house.get(&second, "/").await).starts_with("/login"), "{groups}");
    }
    // Its team is gone, or never was: nobody sees more for it.
    referee.say(r#"{"ann": {"groups": ["lost"]}}"#);
    let answer = sign_on(&house, &referee, "ann").await;
    refused(answer, StatusCode::NOT_FOUND, "no such team").await;
    referee.end();
    house.end().await;
}

#[tokio::test]
async fn a_person_is_their_identity_and_takes_over_nobody() {
    let (house, referee) = signed_by("RS256").await;
    // Ada has a password here; who is called so elsewhere is somebody else.
    referee.say(
        r#"{"ada": {"groups": ["finance"]}, "bad": {"groups": ["finance"],
            "preferred_username": "=HYPERLINK(1)"}, "ann": {"groups": ["finance"]},
            "eve": {"groups": ["finance"], "preferred_username": "ann", "email": "ann@x.example"}}"#,
    );
    refused(sign_on(&house, &referee, "ada").await, StatusCode::CONFLICT, "ada").await;
    refused(sign_on(&house, &referee, "bad").await, StatusCode::BAD_REQUEST, "is no name").await;
    let ann = session(&sign_on(&house, &referee, "ann").await);
    refused(sign_on(&house, &referee, "eve").await, StatusCode::CONFLICT, "ann").await;
    house.desk.admin.let_user("ann", false).await.unwrap();
    assert!(location(&house.get(&ann, "/").await).starts_with("/login"));
    refused(sign_on(&house, &referee, "ann").await, StatusCode::FORBIDDEN, "disabled").await;
    house.desk.admin.let_user("ann", true).await.unwrap();
    assert_eq!(sign_on(&house, &referee, "ann").await.status(), StatusCode::SEE_OTHER);
    referee.end();
    house.end().await;
}

#[tokio::test]
async fn an_answer_that_this_browser_has_not_asked_for_signs_nobody_in() {
    let (house, referee) = signed_by("RS256").await;
    referee.say(r#"{"ann": {"groups": ["finance"]}}"#);
    let (address, jar) = begin(&house, "/login/oidc").await;
    let back = prove(&house, &referee, (&address, "ann")).await;
    let other_state = back.replace("state=", "state=0");
    let asked = "asked for no such sign-on";
    for (jar, url) in [
        (&jar, other_state.as_str()),
        (&jar, &format!("{}/login/oidc/back", house.url)),
        (&Jar::default(), &back),
        (&begin(&house, "/login/oidc").await.1, &back),
    ] {
        refused(come_back(&house, jar, url).await, StatusCode::FORBIDDEN, asked).await;
    }
    let other_issuer = back.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F");
    let answer = come_back(&house, &jar, &other_issuer).await;
    refused(answer, StatusCode::FORBIDDEN, "another provider").await;
    let denied = back.replace("code=", "error=access_denied&was=");
    refused(come_back(&house, &jar, &denied).await, StatusCode::FORBIDDEN, "access_denied").await;
    // After all that the code is still good, once.
    assert_eq!(come_back(&house, &jar, &back).await.status(), StatusCode::SEE_OTHER);
    let again = come_back(&house, &jar, &back).await;
    refused(again, StatusCode::FORBIDDEN, "invalid_grant").await;
    referee.end();
    house.end().await;
}

#[tokio::test]
async fn a_token_of_another_sign_on_or_one_that_is_over_proves_nothing() {
    let (house, referee) = signed_by("RS256").await;
    referee.say(r#"{"ann": {"groups": ["finance"]}}"#);
    let (address, jar) = begin(&house, "/login/oidc").await;
    let other = address.replace("nonce=", "nonce=0");
    let back = prove(&house, &referee, (&other, "ann")).await;
    refused(come_back(&house, &jar, &back).await, StatusCode::FORBIDDEN, "nonce").await;
    // A code that another browser was given, brought under one's own state.
    let (address, jar) = begin(&house, "/login/oidc").await;
    let (foreign, _) = begin(&house, "/login/oidc").await;
    let stolen = prove(&house, &referee, (&foreign, "ann")).await;
    let own = prove(&house, &referee, (&address, "ann")).await;
    let part = |url: &str, name: &str| {
        let (_, rest) = url.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let mixed = own.replace(&part(&own, "code"), &part(&stolen, "code"));
    let answer = come_back(&house, &jar, &mixed).await;
    refused(answer, StatusCode::FORBIDDEN, "invalid_grant").await;
    // Five minutes pass, and the token was good for one; then an hour.
    for (ms, said) in [(5 * 60_000, "expired"), (3_600_000, "too long ago")] {
        let (address, jar) = begin(&house, "/login/oidc").await;
        let back = prove(&house, &referee, (&address, "ann")).await;
        house.ahead.store(ms, Ordering::Relaxed);
        refused(come_back(&house, &jar, &back).await, StatusCode::FORBIDDEN, said).await;
        house.ahead.store(0, Ordering::Relaxed);
    }
    referee.end();
    house.end().await;
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_and_every_step_is_bound_to_its_address() {
    let (house, referee) = signed_by("RS256").await;
    referee.say(r#"{"ann": {"groups": ["finance"]}}"#);
    for next in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2Flogin%2Foidc"] {
        let (address, jar) = begin(&house, &format!("/login/oidc?next={next}")).await;
        assert!(address.starts_with(&format!("{}/", referee.issuer)), "{address}");
        for part in
            ["code_challenge_method=S256", "response_type=code", "scope=openid+profile+groups"]
        {
            assert!(address.contains(part), "{part}: {address}");
        }
        let back = prove(&house, &referee, (&address, "ann")).await;
        assert_eq!(location(&come_back(&house, &jar, &back).await), "/", "{next}");
    }
    // The provider knows one address to send people back to.
    let (address, _) = begin(&house, "/login/oidc").await;
    let elsewhere = address.replace("%2Flogin%2Foidc%2Fback", "%2Felsewhere");
    let told = house.client.get(elsewhere).send().await.unwrap();
    assert_eq!(told.status(), StatusCode::BAD_REQUEST);
    let posted = house.post("/login/oidc/back", None, &[]).await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    referee.end();
    house.end().await;
}

#[tokio::test]
async fn without_its_provider_everybody_who_is_in_goes_on_and_others_are_told() {
    let (house, referee) = signed_by("RS256").await;
    referee.say(r#"{"ann": {"groups": ["finance"]}}"#);
    let ann = session(&sign_on(&house, &referee, "ann").await);
    let (address, jar) = begin(&house, "/login/oidc").await;
    let back = prove(&house, &referee, (&address, "ann")).await;
    referee.end();
    let away = "does not answer as it should";
    refused(come_back(&house, &jar, &back).await, StatusCode::BAD_GATEWAY, away).await;
    // What it said of itself is forgotten after a while.
    house.ahead.store(6 * 60_000, Ordering::Relaxed);
    refused(house.get("", "/login/oidc").await, StatusCode::BAD_GATEWAY, away).await;
    let (status, page) = house.open("", "/login").await;
    assert!(status == StatusCode::OK && page.contains("Sign in with the works"), "{page}");
    assert_eq!(house.open(&ann, "/").await.0, StatusCode::OK);
    house.sign_in("ada").await;
    house.end().await;
}

/// Answers one request, and hangs up; where the answer is nothing, it is silent as long as what it
/// gives is kept.
async fn answer_once(listener: &TcpListener, answer: &str) -> Option<TcpStream> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut asked = [0; 4_096];
    assert!(stream.read(&mut asked).await.unwrap() > 0);
    // It may be left in the middle of what nobody wants to read.
    let _ = stream.write_all(answer.as_bytes()).await;
    answer.is_empty().then_some(stream)
}

#[tokio::test]
async fn a_provider_that_is_silent_redirects_or_points_elsewhere_is_not_followed() {
    // What each answers to whoever asks what it says of itself.
    let pointing = |to: &str, issuer: &str| {
        let body = serde_json::json!({
            "issuer": issuer,
            "authorization_endpoint": to,
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": to,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{body}")
    };
    let metadata = "http://169.254.169.254/latest/meta-data";
    let moved = format!("HTTP/1.1 302 Found\r\nlocation: {metadata}\r\n\r\n");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let house = house_by(|url| {
        let settings = ProviderSettings { answer_ms: 300, ..settings(url, &issuer) };
        Provider::new(settings).unwrap()
    });
    let house = house.await;
    for (answer, said) in [
        (String::new(), "nothing came within 300 ms"),
        (moved, "it answered 302"),
        (pointing(metadata, &issuer), "no provider has"),
        (pointing("file:///etc/passwd", &issuer), "does not answer as it should"),
        (pointing(&issuer, "http://127.0.0.1:1"), "unexpected issuer"),
        ("HTTP/1.1 200 OK\r\n\r\nno JSON".to_owned(), "does not answer as it should"),
        (format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2 << 20)), "length limit exceeded"),
    ] {
        let served = answer_once(&listener, &answer);
        let (_open, told) = tokio::join!(served, house.get("", "/login/oidc"));
        refused(told, StatusCode::BAD_GATEWAY, said).await;
    }
    house.end().await;
}

#[tokio::test]
async fn where_passwords_are_off_only_the_first_admin_ever_sets_one() {
    let (mut issuer, mut referee) = (String::new(), None);
    let house = house_by(|url| {
        let started = referee.insert(Referee::start(url, "RS256"));
        issuer.clone_from(&started.issuer);
        Provider::new(ProviderSettings { passwords: false, ..settings(url, &issuer) }).unwrap()
    });
    let (house, referee) = (house.await, referee.unwrap());
    let (_, page) = house.open("", "/login").await;
    assert!(!page.contains("name=\"password\"") && page.contains("the works"), "{page}");
    let answer = house.post("/login", None, &[("username", "ada"), ("password", PASSWORD)]).await;
    refused(answer, StatusCode::FORBIDDEN, "passwords are turned off").await;
    let master = house.desk.admin.master_key(&house.desk.master).await.unwrap();
    let link = house.desk.admin.reset_user(&master, "ada").await.unwrap().link.unwrap();
    let answer = house.get("", link.expose()).await;
    refused(answer, StatusCode::FORBIDDEN, "passwords are turned off").await;
    referee.say(r#"{"ann": {"groups": ["finance"]}}"#);
    assert_eq!(sign_on(&house, &referee, "ann").await.status(), StatusCode::SEE_OTHER);
    house.end().await;
    // Where there is nobody, the link makes an admin, who is in at once: a password is no way back.
    let desk = super::desk().await;
    let provider = settings("http://127.0.0.1:1", &issuer);
    let provider = Provider::new(ProviderSettings { passwords: false, ..provider }).unwrap();
    let site = crate::Site::new(desk.clone(), crate::Meters::none()).with_provider(provider);
    let (site, path) = site.with_first_link(Secret::new("f".repeat(64)));
    let (url, stop, served) = super::serve_on(site);
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let fields = encoded(&[("username", "root"), ("password", PASSWORD)]);
    let request = client.post(format!("{url}{}", path.expose())).body(fields);
    let form = "application/x-www-form-urlencoded";
    let answer = request.header("content-type", form).send().await.unwrap();
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/"));
    let root = cookie(&answer).unwrap();
    let page = client.get(format!("{url}/")).header(COOKIE, root).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    desk.admin.ledger.close().await.unwrap();
    referee.end();
}
