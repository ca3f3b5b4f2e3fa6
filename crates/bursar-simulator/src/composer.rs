//! Composes the answer to an admitted request: what is said, in which shape, with which headers,
//! as the script of a body; and the usage that is true of it.

use std::collections::VecDeque;
use std::time::Duration;

use bursar_domain::call::Operation;
use bursar_domain::usage::{Meter, Usage};
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::frame::{Frame, FrameError};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::admission::Admitted;
use crate::answer::{Answer, Told, ToolCall};
use crate::fault::Fault;
use crate::script::{self, Pace, Step};
use crate::steering::Stop;
use crate::tokens::tokens_of_bytes;
use crate::{asked, chunk, converse, reply, words};

/// The shortest answer that is not steered, in tokens.
const TOKENS_MIN: u64 = 16;
/// How many lengths there are above it.
const TOKENS_SPREAD: u64 = 113;

/// An answer, ready to be played.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The length of a plain body; `None` for a stream.
    pub(crate) length: Option<usize>,
    pub(crate) script: VecDeque<Step>,
    /// The true usage.
    pub(crate) usage: Usage,
}

/// Before the answer, and between its frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    pub(crate) delay: Duration,
    pub(crate) gap: Duration,
}

/// Composes the answer to an admitted request.
pub(crate) fn compose(
    admitted: &Admitted,
    request_id: &str,
    pauses: Pauses,
) -> Result<Composed, WireError> {
    let fault = admitted.steering.fault;
    if admitted.operation == Operation::CountTokens {
        // It is free: what it counts is not used.
        let body = json!({"inputTokens": admitted.usage.context_tokens()});
        return Ok(Composed::plain(&body, fault, Usage::default()));
    }
    let (answer, usage) = answer(admitted, request_id, pauses)?;
    let pace = Pace { gap: pauses.gap, fault, after: admitted.steering.after.unwrap_or(1) };
    let mut composed = match admitted.operation {
        Operation::Converse => return Ok(Composed::plain(&converse::body(&answer), fault, usage)),
        Operation::ConverseStream => {
            return Composed::stream(&chunk::of_events(&answer), pace, usage);
        }
        Operation::InvokeModel | Operation::CountTokens | Operation::ApplyGuardrail => {
            let mut body = admitted.shape.write(&answer, &admitted.body);
            chunk::mark_guardrail(&mut body, &answer);
            let mut composed = Composed::plain(&body, fault, usage);
            composed.headers.extend(reply::token_headers(&answer, admitted.shape));
            composed
        }
        Operation::InvokeModelWithResponseStream => {
            let chunks = admitted.shape.chunks(&answer).ok_or_else(not_streamed)?;
            let mut composed = Composed::stream(&chunk::of_chunks(chunks, &answer), pace, usage)?;
            let kind = HeaderValue::from_static("application/json");
            composed.headers.insert("x-amzn-bedrock-content-type", kind);
            composed
        }
    };
    // Converse tells these in its body.
    composed.headers.extend(reply::tier_headers(&answer));
    Ok(composed)
}

/// What a load balancer answers when there is no Bedrock behind it.
pub(crate) fn bad_gateway() -> Composed {
    let body = Bytes::from_static(b"<html><body><h1>502 Bad Gateway</h1></body></html>");
    let length = Some(body.len());
    let script = [Step::End("error:Http502".to_owned()), Step::Send(body)].into();
    let kind = HeaderValue::from_static("text/html");
    let headers = [(CONTENT_TYPE, kind)].into_iter().collect();
    Composed { status: 502, headers, length, script, usage: Usage::default() }
}

/// What a model that cannot stream answers.
pub(crate) fn not_streamed() -> WireError {
    WireError::new(ErrorCode::Validation, "The model is unsupported for streaming.")
}

impl Composed {
    /// A body of JSON.
    pub(crate) fn plain(body: &Value, fault: Option<Fault>, usage: Usage) -> Self {
        let body = Bytes::from(body.to_string());
        let kind = HeaderValue::from_static("application/json");
        let headers = [(CONTENT_TYPE, kind)].into_iter().collect();
        let script = script::of_plain(&body, fault);
        Self { status: 200, headers, length: Some(body.len()), script, usage }
    }

    fn stream(frames: &[Frame], pace: Pace, mut usage: Usage) -> Result<Self, WireError> {
        let unwritable =
            |error: FrameError| WireError::new(ErrorCode::InternalServer, error.to_string());
        let script = script::of_stream(frames, pace).map_err(unwritable)?;
        if pace.fault.is_some_and(|fault| fault.exception().is_some()) {
            usage.output = share(usage.output, pace.after, frames.len() as u64);
        }
        let kind = HeaderValue::from_static("application/vnd.amazon.eventstream");
        let headers = [(CONTENT_TYPE, kind)].into_iter().collect();
        Ok(Self { status: 200, headers, length: None, script, usage })
    }
}

/// The output that was generated when an exception came: as large a share as that of the frames.
fn share(output: u64, after: u64, frames: u64) -> u64 {
    let shown = u128::from(output) * u128::from(after.min(frames));
    u64::try_from(shown.div_ceil(u128::from(frames.max(1)))).unwrap_or(output)
}

fn answer(
    admitted: &Admitted,
    request_id: &str,
    pauses: Pauses,
) -> Result<(Answer, Usage), WireError> {
    let Admitted { steering, shape, body, chance, target, .. } = admitted;
    let tool = wanted_tool(admitted);
    let usage = whole_usage(admitted, tool.as_ref());
    let shows_thoughts = target.shows_thoughts() || asked::wants_thoughts(body);
    let thoughts = if shows_thoughts { usage.output / 4 } else { 0 };
    let of_text = if tool.is_some() { 0 } else { usage.output - thoughts };
    let pieces = steering.pieces.unwrap_or(words::PIECES);
    let version = steering.model_version.clone();
    let answer = Answer {
        chance: *chance,
        request_id: request_id.to_owned(),
        invoked: version.clone().or_else(|| target.chosen.clone()),
        version: version.unwrap_or_else(|| target.version().to_owned()),
        created_s: admitted.now.0.div_euclid(1000),
        reasoning: words::speak(chance.with(b"thoughts"), thoughts, pieces),
        text: words::speak(*chance, of_text, pieces),
        stop: stop(admitted, &usage, tool.as_ref()),
        tool,
        told: Told::of(&usage, steering.fault),
        caches: target.caches() && shape.is_text(),
        latency_ms: millis(pauses.delay) + millis(pauses.gap) * pieces.min(usage.output) + 1,
        first_byte_ms: millis(pauses.delay) + 1,
        tier: steering.tier.or(asked::tier(&admitted.headers, body)?),
        latency: steering.latency.or(asked::latency(&admitted.headers, body)?),
        guarded: asked::is_guarded(&admitted.headers, body),
    };
    Ok((answer, usage))
}

fn wanted_tool(admitted: &Admitted) -> Option<ToolCall> {
    let Admitted { steering, shape, body, chance, .. } = admitted;
    match steering.stop {
        _ if !shape.is_text() => None,
        Some(Stop::ToolUse) => asked::tool(body, None, *chance),
        _ => asked::forced_tool(body, *chance),
    }
}

/// The input that was counted, with the output; or the units of what is not billed by the token.
fn whole_usage(admitted: &Admitted, tool: Option<&ToolCall>) -> Usage {
    match admitted.shape.meter(&admitted.target.id, &admitted.body) {
        Some((meter, quantity)) => {
            // Of these, Titan's images alone come with text that is billed beside them.
            let has_text = admitted.body["inputText"].is_string();
            let input = if has_text { admitted.usage.input } else { 0 };
            let meters = vec![(Meter(meter.to_owned()), quantity)];
            Usage { input, meters, ..Usage::default() }
        }
        None if admitted.shape.is_text() => {
            Usage { output: output_tokens(admitted, tool), ..admitted.usage.clone() }
        }
        None => admitted.usage.clone(),
    }
}

/// As steered; else as long as a tool call's JSON, or by chance; within the limit.
fn output_tokens(admitted: &Admitted, tool: Option<&ToolCall>) -> u64 {
    let by_itself = match tool {
        Some(tool) => tokens_of_bytes((tool.name.len() + tool.input.to_string().len()) as u64),
        None => TOKENS_MIN + admitted.chance.with(b"length").below(TOKENS_SPREAD),
    };
    let limit = admitted.max_tokens.unwrap_or(u64::MAX);
    admitted.steering.output.unwrap_or(by_itself.min(limit))
}

fn stop(admitted: &Admitted, usage: &Usage, tool: Option<&ToolCall>) -> Stop {
    let is_full = admitted.max_tokens.is_some_and(|limit| usage.output >= limit);
    let by_itself = match tool {
        Some(_) => Stop::ToolUse,
        None if is_full => Stop::MaxTokens,
        None => Stop::EndTurn,
    };
    admitted.steering.stop.unwrap_or(by_itself)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
