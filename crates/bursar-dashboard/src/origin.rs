//! Whether a form was sent from one of our own pages: what the browser says of where it comes from.
//! A page elsewhere can send forms here, and the browser adds the cookie; but it cannot say that it
//! is us.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderName, ORIGIN};

use crate::problem::Problem;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// That a request which changes something comes from here. A program that is no browser says neither;
/// it has no cookie that somebody else could use.
///
/// # Errors
/// It comes from elsewhere.
pub(crate) fn check(request: &HttpRequest) -> Result<(), Problem> {
    let header = |name: &HeaderName| {
        let mut all = request.headers().get_all(name);
        let (first, second) = (all.next(), all.next());
        // Twice is nobody's: it matches nothing.
        let text = first.map(|value| value.to_str().unwrap_or("?"));
        if second.is_some() { Some("?") } else { text }
    };
    let from_here = header(&FETCH_SITE).is_none_or(|site| site == "same-origin");
    let host = header(&HOST).unwrap_or_default();
    let is_ours = header(&ORIGIN).is_none_or(|origin| {
        origin.split_once("://").is_some_and(|(_, name)| name.eq_ignore_ascii_case(host))
    });
    if from_here && is_ours {
        return Ok(());
    }
    let message = "the form was sent from another site";
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
        .hint("open the page here, and send it from there; nothing was changed"))
}
