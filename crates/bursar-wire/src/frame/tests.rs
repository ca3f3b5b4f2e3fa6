use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;

use super::*;

fn decode_all(pieces: &[&[u8]]) -> Result<Vec<Frame>, FrameError> {
    let mut decoder = FrameDecoder::new();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(frame) = decoder.next()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

fn prelude(total: usize, headers: usize) -> BytesMut {
    let mut bytes = BytesMut::new();
    bytes.put_u32(u32::try_from(total).unwrap());
    bytes.put_u32(u32::try_from(headers).unwrap());
    bytes.put_u32(0);
    bytes
}

fn raw(headers: Vec<Header>) -> BytesMut {
    let mut bytes = BytesMut::new();
    write_message_to(&Message::new_from_parts(headers, Bytes::new()), &mut bytes).unwrap();
    bytes
}

#[test]
fn an_event_has_the_recorded_headers_in_their_order() {
    let bytes = Frame::event("messageStop", r#"{"p":"abc"}"#).encode().unwrap();
    let headers = b"\x0b:event-type\x07\x00\x0bmessageStop\
        \x0d:content-type\x07\x00\x10application/json\
        \x0d:message-type\x07\x00\x05event";
    assert_eq!(&bytes[12..12 + headers.len()], headers.as_slice());
    assert_eq!(&bytes[12 + headers.len()..bytes.len() - 4], br#"{"p":"abc"}"#.as_slice());
}

#[test]
fn every_kind_of_frame_survives_its_bytes() {
    let error = FrameKind::Error { code: "Oops".to_owned(), message: "why".to_owned() };
    let frames = vec![
        Frame::event("chunk", r#"{"bytes":""}"#),
        Frame::exception("throttlingException", r#"{"message":"m"}"#),
        Frame { kind: error, payload: Bytes::new() },
    ];
    let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.encode().unwrap()).collect();
    assert_eq!(decode_all(&[&bytes]).unwrap(), frames);
}

#[test]
fn a_cut_inside_a_frame_is_seen() {
    let bytes = Frame::event("metadata", "{}").encode().unwrap();
    let mut decoder = FrameDecoder::new();
    decoder.push(&bytes[..bytes.len() - 1]);
    assert_eq!(decoder.next(), Ok(None));
    assert!(decoder.is_inside_frame());
    decoder.push(&bytes[bytes.len() - 1..]);
    assert!(decoder.next().unwrap().is_some());
    assert!(!decoder.is_inside_frame());
}

#[test]
fn a_wrong_checksum_is_an_error_that_stands() {
    let good = Frame::event("metadata", "{}").encode().unwrap();
    let mut bad = good.to_vec();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let mut decoder = FrameDecoder::new();
    decoder.push(&bad);
    let why = decoder.next().unwrap_err();
    assert!(matches!(&why, FrameError::Broken(text) if text.contains("checksum")), "{why}");
    decoder.push(&good);
    assert_eq!(decoder.next(), Err(why));
}

#[test]
fn a_frame_at_the_limit_passes_and_one_byte_more_does_not() {
    let at_limit = Frame::event("chunk", vec![b' '; PAYLOAD_BYTES_MAX]);
    let bytes = at_limit.encode().unwrap();
    assert_eq!(decode_all(&[&bytes]).unwrap(), [at_limit]);

    let over = Frame::event("chunk", vec![b' '; PAYLOAD_BYTES_MAX + 1]).encode();
    assert!(matches!(over, Err(FrameError::TooLong { part: "payload", .. })));
}

#[test]
fn lengths_over_the_limits_are_refused_before_any_byte_is_held() {
    let payload = prelude(EMPTY_FRAME_BYTES + PAYLOAD_BYTES_MAX + 1, 0);
    assert!(matches!(decode_all(&[&payload]), Err(FrameError::TooLong { part: "payload", .. })));
    let headers = prelude(EMPTY_FRAME_BYTES + HEADERS_BYTES_MAX + 1, HEADERS_BYTES_MAX + 1);
    assert!(matches!(decode_all(&[&headers]), Err(FrameError::TooLong { part: "headers", .. })));
    let short = prelude(15, 0);
    assert!(matches!(decode_all(&[&short]), Err(FrameError::Broken(_))));
}

#[test]
fn an_unknown_type_is_an_error_that_says_what_came() {
    let bytes = raw(vec![text_header(":message-type", "gossip")]);
    assert_eq!(decode_all(&[&bytes]), Err(FrameError::UnknownType { given: "gossip".to_owned() }));
}

#[test]
fn a_missing_header_and_one_that_is_no_text_are_named() {
    let bytes = raw(vec![text_header(":message-type", "event")]);
    assert_eq!(decode_all(&[&bytes]), Err(FrameError::NoHeader(":event-type")));
    let bytes = raw(vec![Header::new(":message-type", HeaderValue::Int32(1))]);
    assert_eq!(decode_all(&[&bytes]), Err(FrameError::NoHeader(":message-type")));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode_all(&[&bytes]);
    }

    #[test]
    fn a_flipped_byte_never_panics_nor_passes(at in 0..100usize, flip in 1..=255u8) {
        let mut bytes = Frame::event("metadata", r#"{"usage":{}}"#).encode().unwrap().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let frames = decode_all(&[&bytes]);
        prop_assert!(frames.is_err() || frames == Ok(vec![]));
    }

    #[test]
    fn splits_anywhere_give_the_same_frames(
        payloads in proptest::collection::vec("[ -~]{0,40}", 1..5),
        step in 1..60usize,
    ) {
        let frames: Vec<Frame> =
            payloads.into_iter().map(|payload| Frame::event("chunk", payload)).collect();
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.encode().unwrap()).collect();
        let pieces: Vec<&[u8]> = bytes.chunks(step).collect();
        prop_assert_eq!(decode_all(&pieces).unwrap(), frames);
    }
}
