use bursar_domain::usage::TokenKind;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::json;

use super::stream_tests::{chunk, event};
use super::*;

pub(super) fn model(id: &str) -> ModelId {
    ModelId::parse(id).unwrap()
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

pub(super) fn counted(input: &str, output: &str) -> HeaderMap {
    headers(&[
        ("X-Amzn-Bedrock-Input-Token-Count", input),
        ("X-Amzn-Bedrock-Output-Token-Count", output),
    ])
}

/// Input, output, cache read, five-minute and one-hour writes.
pub(super) fn kinds(usage: &Usage) -> [u64; 5] {
    let mut kinds = [0; 5];
    for (slot, &kind) in kinds.iter_mut().zip(TokenKind::ALL) {
        *slot = usage.tokens(kind);
    }
    kinds
}

fn converse(usage: &Value) -> ReplyFacts {
    let body = json!({
        "output": { "message": { "content": [{ "text": "Hi" }], "role": "assistant" } },
        "stopReason": "end_turn", "metrics": { "latencyMs": 7 }, "usage": usage,
    });
    let body = body.to_string();
    read_reply(Operation::Converse, &model("a.b"), &HeaderMap::new(), body.as_bytes()).unwrap()
}

pub(super) fn invoke(id: &str, headers: &HeaderMap, body: &Value) -> ReplyFacts {
    let body = body.to_string();
    read_reply(Operation::InvokeModel, &model(id), headers, body.as_bytes()).unwrap()
}

#[test]
fn converse_counts_cached_input_apart_and_splits_writes_by_their_life() {
    let facts = converse(&json!({
        "inputTokens": 3, "outputTokens": 61, "totalTokens": 2435,
        "cacheReadInputTokens": 2074, "cacheWriteInputTokens": 297,
        "cacheDetails": [{ "ttl": "1h", "inputTokens": 200 }, { "ttl": "5m", "inputTokens": 97 }],
    }));
    assert_eq!(kinds(&facts.usage.unwrap()), [3, 61, 2074, 97, 200]);
    assert_eq!(facts.usage_suspect, None);
    assert_eq!((facts.text.as_str(), facts.stop_reason.as_deref()), ("Hi", Some("end_turn")));
    assert_eq!(facts.latency_ms, Some(7));
}

#[test]
fn a_write_without_a_split_or_of_thirty_minutes_counts_as_five_minutes() {
    let unsplit = json!({ "inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokenCount": 50 });
    assert_eq!(kinds(&converse(&unsplit).usage.unwrap()), [1, 1, 0, 50, 0]);
    let half_hour = json!({
        "inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 50,
        "cacheDetails": [{ "ttl": "30m", "inputTokens": 50 }],
    });
    assert_eq!(kinds(&converse(&half_hour).usage.unwrap()), [1, 1, 0, 50, 0]);
}

#[test]
fn a_split_that_does_not_add_up_gives_way_to_the_plain_figure() {
    let facts = converse(&json!({
        "inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 50,
        "cacheDetails": [{ "ttl": "1h", "inputTokens": 49 }],
    }));
    assert_eq!(kinds(&facts.usage.unwrap()), [1, 1, 0, 50, 0]);
}

#[test]
fn figures_that_cannot_be_are_clamped_and_told() {
    let negative = converse(&json!({ "inputTokens": -5, "outputTokens": 2 }));
    assert_eq!(kinds(&negative.usage.unwrap()), [0, 2, 0, 0, 0]);
    assert!(negative.usage_suspect.unwrap().contains("`-5`"));

    let huge = converse(&json!({ "inputTokens": 1, "outputTokens": 1u64 << 31 }));
    assert_eq!(kinds(&huge.usage.unwrap()), [1, (1 << 31) - 1, 0, 0, 0]);
    assert!(huge.usage_suspect.is_some());
    let largest = converse(&json!({ "inputTokens": 1, "outputTokens": (1u64 << 31) - 1 }));
    assert_eq!(largest.usage_suspect, None);

    let unsummed = converse(&json!({ "inputTokens": 1, "outputTokens": 2, "totalTokens": 9 }));
    assert!(unsummed.usage_suspect.unwrap().contains("total"));
}

#[test]
fn a_figure_that_is_missing_or_no_number_is_not_zero() {
    assert_eq!(converse(&json!({ "inputTokens": 5 })).usage, None);
    let text = converse(&json!({ "inputTokens": 5, "outputTokens": "7" }));
    assert_eq!(text.usage, None);
    assert!(text.usage_suspect.unwrap().contains("outputTokens"));
    assert_eq!(converse(&Value::Null).usage, None);
}

#[test]
fn bedrocks_own_count_is_taken_where_the_body_differs_and_the_difference_is_told() {
    let body = json!({ "usage": { "input_tokens": 17, "output_tokens": 50 } });
    let id = "anthropic.claude-3-haiku-20240307-v1:0";
    assert_eq!(invoke(id, &counted("17", "50"), &body).usage_suspect, None);
    let facts = invoke(id, &counted("17", "60"), &body);
    assert_eq!(kinds(&facts.usage.unwrap()), [17, 60, 0, 0, 0]);
    assert!(facts.usage_suspect.unwrap().contains("`50` output"));
}

#[test]
fn a_prompt_count_that_includes_the_cache_is_taken_apart() {
    let body = json!({ "usage": {
        "prompt_tokens": 100, "completion_tokens": 7,
        "prompt_tokens_details": { "cached_tokens": 40 },
    } });
    for headers in [HeaderMap::new(), counted("60", "7"), counted("100", "7")] {
        let facts = invoke("openai.gpt-oss-120b-1:0", &headers, &body);
        assert_eq!(kinds(&facts.usage.unwrap()), [60, 7, 40, 0, 0]);
        assert_eq!(facts.usage_suspect, None);
    }
    assert!(invoke("qwen.qwen3-32b-v1:0", &counted("80", "7"), &body).usage_suspect.is_some());
}

#[test]
fn a_body_that_is_no_json_is_read_by_its_headers_unless_it_claims_to_be() {
    let id = model("meta.llama3-70b-instruct-v1:0");
    let read = |operation, headers: &HeaderMap| read_reply(operation, &id, headers, b"plain text");
    let facts = read(Operation::InvokeModel, &counted("8", "3")).unwrap();
    assert_eq!(kinds(&facts.usage.unwrap()), [8, 3, 0, 0, 0]);
    assert!(read(Operation::InvokeModel, &HeaderMap::new()).is_err());
    let mut cut_off = counted("8", "3");
    cut_off.insert("content-type", HeaderValue::from_static("application/json"));
    assert!(read(Operation::InvokeModel, &cut_off).is_err());
    assert!(read(Operation::Converse, &counted("8", "3")).is_err());
}

#[test]
fn counting_tokens_uses_none() {
    let body = br#"{"inputTokens":11}"#;
    let read = read_reply(Operation::CountTokens, &model("a.b"), &HeaderMap::new(), body).unwrap();
    assert_eq!((read.counted_tokens, read.usage), (Some(11), Some(Usage::default())));
}

#[test]
fn the_tier_that_served_is_read_from_body_and_headers() {
    let body = br#"{"serviceTier":{"type":"flex"}}"#;
    let read = |operation, headers: &HeaderMap, body: &[u8]| {
        read_reply(operation, &model("amazon.nova-pro-v1:0"), headers, body).unwrap().tier
    };
    assert_eq!(read(Operation::Converse, &HeaderMap::new(), body), Some(Tier::Flex));
    let served = headers(&[("x-amzn-bedrock-service-tier", "priority")]);
    assert_eq!(read(Operation::InvokeModel, &served, b"{}"), Some(Tier::Priority));
    let fast = headers(&[("x-amzn-bedrock-performanceconfig-latency", "optimized")]);
    assert_eq!(read(Operation::InvokeModel, &fast, b"{}"), Some(Tier::LatencyOptimised));
    let odd = headers(&[("x-amzn-bedrock-service-tier", "gold")]);
    assert_eq!(read(Operation::InvokeModel, &odd, b"{}"), None);
}

#[test]
fn a_guardrail_and_a_router_are_named() {
    let body = json!({
        "stopReason": "guardrail_intervened",
        "trace": {
            "guardrail": { "inputAssessment": { "gr123": {} } },
            "promptRouter": { "invokedModelId": "arn:x" },
        },
    });
    let body = body.to_string();
    let facts = read_reply(Operation::Converse, &model("a.b"), &HeaderMap::new(), body.as_bytes());
    let facts = facts.unwrap();
    assert_eq!(facts.guardrail.id.as_deref(), Some("gr123"));
    assert_eq!(facts.guardrail.action.as_deref(), Some("INTERVENED"));
    assert_eq!(facts.model_version.as_deref(), Some("arn:x"));

    let body = json!({
        "amazon-bedrock-guardrailAction": "NONE",
        "amazon-bedrock-trace": { "guardrail": { "input": { "gr9": {} } } },
    });
    let facts = invoke("amazon.titan-text-lite-v1", &HeaderMap::new(), &body);
    assert_eq!(facts.guardrail.id.as_deref(), Some("gr9"));
    assert_eq!(facts.guardrail.action.as_deref(), Some("NONE"));
}

const MODELS: [&str; 9] = [
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.titan-text-lite-v1",
    "amazon.nova-canvas-v1:0",
    "meta.llama3-70b-instruct-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "cohere.command-r-v1:0",
    "openai.gpt-oss-120b-1:0",
    "somebody.new-v1",
];

/// JSON made of the very keys that are looked for, so that odd values stand in the right places.
fn odd_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "usage",
        "inputTokens",
        "input_tokens",
        "output_tokens",
        "prompt_tokens",
        "cacheDetails",
        "output",
        "message",
        "content",
        "text",
        "choices",
        "delta",
        "metadata",
        "images",
        "trace",
        "guardrail",
        "inputAssessment",
        "results",
        "totalTokens",
        METRICS,
        "inputTokenCount",
    ]);
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let object = prop::collection::btree_map(key.clone(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            object.prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

pub(super) const METRICS: &str = "amazon-bedrock-invocationMetrics";

proptest! {
    #[test]
    fn odd_replies_never_panic(json in odd_json(), which in 0..MODELS.len()) {
        let body = json.to_string();
        let id = model(MODELS[which]);
        for &operation in Operation::ALL {
            let _ = read_reply(operation, &id, &HeaderMap::new(), body.as_bytes());
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for id in MODELS {
            let _ = read_reply(Operation::InvokeModel, &model(id), &counted("1", "x"), &bytes);
        }
    }

    #[test]
    fn odd_chunks_never_panic(json in odd_json(), which in 0..MODELS.len()) {
        for operation in [Operation::ConverseStream, Operation::InvokeModelWithResponseStream] {
            let mut reader = StreamReader::new(operation, &model(MODELS[which]));
            for bytes in [chunk(&json), event("metadata", &json)] {
                reader.observe(&bytes).unwrap();
            }
            let _ = reader.usage_so_far();
            let _ = reader.finish();
        }
    }
}
