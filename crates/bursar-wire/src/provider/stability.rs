//! Stability: one image per call, from a text or from another image.

use serde_json::json;

use super::{Gives, Paths, Shape, no_system};

/// The models that make an image from a text alone.
const FROM_TEXT: [&str; 3] = ["sd3", "stable-image-core", "stable-image-ultra"];

pub(super) fn shape(name: &str) -> &'static Shape {
    if FROM_TEXT.iter().any(|start| name.starts_with(start)) { &TEXT } else { &EDIT }
}

const REPLY: Paths = Paths { stop: &["finish_reasons/*"], ..Paths::NONE };

static TEXT: Shape = Shape {
    gives: Gives::Images,
    reply: REPLY,
    body: |_, prompt| no_system(prompt).map(|()| json!({ "prompt": prompt.text })),
    ..Shape::EMPTY
};

static EDIT: Shape = Shape {
    gives: Gives::Images,
    reply: REPLY,
    body: |_, _| Err("it changes an image; send a body with that image in base64"),
    ..Shape::EMPTY
};
