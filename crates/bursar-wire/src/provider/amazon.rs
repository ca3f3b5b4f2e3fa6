//! Amazon's own: Nova, Titan text, and what gives vectors, images or an order of documents.

use serde_json::json;

use super::{Gives, Paths, Shape, converse, elsewhere, no_system, system_first, with_limits};

/// The first part that a model's name has decides; all else is Nova's chat.
const BY_PART: [(&str, &Shape); 8] = [
    ("sonic", &elsewhere::SPEECH),
    ("nova-reel", &elsewhere::VIDEO),
    ("nova-canvas", &IMAGE),
    ("titan-image", &IMAGE),
    ("multimodal-embeddings", &NOVA_EMBED),
    ("titan-embed", &TITAN_EMBED),
    ("titan", &TITAN_TEXT),
    ("rerank", &elsewhere::RERANK),
];

pub(super) fn shape(name: &str) -> &'static Shape {
    BY_PART.iter().find(|(part, _)| name.contains(part)).map_or(&NOVA, |(_, shape)| shape)
}

static NOVA: Shape = Shape {
    max_tokens: &["inferenceConfig/maxTokens", "inferenceConfig/max_new_tokens"],
    reply: converse::REPLY,
    chunk: converse::EVENT,
    body: |_, prompt| {
        let mut body = converse::body(prompt);
        body["schemaVersion"] = json!("messages-v1");
        Ok(body)
    },
    ..Shape::EMPTY
};

static TITAN_TEXT: Shape = Shape {
    max_tokens: &["textGenerationConfig/maxTokenCount"],
    reply: Paths {
        text: &["results/*/outputText"],
        stop: &["results/*/completionReason"],
        input: &["inputTextTokenCount"],
        output: &["results/*/tokenCount"],
        ..Paths::NONE
    },
    chunk: Paths {
        text: &["outputText"],
        stop: &["completionReason"],
        input: &["inputTextTokenCount"],
        output: &["totalOutputTextTokenCount"],
        ..Paths::NONE
    },
    body: |_, prompt| {
        let limits =
            json!({ "maxTokenCount": prompt.max_tokens, "temperature": prompt.temperature });
        let body = json!({ "inputText": system_first(prompt) });
        Ok(with_limits(body, "textGenerationConfig", limits))
    },
    ..Shape::EMPTY
};

static TITAN_EMBED: Shape = Shape {
    gives: Gives::Vectors,
    reply: Paths { input: &["inputTextTokenCount"], ..Paths::NONE },
    body: |_, prompt| no_system(prompt).map(|()| json!({ "inputText": prompt.text })),
    ..Shape::EMPTY
};

static NOVA_EMBED: Shape = Shape {
    gives: Gives::Vectors,
    body: |_, prompt| {
        no_system(prompt)?;
        Ok(json!({
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "GENERIC_INDEX",
                "embeddingDimension": 3072,
                "text": { "truncationMode": "END", "value": prompt.text },
            },
        }))
    },
    ..Shape::EMPTY
};

static IMAGE: Shape = Shape {
    gives: Gives::Images,
    reply: Paths { stop: &["error"], ..Paths::NONE },
    body: |_, prompt| {
        no_system(prompt)?;
        Ok(json!({
            "taskType": "TEXT_IMAGE",
            "textToImageParams": { "text": prompt.text },
            "imageGenerationConfig": {
                "numberOfImages": 1, "width": 1024, "height": 1024, "quality": "standard",
            },
        }))
    },
    ..Shape::EMPTY
};
