//! What the answer to a chat completion looks like.

use serde_json::{Value, json};

use super::*;

fn completion(reply: &Value) -> Value {
    let stamp = Stamp { id: "chatcmpl-1".to_owned(), created: 5, model: "m".to_owned() };
    serde_json::from_slice(&chat_completion(reply.to_string().as_bytes(), &stamp).unwrap()).unwrap()
}

#[test]
fn an_answer_becomes_a_chat_completion() {
    let reply = json!({
        "metrics": {"latencyMs": 1},
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"text": "It is "}, {"text": "sunny."},
            {"toolUse": {"toolUseId": "t", "name": "f", "input": {"b": 1.5}, "type": "tool_use"}},
        ]}},
        "serviceTier": {"type": "flex"},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
    });
    let expected = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "m",
        "service_tier": "flex",
        "choices": [{"index": 0, "logprobs": null, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "It is sunny.", "refusal": null,
            "reasoning_content": "hm",
            "tool_calls": [{"id": "t", "type": "function",
                "function": {"name": "f", "arguments": "{\"b\":1.5}"}}],
        }}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}},
    });
    assert_eq!(completion(&reply), expected);
}

#[test]
fn every_reason_to_stop_has_a_word() {
    for (bedrock, openai) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("content_filtered", "content_filter"),
        ("guardrail_intervened", "content_filter"),
        ("of_tomorrow", "stop"),
    ] {
        let reply = json!({"output": {"message": {"content": []}}, "stopReason": bedrock});
        let completion = completion(&reply);
        assert_eq!(completion["choices"][0]["finish_reason"], openai);
        assert_eq!(completion["choices"][0]["message"]["content"], Value::Null);
        assert_eq!(completion.get("usage"), None, "no figure is made up");
    }
}
