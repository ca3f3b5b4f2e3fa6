use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde_json::json;

use super::tests::{METRICS, headers, kinds, model};
use super::*;
use crate::error::{ErrorCode, WireError};
use crate::frame::Frame;

pub(super) fn event(name: &str, payload: &Value) -> Vec<u8> {
    Frame::event(name, payload.to_string()).encode().unwrap().to_vec()
}

pub(super) fn chunk(json: &Value) -> Vec<u8> {
    let bytes = STANDARD.encode(json.to_string());
    event("chunk", &json!({ "bytes": bytes, "p": "abc" }))
}

/// The facts, how it ended, the text and the reasoning of a stream, fed in pieces of `step` bytes.
fn read(
    mut reader: StreamReader,
    bytes: &[u8],
    step: usize,
) -> (ReplyFacts, Completeness, String, String) {
    let (mut text, mut reasoning) = (String::new(), String::new());
    for piece in bytes.chunks(step) {
        for seen in reader.observe(piece).unwrap() {
            match seen {
                Seen::Text(piece) => text.push_str(&piece),
                Seen::Reasoning(piece) => reasoning.push_str(&piece),
                Seen::Exception(_) | Seen::Other => {}
            }
        }
    }
    let (facts, completeness) = reader.finish();
    (facts, completeness, text, reasoning)
}

fn converse_reader() -> StreamReader {
    StreamReader::new(Operation::ConverseStream, &model("a.b"))
}

fn invoke_reader(id: &str) -> StreamReader {
    StreamReader::new(Operation::InvokeModelWithResponseStream, &model(id))
}

fn converse_events() -> Vec<Vec<u8>> {
    let delta = |delta: Value| {
        event("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": delta }))
    };
    vec![
        event("messageStart", &json!({ "p": "ab", "role": "assistant" })),
        delta(json!({ "reasoningContent": { "text": "Hm" } })),
        delta(json!({ "reasoningContent": { "signature": "c2ln" } })),
        delta(json!({ "text": "Hé" })),
        delta(json!({ "text": "llo" })),
        delta(json!({ "toolUse": { "input": "{}" } })),
        event("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        event("messageStop", &json!({ "stopReason": "end_turn" })),
        event(
            "metadata",
            &json!({
                "metrics": { "latencyMs": 9 }, "serviceTier": { "type": "priority" },
                "trace": { "guardrail": { "inputAssessment": { "gr1": {} } } },
                "usage": {
                    "inputTokens": 8, "outputTokens": 10, "totalTokens": 48,
                    "cacheReadInputTokens": 20, "cacheWriteInputTokens": 10,
                    "cacheDetails": [{ "ttl": "1h", "inputTokens": 10 }],
                },
            }),
        ),
    ]
}

#[test]
fn a_converse_stream_is_read_whole_however_it_is_split() {
    let bytes = converse_events().concat();
    for step in [1, 7, 100, bytes.len()] {
        let (facts, completeness, text, reasoning) = read(converse_reader(), &bytes, step);
        assert_eq!(completeness, Completeness::Complete);
        assert_eq!((text.as_str(), reasoning.as_str()), ("Héllo", "Hm"));
        assert_eq!(kinds(&facts.usage.unwrap()), [8, 10, 20, 0, 10]);
        assert_eq!(facts.stop_reason.as_deref(), Some("end_turn"));
        assert_eq!((facts.tier, facts.latency_ms), (Some(Tier::Priority), Some(9)));
        assert_eq!(facts.guardrail.id.as_deref(), Some("gr1"));
        assert_eq!(facts.guardrail.action.as_deref(), Some("NONE"));
        assert_eq!((facts.usage_suspect, facts.text), (None, String::new()));
    }
}

#[test]
fn a_stream_cut_on_any_frame_border_or_inside_a_frame_is_truncated() {
    let events = converse_events();
    for kept in 0..events.len() {
        let bytes = events[..kept].concat();
        let (facts, completeness, ..) = read(converse_reader(), &bytes, 64);
        assert!(matches!(completeness, Completeness::Truncated { .. }), "{kept} frames");
        assert_eq!(facts.usage, None);
    }
    let bytes = events.concat();
    let (_, completeness, ..) = read(converse_reader(), &bytes[..bytes.len() - 1], 64);
    assert_eq!(
        completeness,
        Completeness::Truncated { why: "the stream ends inside a frame".to_owned() }
    );
    let no_stop: Vec<u8> = [&events[0], &events[8]].into_iter().flatten().copied().collect();
    let (_, completeness, ..) = read(converse_reader(), &no_stop, 64);
    assert!(matches!(completeness, Completeness::Truncated { why } if why.contains("messageStop")));
}

#[test]
fn a_whole_stream_without_usage_is_complete_and_says_nothing() {
    let bytes = [
        event("messageStop", &json!({ "stopReason": "end_turn" })),
        event("metadata", &json!({ "metrics": {} })),
    ];
    let (facts, completeness, ..) = read(converse_reader(), &bytes.concat(), 64);
    assert_eq!((facts.usage, completeness), (None, Completeness::Complete));
}

#[test]
fn an_exception_ends_the_stream_with_its_code() {
    let error = WireError::new(ErrorCode::Throttling, "slow down");
    let mut reader = converse_reader();
    reader.observe(&converse_events()[..4].concat()).unwrap();
    let seen = reader.observe(&error.frame().encode().unwrap()).unwrap();
    assert_eq!(seen, [Seen::Exception(WireError { in_stream: true, ..error })]);
    let (_, completeness) = reader.finish();
    assert!(matches!(completeness, Completeness::Truncated { why } if why.contains("Throttling")));
}

#[test]
fn a_broken_frame_is_an_error_and_the_stream_truncated() {
    let mut bytes = converse_events().concat();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let mut reader = converse_reader();
    assert!(reader.observe(&bytes).is_err());
    let (_, completeness) = reader.finish();
    assert!(matches!(completeness, Completeness::Truncated { why } if why.contains("checksum")));
}

fn metrics(input: u64, output: u64) -> Value {
    json!({ "inputTokenCount": input, "outputTokenCount": output, "invocationLatency": 5 })
}

#[test]
fn claudes_running_totals_and_split_join_bedrocks_metrics() {
    let mut last = metrics(3, 21);
    last["cacheReadInputTokenCount"] = json!(7);
    last["cacheWriteInputTokenCount"] = json!(30);
    let chunks = [
        json!({ "type": "message_start", "message": {
            "model": "claude-x", "usage": {
                "input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 7,
                "cache_creation_input_tokens": 30,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20,
                },
            },
        } }),
        json!({ "type": "content_block_delta", "delta": { "thinking": "Hm" } }),
        json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": "Hi" } }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" },
            "usage": { "output_tokens": 21 } }),
        json!({ "type": "message_stop", METRICS: last }),
    ];
    let bytes: Vec<Vec<u8>> = chunks.iter().map(chunk).collect();

    let mut reader = invoke_reader("anthropic.claude-sonnet-4-6");
    reader.observe(&bytes[..3].concat()).unwrap();
    assert_eq!(kinds(&reader.usage_so_far().unwrap()), [3, 1, 7, 10, 20]);
    let (cut, completeness) = reader.finish();
    assert_eq!(kinds(&cut.usage.unwrap()), [3, 1, 7, 10, 20]);
    assert!(matches!(completeness, Completeness::Truncated { .. }));

    let reader = invoke_reader("anthropic.claude-sonnet-4-6");
    let (facts, completeness, text, reasoning) = read(reader, &bytes.concat(), 50);
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!((text.as_str(), reasoning.as_str()), ("Hi", "Hm"));
    assert_eq!(kinds(&facts.usage.unwrap()), [3, 21, 7, 10, 20]);
    assert_eq!(facts.model_version.as_deref(), Some("claude-x"));
    assert_eq!((facts.usage_suspect, facts.latency_ms), (None, Some(5)));
}

/// Two chunks of each provider, the second with Bedrock's metrics.
#[test]
fn each_providers_chunks_say_text_stop_reason_and_tokens() {
    let chat = |word: &str, stop: Option<&str>| {
        let delta = json!({ "content": word });
        json!({ "choices": [{ "delta": delta, "finish_reason": stop }] })
    };
    let nova = |word: &str| json!({ "contentBlockDelta": { "delta": { "text": word } } });
    let llama = |word: &str, stop: Option<&str>, count| {
        json!({ "generation": word, "stop_reason": stop, "generation_token_count": count,
            "prompt_token_count": if count == 1 { json!(4) } else { Value::Null } })
    };
    for (id, first, last) in [
        ("openai.gpt-oss-120b-1:0", chat("Ye", None), chat("s", Some("stop"))),
        ("ai21.jamba-1-5-large-v1:0", chat("Ye", None), chat("s", Some("stop"))),
        (
            "mistral.pixtral-large-2502-v1:0",
            json!({ "choices": [{ "message": { "content": "Ye" }, "stop_reason": null }] }),
            json!({ "choices": [{ "message": { "content": "s" }, "stop_reason": "stop" }] }),
        ),
        (
            "mistral.mistral-7b-instruct-v0:2",
            json!({ "outputs": [{ "text": "Ye", "stop_reason": null }] }),
            json!({ "outputs": [{ "text": "s", "stop_reason": "stop" }] }),
        ),
        ("meta.llama3-8b-instruct-v1:0", llama("Ye", None, 1), llama("s", Some("stop"), 2)),
        (
            "cohere.command-r-v1:0",
            json!({ "text": "Yes", "is_finished": false }),
            json!({ "is_finished": true, "finish_reason": "stop" }),
        ),
        (
            "deepseek.r1-v1:0",
            json!({ "choices": [{ "text": "Ye" }] }),
            json!({ "choices": [{ "text": "s", "stop_reason": "stop" }] }),
        ),
        (
            "amazon.titan-text-express-v1",
            json!({ "outputText": "Ye", "completionReason": null, "inputTextTokenCount": 4 }),
            json!({ "outputText": "s", "completionReason": "stop",
                "totalOutputTextTokenCount": 2 }),
        ),
        (
            "amazon.nova-micro-v1:0",
            nova("Yes"),
            json!({ "messageStop": { "stopReason": "stop" },
            "metadata": { "usage": { "inputTokens": 4, "outputTokens": 2 } } }),
        ),
        (
            "anthropic.claude-v2:1",
            json!({ "completion": "Yes", "stop_reason": null }),
            json!({ "completion": "", "stop_reason": "stop" }),
        ),
    ] {
        let mut last = last;
        last[METRICS] = metrics(4, 2);
        let bytes = [chunk(&first), chunk(&last)].concat();
        let (facts, completeness, text, _) = read(invoke_reader(id), &bytes, 33);
        assert_eq!((text.as_str(), completeness), ("Yes", Completeness::Complete), "{id}");
        assert_eq!(facts.stop_reason.as_deref(), Some("stop"), "{id}");
        assert_eq!(facts.usage.map(|usage| kinds(&usage)), Some([4, 2, 0, 0, 0]), "{id}");
        assert_eq!(facts.usage_suspect, None, "{id}");

        let (_, completeness, ..) = read(invoke_reader(id), &chunk(&first), 33);
        assert!(matches!(completeness, Completeness::Truncated { .. }), "{id}");
    }
}

#[test]
fn lying_metrics_are_told() {
    let bytes = chunk(
        &json!({ "generation": "x", METRICS: { "inputTokenCount": -4, "outputTokenCount": 2 } }),
    );
    let (facts, ..) = read(invoke_reader("meta.llama3-8b-instruct-v1:0"), &bytes, 99);
    assert!(facts.usage_suspect.unwrap().contains("-4"));
}

#[test]
fn what_is_not_understood_is_passed_over() {
    let mut reader = converse_reader();
    let odd = Frame::event("metadata", "not json").encode().unwrap();
    assert_eq!(reader.observe(&odd), Ok(vec![Seen::Other]));
    assert_eq!(reader.observe(&event("newEvent", &json!({ "a": 1 }))), Ok(vec![Seen::Other]));
    let mut reader = invoke_reader("amazon.nova-micro-v1:0");
    assert_eq!(reader.observe(&event("chunk", &json!({ "bytes": "!" }))), Ok(vec![Seen::Other]));
}

#[test]
fn the_headers_of_a_stream_name_its_tier() {
    let mut reader = invoke_reader("amazon.nova-micro-v1:0");
    reader.observe_headers(&headers(&[("x-amzn-bedrock-service-tier", "flex")]));
    assert_eq!(reader.finish().0.tier, Some(Tier::Flex));
}

#[test]
fn a_guardrails_word_is_found_beside_novas_metadata() {
    let bytes = chunk(&json!({
        "metadata": { "trace": { "guardrail": { "inputAssessment": { "gr7": {} } } } },
        "amazon-bedrock-guardrailAction": "INTERVENED",
        METRICS: metrics(1, 1),
    }));
    let (facts, ..) = read(invoke_reader("amazon.nova-micro-v1:0"), &bytes, 99);
    assert_eq!(facts.guardrail.action.as_deref(), Some("INTERVENED"));
    assert_eq!(facts.guardrail.id.as_deref(), Some("gr7"));
}
