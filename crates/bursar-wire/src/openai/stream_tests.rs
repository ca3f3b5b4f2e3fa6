//! What a stream becomes, and how it ends in each way in which one can end.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::frame::Frame;
use crate::messages;

fn stream(include_usage: bool) -> ChatStream {
    let stamp = Stamp { id: "chatcmpl-1".to_owned(), created: 5, model: "m".to_owned() };
    ChatStream::new(stamp, include_usage)
}

fn frame(name: &str, payload: &Value) -> Vec<u8> {
    Frame::event(name, payload.to_string()).encode().unwrap().to_vec()
}

/// The events' data, each read again; `[DONE]` as a text.
fn events(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).unwrap();
    let data = |event: &str| {
        let data = event.strip_prefix("data: ").unwrap();
        assert!(!data.contains('\n'));
        serde_json::from_str(data).unwrap_or_else(|_| json!(data))
    };
    text.split_terminator("\n\n").map(data).collect()
}

fn whole() -> Vec<u8> {
    let delta =
        |delta: Value| frame("contentBlockDelta", &json!({"contentBlockIndex": 1, "delta": delta}));
    [
        frame("messageStart", &json!({"p": "abc", "role": "assistant"})),
        frame("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": {"text": "Hi\n"}})),
        frame("contentBlockStop", &json!({"contentBlockIndex": 0})),
        frame(
            "contentBlockStart",
            &json!({"contentBlockIndex": 1, "start": {"toolUse": {"name": "f", "toolUseId": "t"}}}),
        ),
        delta(json!({"toolUse": {"input": "{\"a\""}})),
        delta(json!({"toolUse": {"input": ":1}"}})),
        frame("contentBlockStop", &json!({"contentBlockIndex": 1})),
        frame("messageStop", &json!({"stopReason": "tool_use"})),
        frame(
            "metadata",
            &json!({"usage": {"inputTokens": 8, "outputTokens": 10, "totalTokens": 18}}),
        ),
    ]
    .concat()
}

fn deltas(events: &[Value]) -> Vec<&Value> {
    events.iter().map(|event| &event["choices"][0]["delta"]).filter(|d| d.is_object()).collect()
}

#[test]
fn an_answer_comes_in_chunks_and_ends_with_its_usage_if_asked() {
    let mut with_usage = stream(true);
    let events = events(&with_usage.push(&whole()));
    assert_eq!(with_usage.finish(), b"");
    let expected = [
        json!({"role": "assistant", "content": ""}),
        json!({"content": "Hi\n"}),
        json!({"tool_calls": [{"index": 0, "id": "t", "type": "function",
            "function": {"name": "f", "arguments": ""}}]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"a\""}}]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
        json!({}),
    ];
    assert_eq!(deltas(&events), expected.iter().collect::<Vec<_>>());
    let [.., stop, usage, done] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(stop["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(stop["usage"], Value::Null);
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"]), (&json!([]), &json!(18)));
    assert_eq!(done, "[DONE]");
    for event in &events[..events.len() - 1] {
        assert_eq!((&event["id"], &event["created"]), (&json!("chatcmpl-1"), &json!(5)));
        assert_eq!(event["object"], "chat.completion.chunk");
    }
}

#[test]
fn usage_is_not_told_unasked() {
    let events = events(&stream(false).push(&whole()));
    assert!(events.iter().all(|event| event.get("usage").is_none()), "{events:?}");
    assert_eq!(events.last().unwrap(), "[DONE]");
}

#[test]
fn what_breaks_off_ends_with_an_error_and_is_never_done() {
    let begun = whole()[..300].to_vec();
    let exception = messages::unable_to_process().frame().encode().unwrap();
    let broken = [whole().as_slice(), &[0; 40]].concat();
    // Behind the end nothing is looked at any more.
    assert_eq!(events(&stream(false).push(&broken)).last().unwrap(), "[DONE]");
    let first = frame("messageStart", &json!({"role": "assistant"}));
    for (bytes, message) in [
        (Vec::new(), "broke off"),
        (begun, "broke off"),
        ([first.as_slice(), &exception].concat(), "unable to process"),
        ([first.as_slice(), &[0; 40]].concat(), "bytes"),
    ] {
        let mut stream = stream(true);
        let mut out = stream.push(&bytes);
        out.extend(stream.finish());
        out.extend(stream.push(&whole()));
        let events = events(&out);
        let error = &events.last().unwrap()["error"];
        assert!(error["message"].as_str().unwrap().contains(message), "{events:?}");
        assert_eq!(error["param"], Value::Null);
        assert!(!events.contains(&json!("[DONE]")));
    }
}

#[test]
fn recorded_streams_say_what_they_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recordings");
    if !folder.exists() {
        return;
    }
    for (name, text, tokens) in [
        ("converse_stream_titan", "Sure, how can I help", 18),
        ("converse_stream_claude_tool_use", "Okay, let me", 294),
    ] {
        let file = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let recording: Value = serde_json::from_str(&file).unwrap();
        let bytes = recording["response"]["raw_body_base64"].as_str().unwrap();
        let bytes = STANDARD.decode(bytes).unwrap();
        let events = events(&stream(true).push(&bytes));
        let said: String = deltas(&events).iter().filter_map(|d| d["content"].as_str()).collect();
        assert!(said.starts_with(text), "{said}");
        let [.., usage, done] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((&usage["usage"]["total_tokens"], done), (&json!(tokens), &json!("[DONE]")));
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_make_the_same_events(size in 1..400_usize) {
        let (mut pieces, whole) = (stream(true), whole());
        let out: Vec<u8> = whole.chunks(size).flat_map(|piece| pieces.push(piece)).collect();
        prop_assert_eq!(out, stream(true).push(&whole));
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut stream = stream(true);
        let mut out = stream.push(&bytes);
        out.extend(stream.finish());
        prop_assert!(!events(&out).is_empty());
    }
}
