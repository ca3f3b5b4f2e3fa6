//! Request paths: `/model/{id}/{operation}` and `/guardrail/{id}/version/{version}/apply`, read from
//! the raw path and written as the SDKs do.
//!
//! The path is taken as it came on the wire and decoded once, so that a `%2F` in an ARN never
//! becomes a separator. Whether such a model exists is not asked here.

use bursar_domain::call::Operation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The longest model id that Bedrock takes, in bytes.
pub const MODEL_BYTES_MAX: usize = 2048;
/// What the SDKs encode in a path segment, and what a signature's canonical forms encode: all but
/// letters, digits and `-._~`.
pub(crate) const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath {
    /// What stands before `/model/` or `/guardrail/`, raw: empty, or such as `/team/a`.
    pub prefix: String,
    /// The model as the caller wrote it, decoded; of a guardrail, its id, a slash and its version.
    pub model: String,
    /// The operation.
    pub operation: Operation,
}

/// Why a path is no request to a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It has another form.
    #[error("`{path}` is not `/model/<id>/<operation>`; hint: write a `/` in the id as `%2F`")]
    NotAModelPath {
        /// The raw path.
        path: String,
    },
    /// Its last segment is no operation that is served.
    #[error("unknown operation `{given}`; hint: {}", known_operations())]
    UnknownOperation {
        /// The segment.
        given: String,
    },
    /// The model id cannot be one in any form.
    #[error("the model id `{given}` {why}; hint: encode it once, as the AWS SDKs do")]
    BadModelId {
        /// The raw segment.
        given: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads a raw path, without its query.
pub fn parse_path(raw_path: &str) -> Result<RequestPath, PathError> {
    let foreign = || PathError::NotAModelPath { path: raw_path.to_owned() };
    let (rest, segment) = raw_path.rsplit_once('/').ok_or_else(foreign)?;
    let (rest, id) = rest.rsplit_once('/').ok_or_else(foreign)?;
    if segment == Operation::ApplyGuardrail.path_segment() {
        return guardrail(rest, id).unwrap_or_else(|| Err(foreign()));
    }
    let prefix = rest.strip_suffix("/model").ok_or_else(foreign)?;
    let operation = operation_of(segment)
        .ok_or_else(|| PathError::UnknownOperation { given: segment.to_owned() })?;
    Ok(RequestPath { prefix: prefix.to_owned(), model: decode_model(id)?, operation })
}

/// What stands before `/VERSION/apply`, and the version: the path, or what is wrong with its id.
fn guardrail(rest: &str, version: &str) -> Option<Result<RequestPath, PathError>> {
    let (prefix, id) = rest.strip_suffix("/version")?.rsplit_once('/')?;
    let prefix = prefix.strip_suffix("/guardrail")?;
    let read = || {
        let model = format!("{}/{}", decode_model(id)?, decode_model(version)?);
        let operation = Operation::ApplyGuardrail;
        Ok(RequestPath { prefix: prefix.to_owned(), model, operation })
    };
    Some(read())
}

/// The path of an operation on a model, encoded as the AWS SDKs encode it.
#[must_use]
pub fn encode_path(model: &str, operation: Operation) -> String {
    if operation == Operation::ApplyGuardrail {
        let (id, version) = model.rsplit_once('/').unwrap_or((model, ""));
        let encode = |text| utf8_percent_encode(text, ENCODED).to_string();
        return format!("/guardrail/{}/version/{}/apply", encode(id), encode(version));
    }
    format!("/model/{}/{}", utf8_percent_encode(model, ENCODED), operation.path_segment())
}

fn operation_of(segment: &str) -> Option<Operation> {
    of_models().find(|operation| operation.path_segment() == segment)
}

/// The operations that ask a model.
fn of_models() -> impl Iterator<Item = Operation> {
    let all = Operation::ALL.iter().copied();
    all.filter(|operation| *operation != Operation::ApplyGuardrail)
}

fn known_operations() -> String {
    let segments: Vec<_> = of_models().map(Operation::path_segment).collect();
    format!("one of {}", segments.join(", "))
}

fn decode_model(raw: &str) -> Result<String, PathError> {
    let bad = |why| PathError::BadModelId { given: raw.to_owned(), why };
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| bad("is not UTF-8"))?;
    if decoded.is_empty() {
        return Err(bad("is empty"));
    }
    if decoded.len() > MODEL_BYTES_MAX {
        return Err(bad("is longer than 2048 bytes"));
    }
    if decoded.contains('%') {
        return Err(bad("is encoded twice or has a stray `%`"));
    }
    if decoded.chars().any(char::is_control) {
        return Err(bad("has control characters"));
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model_of(path: &str) -> String {
        parse_path(path).unwrap().model
    }

    #[test]
    fn an_encoded_and_a_raw_colon_are_one_model() {
        let model = "anthropic.claude-3-haiku-20240307-v1:0";
        assert_eq!(model_of("/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke"), model);
        assert_eq!(model_of("/model/anthropic.claude-3-haiku-20240307-v1:0/invoke"), model);
    }

    #[test]
    fn an_encoded_slash_stays_in_its_segment_and_a_raw_one_does_not() {
        let path =
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprompt-router%2Fa/converse";
        assert_eq!(model_of(path), "arn:aws:bedrock:us-east-1:123456789012:prompt-router/a");
        let raw = "/model/arn:aws:bedrock:us-east-1:123456789012:prompt-router/a/converse";
        assert!(matches!(parse_path(raw), Err(PathError::NotAModelPath { .. })));
    }

    #[test]
    fn a_prefix_is_kept_raw() {
        let path = parse_path("/team/a%20b/model/a.b/converse-stream").unwrap();
        assert_eq!(path.prefix, "/team/a%20b");
        assert_eq!(path.operation, Operation::ConverseStream);
    }

    #[test]
    fn every_path_written_is_read_back() {
        for operation in of_models() {
            for model in
                ["amazon.nova-lite-v1:0", "arn:aws:bedrock:x::foundation-model/a.b", "../é"]
            {
                let path = encode_path(model, operation);
                let read = parse_path(&path).unwrap();
                assert_eq!((read.model.as_str(), read.operation), (model, operation));
                assert!(!path.contains(':'));
            }
        }
    }

    #[test]
    fn a_guardrail_is_read_with_its_version() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:guardrail/ab12";
        for (id, version) in [("ab12", "DRAFT"), (arn, "3")] {
            let named = format!("{id}/{version}");
            let path = encode_path(&named, Operation::ApplyGuardrail);
            let read = parse_path(&format!("/team/a{path}")).unwrap();
            assert_eq!((read.model, read.operation), (named, Operation::ApplyGuardrail));
            assert_eq!(read.prefix, "/team/a");
        }
        for path in [
            "/apply",
            "/guardrail/apply",
            "/guardrail/ab12/version/apply",
            "/guardrail/ab12/version/1/2/apply",
            "/guardrail/a/b/version/1/apply",
            "/model/ab12/apply",
            "/guardrails/ab12/version/1/apply",
        ] {
            assert!(matches!(parse_path(path), Err(PathError::NotAModelPath { .. })), "{path}");
        }
        for path in ["/guardrail//version/1/apply", "/guardrail/a/version/%00/apply"] {
            assert!(matches!(parse_path(path), Err(PathError::BadModelId { .. })), "{path}");
        }
    }

    #[test]
    fn ids_that_cannot_be_any_are_refused() {
        for id in ["", "a%253A0", "a%zz", "a%00b", "a%0Ab", "%ff"] {
            let refused = parse_path(&format!("/model/{id}/converse"));
            assert!(matches!(refused, Err(PathError::BadModelId { .. })), "{id:?}: {refused:?}");
        }
        let long = "a".repeat(MODEL_BYTES_MAX);
        assert!(parse_path(&format!("/model/{long}/converse")).is_ok());
        assert!(parse_path(&format!("/model/{long}a/converse")).is_err());
    }

    #[test]
    fn other_paths_and_operations_are_refused() {
        for path in ["", "/", "/model", "model/a.b/converse", "/model/a.b", "/models/a.b/invoke"] {
            assert!(parse_path(path).is_err(), "{path:?}");
        }
        let error = parse_path("/model/a.b/invoke-with-bidirectional-stream").unwrap_err();
        assert!(error.to_string().contains("invoke-with-response-stream"), "{error}");
    }
}
