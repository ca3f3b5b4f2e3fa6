//! What is sent to tire the server out: packed, without end, or in great number. Which attack is tried
//! by which test is in docs/reliability.md.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, COOKIE, ORIGIN};

use super::house::{PASSWORD, encoded, house};

const FORM: &str = "application/x-www-form-urlencoded";
/// A gibibyte of zeroes would begin so.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];

#[tokio::test]
async fn what_is_packed_is_not_unpacked_and_what_has_no_end_is_not_read_to_it() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    let admin = &house.desk.admin;
    let master = admin.master_key(&house.desk.master).await.unwrap();
    let key = admin.create_admin_key(&master, "root", (false, None)).await.unwrap();
    for path in ["/login", "/teams", "/tokens", "/link/x"] {
        let request = house.client.post(format!("{}{path}", house.url)).header(COOKIE, &ada);
        let request = request.header(ORIGIN, &house.url).header("content-type", FORM);
        let request = request.header(CONTENT_ENCODING, "gzip").body(GZIP.to_vec());
        let status = request.send().await.unwrap().status();
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
    let request = house.client.post(format!("{}/api/v1/teams", house.url));
    let request = request.bearer_auth(key.secret.expose()).header(CONTENT_ENCODING, "gzip");
    let request = request.header("content-type", "application/json").body(GZIP.to_vec());
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = "x".repeat(65 << 10);
    let long = house.post("/login", None, &[("username", long.as_str())]).await;
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let names: Vec<String> = (0..65).map(|number| format!("field{number}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(house.post("/login", None, &fields).await.status(), StatusCode::BAD_REQUEST);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let request = house.client.post(format!("{}/api/v1/teams", house.url));
    let request = request.bearer_auth(key.secret.expose());
    let request = request.header("content-type", "application/json");
    let deep = request.body(format!("{{\"name\":{deep}}}")).send().await.unwrap();
    assert_eq!(deep.status(), StatusCode::BAD_REQUEST);
    house.end().await;
}

#[tokio::test]
async fn ten_thousand_cookies_sign_nobody_in_and_hinder_nobody() {
    let house = house().await;
    let ada = house.sign_in("ada").await;
    for count in [100, 1_000, 10_000] {
        let many: Vec<String> = (0..count).map(|number| format!("c{number}=v")).collect();
        let request = house.client.get(format!("{}/", house.url));
        // What is too long to be a browser's is refused, or not heard to its end.
        let told = request.header(COOKIE, many.join("; ")).send().await;
        let is_refused = |status: StatusCode| status.is_client_error() || status.is_redirection();
        assert!(told.is_err() || is_refused(told.unwrap().status()), "{count}");
        let beside = format!("{}; {ada}", many[..100].join("; "));
        assert_eq!(house.open(&beside, "/").await.0, StatusCode::OK, "{count}");
    }
    // Nor does it matter how often, or how wrongly, ours is among them.
    let token = ada.split_once('=').unwrap().1;
    for bad in
        [format!("bursar={token}0"), "bursar=".to_owned(), format!("bursar={}", "z".repeat(64))]
    {
        assert_eq!(house.open(&bad, "/").await.0, StatusCode::SEE_OTHER, "{bad}");
    }
    house.end().await;
}

#[tokio::test]
async fn one_password_for_many_names_is_stopped_at_the_door_as_many_for_one_are() {
    let house = house().await;
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..105 {
        let name = format!("user {number}");
        let fields = [("username", name.as_str()), ("password", "correct horse batterz")];
        let status = house.post("/login", None, &fields).await.status();
        *statuses.entry(status.as_u16()).or_insert(0) += 1;
    }
    assert_eq!(statuses, [(401, 100), (429, 5)].into());
    // Where so many came from, not even the right one is looked at; and its URL never holds it.
    let right = [("username", "ada"), ("password", PASSWORD)];
    assert_eq!(house.post("/login", None, &right).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let by_get = house.get("", &format!("/login?{}", encoded(&right))).await;
    assert!(by_get.headers().get("set-cookie").is_none(), "{by_get:?}");
    house.end().await;
}
