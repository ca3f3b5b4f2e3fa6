//! What OpenTelemetry calls the parts of a call: its `GenAI` conventions, v1.41.1, and under `bursar.`
//! what those have no word for. No prompt, no answer, no key's secret.

use bursar_core::Ended;
use bursar_domain::call::{Operation, Outcome, VersionEvidence};
use bursar_domain::money::Cost;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};

/// Bedrock's name among providers.
const PROVIDER: &str = "aws.bedrock";
/// What an error is called that has no code.
const OTHER_ERROR: &str = "_OTHER";

/// A named value.
pub(super) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A named text.
pub(super) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    pair(key, Value::StringValue(value.into()))
}

fn count(key: &str, value: u64) -> KeyValue {
    pair(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)))
}

/// What an operation is called: `chat`, `embeddings` …
pub(super) fn operation(ended: &Ended<'_>) -> &'static str {
    let model = ended.intent.model.as_str();
    match ended.intent.operation {
        Operation::Converse | Operation::ConverseStream => "chat",
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => match model {
            _ if model.contains("embed") => "embeddings",
            _ if model.contains(".rerank") => "retrieval",
            _ if is_chat(model) => "chat",
            _ => "generate_content",
        },
        Operation::CountTokens => "count_tokens",
        Operation::ApplyGuardrail => "apply_guardrail",
    }
}

/// Whether a provider's own JSON is a conversation.
fn is_chat(model: &str) -> bool {
    ["anthropic.claude", "amazon.nova", "openai.", "deepseek.", "qwen.", "mistral.", "meta.llama"]
        .iter()
        .any(|start| model.starts_with(start))
}

/// Which error it ended in, by its provider's or our code; `None` where it ended well.
pub(super) fn error_of<'a>(ended: &Ended<'a>) -> Option<&'a str> {
    let ending = &ended.settlement.ending;
    let is_well = ending.outcome == Outcome::Succeeded;
    (!is_well).then(|| ending.error_code.as_deref().unwrap_or(OTHER_ERROR))
}

/// What a series of metrics is told apart by.
pub(super) fn of_series(operation: &str, model: &str, error: Option<&str>) -> Vec<KeyValue> {
    let mut pairs = vec![
        text("gen_ai.operation.name", operation),
        text("gen_ai.provider.name", PROVIDER),
        text("gen_ai.request.model", model),
    ];
    pairs.extend(error.map(|error| text("error.type", error)));
    pairs
}

/// What a span says of its call.
pub(super) fn of_span(ended: &Ended<'_>) -> Vec<KeyValue> {
    let Ended { intent, settlement, .. } = *ended;
    let (ending, who) = (&settlement.ending, &intent.attribution);
    let mut pairs = of_series(operation(ended), &intent.model_requested, error_of(ended));
    let mut say = |key: &str, said: Option<&str>| pairs.extend(said.map(|said| text(key, said)));
    say("bursar.call.id", Some(settlement.id.as_str()));
    say("bursar.model", Some(settlement.model(intent).as_str()));
    say("bursar.operation", Some(intent.operation.as_str()));
    say("bursar.outcome", Some(ending.outcome.as_str()));
    say("bursar.tier", Some(settlement.tier.as_str()));
    say("bursar.team", who.team.as_deref());
    say("bursar.project", who.project.as_deref());
    say("bursar.user", who.user.as_deref());
    say("bursar.key.id", who.key.as_deref());
    say("gen_ai.conversation.id", who.client_session.as_deref());
    say("cloud.region", Some(&intent.region));
    say("aws.request_id", settlement.request_id.as_deref());
    say("aws.bedrock.guardrail.id", settlement.guardrail.id.as_deref());
    let is_told = settlement.version_evidence == VersionEvidence::Reported;
    say("gen_ai.response.model", is_told.then_some(settlement.model_version.as_str()));
    if let Some(stop) = &ending.stop_reason {
        let reason = AnyValue { value: Some(Value::StringValue(stop.clone())) };
        let list = Value::ArrayValue(ArrayValue { values: vec![reason] });
        pairs.push(pair("gen_ai.response.finish_reasons", list));
    }
    if let Some(status) = ending.http_status {
        pairs.push(count("http.response.status_code", status.into()));
    }
    pairs.extend(of_usage(ended));
    pairs
}

/// Tokens, money and attempts.
fn of_usage(ended: &Ended<'_>) -> Vec<KeyValue> {
    let (intent, settlement) = (ended.intent, ended.settlement);
    let usage = &settlement.bill.usage;
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    let attempts = u64::try_from(settlement.attempts.len()).unwrap_or(u64::MAX);
    let mut pairs = vec![
        // The convention's input is all of it, cached or not.
        count("gen_ai.usage.input_tokens", usage.context_tokens()),
        count("gen_ai.usage.output_tokens", usage.output),
        count("gen_ai.usage.cache_read.input_tokens", usage.cache_read),
        count("gen_ai.usage.cache_creation.input_tokens", written),
        count("bursar.attempts", attempts),
        pair("bursar.cost.estimated", Value::BoolValue(settlement.bill.estimated)),
    ];
    pairs.extend(settlement.bill.cost.map(|cost| text("bursar.cost.usd", Cost::usd(cost))));
    if intent.operation.is_stream() {
        pairs.push(pair("gen_ai.request.stream", Value::BoolValue(true)));
        let first = settlement.first_token_at.map(|at| seconds(at.0 - intent.started_at.0));
        let first = first.map(Value::DoubleValue);
        pairs.extend(first.map(|first| pair("gen_ai.response.time_to_first_chunk", first)));
    }
    pairs
}

/// Milliseconds as seconds, for what is shown.
#[expect(clippy::cast_precision_loss, reason = "a time that is shown, far below 2^53")]
pub(super) fn seconds(ms: i64) -> f64 {
    ms.max(0) as f64 / 1_000.0
}
