//! Bedrock's common JSON: Converse, `ConverseStream`, and Nova's own, which is nearly the same.

use serde_json::{Value, json};

use super::{Paths, Shape, with_limits, without_nulls};
use crate::body::Prompt;

/// A reply of Converse or of Nova.
pub(super) const REPLY: Paths = Paths {
    text: &["output/message/content/*/text"],
    reasoning: &["output/message/content/*/reasoningContent/reasoningText/text"],
    stop: &["stopReason"],
    version: &["trace/promptRouter/invokedModelId"],
    input: &["usage/inputTokens"],
    output: &["usage/outputTokens"],
    cache_read: &["usage/cacheReadInputTokens", "usage/cacheReadInputTokenCount"],
    cache_write: &["usage/cacheWriteInputTokens", "usage/cacheWriteInputTokenCount"],
    ..Paths::NONE
};

/// An event of `ConverseStream` under its type's name, which is just what Nova's chunks are.
pub(super) const EVENT: Paths = Paths {
    text: &["contentBlockDelta/delta/text"],
    reasoning: &["contentBlockDelta/delta/reasoningContent/text"],
    stop: &["messageStop/stopReason"],
    version: &["metadata/trace/promptRouter/invokedModelId"],
    input: &["metadata/usage/inputTokens"],
    output: &["metadata/usage/outputTokens"],
    cache_read: &["metadata/usage/cacheReadInputTokens", "metadata/usage/cacheReadInputTokenCount"],
    cache_write: &[
        "metadata/usage/cacheWriteInputTokens",
        "metadata/usage/cacheWriteInputTokenCount",
    ],
    ..Paths::NONE
};

/// Converse, whatever the model. A model's own names may be passed through beside the common one.
pub(crate) static CONVERSE: Shape = Shape {
    max_tokens: &[
        "inferenceConfig/maxTokens",
        "additionalModelRequestFields/inferenceConfig/maxTokens",
        "additionalModelRequestFields/inferenceConfig/max_new_tokens",
        "additionalModelRequestFields/max_completion_tokens",
        "additionalModelRequestFields/max_gen_len",
        "additionalModelRequestFields/max_new_tokens",
        "additionalModelRequestFields/max_tokens",
        "additionalModelRequestFields/max_tokens_to_sample",
        "additionalModelRequestFields/maxTokenCount",
        "additionalModelRequestFields/maxTokens",
    ],
    candidates: &[
        "additionalModelRequestFields/n",
        "additionalModelRequestFields/num_generations",
        "additionalModelRequestFields/numResults",
    ],
    reply: REPLY,
    chunk: EVENT,
    ..Shape::EMPTY
};

/// `messages`, `system` and `inferenceConfig`.
pub(crate) fn body(prompt: &Prompt<'_>) -> Value {
    let body = without_nulls(json!({
        "messages": [{ "role": "user", "content": [{ "text": prompt.text }] }],
        "system": prompt.system.map(|system| json!([{ "text": system }])),
    }));
    let limits = json!({ "maxTokens": prompt.max_tokens, "temperature": prompt.temperature });
    with_limits(body, "inferenceConfig", limits)
}
