//! The cookies: a session's token; and for some minutes, a sign-on that was begun. Over TLS their names
//! have `__Host-` before them, which no other host can set, and they are sent over TLS alone.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, ORIGIN};
use bursar_ledger::Secret;

use crate::oidc::FLOW_MS;

const NAME: &str = "bursar";
const NAME_ON_TLS: &str = "__Host-bursar";
const FLOW: &str = "bursar-sign-on";
const FLOW_ON_TLS: &str = "__Host-bursar-sign-on";
/// A token in hexadecimal digits.
const TOKEN_LETTERS: usize = 64;
/// Longer headers are no browser's; they are not looked through.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// The token that a browser sends, if it can be one. Where both cookies come, that of TLS counts.
pub(crate) fn token(request: &HttpRequest) -> Option<Secret> {
    let value = found(request, [NAME_ON_TLS, NAME])?;
    let is_token = value.len() == TOKEN_LETTERS && value.bytes().all(|b| b.is_ascii_hexdigit());
    is_token.then(|| Secret::new(value))
}

/// The sign-on that a browser has begun, as it was given to it.
pub(crate) fn flow(request: &HttpRequest) -> Option<Secret> {
    found(request, [FLOW_ON_TLS, FLOW]).map(Secret::new)
}

/// The first of these cookies that a browser sends.
fn found(request: &HttpRequest, names: [&str; 2]) -> Option<String> {
    let headers = request.headers().get_all(COOKIE);
    let texts = headers.filter_map(|header| header.to_str().ok());
    let texts: Vec<&str> = texts.filter(|text| text.len() <= HEADER_BYTES_MAX).collect();
    let value = |wanted: &str| {
        let mut pairs = texts.iter().flat_map(|text| text.split(';'));
        pairs.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted).then(|| value.to_owned())
        })
    };
    names.into_iter().find_map(value)
}

/// Whether the browser speaks TLS, to a proxy in front: it says so itself, of what it sends.
fn is_on_tls(request: &HttpRequest) -> bool {
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| origin.starts_with("https://"))
}

/// The header that gives a browser a token, for as long as it is open.
pub(crate) fn given(request: &HttpRequest, token: &Secret) -> String {
    session_given(is_on_tls(request), token)
}

/// The same where it is known whether the browser speaks TLS.
pub(crate) fn session_given(is_on_tls: bool, token: &Secret) -> String {
    header([NAME_ON_TLS, NAME], is_on_tls, (token.expose(), ""))
}

/// The header that takes it away.
pub(crate) fn taken(request: &HttpRequest) -> String {
    header([NAME_ON_TLS, NAME], is_on_tls(request), ("", "; Max-Age=0"))
}

/// The header that gives a browser a sign-on to come back with.
pub(crate) fn flow_given(is_on_tls: bool, flow: &Secret) -> String {
    let age = format!("; Max-Age={}", FLOW_MS / 1_000);
    header([FLOW_ON_TLS, FLOW], is_on_tls, (flow.expose(), &age))
}

/// The header that takes it away.
pub(crate) fn flow_taken(is_on_tls: bool) -> String {
    header([FLOW_ON_TLS, FLOW], is_on_tls, ("", "; Max-Age=0"))
}

fn header(names: [&str; 2], is_on_tls: bool, (value, age): (&str, &str)) -> String {
    let (name, secure) = if is_on_tls { (names[0], "; Secure") } else { (names[1], "") };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}
