//! Which of Bedrock's operations a request is for, by its method and its raw path. A prefix before
//! the path is let be, and an encoded slash stays within its segment.

use bursar_domain::call::Operation;
use bursar_wire::error::WireError;
use bursar_wire::messages;
use bursar_wire::path::{MODEL_BYTES_MAX, PathError, RequestPath, parse_path};
use http::Method;
use percent_encoding::percent_decode_str;

use crate::action::Telling;

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

/// What the control plane is asked to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) telling: Telling,
    /// The id or ARN as it was sent; empty for a list.
    pub(crate) id: String,
}

/// The place of a request; the error is the answer to one that is nowhere.
pub(crate) fn find(method: &Method, raw_path: &str) -> Result<Place, WireError> {
    let place = if *method == Method::POST {
        if let Some(path) = guardrail(raw_path) {
            return Ok(Place::Guardrail(path));
        }
        match parse_path(raw_path) {
            Ok(path) if path.operation != Operation::ApplyGuardrail => Some(Place::Model(path)),
            Err(PathError::BadModelId { .. }) => return Err(messages::invalid_model_id()),
            _ => None,
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
    let telling = match (within, last) {
        (Some("foundation-models"), _) => Telling::GetFoundationModel,
        (Some("foundation-model-availability"), _) => Telling::GetFoundationModelAvailability,
        (Some("inference-profiles"), _) => Telling::GetInferenceProfile,
        (Some("prompt-routers"), _) => Telling::GetPromptRouter,
        (_, "foundation-models") => Telling::ListFoundationModels,
        (_, "inference-profiles") => Telling::ListInferenceProfiles,
        _ => return None,
    };
    let is_list = matches!(telling, Telling::ListFoundationModels | Telling::ListInferenceProfiles);
    let id = if is_list { String::new() } else { decode(last)? };
    Some(Reading { telling, id })
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
         /inference-profiles, each of these two with or without an id, GET \
         /foundation-model-availability/<id> and GET /prompt-routers/<arn>"
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
            Some(Place::Reading(reading)) => Some((reading.telling, reading.id)),
            _ => None,
        };
        let told = |telling, id: &str| Some((telling, id.to_owned()));
        assert_eq!(read("/foundation-models"), told(Telling::ListFoundationModels, ""));
        assert_eq!(read("/a/inference-profiles"), told(Telling::ListInferenceProfiles, ""));
        let one = read("/foundation-models/a.b%3A0");
        assert_eq!(one, told(Telling::GetFoundationModel, "a.b:0"));
        let one = read("/inference-profiles/us.a.b");
        assert_eq!(one, told(Telling::GetInferenceProfile, "us.a.b"));
        let one = read("/foundation-model-availability/a.b");
        assert_eq!(one, told(Telling::GetFoundationModelAvailability, "a.b"));
        assert_eq!(read("/prompt-routers/arn"), told(Telling::GetPromptRouter, "arn"));
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
