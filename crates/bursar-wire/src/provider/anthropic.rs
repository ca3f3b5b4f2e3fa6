//! Claude: the Messages JSON, and the text completions of Claude 2 and Instant.

use serde_json::json;

use super::{Paths, Shape, without_nulls};

/// Claude needs a limit; this one is sent when the prompt has none.
const MAX_TOKENS_DEFAULT: u64 = 1024;

pub(super) fn shape(name: &str) -> &'static Shape {
    let is_text = ["claude-v", "claude-instant"].iter().any(|start| name.starts_with(start));
    if is_text { &TEXT } else { &MESSAGES }
}

static MESSAGES: Shape = Shape {
    max_tokens: &["max_tokens"],
    reply: Paths {
        text: &["content/*/text"],
        reasoning: &["content/*/thinking"],
        stop: &["stop_reason"],
        version: &["model"],
        input: &["usage/input_tokens"],
        output: &["usage/output_tokens"],
        cache_read: &["usage/cache_read_input_tokens"],
        cache_write: &["usage/cache_creation_input_tokens"],
        write_5m: &["usage/cache_creation/ephemeral_5m_input_tokens"],
        write_1h: &["usage/cache_creation/ephemeral_1h_input_tokens"],
    },
    // Counts are running totals: `message_start` opens them, `message_delta` ends them.
    chunk: Paths {
        text: &["delta/text"],
        reasoning: &["delta/thinking"],
        stop: &["delta/stop_reason"],
        version: &["message/model"],
        input: &["message/usage/input_tokens", "usage/input_tokens"],
        output: &["usage/output_tokens", "message/usage/output_tokens"],
        cache_read: &["message/usage/cache_read_input_tokens", "usage/cache_read_input_tokens"],
        cache_write: &[
            "message/usage/cache_creation_input_tokens",
            "usage/cache_creation_input_tokens",
        ],
        write_5m: &["message/usage/cache_creation/ephemeral_5m_input_tokens"],
        write_1h: &["message/usage/cache_creation/ephemeral_1h_input_tokens"],
    },
    body: |_, prompt| {
        Ok(without_nulls(json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": prompt.max_tokens.unwrap_or(MAX_TOKENS_DEFAULT),
            "messages": [{ "role": "user", "content": prompt.text }],
            "system": prompt.system,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};

const COMPLETION: Paths = Paths { text: &["completion"], stop: &["stop_reason"], ..Paths::NONE };

static TEXT: Shape = Shape {
    max_tokens: &["max_tokens_to_sample"],
    reply: COMPLETION,
    chunk: COMPLETION,
    body: |_, prompt| {
        let system = prompt.system.unwrap_or_default();
        Ok(without_nulls(json!({
            "prompt": format!("{system}\n\nHuman: {}\n\nAssistant:", prompt.text),
            "max_tokens_to_sample": prompt.max_tokens.unwrap_or(MAX_TOKENS_DEFAULT),
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};
