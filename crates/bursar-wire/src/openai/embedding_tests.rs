//! Vectors: what each model is asked, and what OpenAI's clients get.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bursar_domain::model::ModelId;
use serde_json::{Value, json};

use super::*;
use crate::problem::Problem;

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-english-v3";

fn bodies(model: &str, body: &Value) -> Vec<Value> {
    let embedding = Embedding::read(body.to_string().as_bytes()).unwrap();
    let bodies = embedding.bodies(&ModelId::parse(model).unwrap()).unwrap();
    bodies.iter().map(|body| serde_json::from_slice(body).unwrap()).collect()
}

fn refused(model: &str, body: &Value) -> String {
    let read = Embedding::read(body.to_string().as_bytes());
    let refused = read.and_then(|read| read.bodies(&ModelId::parse(model).unwrap()));
    refused.unwrap_err().param.unwrap()
}

#[test]
fn one_text_at_a_time_or_many_as_the_model_takes_them() {
    let two = json!({"model": "m", "input": ["a", "b"]});
    assert_eq!(bodies(TITAN, &two), [json!({"inputText": "a"}), json!({"inputText": "b"})]);
    let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let cohere = bodies(COHERE, &json!({"model": "m", "input": many}));
    let lengths: Vec<usize> =
        cohere.iter().map(|body| body["texts"].as_array().unwrap().len()).collect();
    assert_eq!(lengths, [96, 4]);
    assert_eq!(cohere[0]["input_type"], "search_document");
    let nova =
        bodies("amazon.nova-2-multimodal-embeddings-v1:0", &json!({"model": "m", "input": "a"}));
    assert_eq!(nova[0]["singleEmbeddingParams"]["text"]["value"], "a");
}

#[test]
fn dimensions_stand_where_each_model_looks_for_them() {
    let asked = json!({"model": "m", "input": "a", "dimensions": 256});
    for (model, place) in [
        (TITAN, "/dimensions"),
        ("amazon.titan-embed-image-v1", "/embeddingConfig/outputEmbeddingLength"),
        ("amazon.nova-2-multimodal-embeddings-v1:0", "/singleEmbeddingParams/embeddingDimension"),
        ("cohere.embed-v4:0", "/output_dimension"),
    ] {
        assert_eq!(bodies(model, &asked)[0].pointer(place), Some(&json!(256)), "{model}");
    }
    for model in [COHERE, "amazon.titan-embed-text-v1"] {
        assert_eq!(refused(model, &asked), "dimensions");
    }
}

#[test]
fn no_parameter_of_openais_is_forgotten() {
    let shared = "../../../shared/data/openai_chat_schemas.json";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(shared);
    // It lies beside the checkout where it is shared.
    if !path.exists() {
        return;
    }
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let listed = schema["CreateEmbeddingRequest"]["properties"].as_object().unwrap();
    let listed: Vec<&str> = listed.keys().map(String::as_str).collect();
    assert_eq!(listed, ["dimensions", "encoding_format", "input", "model", "user"]);
}

#[test]
fn what_makes_no_vectors_of_text_is_refused() {
    assert_eq!(refused("amazon.nova-lite-v1:0", &json!({"model": "m", "input": "a"})), "model");
    let too_many = vec!["a"; INPUTS_MAX + 1];
    for input in [json!([]), json!([1, 2]), json!([[1]]), json!(7), json!([""]), json!(too_many)] {
        assert_eq!(refused(TITAN, &json!({"model": "m", "input": input})), "input");
    }
    let encoding = json!({"model": "m", "input": "a", "encoding_format": "hex"});
    assert_eq!(refused(TITAN, &encoding), "encoding_format");
}

fn reply(encoding: &str, inputs: &Value, replies: &[Value]) -> Result<Value, Problem> {
    let body = json!({"model": "m", "input": inputs, "encoding_format": encoding, "user": "u"});
    let embedding = Embedding::read(body.to_string().as_bytes()).unwrap();
    assert_eq!(embedding.ignored, ["user"]);
    let replies: Vec<Vec<u8>> =
        replies.iter().map(|reply| reply.to_string().into_bytes()).collect();
    embedding.reply(&replies, 9).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn every_models_vectors_come_out_in_order() {
    let titan = [json!({"embedding": [0.5, -1.0]}), json!({"embedding": [2.0]})];
    let list = reply("float", &json!(["a", "b"]), &titan).unwrap();
    let expected = json!({
        "object": "list", "model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 9},
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [2.0]},
        ],
    });
    assert_eq!(list, expected);
    for vectors in [
        json!({"embeddings": [[0.5, -1.0], [2.0]]}),
        json!({"embeddings": {"float": [[0.5, -1.0], [2.0]]}}),
        json!({"embeddings": [{"embedding": [0.5, -1.0]}, {"embedding": [2.0]}]}),
    ] {
        assert_eq!(reply("float", &json!(["a", "b"]), &[vectors]).unwrap(), expected);
    }
}

#[test]
fn base64_is_of_little_endian_floats() {
    let list = reply("base64", &json!("a"), &[json!({"embedding": [0.5, -1.0]})]).unwrap();
    let bytes = STANDARD.decode(list["data"][0]["embedding"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, [0.5_f32.to_le_bytes(), (-1.0_f32).to_le_bytes()].concat());
}

#[test]
fn vectors_that_lack_are_no_answer() {
    for replies in
        [vec![], vec![json!({})], vec![json!({"embedding": [1]}), json!({"embeddings": []})]]
    {
        assert!(reply("float", &json!(["a", "b"]), &replies).is_err(), "{replies:?}");
    }
    assert!(reply("base64", &json!("a"), &[json!({"embedding": ["x"]})]).is_err());
}
