//! An answer as it leaves: Bedrock's own head but for what belongs to one connection, and ours
//! beside it under `x-bursar-`.

use bursar_core::Head;
use bursar_domain::money::{Micros, Total};
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::exchange::Told;

/// What is between two neighbours alone, and not handed on.
const OF_ONE_CONNECTION: [HeaderName; 8] = [
    CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-connection"),
];

/// Bedrock's status and headers, and what is told of the call. A body's length is left for the
/// server to say: a stream that is cut has another.
pub(crate) fn head(head: Head, told: &Told) -> (StatusCode, HeaderMap) {
    let Head { status, mut headers } = head;
    for name in OF_ONE_CONNECTION {
        headers.remove(name);
    }
    headers.remove(CONTENT_LENGTH);
    tell(&mut headers, told);
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), headers)
}

/// Puts in what is told of a call. Only Bursar speaks under `x-bursar-`.
pub(crate) fn tell(headers: &mut HeaderMap, told: &Told) {
    put(headers, "x-bursar-call-id", told.id.as_str());
    for (name, text) in
        [("x-bursar-model", &told.sent_to.model), ("x-bursar-region", &told.sent_to.region)]
    {
        if let Some(text) = text {
            put(headers, name, text);
        }
    }
    let dollars = |micros: Micros| Total::from_halves(micros.0, 0).usd();
    match (told.cost, told.hold.held) {
        (Some(cost), _) => put(headers, "x-bursar-cost", &cost.usd()),
        (None, Some(held)) => put(headers, "x-bursar-held", &dollars(held)),
        (None, None) => {}
    }
    if let Some(room) = told.room() {
        put(headers, "x-bursar-room", &dollars(room));
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
