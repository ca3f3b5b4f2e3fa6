//! Images: a real PNG of one grey pixel, as often as was asked for.

use serde_json::{Value, json};

use crate::answer::Answer;

/// A PNG file in base64: a header for 1 × 1 grey pixel of eight bits, one scan line, the end.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUI\
                     OwAAAABJRU5ErkJggg==";

/// How many images a body for Titan or Nova Canvas asks for: one, unless it says.
pub(super) fn count(body: &Value) -> u64 {
    body["imageGenerationConfig"]["numberOfImages"].as_u64().unwrap_or(1)
}

pub(super) fn amazon(body: &Value) -> Value {
    let images: Vec<&str> = (0..count(body)).map(|_| PIXEL).collect();
    json!({"images": images, "error": null})
}

pub(super) fn stability(answer: &Answer) -> Value {
    let seed = answer.chance.below(1 << 32);
    json!({"seeds": [seed], "finish_reasons": [null], "images": [PIXEL]})
}
