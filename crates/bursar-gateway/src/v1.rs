//! The doors of OpenAI's and Anthropic's dialects: everything under `/v1/`, with whatever prefix
//! stands before it.
//!
//! Who calls is found as for Bedrock's own wire; a query is only looked at for keys, since both
//! houses' clients send harmless ones.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bursar_domain::call::Operation;
use bursar_domain::identity::Attribution;
use bursar_domain::model::{ModelId, ModelRef};
use bursar_wire::problem::{Problem, ProblemKind};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;

use crate::bedrock::own_headers;
use crate::body::Held;
use crate::dialect::{Dialect, unknown_caller};
use crate::exchange::Asked;
use crate::front::{Front, No};
use crate::who;
use crate::wishes::Wishes;

/// The beginnings of what is served, by which such a path is told from one of Bedrock's.
const SEGMENTS: [&str; 6] =
    ["chat", "completions", "embeddings", "messages", "models", "responses"];
const MARK: &str = "/v1/";

/// A path of these doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// What stands before `/v1/`, raw.
    prefix: &'a str,
    /// What stands behind it, raw.
    rest: &'a str,
}

/// Reads a raw path; `None` for one that is not of these doors.
pub(crate) fn place(raw_path: &str) -> Option<Place<'_>> {
    let (prefix, rest) = raw_path.rsplit_once(MARK)?;
    let segment = rest.split('/').next().unwrap_or_default();
    (prefix.is_empty() || SEGMENTS.contains(&segment)).then_some(Place { prefix, rest })
}

/// Who calls, and what with.
pub(crate) struct Visit<'a> {
    pub(crate) who: Attribution,
    pub(crate) wishes: Wishes,
    pub(crate) headers: HeaderMap,
    pub(crate) held: Held<'a>,
}

impl Visit<'_> {
    /// A call of this visit, its body in Bedrock's shape. Headers of Bedrock's mean something to
    /// InvokeModel alone: Converse has the same in its body.
    pub(crate) fn asked(
        &self,
        operation: Operation,
        model: ModelRef,
        body: Bytes,
    ) -> Result<Asked, Problem> {
        let kind = HeaderValue::from_static("application/json");
        let mut headers = match operation {
            Operation::InvokeModel | Operation::InvokeModelWithResponseStream => {
                own_headers(&self.headers)?
            }
            _ => HeaderMap::new(),
        };
        headers.insert(CONTENT_TYPE, kind.clone());
        headers.insert(ACCEPT, kind);
        Ok(Asked {
            who: self.who.clone(),
            operation,
            model,
            headers,
            body,
            wishes: self.wishes.clone(),
        })
    }
}

impl Place<'_> {
    fn dialect(self, headers: &HeaderMap) -> Dialect {
        let is_anthropic =
            self.rest.starts_with("messages") || headers.contains_key("anthropic-version");
        if is_anthropic { Dialect::Anthropic } else { Dialect::OpenAi }
    }
}

/// Answers what is asked at a place.
pub(crate) async fn serve(
    front: Arc<Front>,
    place: Place<'_>,
    mut parts: Parts,
    body: Body,
) -> Response {
    who::with_host(&mut parts);
    let dialect = place.dialect(&parts.headers);
    if let Some(problem) = front.held_off(&parts) {
        return dialect.refuse(&problem);
    }
    front.serve_v1(place, dialect, &parts, body).await.unwrap_or_else(|problem| {
        if let Some(problem) = front.guessing(&parts, problem.kind) {
            return dialect.refuse(&problem);
        }
        let response = dialect.refuse(&problem);
        let code = format!("{:?}", problem.kind);
        let (kind, status) = (problem.kind, response.status().as_u16());
        front.refused(&parts, &No { kind, code: &code, status, why: &problem.message });
        response
    })
}

impl Front {
    async fn serve_v1(
        self: &Arc<Self>,
        place: Place<'_>,
        dialect: Dialect,
        parts: &Parts,
        body: Body,
    ) -> Result<Response, Problem> {
        let visit = self.receive(place, parts, body).await?;
        let model = place.rest.strip_prefix("models/");
        match (&parts.method, place.rest) {
            (&Method::POST, "chat/completions") => self.chat(visit).await,
            (&Method::POST, "embeddings") => self.embed(visit).await,
            (&Method::POST, "messages") => self.messages(visit).await,
            (&Method::POST, "messages/count_tokens") => self.count_tokens(visit).await,
            (&Method::GET, "models") => self.models(dialect, &visit.who).await,
            (&Method::GET, _) if model.is_some() => {
                self.model(model.unwrap_or_default(), &visit.who).await
            }
            (_, rest) => Err(unserved(&parts.method, rest)),
        }
    }

    async fn receive(
        &self,
        place: Place<'_>,
        parts: &Parts,
        body: Body,
    ) -> Result<Visit<'_>, Problem> {
        let claim = self.claim(parts).await.map_err(unknown_caller)?;
        let held = self.read_body(&parts.headers, body).await?;
        let caller = self.prove(claim, parts, &held.bytes).map_err(unknown_caller)?;
        self.was_right(parts);
        let (who, wishes) = self.said(place.prefix, caller, &parts.headers)?;
        Ok(Visit { who, wishes, headers: parts.headers.clone(), held })
    }

    /// The model that a caller's name calls, and its base, for those who translate by it.
    pub(crate) fn based(&self, name: &str) -> Result<(ModelRef, ModelId), Problem> {
        let model = self.called(name)?;
        let base = model.base.clone().ok_or_else(|| {
            let message = format!(
                "what `{name}` stands for is not known\nhint: say it under `base_models` in the \
                 settings"
            );
            Problem::new(ProblemKind::UnknownModel, message)
        })?;
        Ok((model, base))
    }
}

fn unserved(method: &Method, rest: &str) -> Problem {
    let shown: String = rest.chars().take(60).collect::<String>().escape_default().to_string();
    let hint = match percent_decode_str(rest).decode_utf8_lossy().split('/').next() {
        Some("responses" | "completions") => "; hint: POST /v1/chat/completions is served",
        _ => "",
    };
    let message = format!("{method} /v1/{shown} is not served{hint}");
    Problem::new(ProblemKind::NoSuchRoute, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_one_of_bedrocks() {
        let read = |path| place(path).map(|place| (place.prefix, place.rest));
        assert_eq!(read("/v1/messages"), Some(("", "messages")));
        assert_eq!(read("/v1/anything"), Some(("", "anything")));
        assert_eq!(read("/team/a/v1/chat/completions"), Some(("/team/a", "chat/completions")));
        assert_eq!(read("/team/v1/v1/models"), Some(("/team/v1", "models")));
        assert_eq!(read("/team/v1/model/amazon.nova-lite-v1:0/converse"), None);
        assert_eq!(read("/model/amazon.nova-lite-v1:0/converse"), None);
        assert_eq!(read("/v1"), None);
    }
}
