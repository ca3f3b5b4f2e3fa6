//! Bedrock's own wire: its paths read from the raw text, its replies byte for byte, its errors for
//! what is refused.

use axum::body::Body;
use axum::response::Response;
use bursar_domain::call::Operation;
use bursar_domain::model::ModelRef;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::path::{PathError, RequestPath, parse_path};
use bursar_wire::problem::{Problem, ProblemKind};
use futures_util::stream;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::answer;
use crate::exchange::{Answered, Asked, Begun, Whole};
use crate::front::Front;
use crate::{front, who};

/// The beginning of Bedrock's own headers, which carry meaning.
const OWN_HEADERS: &str = "x-amzn-bedrock-";
/// Operations of Bedrock Runtime that are not metered, by what their paths begin or end with. They
/// are refused by name, never passed on.
const UNMETERED: [(&str, &str); 3] = [
    ("/invoke-with-bidirectional-stream", "InvokeModelWithBidirectionalStream"),
    ("/guardrail-checks/invoke", "InvokeGuardrailChecks"),
    ("/async-invoke", "StartAsyncInvoke"),
];

/// Answers whatever no other route does.
pub(crate) async fn serve(front: &Front, mut parts: Parts, body: Body) -> Response {
    who::with_host(&mut parts);
    if let Some(problem) = front.held_off(&parts) {
        return refuse(&problem.into());
    }
    match front.serve_bedrock(&parts, body).await {
        Ok(response) => response,
        Err(no) => {
            if let Some(problem) = front.guessing(&parts, no.kind) {
                return refuse(&problem.into());
            }
            let WireError { code, status, message, .. } = &no.error;
            front
                .refused(&parts, &front::No { kind: no.kind, code, status: *status, why: message });
            refuse(&no)
        }
    }
}

/// What is sent instead of an answer, and when to come back.
#[derive(Debug)]
pub(crate) struct No {
    kind: ProblemKind,
    error: WireError,
    retry_after_ms: Option<u64>,
}

impl From<WireError> for No {
    fn from(error: WireError) -> Self {
        let is_ours = error.status >= 500;
        let kind = if is_ours { ProblemKind::Unavailable } else { ProblemKind::UnknownCaller };
        Self { kind, error, retry_after_ms: None }
    }
}

impl From<Problem> for No {
    fn from(problem: Problem) -> Self {
        let retry_after_ms = problem.retry_after_ms;
        Self { kind: problem.kind, error: word(&problem), retry_after_ms }
    }
}

impl Front {
    async fn serve_bedrock(&self, parts: &Parts, body: Body) -> Result<Response, No> {
        let path = place(&parts.method, parts.uri.path())?;
        let claim = self.claim(parts).await?;
        if let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) {
            let shown = query.chars().take(40).collect::<String>().escape_default().to_string();
            let message = format!("no operation takes a query, such as `{shown}`");
            return Err(Problem::new(ProblemKind::Invalid, message).into());
        }
        let held = self.read_body(&parts.headers, body).await?;
        let caller = self.prove(claim, parts, &held.bytes)?;
        self.was_right(parts);
        let (who, wishes) = self.said(&path.prefix, caller, &parts.headers)?;
        let asked = Asked {
            who,
            operation: path.operation,
            model: match path.operation {
                Operation::ApplyGuardrail => guardrail(&path.model)?,
                _ => self.called(&path.model)?,
            },
            headers: own_headers(&parts.headers)?,
            body: held.bytes.clone(),
            wishes,
        };
        Ok(match self.exchange(asked).await? {
            Answered::Whole(whole) => send(whole),
            Answered::Begun(begun) => send_stream(begun),
        })
    }
}

/// The guardrail that a path names: an id, a slash and a version.
fn guardrail(named: &str) -> Result<ModelRef, Problem> {
    let (id, version) = named.rsplit_once('/').unwrap_or((named, ""));
    ModelRef::guardrail(id, version).ok_or_else(|| {
        let message = "a guardrail has an id or an ARN, and its version is DRAFT or a number";
        Problem::new(ProblemKind::Invalid, message)
    })
}

/// Which model and operation a request is for.
fn place(method: &Method, raw_path: &str) -> Result<RequestPath, Problem> {
    match parse_path(raw_path) {
        Ok(path) if *method == Method::POST => Ok(path),
        Ok(path) => Err(Problem::new(
            ProblemKind::NoSuchRoute,
            format!("{} is asked for with POST, not {method}", path.operation),
        )),
        Err(error @ PathError::BadModelId { .. }) => {
            Err(Problem::new(ProblemKind::Invalid, error.to_string()))
        }
        Err(error) => Err(Problem::new(ProblemKind::NoSuchRoute, unserved(raw_path, &error))),
    }
}

fn unserved(raw_path: &str, error: &PathError) -> String {
    // An operation on one of what it made has that behind it.
    let is_it = |(ending, _): &&(&str, &str)| {
        raw_path.ends_with(ending) || raw_path.contains(&format!("{ending}/"))
    };
    match UNMETERED.iter().find(is_it) {
        Some((_, name)) => format!("{name} is not metered yet, so it is not served"),
        None => error.to_string(),
    }
}

/// The headers that go on to Bedrock: those of its own, and what the body is.
pub(crate) fn own_headers(sent: &HeaderMap) -> Result<HeaderMap, Problem> {
    let mut own = HeaderMap::new();
    for (name, value) in sent {
        let is_own =
            name.as_str().starts_with(OWN_HEADERS) || *name == ACCEPT || *name == CONTENT_TYPE;
        if !is_own {
            continue;
        }
        let wrong = |why: &str| Problem::invalid(name.as_str(), format!("`{name}` {why}"));
        if value.to_str().is_err() {
            return Err(wrong("is no text"));
        }
        // What is priced must be what is sent, and which of two that is nobody can know.
        if own.insert(name.clone(), value.clone()).is_some() {
            return Err(wrong("comes twice"));
        }
    }
    Ok(own)
}

fn send(whole: Whole) -> Response {
    let (status, headers) = answer::head(whole.head, &whole.told);
    respond(status, headers, Body::from(whole.body))
}

fn send_stream(begun: Begun) -> Response {
    let mut begun = begun;
    let (status, headers) = answer::head(begun.take_head(), &begun.told);
    // An error here ends the connection, so that nobody takes half an answer for a whole one.
    let pieces = stream::try_unfold(begun, |begun| async move {
        begun.next().await.map_err(std::io::Error::other)
    });
    respond(status, headers, Body::from_stream(pieces))
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// What Bedrock itself would say of a problem; for a budget's no, what no SDK tries again.
fn word(problem: &Problem) -> WireError {
    let message = problem.message.clone();
    let modelled = |code| WireError::new(code, message.clone());
    let as_status = |code: &str, status| WireError::unmodelled(code, status, message.clone());
    match problem.kind {
        ProblemKind::Invalid | ProblemKind::TooLong | ProblemKind::UnknownModel => {
            modelled(ErrorCode::Validation)
        }
        ProblemKind::TooLarge => as_status("ValidationException", 413),
        ProblemKind::UnknownCaller => as_status("UnrecognizedClientException", 403),
        ProblemKind::NotAllowed => modelled(ErrorCode::AccessDenied),
        ProblemKind::NoSuchRoute => as_status("UnknownOperationException", 404),
        ProblemKind::OverBudget => modelled(ErrorCode::ServiceQuotaExceeded),
        ProblemKind::Busy | ProblemKind::Throttled => modelled(ErrorCode::Throttling),
        ProblemKind::Repeated => as_status("ConflictException", 409),
        ProblemKind::OtherRequest => as_status("ValidationException", 422),
        ProblemKind::TimedOut => modelled(ErrorCode::ModelTimeout),
        ProblemKind::Unavailable => modelled(ErrorCode::ServiceUnavailable),
        // Not by a 500, which every SDK sends again: nobody knows what it would cost.
        ProblemKind::ModelFailed | ProblemKind::Broken => modelled(ErrorCode::ModelError),
    }
}

fn refuse(no: &No) -> Response {
    let (mut headers, body) = no.error.headers_and_body();
    if let Some(ms) = no.retry_after_ms {
        headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        // What the AWS SDKs read.
        headers.insert("x-amz-retry-after", HeaderValue::from(ms));
    }
    if no.error.status == 409 {
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
    let status = StatusCode::from_u16(no.error.status).unwrap_or(StatusCode::BAD_GATEWAY);
    respond(status, headers, Body::from(body))
}
