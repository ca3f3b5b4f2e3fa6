//! Embeddings: vectors of length one that follow from the seed and the text, so that the same text
//! has the same vector and another text another. They mean nothing.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::chance::Chance;

/// Titan's, text and multimodal.
pub(super) fn titan(answer: &Answer, body: &Value) -> Value {
    let wanted = [&body["dimensions"], &body["embeddingConfig"]["outputEmbeddingLength"]];
    let dimensions = wanted.into_iter().find_map(Value::as_u64).unwrap_or(1024);
    let vector = vector(answer.chance, &body["inputText"], dimensions);
    let mut reply = json!({"embedding": vector, "embeddingsByType": {"float": vector}});
    if let Some(told) = answer.told {
        reply["inputTextTokenCount"] = json!(told.input);
    }
    reply
}

pub(super) fn nova(answer: &Answer, body: &Value) -> Value {
    let params = &body["singleEmbeddingParams"];
    let dimensions = params["embeddingDimension"].as_u64().unwrap_or(3072);
    let vector = vector(answer.chance, &params["text"]["value"], dimensions);
    json!({"embeddings": [{"embedding": vector, "embeddingType": "TEXT"}]})
}

pub(super) fn cohere_v3(answer: &Answer, body: &Value) -> Value {
    json!({
        "embeddings": vectors(answer, body, 1024),
        "id": answer.request_id,
        "response_type": "embeddings_floats",
        "texts": body["texts"],
    })
}

pub(super) fn cohere_v4(answer: &Answer, body: &Value) -> Value {
    let dimensions = body["output_dimension"].as_u64().unwrap_or(1536);
    json!({
        "embeddings": {"float": vectors(answer, body, dimensions)},
        "id": answer.request_id,
        "response_type": "embeddings_by_type",
        "texts": body["texts"],
    })
}

pub(super) fn marengo(answer: &Answer) -> Value {
    let vector = vector(answer.chance, &Value::Null, 512);
    json!({"data": [{"embedding": vector, "embeddingOption": "visual-text"}]})
}

fn vectors(answer: &Answer, body: &Value, dimensions: u64) -> Vec<Vec<f64>> {
    let texts = body["texts"].as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().map(|text| vector(answer.chance, text, dimensions)).collect()
}

/// Each number is plus or minus one over the root of the dimensions, so that the length is one.
fn vector(chance: Chance, text: &Value, dimensions: u64) -> Vec<f64> {
    let dimensions = u32::try_from(dimensions).unwrap_or(1);
    let chance = Chance::new(0).with(text.to_string().as_bytes()).with_number(chance.value());
    let unit = 1.0 / f64::from(dimensions).sqrt();
    let sign = |number: u32| chance.with_number(u64::from(number)).below(2) == 0;
    (0..dimensions).map(|number| if sign(number) { unit } else { -unit }).collect()
}
