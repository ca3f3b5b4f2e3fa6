//! A request's own metadata, with Bedrock's limits: in Converse's body, in a header elsewhere.

use std::collections::BTreeMap;

use bursar_domain::call::Operation;
use bursar_wire::error::{ErrorCode, WireError};
use http::HeaderMap;
use serde_json::Value;

use crate::action::Action;
use crate::steering;

const HEADER: &str = "x-amzn-bedrock-request-metadata";
const HEADER_CHARS_MAX: usize = 8_500;
const PAIRS_MAX: usize = 16;
const TEXT_CHARS_MAX: usize = 256;

/// Metadata, and the steering that was among it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) steering: Option<String>,
}

/// Reads and checks the metadata of a request.
pub(crate) fn read(
    action: Action,
    headers: &HeaderMap,
    body: &Value,
) -> Result<Metadata, WireError> {
    let is_in_body =
        matches!(action, Action::Call(Operation::Converse | Operation::ConverseStream));
    let from_header;
    let given = if is_in_body {
        body.get("requestMetadata")
    } else {
        from_header =
            headers.get(HEADER).map(|value| parse_header(value.as_bytes())).transpose()?;
        from_header.as_ref()
    };
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(Metadata::default());
    };
    let pairs = given.as_object().ok_or_else(|| refuse("must be an object of texts"))?;
    if pairs.is_empty() || pairs.len() > PAIRS_MAX {
        return Err(refuse(&format!("must have 1 to {PAIRS_MAX} pairs")));
    }
    let mut metadata = Metadata::default();
    for (key, value) in pairs {
        let value = value.as_str().ok_or_else(|| refuse("must be an object of texts"))?;
        check(key, 1)?;
        check(value, 0)?;
        if key == steering::KEY {
            metadata.steering = Some(value.to_owned());
        } else {
            metadata.pairs.insert(key.clone(), value.to_owned());
        }
    }
    Ok(metadata)
}

fn parse_header(bytes: &[u8]) -> Result<Value, WireError> {
    if bytes.len() > HEADER_CHARS_MAX {
        return Err(refuse(&format!("must have at most {HEADER_CHARS_MAX} characters")));
    }
    serde_json::from_slice(bytes).map_err(|_| refuse("must be JSON"))
}

fn check(text: &str, chars_min: usize) -> Result<(), WireError> {
    let allowed = |char: char| {
        char.is_ascii_alphanumeric() || char.is_ascii_whitespace() || ":_@$#=/+,-.".contains(char)
    };
    let chars = text.chars().count();
    if chars < chars_min || chars > TEXT_CHARS_MAX {
        return Err(refuse(&format!(
            "keys must have 1 and texts at most {TEXT_CHARS_MAX} characters"
        )));
    }
    if !text.chars().all(allowed) {
        let text = format!("`{text}` must satisfy [a-zA-Z0-9\\s:_@$#=/+,-.]");
        return Err(refuse(&text));
    }
    Ok(())
}

fn refuse(why: &str) -> WireError {
    let text = format!(
        "1 validation error detected: Value at 'requestMetadata' failed to satisfy constraint: \
         {why}"
    );
    WireError::new(ErrorCode::Validation, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn in_body(metadata: &Value) -> Result<Metadata, WireError> {
        let body = json!({"requestMetadata": metadata});
        read(Operation::Converse.into(), &HeaderMap::new(), &body)
    }

    #[test]
    fn the_steering_is_taken_out_of_the_metadata() {
        let metadata = in_body(&json!({"team": "a/b", "bursar-sim": "input=3"})).unwrap();
        assert_eq!(metadata.pairs, BTreeMap::from([("team".to_owned(), "a/b".to_owned())]));
        assert_eq!(metadata.steering.as_deref(), Some("input=3"));
        assert_eq!(in_body(&Value::Null), Ok(Metadata::default()));
    }

    #[test]
    fn invoke_model_reads_its_header_and_not_its_body() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(HEADER),
            http::HeaderValue::from_static(r#"{"bursar-sim":"output=1"}"#),
        )]);
        let body = json!({"requestMetadata": {"bursar-sim": "output=2"}});
        let metadata = read(Operation::InvokeModel.into(), &headers, &body).unwrap();
        assert_eq!(metadata.steering.as_deref(), Some("output=1"));
    }

    #[test]
    fn bedrocks_limits_hold() {
        let pairs = |count: usize| -> Value {
            (0..count).map(|number| (format!("k{number}"), json!("v"))).collect()
        };
        assert!(in_body(&pairs(16)).is_ok());
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        for wrong in [
            pairs(0),
            pairs(17),
            json!([]),
            json!({"k": 1}),
            json!({"": "v"}),
            json!({"k": long}),
            json!({"k": "a*b"}),
            json!({"k": "é"}),
        ] {
            assert_eq!(in_body(&wrong).unwrap_err().status, 400, "{wrong}");
        }
    }
}
