//! DeepSeek: R1 takes a prompt with its template, later models speak the chat JSON.

use serde_json::json;

use super::{Paths, Shape, chat, without_nulls};

pub(super) fn shape(name: &str) -> &'static Shape {
    if name.starts_with("r1") { &R1 } else { &chat::CHAT }
}

// An R1 that was imported answers in Llama's shape.
const PATHS: Paths = Paths {
    text: &["choices/*/text", "generation"],
    stop: &["choices/*/stop_reason", "choices/*/finish_reason", "stop_reason"],
    input: &["usage/prompt_tokens", "prompt_token_count"],
    output: &["usage/completion_tokens", "generation_token_count"],
    ..Paths::NONE
};

static R1: Shape = Shape {
    max_tokens: &["max_tokens", "max_gen_len"],
    reply: PATHS,
    chunk: PATHS,
    input_includes_cache: true,
    body: |_, prompt| {
        let system = prompt.system.unwrap_or_default();
        let text = prompt.text;
        Ok(without_nulls(json!({
            "prompt": format!("<｜begin▁of▁sentence｜>{system}<｜User｜>{text}<｜Assistant｜><think>\n"),
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};
