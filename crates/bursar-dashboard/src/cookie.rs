//! The one cookie: a session's token. Over TLS its name has `__Host-` before it, which no other host
//! can set, and it is sent over TLS alone.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, ORIGIN};
use bursar_ledger::Secret;

const NAME: &str = "bursar";
const NAME_ON_TLS: &str = "__Host-bursar";
/// A token in hexadecimal digits.
const TOKEN_LETTERS: usize = 64;
/// Longer headers are no browser's; they are not looked through.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// The token that a browser sends, if it can be one. Where both cookies come, that of TLS counts.
pub(crate) fn token(request: &HttpRequest) -> Option<Secret> {
    let headers = request.headers().get_all(COOKIE);
    let texts = headers.filter_map(|header| header.to_str().ok());
    let texts: Vec<&str> = texts.filter(|text| text.len() <= HEADER_BYTES_MAX).collect();
    let named = |wanted: &str| {
        let mut pairs = texts.iter().flat_map(|text| text.split(';'));
        pairs.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted).then(|| value.to_owned())
        })
    };
    let value = named(NAME_ON_TLS).or_else(|| named(NAME))?;
    let is_token = value.len() == TOKEN_LETTERS && value.bytes().all(|b| b.is_ascii_hexdigit());
    is_token.then(|| Secret::new(value))
}

/// Whether the browser speaks TLS, to a proxy in front: it says so itself, of what it sends.
fn is_on_tls(request: &HttpRequest) -> bool {
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| origin.starts_with("https://"))
}

/// The header that gives a browser a token, for as long as it is open.
pub(crate) fn given(request: &HttpRequest, token: &Secret) -> String {
    header(request, token.expose(), "")
}

/// The header that takes it away.
pub(crate) fn taken(request: &HttpRequest) -> String {
    header(request, "", "; Max-Age=0")
}

fn header(request: &HttpRequest, value: &str, age: &str) -> String {
    let (name, secure) = if is_on_tls(request) { (NAME_ON_TLS, "; Secure") } else { (NAME, "") };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}
