//! Anthropic's shapes: Messages, and the older text completions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::pieces_then_end;
use crate::answer::{Answer, Told, ToolCall};
use crate::steering::Stop;

/// The Messages answer.
pub(super) fn message(answer: &Answer) -> Value {
    let mut content = Vec::new();
    if !answer.reasoning.is_empty() {
        let thoughts = answer.reasoning.concat();
        content.push(
            json!({"type": "thinking", "thinking": thoughts, "signature": signature(answer)}),
        );
    }
    if !answer.text.is_empty() || answer.tool.is_none() {
        content.push(json!({"type": "text", "text": answer.whole_text()}));
    }
    if let Some(tool) = &answer.tool {
        content.push(tool_block(tool, &tool.input));
    }
    let mut message = envelope(answer, &content, &json!(stop_word(answer.stop)));
    if let Some(told) = answer.told {
        message.insert("usage".to_owned(), usage(answer, told, told.output));
    }
    Value::Object(message)
}

/// The Messages answer as server-sent events would carry it, one chunk for each.
pub(super) fn message_chunks(answer: &Answer) -> Vec<Value> {
    let mut start = envelope(answer, &[], &Value::Null);
    if let Some(told) = answer.told {
        start.insert("usage".to_owned(), usage(answer, told, told.output.min(1)));
    }
    let mut chunks = vec![json!({"type": "message_start", "message": start})];
    let mut index = 0;
    if !answer.reasoning.is_empty() {
        let thought = |text| json!({"type": "thinking_delta", "thinking": text});
        let signed = json!({"type": "signature_delta", "signature": signature(answer)});
        let deltas = answer.reasoning.iter().map(thought).chain([signed]);
        let empty = json!({"type": "thinking", "thinking": "", "signature": ""});
        chunks.extend(block(index, &empty, deltas));
        index += 1;
    }
    if !answer.text.is_empty() || answer.tool.is_none() {
        let deltas = answer.text.iter().map(|text| json!({"type": "text_delta", "text": text}));
        chunks.extend(block(index, &json!({"type": "text", "text": ""}), deltas));
        index += 1;
    }
    if let Some(tool) = &answer.tool {
        let json = tool.input.to_string();
        let deltas = [String::new(), json]
            .map(|part| json!({"type": "input_json_delta", "partial_json": part}));
        chunks.extend(block(index, &tool_block(tool, &json!({})), deltas.into_iter()));
    }
    let stop = json!({"stop_reason": stop_word(answer.stop), "stop_sequence": null});
    let mut end = json!({"type": "message_delta", "delta": stop});
    if let Some(told) = answer.told {
        end["usage"] = json!({"output_tokens": told.output});
    }
    chunks.push(end);
    chunks.push(json!({"type": "message_stop"}));
    chunks
}

/// The text completion: it tells no tokens.
pub(super) fn completion(answer: &Answer) -> Value {
    let (reason, stop) = completion_stop(answer);
    json!({"type": "completion", "completion": answer.whole_text(), "stop_reason": reason,
        "stop": stop})
}

pub(super) fn completion_chunks(answer: &Answer) -> Vec<Value> {
    pieces_then_end(answer, |_, piece, is_last| {
        let (reason, stop) = if is_last { completion_stop(answer) } else { Default::default() };
        json!({"type": "completion", "completion": piece, "stop_reason": reason, "stop": stop})
    })
}

fn envelope(answer: &Answer, content: &[Value], stop_reason: &Value) -> Map<String, Value> {
    let mut message = Map::new();
    for (name, value) in [
        ("id", json!(answer.id("msg_bdrk_"))),
        ("type", json!("message")),
        ("role", json!("assistant")),
        ("model", json!(answer.version)),
        ("content", json!(content)),
        ("stop_reason", stop_reason.clone()),
        ("stop_sequence", Value::Null),
    ] {
        message.insert(name.to_owned(), value);
    }
    message
}

fn usage(answer: &Answer, told: Told, output: i64) -> Value {
    let mut usage = json!({"input_tokens": told.input, "output_tokens": output});
    if answer.tells_cache() {
        usage["cache_read_input_tokens"] = json!(told.cache_read);
        usage["cache_creation_input_tokens"] = json!(told.cache_write());
        usage["cache_creation"] = json!({
            "ephemeral_5m_input_tokens": told.cache_write_5m,
            "ephemeral_1h_input_tokens": told.cache_write_1h,
        });
    }
    usage
}

fn block(index: u64, start: &Value, deltas: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut chunks =
        vec![json!({"type": "content_block_start", "index": index, "content_block": start})];
    chunks.extend(
        deltas.map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})),
    );
    chunks.push(json!({"type": "content_block_stop", "index": index}));
    chunks
}

/// What Anthropic signs thoughts with, so that they can be sent back; here a text of the same form.
fn signature(answer: &Answer) -> String {
    STANDARD.encode(answer.id("thoughts of "))
}

fn tool_block(tool: &ToolCall, input: &Value) -> Value {
    json!({"type": "tool_use", "id": tool.id, "name": tool.name, "input": input})
}

const fn stop_word(stop: Stop) -> &'static str {
    match stop {
        Stop::ContentFiltered | Stop::GuardrailIntervened => "refusal",
        other => other.as_str(),
    }
}

fn completion_stop(answer: &Answer) -> (Option<&'static str>, Option<&'static str>) {
    match answer.stop {
        Stop::MaxTokens => (Some("max_tokens"), None),
        _ => (Some("stop_sequence"), Some("\n\nHuman:")),
    }
}
