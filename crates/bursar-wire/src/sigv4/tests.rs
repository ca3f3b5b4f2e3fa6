use std::path::Path;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::{HeaderName, HeaderValue};

use super::*;

const SECRET: &str = "a-secret-of-our-own";
const NOON: &str = "2026-11-22T12:00:00Z";
const BODY: &[u8] = br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#;

fn noon() -> Timestamp {
    Timestamp::parse_rfc3339(NOON).unwrap()
}

/// Headers of a request that `aws-sigv4` signed at noon.
fn signed(
    raw_path: &str,
    extra: &[(&'static str, &'static str)],
    token: Option<&str>,
) -> HeaderMap {
    let identity =
        Credentials::new("AKIDOURS", SECRET, token.map(str::to_owned), None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(SERVICE)
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(noon().0).unwrap()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1:9999"));
    for (name, value) in extra {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    let pairs: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let request = SignableRequest::new(
        "POST",
        format!("http://127.0.0.1:9999{raw_path}"),
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        SignableBody::Bytes(BODY),
    )
    .unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    for (name, value) in instructions.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn check(target: &str, headers: &HeaderMap, now: Timestamp) -> Result<(), SignatureError> {
    check_body(target, headers, BODY, (SECRET, now))
}

fn check_body(
    target: &str,
    headers: &HeaderMap,
    body: &[u8],
    (secret, now): (&str, Timestamp),
) -> Result<(), SignatureError> {
    let authorization = Authorization::parse(headers["authorization"].to_str().unwrap())?;
    let (raw_path, raw_query) = target.split_once('?').unwrap_or((target, ""));
    let request = SignedRequest { method: "POST", raw_path, raw_query, headers, body };
    verify(&request, &authorization, secret, now)
}

const ARN_PATH: &str =
    "/team/a/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aprompt-router%2Fx/converse";

#[test]
fn what_the_aws_signer_signed_is_accepted() {
    let spaced = [("content-type", "application/json"), ("x-amzn-bedrock-trace", "a   b ")];
    for path in [
        "/model/a.b-v1%3A0/invoke",
        "/model/a.b-v1:0/invoke",
        ARN_PATH,
        "/model/a.b/converse?b=2&a=%20x&a=1",
        "/",
    ] {
        assert_eq!(check(path, &signed(path, &spaced, None), noon()), Ok(()), "{path}");
    }
}

#[test]
fn a_session_token_is_checked_as_signed() {
    let path = "/model/a.b/converse";
    let mut headers = signed(path, &[], Some("session-token"));
    assert_eq!(check(path, &headers, noon()), Ok(()));
    headers.insert("x-amz-security-token", HeaderValue::from_static("another"));
    assert_eq!(check(path, &headers, noon()), Err(SignatureError::Mismatch));
}

/// As AWS's SDK for JavaScript signed it over HTTP/2: the host under the name `:authority`.
fn signed_by_javascript(host: &'static str) -> HeaderMap {
    let pairs = [
        ("host", host),
        ("content-type", "application/json"),
        ("content-length", "15"),
        ("x-amz-user-agent", "aws-sdk-js/3.1163.0"),
        ("amz-sdk-invocation-id", "42d0878a-6c5f-44ee-8eb2-4ae72aebaae2"),
        ("amz-sdk-request", "attempt=1; max=3"),
        ("x-amz-date", "20261123T081827Z"),
        (
            "x-amz-content-sha256",
            "5e4ce7b36ba37b78a5d5f9fd08e6b7b54ba6879d651aa46ec9e1d6fa24ebe30a",
        ),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/bedrock/aws4_request, \
             SignedHeaders=:authority;amz-sdk-invocation-id;amz-sdk-request;content-length;\
             content-type;x-amz-content-sha256;x-amz-date;x-amz-user-agent, \
             Signature=25796ea9e58e1633c22537a335231809c18079ba727d4b6adc261c24c852c14f",
        ),
    ];
    let pairs =
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    pairs.into_iter().collect()
}

#[test]
fn a_host_signed_as_the_authority_is_the_host() {
    let at = Timestamp::parse_rfc3339("2026-11-23T08:18:27Z").unwrap();
    let path = "/model/a%3Ab%2Fc/converse";
    let checked =
        |host| check_body(path, &signed_by_javascript(host), br#"{"messages":[]}"#, ("secret", at));
    assert_eq!(checked("127.0.0.1:37359"), Ok(()));
    assert_eq!(checked("127.0.0.1:37360"), Err(SignatureError::Mismatch));
}

#[test]
fn another_secret_path_body_or_header_does_not_match() {
    let path = "/model/a.b/converse";
    let headers = signed(path, &[("content-type", "application/json")], None);
    let mismatch = Err(SignatureError::Mismatch);
    assert_eq!(check_body(path, &headers, BODY, ("other", noon())), mismatch);
    assert_eq!(check_body(path, &headers, b"{}", (SECRET, noon())), mismatch);
    assert_eq!(check("/model/a.c/converse", &headers, noon()), mismatch);
    assert_eq!(check("/model/a.b/converse?x=1", &headers, noon()), mismatch);
    let mut other = headers.clone();
    other.insert("content-type", HeaderValue::from_static("text/plain"));
    assert_eq!(check(path, &other, noon()), mismatch);
    other.remove("content-type");
    let missing = SignatureError::UnsignedHeader("content-type".to_owned());
    assert_eq!(check(path, &other, noon()), Err(missing));
}

#[test]
fn five_minutes_either_way_pass_and_a_millisecond_more_does_not() {
    let path = "/model/a.b/converse";
    let headers = signed(path, &[], None);
    for skew in [-SKEW_MS_MAX, SKEW_MS_MAX] {
        assert_eq!(check(path, &headers, Timestamp(noon().0 + skew)), Ok(()));
        let beyond = Timestamp(noon().0 + skew + skew.signum());
        let error = check(path, &headers, beyond).unwrap_err();
        assert!(matches!(error, SignatureError::Skewed { .. }), "{error}");
        assert_eq!(error.wire_error().status, 403);
    }
    let late = check(path, &headers, Timestamp(noon().0 + 600_000)).unwrap_err();
    assert_eq!(
        late.wire_error().message,
        "Signature expired: 20261122T120000Z is now earlier than 20261122T120500Z \
         (20261122T121000Z - 5 min.)"
    );
}

#[test]
fn a_date_host_or_day_that_is_not_bound_by_the_signature_is_refused() {
    let path = "/model/a.b/converse";
    let headers = signed(path, &[], None);
    let good = Authorization::parse(headers["authorization"].to_str().unwrap()).unwrap();
    let verify_with = |authorization: &Authorization, headers: &HeaderMap| {
        let request =
            SignedRequest { method: "POST", raw_path: path, raw_query: "", headers, body: BODY };
        verify(&request, authorization, SECRET, noon())
    };
    for name in ["host", "x-amz-date"] {
        let mut without = good.clone();
        without.signed_headers.retain(|signed| signed != name);
        let refused = Err(SignatureError::UnsignedHeader(name.to_owned()));
        assert_eq!(verify_with(&without, &headers), refused);
    }
    let yesterday = Authorization { date: "20261121".to_owned(), ..good.clone() };
    assert!(matches!(verify_with(&yesterday, &headers), Err(SignatureError::WrongScope { .. })));
    for date in ["20261122", "20261122T12000éZ", "2026-11-22T12:00", "20261399T120000Z"] {
        let mut odd = headers.clone();
        odd.insert("x-amz-date", HeaderValue::from_bytes(date.as_bytes()).unwrap());
        assert!(
            matches!(verify_with(&good, &odd), Err(SignatureError::UnsignedHeader(_))),
            "{date}"
        );
    }
}

#[test]
fn headers_that_are_no_authorization_for_bedrock_are_refused() {
    let signature = "SignedHeaders=host, Signature=00";
    let scope = |scope: &str| format!("{ALGORITHM} Credential={scope}, {signature}");
    assert!(Authorization::parse(&scope("k/20261122/x/bedrock/aws4_request")).is_ok());
    for bad in ["k/20261122/x/s3/aws4_request", "k/20261122/x/bedrock", "k"] {
        let error = Authorization::parse(&scope(bad)).unwrap_err();
        assert!(matches!(error, SignatureError::WrongScope { .. }), "{bad}");
    }
    for bad in ["", "Bearer abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e"] {
        let error = Authorization::parse(bad).unwrap_err();
        assert!(matches!(error, SignatureError::Incomplete(_)), "{bad}");
        assert_eq!(error.wire_error().code, "IncompleteSignatureException");
    }
    let long = scope(&"k".repeat(AUTHORIZATION_BYTES_MAX));
    assert!(matches!(Authorization::parse(&long), Err(SignatureError::Incomplete(_))));
}

/// The shared captures of boto3's and the Rust SDK's requests, where they lie beside the checkout.
#[test]
fn captured_requests_of_other_sdks_verify() {
    let file = "../../../shared/data/recordings/OWN_sigv4_request_captures.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut verified = 0;
    for capture in json["captures"].as_array().unwrap() {
        let secret = capture["secret_access_key"].as_str().unwrap();
        for request in capture["requests"].as_array().unwrap() {
            let (target, headers) = (request["path"].as_str().unwrap(), captured_headers(request));
            let body = request["body"].as_str().unwrap_or_default().as_bytes();
            let (_, now) = signing_time(&headers).unwrap();
            assert_eq!(check_body(target, &headers, body, (secret, now)), Ok(()), "{target}");
            let wrong = check_body(target, &headers, body, ("wrong", now));
            assert_eq!(wrong, Err(SignatureError::Mismatch));
            verified += 1;
        }
    }
    assert!(verified >= 9, "only {verified} captures");
}

fn captured_headers(request: &serde_json::Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in request["headers"].as_array().unwrap() {
        let name = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(pair[1].as_str().unwrap()).unwrap());
    }
    headers
}
