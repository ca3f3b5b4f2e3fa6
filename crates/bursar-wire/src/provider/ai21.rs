//! AI21: Jamba speaks the chat JSON, Jurassic-2 its own.

use serde_json::json;

use super::{Paths, Shape, chat, system_first, without_nulls};

pub(super) fn shape(name: &str) -> &'static Shape {
    if name.starts_with("j2") { &JURASSIC } else { &chat::CHAT }
}

static JURASSIC: Shape = Shape {
    max_tokens: &["maxTokens"],
    candidates: &["numResults"],
    reply: Paths {
        text: &["completions/*/data/text"],
        stop: &["completions/*/finishReason/reason"],
        ..Paths::NONE
    },
    body: |_, prompt| {
        Ok(without_nulls(json!({
            "prompt": system_first(prompt),
            "maxTokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};
