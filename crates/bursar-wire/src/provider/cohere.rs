//! Cohere: Command, Command R, Embed and Rerank.

use serde_json::json;

use super::{Gives, Paths, Shape, elsewhere, no_system, system_first, without_nulls};

const BY_START: [(&str, &Shape); 4] = [
    ("command-text", &COMMAND),
    ("command-light", &COMMAND),
    ("embed", &EMBED),
    ("rerank", &elsewhere::RERANK),
];

pub(super) fn shape(name: &str) -> &'static Shape {
    let known = BY_START.iter().find(|(start, _)| name.starts_with(start));
    known.map_or(&COMMAND_R, |(_, shape)| shape)
}

static COMMAND: Shape = Shape {
    max_tokens: &["max_tokens"],
    candidates: &["num_generations"],
    reply: Paths {
        text: &["generations/*/text"],
        stop: &["generations/*/finish_reason"],
        ..Paths::NONE
    },
    chunk: FLAT,
    body: |_, prompt| {
        Ok(without_nulls(json!({
            "prompt": system_first(prompt),
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};

const FLAT: Paths = Paths { text: &["text"], stop: &["finish_reason"], ..Paths::NONE };

static COMMAND_R: Shape = Shape {
    max_tokens: &["max_tokens"],
    reply: FLAT,
    chunk: FLAT,
    body: |_, prompt| {
        Ok(without_nulls(json!({
            "message": prompt.text,
            "preamble": prompt.system,
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};

static EMBED: Shape = Shape {
    gives: Gives::Vectors,
    body: |_, prompt| {
        no_system(prompt)?;
        Ok(json!({ "texts": [prompt.text], "input_type": "search_document" }))
    },
    ..Shape::EMPTY
};
