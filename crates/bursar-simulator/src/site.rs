//! Which of Bedrock's operations a request is for, by its method and its raw path. A prefix before
//! the path is let be, and an encoded slash stays within its segment.

use bursar_wire::error::WireError;
use bursar_wire::messages;
use bursar_wire::path::{MODEL_BYTES_MAX, PathError, RequestPath, parse_path};
use http::Method;
use percent_encoding::percent_decode_str;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A model.
    Model(RequestPath),
    /// A guardrail.
    Guardrail(GuardrailPath),
    /// The control plane's lists.
    Reading(Reading),
}

/// `/guardrail/{id}/version/{version}/apply`, decoded and not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuardrailPath {
    pub(crate) id: String,
    pub(crate) version: String,
}

/// What the control plane is asked to tell, with the id or ARN as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// `ListFoundationModels`.
    Models,
    /// `GetFoundationModel`.
    Model(String),
    /// `ListInferenceProfiles`.
    Profiles,
    /// `GetInferenceProfile`.
    Profile(String),
}

/// The place of a request; the error is the answer to one that is nowhere.
pub(crate) fn find(method: &Method, raw_path: &str) -> Result<Place, WireError> {
    let place = if *method == Method::POST {
        match parse_path(raw_path) {
            Ok(path) => return Ok(Place::Model(path)),
            Err(PathError::BadModelId { .. }) => return Err(messages::invalid_model_id()),
            Err(_) => guardrail(raw_path).map(Place::Guardrail),
        }
    } else if *method == Method::GET {
        reading(raw_path).map(Place::Reading)
    } else {
        None
    };
    place.ok_or_else(|| unknown(method, raw_path))
}

fn guardrail(raw_path: &str) -> Option<GuardrailPath> {
    let mut segments = raw_path.rsplit('/');
    let mut next = || segments.next();
    let (apply, version, word, id, first) = (next()?, next()?, next()?, next()?, next()?);
    let is_path = (first, word, apply) == ("guardrail", "version", "apply") && next().is_some();
    let path = || Some(GuardrailPath { id: decode(id)?, version: decode(version)? });
    if is_path { path() } else { None }
}

fn reading(raw_path: &str) -> Option<Reading> {
    let (before, last) = raw_path.rsplit_once('/')?;
    let within = before.rsplit_once('/').map(|(_, segment)| segment);
    match (within, last) {
        (Some("foundation-models"), id) => decode(id).map(Reading::Model),
        (Some("inference-profiles"), id) => decode(id).map(Reading::Profile),
        (_, "foundation-models") => Some(Reading::Models),
        (_, "inference-profiles") => Some(Reading::Profiles),
        _ => None,
    }
}

/// A segment that is empty, longer than Bedrock takes, or no UTF-8, is no id.
fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (1..=MODEL_BYTES_MAX).contains(&text.len()).then(|| text.into_owned())
}

fn unknown(method: &Method, raw_path: &str) -> WireError {
    let text = format!(
        "`{method} {raw_path}` is not served by this simulator: POST /model/<id>/ followed by \
         invoke, invoke-with-response-stream, converse, converse-stream or count-tokens is, and \
         POST /guardrail/<id>/version/<version>/apply, GET /foundation-models and GET \
         /inference-profiles, each of these two with or without an id"
    );
    WireError::unmodelled("UnknownOperationException", 404, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(method: &Method, path: &str) -> Option<Place> {
        find(method, path).ok()
    }

    #[test]
    fn a_guardrails_arn_stays_in_its_segment() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:guardrail/ab1";
        let path = "/team/a/guardrail/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aguardrail\
                    %2Fab1/version/DRAFT/apply";
        let expected = GuardrailPath { id: arn.to_owned(), version: "DRAFT".to_owned() };
        assert_eq!(place(&Method::POST, path), Some(Place::Guardrail(expected)));
    }

    #[test]
    fn lists_and_their_entries_are_told_apart() {
        let read = |path: &str| match place(&Method::GET, path) {
            Some(Place::Reading(reading)) => Some(reading),
            _ => None,
        };
        assert_eq!(read("/foundation-models"), Some(Reading::Models));
        assert_eq!(read("/a/inference-profiles"), Some(Reading::Profiles));
        assert_eq!(read("/foundation-models/a.b%3A0"), Some(Reading::Model("a.b:0".to_owned())));
        assert_eq!(read("/inference-profiles/us.a.b"), Some(Reading::Profile("us.a.b".to_owned())));
        let long = format!("/foundation-models/{}", "a".repeat(MODEL_BYTES_MAX + 1));
        assert_eq!(read(&long), None);
        for path in ["/", "/foundation-models/", "/inference-profiles/%ff", "/custom-models"] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn the_method_counts() {
        for (method, path) in [
            (Method::GET, "/guardrail/a/version/1/apply"),
            (Method::POST, "/foundation-models"),
            (Method::PUT, "/model/a.b/converse"),
            (Method::POST, "/guardrail/a/version//apply"),
            (Method::POST, "/guardrail/a/versions/1/apply"),
        ] {
            assert_eq!(place(&method, path), None, "{method} {path}");
        }
    }
}
