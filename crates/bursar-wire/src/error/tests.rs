use super::*;

fn headers(error_type: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-ErrorType", HeaderValue::from_str(error_type).unwrap());
    headers
}

fn from_body(status: u16, body: &str) -> WireError {
    WireError::from_response(status, &HeaderMap::new(), body.as_bytes())
}

#[test]
fn the_code_is_found_in_each_of_its_places_and_forms() {
    let long = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/";
    let by_header = WireError::from_response(400, &headers(long), br#"{"message":"wrong"}"#);
    assert_eq!(by_header, WireError::new(ErrorCode::Validation, "wrong"));
    for body in [
        r#"{"code":"ValidationException","message":"wrong"}"#,
        r#"{"__type":"com.amazon.coral.service#ValidationException","Message":"wrong"}"#,
        r#"{"__type":"ValidationException:","errorMessage":"wrong"}"#,
    ] {
        assert_eq!(from_body(400, body), WireError::new(ErrorCode::Validation, "wrong"), "{body}");
    }
}

#[test]
fn the_header_wins_over_the_body_and_code_over_type() {
    let body = br#"{"code":"Second","__type":"Third"}"#;
    assert_eq!(WireError::from_response(400, &headers("First"), body).code, "First");
    assert_eq!(WireError::from_response(400, &HeaderMap::new(), body).code, "Second");
    assert_eq!(from_body(400, r#"{"code":7,"__type":"Third"}"#).code, "Third");
}

#[test]
fn a_body_that_is_no_json_is_kept_as_the_message_up_to_a_limit() {
    let error = from_body(502, "<html>Bad Gateway</html>");
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("Http502", "<html>Bad Gateway</html>")
    );
    assert_eq!(from_body(500, &"é".repeat(9_000)).message.chars().count(), MESSAGE_CHARS_MAX);
    assert_eq!(from_body(500, "{}").message, "");
    assert_eq!(from_body(500, "").code, "Http500");
}

#[test]
fn every_modelled_error_survives_its_own_answer_and_its_own_frame() {
    for &code in ErrorCode::ALL {
        let error = WireError::new(code, "why \"not\"");
        let (headers, body) = error.headers_and_body();
        assert_eq!(WireError::from_response(error.status, &headers, &body), error);
        assert_eq!(headers[CONTENT_TYPE], "application/json");

        let in_stream = WireError::from_frame(&error.frame()).unwrap();
        assert_eq!(in_stream, WireError { in_stream: true, ..error });
        assert!(!in_stream.is_retryable());
    }
}

#[test]
fn frames_outside_the_model_keep_their_words() {
    let odd = WireError::from_frame(&Frame::exception("newException", r#"{"message":"m"}"#));
    assert_eq!(odd.map(|error| (error.code, error.status)), Some(("newException".to_owned(), 500)));
    let error = WireError::unmodelled("Oops", 500, "why");
    assert_eq!(WireError::from_frame(&error.frame()), Some(WireError { in_stream: true, ..error }));
    assert_eq!(WireError::from_frame(&Frame::event("chunk", "{}")), None);
}

#[test]
fn a_code_with_control_characters_does_not_reach_a_header() {
    let (headers, _) = WireError::unmodelled("A\r\nB", 400, "").headers_and_body();
    assert!(headers[TYPE_HEADER].to_str().unwrap().starts_with("AB:http"));
}

#[test]
fn throttling_is_known_by_its_code_at_any_status() {
    let at_400 = WireError::unmodelled("ThrottlingException", 400, "");
    assert!(at_400.is_throttling() && at_400.is_retryable());
    assert!(from_body(429, "slow down").is_throttling());
    assert!(!WireError::new(ErrorCode::ModelNotReady, "").is_throttling());
}

#[test]
fn only_errors_before_generation_may_be_sent_again() {
    let retryable: Vec<_> = ErrorCode::ALL
        .iter()
        .filter(|&&code| WireError::new(code, "").is_retryable())
        .map(|code| code.as_str())
        .collect();
    assert_eq!(
        retryable,
        [
            "InternalServerException",
            "ModelNotReadyException",
            "ServiceUnavailableException",
            "ThrottlingException"
        ]
    );
    assert!(from_body(503, "").is_retryable());
    assert!(!from_body(502, "").is_retryable());
    assert!(!from_body(504, "").is_retryable());
}
