//! The `OpenAI`-like chat JSON: gpt-oss, Qwen, later Mistral and DeepSeek, Jamba, Writer, Gemma,
//! `MiniMax`, Moonshot, NVIDIA, Z.AI, xAI, and whoever comes next.

use serde_json::{Value, json};

use super::{Paths, Shape, without_nulls};

const PATHS: Paths = Paths {
    text: &[
        "choices/*/message/content",
        "choices/*/message/content/*/text",
        "choices/*/delta/content",
        "choices/*/delta/content/*/text",
        "choices/*/text",
    ],
    reasoning: &[
        "choices/*/message/reasoning_content",
        "choices/*/message/reasoning",
        "choices/*/delta/reasoning_content",
        "choices/*/delta/reasoning",
    ],
    stop: &["choices/*/finish_reason", "choices/*/stop_reason"],
    input: &["usage/prompt_tokens"],
    output: &["usage/completion_tokens"],
    cache_read: &["usage/prompt_tokens_details/cached_tokens"],
    ..Paths::NONE
};

pub(super) static CHAT: Shape = Shape {
    max_tokens: &["max_completion_tokens", "max_tokens"],
    candidates: &["n"],
    reply: PATHS,
    chunk: PATHS,
    input_includes_cache: true,
    body: |model, prompt| {
        let user = json!({ "role": "user", "content": prompt.text });
        let messages = match prompt.system {
            Some(system) => json!([{ "role": "system", "content": system }, user]),
            None => json!([user]),
        };
        // gpt models know the limit, which reasoning counts against, by its newer name.
        let limit = match model.provider() {
            "openai" => "max_completion_tokens",
            _ => "max_tokens",
        };
        let mut body = json!({ "messages": messages, "temperature": prompt.temperature });
        body[limit] = prompt.max_tokens.map_or(Value::Null, Value::from);
        Ok(without_nulls(body))
    },
    ..Shape::EMPTY
};
