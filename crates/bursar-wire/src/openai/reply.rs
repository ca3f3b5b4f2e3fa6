//! A whole Converse answer as a chat completion.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::usage;
use crate::json::MalformedBody;

/// What every piece of one answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// `chatcmpl-` and the call's id.
    pub id: String,
    /// When it was taken on, in seconds.
    pub created: i64,
    /// The model, as the caller wrote it.
    pub model: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    stop_reason: String,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    service_tier: Value,
    #[serde(default)]
    additional_model_response_fields: Value,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Vec<Block<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    text: Option<String>,
    #[serde(borrow)]
    tool_use: Option<ToolUse<'a>>,
    #[serde(default)]
    reasoning_content: Value,
    #[serde(default)]
    citations_content: Value,
}

#[derive(Deserialize)]
struct ToolUse<'a> {
    #[serde(rename = "toolUseId")]
    id: String,
    name: String,
    /// As the model wrote it: its numbers and its order are the caller's to read.
    #[serde(borrow)]
    input: &'a RawValue,
}

/// The chat completion that a Converse answer of status 200 makes.
pub fn chat_completion(reply: &[u8], stamp: &Stamp) -> Result<Vec<u8>, MalformedBody> {
    let reply: Reply<'_> = serde_json::from_slice(reply)
        .map_err(|why| MalformedBody::new("/", format!("it is no Converse answer: {why}")))?;
    let blocks = &reply.output.message.content;
    let mut message = json!({
        "role": "assistant",
        "content": joined(blocks.iter().filter_map(Block::words)),
        "refusal": null,
    });
    let thoughts = blocks.iter().filter_map(|block| {
        block.reasoning_content["reasoningText"]["text"].as_str().map(str::to_owned)
    });
    if let Some(thoughts) = joined(thoughts) {
        message["reasoning_content"] = json!(thoughts);
    }
    let calls: Vec<Value> =
        blocks.iter().filter_map(|block| block.tool_use.as_ref()).map(ToolUse::json).collect();
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let choice = json!({
        "index": 0,
        "message": message,
        "logprobs": null,
        "finish_reason": finish_reason(&reply.stop_reason),
    });
    let mut completion = json!({
        "id": stamp.id,
        "object": "chat.completion",
        "created": stamp.created,
        "model": stamp.model,
        "choices": [choice],
    });
    let thoughts = usage::thoughts(&reply.additional_model_response_fields);
    if let Some(usage) = usage::usage(&reply.usage, thoughts) {
        completion["usage"] = usage;
    }
    if let Some(tier) = reply.service_tier["type"].as_str() {
        completion["service_tier"] = json!(tier);
    }
    Ok(completion.to_string().into_bytes())
}

impl Block<'_> {
    fn words(&self) -> Option<String> {
        let cited = self.citations_content["content"]
            .as_array()
            .map(|parts| parts.iter().filter_map(|part| part["text"].as_str()).collect::<String>());
        self.text.clone().or(cited)
    }
}

impl ToolUse<'_> {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.input.get()},
        })
    }
}

fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.concat())
}

/// Why the model stopped, in OpenAI's words. What they have no word for is a stop.
pub(super) fn finish_reason(stop_reason: &str) -> &'static str {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "content_filtered" | "guardrail_intervened" => "content_filter",
        _ => "stop",
    }
}
