//! Mistral: prompts of the first models, the chat JSON of all later ones.

use serde_json::json;

use super::{Paths, Shape, chat, system_first, without_nulls};

/// The models that take `prompt` and give `outputs`.
const PROMPTED: [&str; 4] = ["mistral-7b", "mixtral", "mistral-large-24", "mistral-small-24"];

pub(super) fn shape(name: &str) -> &'static Shape {
    if PROMPTED.iter().any(|start| name.starts_with(start)) { &TEXT } else { &chat::CHAT }
}

// Mistral Large 2407 takes both shapes, so the chat's places are looked at too.
const OUTPUTS: Paths = Paths {
    text: &["outputs/*/text", "choices/*/message/content", "choices/*/delta/content"],
    stop: &["outputs/*/stop_reason", "choices/*/stop_reason", "choices/*/finish_reason"],
    input: &["usage/prompt_tokens"],
    output: &["usage/completion_tokens"],
    ..Paths::NONE
};

static TEXT: Shape = Shape {
    max_tokens: &["max_tokens"],
    reply: OUTPUTS,
    chunk: OUTPUTS,
    input_includes_cache: true,
    body: |_, prompt| {
        Ok(without_nulls(json!({
            "prompt": format!("<s>[INST] {} [/INST]", system_first(prompt)),
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};
