//! What is to be sent: an operation, a model and the raw request.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelRef;
use bytes::Bytes;
use http::HeaderMap;

/// One request as it goes on the wire. The body is never re-serialised.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Which of Bedrock's operations.
    pub operation: Operation,
    /// The model, resolved.
    pub model: ModelRef,
    /// Headers that carry meaning: content type, service tier, request metadata, guardrail.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
    /// The caller's own key for this call: it is made once within a day, however often it is asked
    /// for. At most [`Invocation::KEY_BYTES_MAX`] bytes of ASCII.
    pub idempotency_key: Option<String>,
    /// Where a limit has not enough room: ask for as long an answer as it has room for.
    pub affordable: bool,
}
