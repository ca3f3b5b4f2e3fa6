//! The shape of OpenAI's chat completions, which most newer providers speak.

use serde_json::{Value, json};

use super::pieces_then_end;
use crate::answer::Answer;
use crate::steering::Stop;

pub(super) fn completion(answer: &Answer) -> Value {
    let mut message = json!({"role": "assistant", "content": text(answer)});
    if answer.tool.is_some() {
        message["tool_calls"] = tool_calls(answer);
    }
    let choice = json!({"index": 0, "message": message, "finish_reason": stop_word(answer)});
    let mut body = envelope(answer, "chat.completion", &choice);
    if let Some(told) = answer.told {
        // Here, and only here, the prompt's tokens include the cached ones.
        let prompt = told.input.saturating_add(told.cached());
        body["usage"] = json!({
            "prompt_tokens": prompt,
            "completion_tokens": told.output,
            "total_tokens": told.total(),
        });
        if answer.tells_cache() {
            body["usage"]["prompt_tokens_details"] = json!({"cached_tokens": told.cache_read});
        }
    }
    body
}

pub(super) fn chunks(answer: &Answer) -> Vec<Value> {
    let chunk = |delta: &Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        envelope(answer, "chat.completion.chunk", &choice)
    };
    let mut chunks = vec![chunk(&json!({"role": "assistant", "content": ""}), None)];
    if let Some(thoughts) = thoughts(answer) {
        chunks.push(chunk(&json!({"content": thoughts}), None));
    }
    chunks.extend(pieces_then_end(answer, |_, piece, _| chunk(&json!({"content": piece}), None)));
    if answer.tool.is_some() {
        chunks.push(chunk(&json!({"tool_calls": tool_calls(answer)}), None));
    }
    chunks.push(chunk(&json!({}), Some(stop_word(answer))));
    chunks
}

fn envelope(answer: &Answer, object: &str, choice: &Value) -> Value {
    json!({
        "id": answer.id("chatcmpl-"),
        "object": object,
        "created": answer.created_s,
        "model": answer.version,
        "choices": [choice],
    })
}

fn text(answer: &Answer) -> String {
    thoughts(answer).unwrap_or_default() + &answer.whole_text()
}

/// InvokeModel has no place of their own for thoughts.
fn thoughts(answer: &Answer) -> Option<String> {
    let thoughts = answer.reasoning.concat();
    (!thoughts.is_empty()).then(|| format!("<reasoning>{thoughts}</reasoning>"))
}

fn tool_calls(answer: &Answer) -> Value {
    let call = |tool: &crate::answer::ToolCall| {
        let function = json!({"name": tool.name, "arguments": tool.input.to_string()});
        json!({"index": 0, "id": tool.id, "type": "function", "function": function})
    };
    answer.tool.iter().map(call).collect()
}

const fn stop_word(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::EndTurn | Stop::StopSequence => "stop",
        Stop::MaxTokens => "length",
        Stop::ToolUse => "tool_calls",
        Stop::ContentFiltered | Stop::GuardrailIntervened => "content_filter",
    }
}
