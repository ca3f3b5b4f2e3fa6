//! Who may call: whoever signs with the configured key or carries a bearer key. Without a
//! configured key anybody who carries any authorization at all; nobody without one.

use bursar_domain::time::Timestamp;
use bursar_wire::error::WireError;
use bursar_wire::sigv4::{self, Authorization, SignedRequest};
use http::header::AUTHORIZATION;

use crate::settings::Credentials;

/// Checks a request's authorization; the error is AWS's own.
pub(crate) fn authorise(
    request: &SignedRequest<'_>,
    service: &'static str,
    credentials: Option<&Credentials>,
    now: Timestamp,
) -> Result<(), WireError> {
    let header = request.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let header = header.ok_or_else(missing_token)?;
    let (scheme, key) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return if key.trim().is_empty() { Err(missing_token()) } else { Ok(()) };
    }
    let Some(credentials) = credentials else {
        return if header.is_empty() { Err(missing_token()) } else { Ok(()) };
    };
    let authorization =
        Authorization::parse_for(service, header).map_err(|error| error.wire_error())?;
    if authorization.access_key_id != credentials.access_key_id {
        let text = "The security token included in the request is invalid.";
        return Err(WireError::unmodelled("UnrecognizedClientException", 403, text));
    }
    sigv4::verify(request, &authorization, &credentials.secret_access_key, now)
        .map_err(|error| error.wire_error())
}

/// The id of the key that a signature names.
pub(crate) fn access_key_id(header: &str) -> Option<String> {
    let (_, credential) = header.split_once("Credential=")?;
    credential.split('/').next().map(str::to_owned)
}

fn missing_token() -> WireError {
    let text = "Missing Authentication Token";
    WireError::unmodelled("MissingAuthenticationTokenException", 403, text)
}
