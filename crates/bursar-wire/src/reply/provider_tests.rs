use serde_json::json;

use super::tests::{counted, headers, invoke, kinds};
use super::*;

/// A plain reply of each provider, with no header: text, stop reason, input, output.
#[test]
fn each_providers_own_reply_says_text_stop_reason_and_tokens() {
    let chat = json!({
        "choices": [{ "message": { "content": "Yes" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6 },
    });
    let common = json!({
        "output": { "message": { "content": [{ "text": "Yes" }] } }, "stopReason": "stop",
        "usage": { "inputTokens": 4, "outputTokens": 2 },
    });
    let claude = json!({
        "content": [{ "type": "thinking", "thinking": "Hm" }, { "type": "text", "text": "Yes" }],
        "stop_reason": "stop", "usage": { "input_tokens": 4, "output_tokens": 2 },
    });
    let titan = json!({
        "inputTextTokenCount": 4.0,
        "results": [{ "tokenCount": 2.0, "outputText": "Yes", "completionReason": "stop" }],
    });
    let llama = json!({
        "generation": "Yes", "prompt_token_count": 4, "generation_token_count": 2,
        "stop_reason": "stop",
    });
    for (id, body) in [
        ("anthropic.claude-opus-4-8", &claude),
        ("amazon.nova-2-lite-v1:0", &common),
        ("amazon.titan-text-express-v1", &titan),
        ("meta.llama4-scout-17b-instruct-v1:0", &llama),
        ("ai21.jamba-1-5-mini-v1:0", &chat),
        ("deepseek.v3.2", &chat),
        ("google.gemma-3-4b-it", &chat),
        ("minimax.minimax-m2", &chat),
        ("mistral.pixtral-large-2502-v1:0", &chat),
        ("mistral.mistral-large-2407-v1:0", &chat),
        ("moonshotai.kimi-k3", &chat),
        ("nvidia.nemotron-nano-9b-v2", &chat),
        ("openai.gpt-oss-20b-1:0", &chat),
        ("qwen.qwen3-32b-v1:0", &chat),
        ("writer.palmyra-x5-v1:0", &chat),
        ("xai.grok-4.6", &chat),
        ("zai.glm-5", &chat),
    ] {
        let facts = invoke(id, &HeaderMap::new(), body);
        assert_eq!(facts.text, "Yes", "{id}");
        assert_eq!(facts.stop_reason.as_deref(), Some("stop"), "{id}");
        assert_eq!(facts.usage.map(|usage| kinds(&usage)), Some([4, 2, 0, 0, 0]), "{id}");
        assert_eq!(facts.usage_suspect, None, "{id}");
    }
}

/// Providers whose bodies count nothing: the headers do.
#[test]
fn a_reply_without_counts_is_billed_by_its_headers() {
    for (id, body) in [
        ("anthropic.claude-v2:1", json!({ "completion": "Yes", "stop_reason": "stop" })),
        (
            "mistral.mixtral-8x7b-instruct-v0:1",
            json!({ "outputs": [{ "text": "Yes", "stop_reason": "stop" }] }),
        ),
        (
            "cohere.command-text-v14",
            json!({ "generations": [{ "text": "Yes", "finish_reason": "stop" }], "prompt": "?" }),
        ),
        ("cohere.command-r-plus-v1:0", json!({ "text": "Yes", "finish_reason": "stop" })),
        (
            "ai21.j2-ultra-v1",
            json!({ "completions": [{
                "data": { "text": "Yes", "tokens": [] }, "finishReason": { "reason": "stop" },
            }] }),
        ),
        ("deepseek.r1-v1:0", json!({ "choices": [{ "text": "Yes", "stop_reason": "stop" }] })),
        ("twelvelabs.pegasus-1-5-v1:0", json!({ "message": "Yes", "finishReason": "stop" })),
    ] {
        assert_eq!(invoke(id, &HeaderMap::new(), &body).usage, None, "{id}");
        let facts = invoke(id, &counted("4", "2"), &body);
        assert_eq!(facts.text, "Yes", "{id}");
        assert_eq!(facts.stop_reason.as_deref(), Some("stop"), "{id}");
        assert_eq!(facts.usage.map(|usage| kinds(&usage)), Some([4, 2, 0, 0, 0]), "{id}");
    }
}

#[test]
fn claude_splits_its_cache_writes_and_names_its_version() {
    let body = json!({
        "model": "claude-haiku-4-5-20251001",
        "content": [], "stop_reason": "end_turn",
        "usage": {
            "input_tokens": 3, "output_tokens": 44, "cache_read_input_tokens": 9511,
            "cache_creation_input_tokens": 1956,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 956, "ephemeral_1h_input_tokens": 1000,
            },
        },
    });
    let mut counts = counted("3", "44");
    counts.extend(headers(&[
        ("x-amzn-bedrock-cache-read-input-token-count", "9511"),
        ("x-amzn-bedrock-cache-write-input-token-count", "1956"),
        ("x-amzn-bedrock-invocation-latency", "1233"),
    ]));
    let facts = invoke("anthropic.claude-haiku-4-5-20251001-v1:0", &counts, &body);
    assert_eq!(kinds(&facts.usage.unwrap()), [3, 44, 9511, 956, 1000]);
    assert_eq!(facts.model_version.as_deref(), Some("claude-haiku-4-5-20251001"));
    assert_eq!((facts.usage_suspect, facts.latency_ms), (None, Some(1233)));
}

#[test]
fn a_guarded_nova_reply_with_half_its_usage_is_completed_by_headers() {
    let body = json!({ "usage": { "inputTokens": 4 }, "amazon-bedrock-guardrailAction": "NONE" });
    assert_eq!(invoke("amazon.nova-lite-v1:0", &HeaderMap::new(), &body).usage, None);
    let facts = invoke("amazon.nova-lite-v1:0", &counted("4", "2"), &body);
    assert_eq!(kinds(&facts.usage.unwrap()), [4, 2, 0, 0, 0]);
}

#[test]
fn vectors_use_input_alone() {
    let input = headers(&[("x-amzn-bedrock-input-token-count", "5")]);
    let nothing = HeaderMap::new();
    for (id, headers, body) in [
        (
            "amazon.titan-embed-text-v2:0",
            &nothing,
            json!({ "embedding": [], "inputTextTokenCount": 5 }),
        ),
        (
            "amazon.titan-embed-image-v1",
            &nothing,
            json!({ "embedding": [], "inputTextTokenCount": 5 }),
        ),
        ("amazon.nova-2-multimodal-embeddings-v1:0", &input, json!({ "embeddings": [] })),
        ("cohere.embed-english-v3", &input, json!({ "embeddings": [[]] })),
        ("cohere.embed-v4:0", &input, json!({ "embeddings": { "float": [[]] } })),
    ] {
        let facts = invoke(id, headers, &body);
        assert_eq!(facts.usage.map(|usage| kinds(&usage)), Some([5, 0, 0, 0, 0]), "{id}");
    }
    assert_eq!(invoke("cohere.embed-v4:0", &nothing, &json!({})).usage, None);
}

#[test]
fn images_are_counted_as_they_came_and_filtered_ones_are_not() {
    let body = json!({
        "images": ["aGk=", "aGk=", "", null],
        "finish_reasons": [null, null, "Filter reason: prompt"],
    });
    for id in [
        "amazon.nova-canvas-v1:0",
        "amazon.titan-image-generator-v2:0",
        "stability.sd3-5-large-v1:0",
    ] {
        let usage = invoke(id, &HeaderMap::new(), &body).usage.unwrap();
        assert_eq!(usage.meters, [(Meter("image".to_owned()), 2)], "{id}");
        assert_eq!(kinds(&usage), [0; 5]);
        assert_eq!(invoke(id, &HeaderMap::new(), &json!({ "error": "no" })).usage, None);
    }
    let facts = invoke("stability.stable-image-core-v1:1", &HeaderMap::new(), &body);
    assert_eq!(facts.stop_reason.as_deref(), Some("Filter reason: prompt"));
}

#[test]
fn a_rerank_is_billed_by_its_request() {
    let body = json!({ "results": [{ "index": 0, "relevance_score": 0.9 }] });
    for id in ["amazon.rerank-v1:0", "cohere.rerank-v3-5:0"] {
        assert_eq!(invoke(id, &HeaderMap::new(), &body).usage, Some(Usage::default()));
    }
}
