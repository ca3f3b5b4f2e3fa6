use bursar_domain::call::Operation;
use http::HeaderMap;
use serde_json::Value;

use super::*;
use crate::request::read_request;

const PROMPT: Prompt<'_> = Prompt {
    system: Some("Be brief."),
    text: "Why?",
    max_tokens: Some(99),
    temperature: Some(0.5),
};

fn model(id: &str) -> ModelId {
    ModelId::parse(id).unwrap()
}

fn built(id: &str, prompt: &Prompt<'_>) -> Value {
    serde_json::from_slice(&build_body(&model(id), prompt).unwrap()).unwrap()
}

#[test]
fn anthropic_and_amazon_get_their_own_json() {
    let flat = json!("Be brief.\n\nWhy?");
    for (id, body) in [
        (
            "anthropic.claude-opus-5",
            json!({
                "anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "system": "Be brief.",
                "messages": [{ "role": "user", "content": "Why?" }], "temperature": 0.5,
            }),
        ),
        (
            "anthropic.claude-v2:1",
            json!({
                "prompt": "Be brief.\n\nHuman: Why?\n\nAssistant:", "max_tokens_to_sample": 99,
                "temperature": 0.5,
            }),
        ),
        (
            "amazon.nova-pro-v1:0",
            json!({
                "schemaVersion": "messages-v1", "system": [{ "text": "Be brief." }],
                "messages": [{ "role": "user", "content": [{ "text": "Why?" }] }],
                "inferenceConfig": { "maxTokens": 99, "temperature": 0.5 },
            }),
        ),
        (
            "amazon.titan-text-express-v1",
            json!({
                "inputText": flat,
                "textGenerationConfig": { "maxTokenCount": 99, "temperature": 0.5 },
            }),
        ),
    ] {
        assert_eq!(built(id, &PROMPT), body, "{id}");
    }
}

#[test]
fn the_other_providers_get_theirs() {
    let messages = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "Why?" },
    ]);
    let flat = json!("Be brief.\n\nWhy?");
    for (id, body) in [
        (
            "mistral.mixtral-8x7b-instruct-v0:1",
            json!({
                "prompt": "<s>[INST] Be brief.\n\nWhy? [/INST]",
                "max_tokens": 99, "temperature": 0.5,
            }),
        ),
        (
            "mistral.magistral-small-2509",
            json!({
                "messages": messages, "max_tokens": 99, "temperature": 0.5,
            }),
        ),
        (
            "openai.gpt-oss-120b-1:0",
            json!({
                "messages": messages, "max_completion_tokens": 99, "temperature": 0.5,
            }),
        ),
        (
            "cohere.command-text-v14",
            json!({
                "prompt": flat, "max_tokens": 99, "temperature": 0.5,
            }),
        ),
        (
            "cohere.command-r-v1:0",
            json!({
                "message": "Why?", "preamble": "Be brief.", "max_tokens": 99, "temperature": 0.5,
            }),
        ),
        ("ai21.j2-ultra-v1", json!({ "prompt": flat, "maxTokens": 99, "temperature": 0.5 })),
        (
            "deepseek.r1-v1:0",
            json!({
                "prompt": "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Why?<｜Assistant｜><think>\n",
                "max_tokens": 99, "temperature": 0.5,
            }),
        ),
    ] {
        assert_eq!(built(id, &PROMPT), body, "{id}");
    }
}

#[test]
fn llama_gets_the_template_of_its_generation() {
    let prompt = |id| built(id, &PROMPT)["prompt"].as_str().unwrap().to_owned();
    assert_eq!(
        prompt("meta.llama3-3-70b-instruct-v1:0"),
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>\
         <|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>\
         <|start_header_id|>assistant<|end_header_id|>\n\n"
    );
    assert_eq!(
        prompt("meta.llama4-scout-17b-instruct-v1:0"),
        "<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|>\
         <|header_start|>user<|header_end|>\n\nWhy?<|eot|>\
         <|header_start|>assistant<|header_end|>\n\n"
    );
    assert_eq!(
        prompt("meta.llama2-13b-chat-v1"),
        "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nWhy? [/INST]"
    );
}

#[test]
fn what_is_not_asked_for_is_not_sent_but_claudes_limit() {
    let bare = Prompt { text: "Why?", ..Prompt::default() };
    let user = json!([{ "role": "user", "content": "Why?" }]);
    assert_eq!(built("qwen.qwen3-32b-v1:0", &bare), json!({ "messages": user }));
    assert_eq!(built("amazon.titan-text-lite-v1", &bare), json!({ "inputText": "Why?" }));
    assert_eq!(built("anthropic.claude-opus-5", &bare)["max_tokens"], 1024);
    let converse: Value =
        serde_json::from_slice(&converse_body(&bare, &BTreeMap::new(), None)).unwrap();
    assert_eq!(
        converse,
        json!({ "messages": [{ "role": "user", "content": [{ "text": "Why?" }] }] })
    );
}

#[test]
fn vectors_and_images_take_a_text_and_no_system() {
    let bare = Prompt { text: "Why?", ..Prompt::default() };
    for id in [
        "amazon.titan-embed-text-v2:0",
        "amazon.titan-embed-image-v1",
        "amazon.nova-2-multimodal-embeddings-v1:0",
        "cohere.embed-v4:0",
        "amazon.nova-canvas-v1:0",
        "stability.sd3-5-large-v1:0",
        "stability.stable-image-ultra-v1:1",
    ] {
        assert!(built(id, &bare).to_string().contains("Why?"), "{id}");
        let error = build_body(&model(id), &PROMPT).unwrap_err();
        assert!(error.instead.contains("system"), "{error}");
    }
}

#[test]
fn a_model_that_no_prompt_can_invoke_says_what_to_use() {
    for (id, instead) in [
        ("amazon.nova-2-sonic-v1:0", "Bidirectional"),
        ("amazon.nova-reel-v1:1", "StartAsyncInvoke"),
        ("luma.ray-v2:0", "StartAsyncInvoke"),
        ("cohere.rerank-v3-5:0", "documents"),
        ("amazon.rerank-v1:0", "documents"),
        ("stability.stable-outpaint-v1:0", "image"),
        ("twelvelabs.pegasus-1-5-v1:0", "video"),
        ("twelvelabs.marengo-embed-3-0-v1:0", "inputType"),
    ] {
        let error = build_body(&model(id), &PROMPT).unwrap_err();
        assert!(error.instead.contains(instead), "{id}: {error}");
    }
}

#[test]
fn converse_carries_metadata_and_tier() {
    let metadata = BTreeMap::from([("team".to_owned(), "red".to_owned())]);
    let read = |tier| {
        let body = converse_body(&PROMPT, &metadata, tier);
        read_request(Operation::Converse, &model("a.b"), &HeaderMap::new(), &body).unwrap()
    };
    assert_eq!(read(None).metadata, metadata);
    assert_eq!(read(None).max_tokens, Some(99));
    for tier in [Tier::Standard, Tier::Flex, Tier::Priority, Tier::Reserved, Tier::LatencyOptimised]
    {
        assert_eq!(read(Some(tier)).tier, tier);
    }
    assert_eq!(read(Some(Tier::Batch)).tier, Tier::Standard);
}

/// Whatever limit is written is found again by what reads requests.
#[test]
fn every_limit_that_is_written_bounds_the_request() {
    for id in [
        "anthropic.claude-opus-5",
        "anthropic.claude-v2",
        "amazon.nova-2-lite-v1:0",
        "amazon.titan-text-lite-v1",
        "meta.llama4-maverick-17b-instruct-v1:0",
        "mistral.mistral-large-2402-v1:0",
        "mistral.pixtral-large-2502-v1:0",
        "cohere.command-r-v1:0",
        "ai21.j2-mid-v1",
        "ai21.jamba-1-5-large-v1:0",
        "deepseek.r1-v1:0",
        "deepseek.v3.1",
        "google.gemma-4-31b",
        "openai.gpt-6-sol",
        "xai.grok-4.7",
        "zai.glm-5",
    ] {
        let body = build_body(&model(id), &PROMPT).unwrap();
        let facts =
            read_request(Operation::InvokeModel, &model(id), &HeaderMap::new(), &body).unwrap();
        assert_eq!(facts.max_tokens, Some(99), "{id}");
        assert_eq!(facts.input_bytes, body.len() as u64);
    }
}

/// Every active model of the shared list, where it lies beside the checkout, gets a body or a hint.
#[test]
fn every_active_model_gets_a_body_or_a_hint() {
    let file = "../../../shared/data/bedrock-models.json";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let json: Value = serde_json::from_str(&text).unwrap();
    let bare = Prompt { text: "Why?", ..Prompt::default() };
    for entry in json["models"].as_array().unwrap() {
        let (id, kind) = (entry["id"].as_str().unwrap(), entry["modality"].as_str().unwrap());
        let is_built = build_body(&model(id), &bare).is_ok();
        let no_prompt = ["audio", "video", "rerank"].contains(&kind)
            || id.starts_with("twelvelabs.")
            || (kind == "image"
                && id.contains(".stable-")
                && !id.contains("stable-image-core")
                && !id.contains("stable-image-ultra"));
        assert_eq!(is_built, !no_prompt, "{id}");
    }
}
