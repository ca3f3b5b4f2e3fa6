//! Models that no prompt alone can invoke: each says what it takes instead.

use super::{Gives, Paths, Shape};

/// Billed by the request, which is read where requests are.
pub(super) static RERANK: Shape = Shape {
    gives: Gives::ByRequest,
    body: |_, _| Err("it orders documents; send a body with `query` and `documents`"),
    ..Shape::EMPTY
};

pub(super) static SPEECH: Shape =
    Shape { body: |_, _| Err("it speaks; use InvokeModelWithBidirectionalStream"), ..Shape::EMPTY };

pub(super) static VIDEO: Shape = Shape {
    gives: Gives::ByRequest,
    body: |_, _| Err("it makes videos; use StartAsyncInvoke"),
    ..Shape::EMPTY
};

pub(super) fn twelvelabs(name: &str) -> &'static Shape {
    if name.starts_with("pegasus") { &PEGASUS } else { &MARENGO }
}

const ABOUT_A_VIDEO: Paths = Paths { text: &["message"], stop: &["finishReason"], ..Paths::NONE };

static PEGASUS: Shape = Shape {
    max_tokens: &["maxOutputTokens"],
    reply: ABOUT_A_VIDEO,
    chunk: ABOUT_A_VIDEO,
    body: |_, _| Err("it tells about a video; send a body with `inputPrompt` and `mediaSource`"),
    ..Shape::EMPTY
};

static MARENGO: Shape = Shape {
    gives: Gives::ByRequest,
    body: |_, _| Err("it takes text, images and videos; send a body with `inputType`"),
    ..Shape::EMPTY
};
