//! Verifying `SigV4`: whether a request was signed with a secret, over the very bytes that arrived.
//!
//! The canonical request is ours, because a signer picks its own headers and each SDK picks others;
//! the key derivation is `aws-sigv4`'s. Which keys exist, and whose they are, is not known here.

use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use bursar_domain::time::Timestamp;
use http::HeaderMap;
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::WireError;
use crate::path::ENCODED;

/// The only algorithm that is accepted.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Bedrock's name in the credential scope.
pub const SERVICE: &str = "bedrock";
/// How far a request's date may be from now, either way.
pub const SKEW_MS_MAX: i64 = 5 * 60 * 1000;
/// The name under which a signer of HTTP/2 may sign the host: AWS's SDK for JavaScript does.
const AUTHORITY: &str = ":authority";
/// The longest `Authorization` header that is read, in bytes.
pub const AUTHORIZATION_BYTES_MAX: usize = 8 * 1024;

/// A request as it came. Over HTTP/2 the caller puts `:authority` into `headers` as `host`.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// `POST` …
    pub method: &'a str,
    /// The path as on the wire, still encoded.
    pub raw_path: &'a str,
    /// The query as on the wire, without `?`; empty when there is none.
    pub raw_query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// The `Authorization` header of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Whose secret signed.
    pub access_key_id: String,
    /// The scope's day, `YYYYMMDD`.
    pub date: String,
    /// The scope's region.
    pub region: String,
    /// The scope's service.
    pub service: &'static str,
    /// The headers that are signed, lower case, in the signer's order.
    pub signed_headers: Vec<String>,
    /// The signature, lower-case hex.
    pub signature: String,
}

/// Why a request's signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is no `SigV4` authorization, or lacks a part.
    #[error("the authorization header lacks {0}; hint: sign with AWS Signature Version 4")]
    Incomplete(&'static str),
    /// The credential scope is not one for the service.
    #[error("the credential scope `{given}` is wrong; hint: it must be {expected}")]
    WrongScope {
        /// The scope, or its part.
        given: String,
        /// What it must be.
        expected: String,
    },
    /// A header that must be signed is not, or a signed one did not arrive.
    #[error("the header `{0}` is not both sent and signed")]
    UnsignedHeader(String),
    /// The request's date is too far from now.
    #[error("the request was signed at `{signed_at}`, now is `{now}`; hint: set the clock")]
    Skewed {
        /// `x-amz-date`.
        signed_at: Timestamp,
        /// The verifier's time.
        now: Timestamp,
    },
    /// Another secret, or other bytes, were signed.
    #[error("the signature does not match; hint: check the secret access key")]
    Mismatch,
}

impl SignatureError {
    /// The answer that AWS gives for it.
    #[must_use]
    pub fn wire_error(&self) -> WireError {
        let mismatch = "The request signature we calculated does not match the signature you \
            provided. Check your AWS Secret Access Key and signing method. Consult the service \
            documentation for details.";
        match self {
            Self::Incomplete(part) => WireError::unmodelled(
                "IncompleteSignatureException",
                400,
                format!("Authorization header requires {part}."),
            ),
            Self::WrongScope { expected, .. } => WireError::unmodelled(
                "InvalidSignatureException",
                403,
                format!("Credential should be scoped to {expected}."),
            ),
            Self::UnsignedHeader(name) => WireError::unmodelled(
                "InvalidSignatureException",
                403,
                format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."),
            ),
            Self::Skewed { signed_at, now } => {
                WireError::unmodelled("InvalidSignatureException", 403, skew_text(*signed_at, *now))
            }
            Self::Mismatch => WireError::unmodelled("InvalidSignatureException", 403, mismatch),
        }
    }
}

impl Authorization {
    /// Reads an `Authorization` header for Bedrock.
    pub fn parse(header: &str) -> Result<Self, SignatureError> {
        Self::parse_for(SERVICE, header)
    }

    /// Reads an `Authorization` header for a service.
    pub fn parse_for(service: &'static str, header: &str) -> Result<Self, SignatureError> {
        let rest =
            header.strip_prefix(ALGORITHM).filter(|_| header.len() <= AUTHORIZATION_BYTES_MAX);
        let parts = rest.ok_or(SignatureError::Incomplete("'AWS4-HMAC-SHA256'"))?;
        let part = |name: &str| {
            parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let credential =
            part("Credential").ok_or(SignatureError::Incomplete("'Credential' parameter"))?;
        let signed =
            part("SignedHeaders").ok_or(SignatureError::Incomplete("'SignedHeaders' parameter"))?;
        let signature =
            part("Signature").ok_or(SignatureError::Incomplete("'Signature' parameter"))?;
        let scope: Vec<&str> = credential.split('/').collect();
        let wrong = || SignatureError::WrongScope {
            given: credential.to_owned(),
            expected: format!("<key id>/<date>/<region>/{service}/aws4_request"),
        };
        let &[access_key_id, date, region, named, "aws4_request"] = scope.as_slice() else {
            return Err(wrong());
        };
        if named != service {
            return Err(wrong());
        }
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service,
            signed_headers: signed.split(';').map(str::to_owned).collect(),
            signature: signature.to_owned(),
        })
    }
}

/// Checks that `request` was signed with the secret, at most five minutes from `now`. The body's
/// hash is always computed: an unsigned payload never passes. A session token is only text to be
/// signed like any other header.
pub fn verify(
    request: &SignedRequest<'_>,
    authorization: &Authorization,
    secret_access_key: &str,
    now: Timestamp,
) -> Result<(), SignatureError> {
    for (required, also) in [("host", Some(AUTHORITY)), ("x-amz-date", None)] {
        let is_it = |name: &String| name == required || also.is_some_and(|also| name == also);
        if !authorization.signed_headers.iter().any(is_it) {
            return Err(SignatureError::UnsignedHeader(required.to_owned()));
        }
    }
    let (amz_date, signed_at) = signing_time(request.headers)?;
    if (signed_at.0 - now.0).abs() > SKEW_MS_MAX {
        return Err(SignatureError::Skewed { signed_at, now });
    }
    let day = amz_date.get(..8).unwrap_or_default();
    if day != authorization.date {
        let given = authorization.date.clone();
        return Err(SignatureError::WrongScope { given, expected: format!("the day `{day}`") });
    }
    let canonical = canonical_request(request, authorization)?;
    let Authorization { region, service, .. } = authorization;
    let text = format!(
        "{ALGORITHM}\n{amz_date}\n{day}/{region}/{service}/aws4_request\n{}",
        hex::encode(Sha256::digest(canonical))
    );
    let millis = u64::try_from(signed_at.0).unwrap_or_default();
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let key = generate_signing_key(secret_access_key, time, region, service);
    let expected = calculate_signature(key, text.as_bytes());
    // Constant time: how many characters are right must not show in how long the answer takes.
    let matches = expected.as_bytes().ct_eq(authorization.signature.as_bytes());
    if bool::from(matches) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// `x-amz-date` as sent, and as a time.
fn signing_time(headers: &HeaderMap) -> Result<(&str, Timestamp), SignatureError> {
    let missing = || SignatureError::UnsignedHeader("x-amz-date".to_owned());
    let text =
        headers.get("x-amz-date").and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let digits_only = text.len() == 16
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    if !digits_only {
        return Err(missing());
    }
    let (day, time) = (&text[..8], &text[9..15]);
    let rfc3339 = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &day[..4],
        &day[4..6],
        &day[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    );
    Timestamp::parse_rfc3339(&rfc3339).map(|time| (text, time)).ok_or_else(missing)
}

fn canonical_request(
    request: &SignedRequest<'_>,
    authorization: &Authorization,
) -> Result<String, SignatureError> {
    let mut headers = String::new();
    for name in &authorization.signed_headers {
        headers.push_str(&canonical_header(request.headers, name)?);
    }
    Ok(format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        canonical_path(request.raw_path),
        canonical_query(request.raw_query),
        authorization.signed_headers.join(";"),
        hex::encode(Sha256::digest(request.body)),
    ))
}

/// `name:value` with inner runs of blanks as one, several values joined by commas.
fn canonical_header(headers: &HeaderMap, name: &str) -> Result<String, SignatureError> {
    let unsigned = || SignatureError::UnsignedHeader(name.to_owned());
    let mut values = Vec::new();
    for value in headers.get_all(if name == AUTHORITY { "host" } else { name }) {
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| unsigned())?;
        values.push(text.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
    }
    if values.is_empty() {
        return Err(unsigned());
    }
    Ok(format!("{name}:{}\n", values.join(",")))
}

/// The path with dots and double slashes resolved, each segment encoded once more: what was `%3A`
/// on the wire is signed as `%253A`.
fn canonical_path(raw_path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw_path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let mut canonical = String::new();
    for segment in segments {
        canonical.push('/');
        canonical.extend(utf8_percent_encode(segment, ENCODED));
    }
    if raw_path.ends_with('/') || canonical.is_empty() {
        canonical.push('/');
    }
    canonical
}

fn canonical_query(raw_query: &str) -> String {
    let encode = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&bytes, ENCODED).to_string()
    };
    let mut pairs: Vec<(String, String)> = raw_query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn skew_text(signed_at: Timestamp, now: Timestamp) -> String {
    let compact = |time: Timestamp| {
        let text = time.to_string();
        let seconds = text.get(..19).unwrap_or(&text);
        format!("{}Z", seconds.replace(['-', ':'], ""))
    };
    let (signed, current) = (compact(signed_at), compact(now));
    if signed_at < now {
        let oldest = compact(Timestamp(now.0 - SKEW_MS_MAX));
        format!("Signature expired: {signed} is now earlier than {oldest} ({current} - 5 min.)")
    } else {
        let newest = compact(Timestamp(now.0 + SKEW_MS_MAX));
        format!(
            "Signature not yet current: {signed} is still later than {newest} ({current} + 5 min.)"
        )
    }
}

#[cfg(test)]
mod tests;
