//! A span for each call, and the message that a batch of them travels in.

use bursar_core::Ended;
use bursar_domain::entropy::Entropy;
use bursar_domain::time::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::attributes;

const NANOS_PER_MS: u64 = 1_000_000;

/// A call's span: below its caller's, or the root of a trace whose id is the call's own, so that who
/// has one finds the other. `None` where its caller keeps no trace of it.
pub(super) fn of(ended: &Ended<'_>, entropy: &Entropy) -> Option<Span> {
    let (trace_id, parent_span_id) = match ended.parent {
        Some(parent) if !parent.is_sampled => return None,
        Some(parent) => (parent.trace_id.to_vec(), parent.span_id.to_vec()),
        None => (id_of(ended), Vec::new()),
    };
    let error = attributes::error_of(ended);
    let operation = attributes::operation(ended);
    Some(Span {
        trace_id,
        span_id: entropy.bytes::<8>().to_vec(),
        parent_span_id,
        name: format!("{operation} {}", ended.intent.model_requested),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: nanos(ended.intent.started_at),
        end_time_unix_nano: nanos(ended.settlement.ended_at),
        attributes: attributes::of_span(ended),
        status: error
            .map(|code| Status { message: code.to_owned(), code: StatusCode::Error.into() }),
        ..Span::default()
    })
}

/// The call's UUID, which has the length of a trace's id.
fn id_of(ended: &Ended<'_>) -> Vec<u8> {
    let digits: String = ended.intent.id.as_str().chars().filter(|digit| *digit != '-').collect();
    u128::from_str_radix(&digits, 16).unwrap_or(1).to_be_bytes().to_vec()
}

/// As OTLP tells time.
pub(super) fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.0).unwrap_or_default().saturating_mul(NANOS_PER_MS)
}

/// Who says it all.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "bursar".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// The message of a batch.
pub(super) fn message(resource: Resource, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let spans = ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() };
    let of_process = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![spans],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest { resource_spans: vec![of_process] }
}
