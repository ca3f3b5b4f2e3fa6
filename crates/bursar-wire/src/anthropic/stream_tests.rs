//! What a stream becomes, and how it ends in each way in which one can end.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::frame::Frame;
use crate::messages;

fn chunk(json: &str) -> Vec<u8> {
    let payload = json!({"bytes": STANDARD.encode(json), "p": "abc"}).to_string();
    Frame::event("chunk", payload).encode().unwrap().to_vec()
}

fn whole() -> Vec<u8> {
    [
        chunk("{\"type\":\"message_start\",\n \"message\":{\"usage\":{\"input_tokens\":3}}}"),
        chunk(r#"{"type":"content_block_delta","index":0,"delta":{"text":"Hi\n","x":1.50}}"#),
        chunk(r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{}}"#),
    ]
    .concat()
}

#[test]
fn every_chunk_is_an_event_and_stays_as_it_is() {
    let mut stream = MessagesStream::new();
    let out = String::from_utf8(stream.push(&whole())).unwrap();
    assert_eq!(
        out,
        "event: message_start\ndata: {\"type\":\"message_start\",  \"message\":{\"usage\":\
         {\"input_tokens\":3}}}\n\nevent: content_block_delta\ndata: {\"type\":\
         \"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"Hi\\n\",\"x\":1.50}}\n\nevent: \
         message_stop\ndata: {\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{}}\n\n"
    );
    assert_eq!(stream.finish(), b"");
}

/// The last event's name and data.
fn last(out: &[u8]) -> (String, Value) {
    let text = std::str::from_utf8(out).unwrap();
    let event = text.split_terminator("\n\n").last().unwrap();
    let (name, data) = event.split_once("\ndata: ").unwrap();
    let name = name.strip_prefix("event: ").unwrap();
    (name.to_owned(), serde_json::from_str(data).unwrap())
}

#[test]
fn what_breaks_off_ends_with_an_error() {
    let first = chunk(r#"{"type":"message_start"}"#);
    let exception = messages::too_many_requests().frame().encode().unwrap();
    for (bytes, kind) in [
        (Vec::new(), "api_error"),
        (whole()[..whole().len() - 1].to_vec(), "api_error"),
        ([first.as_slice(), &exception].concat(), "rate_limit_error"),
        ([first.as_slice(), &[0; 40]].concat(), "api_error"),
    ] {
        let mut stream = MessagesStream::new();
        let mut out = stream.push(&bytes);
        out.extend(stream.finish());
        out.extend(stream.push(&whole()));
        let (name, data) = last(&out);
        assert_eq!((name.as_str(), &data["error"]["type"]), ("error", &json!(kind)));
    }
}

#[test]
fn a_chunk_that_is_no_event_is_passed_over() {
    let mut stream = MessagesStream::new();
    let odd = [
        chunk("{}"),
        chunk("[1]"),
        chunk("no"),
        chunk(r#"{"type":"a\nevent: b"}"#),
        Frame::event("chunk", "{\"bytes\":\"!\"}").encode().unwrap().to_vec(),
    ];
    assert_eq!(stream.push(&odd.concat()), b"");
}

#[test]
fn a_recorded_stream_ends_as_anthropics_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recordings");
    if !folder.exists() {
        return;
    }
    let file = std::fs::read_to_string(folder.join("invoke_stream_claude3.json")).unwrap();
    let recording: Value = serde_json::from_str(&file).unwrap();
    let bytes =
        STANDARD.decode(recording["response"]["raw_body_base64"].as_str().unwrap()).unwrap();
    let mut stream = MessagesStream::new();
    let out = stream.push(&bytes);
    assert!(out.starts_with(b"event: message_start\ndata: {"));
    assert_eq!(last(&out).0, "message_stop");
    assert_eq!(stream.finish(), b"");
}

proptest! {
    #[test]
    fn pieces_of_any_size_make_the_same_events(size in 1..400_usize) {
        let (mut pieces, whole) = (MessagesStream::new(), whole());
        let out: Vec<u8> = whole.chunks(size).flat_map(|piece| pieces.push(piece)).collect();
        prop_assert_eq!(out, MessagesStream::new().push(&whole));
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut stream = MessagesStream::new();
        let mut out = stream.push(&bytes);
        out.extend(stream.finish());
        prop_assert_eq!(last(&out).0, "error");
    }
}
