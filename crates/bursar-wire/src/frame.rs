//! Event-stream frames, both ways: what `InvokeModelWithResponseStream` and `ConverseStream` send.
//!
//! The layout and its checksums are `aws-smithy-eventstream`'s; here are Bedrock's three headers,
//! the limits, and a decoder that takes bytes as they come. What a payload means is not known here.

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Buf, Bytes, BytesMut};

/// The most bytes that a frame's headers may take.
pub const HEADERS_BYTES_MAX: usize = 128 * 1024;
/// The most bytes that a frame's payload may take.
pub const PAYLOAD_BYTES_MAX: usize = 24 * 1024 * 1024;
/// The prelude: total length, headers length, their checksum.
const PRELUDE_BYTES: usize = 12;
/// The prelude and the frame's own checksum: a frame without headers and payload.
const EMPTY_FRAME_BYTES: usize = PRELUDE_BYTES + 4;

/// What a frame is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameKind {
    /// An event, by its type: `chunk`, `messageStart`, `metadata` …
    Event(String),
    /// A modelled exception, by its type: `throttlingException` …
    Exception(String),
    /// An error outside the model; Bedrock sends none, the protocol knows it.
    Error {
        /// `:error-code`.
        code: String,
        /// `:error-message`.
        message: String,
    },
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// Its payload, as a rule JSON.
    pub payload: Bytes,
}

/// Why bytes are no frame, or a frame is no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A part of the frame is over its limit.
    #[error("a frame's {part} is `{bytes}` bytes, over the limit of `{limit}`")]
    TooLong {
        /// `headers` or `payload`.
        part: &'static str,
        /// The length stated.
        bytes: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// Lengths, checksums or headers are wrong.
    #[error("broken frame: {0}")]
    Broken(String),
    /// A header that every frame of this kind carries is not there.
    #[error("a frame has no text header `{0}`")]
    NoHeader(&'static str),
    /// A `:message-type` that the protocol does not know.
    #[error("unknown frame type `{given}`; hint: `event`, `exception` and `error` are known")]
    UnknownType {
        /// The type as it came.
        given: String,
    },
}

impl Frame {
    /// An event with a JSON payload.
    #[must_use]
    pub fn event(name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { kind: FrameKind::Event(name.into()), payload: payload.into() }
    }

    /// A modelled exception with a JSON payload.
    #[must_use]
    pub fn exception(name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { kind: FrameKind::Exception(name.into()), payload: payload.into() }
    }

    /// The frame's bytes, headers in the order in which Bedrock sends them.
    pub fn encode(&self) -> Result<Bytes, FrameError> {
        check_length("payload", self.payload.len(), PAYLOAD_BYTES_MAX)?;
        let headers = match &self.kind {
            FrameKind::Event(name) => json_headers(":event-type", name, "event"),
            FrameKind::Exception(name) => json_headers(":exception-type", name, "exception"),
            FrameKind::Error { code, message } => vec![
                text_header(":error-code", code),
                text_header(":error-message", message),
                text_header(":message-type", "error"),
            ],
        };
        let mut buffer = BytesMut::new();
        let message = Message::new_from_parts(headers, self.payload.clone());
        write_message_to(&message, &mut buffer)
            .map_err(|why| FrameError::Broken(why.to_string()))?;
        Ok(buffer.freeze())
    }

    fn from_message(message: &Message) -> Result<Self, FrameError> {
        let kind = match text_of(message, ":message-type")?.as_str() {
            "event" => FrameKind::Event(text_of(message, ":event-type")?),
            "exception" => FrameKind::Exception(text_of(message, ":exception-type")?),
            "error" => FrameKind::Error {
                code: text_of(message, ":error-code")?,
                message: text_of(message, ":error-message").unwrap_or_default(),
            },
            other => return Err(FrameError::UnknownType { given: other.to_owned() }),
        };
        Ok(Self { kind, payload: message.payload().clone() })
    }
}

/// Frames out of bytes that come in pieces of any size.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: BytesMut,
    broken: Option<FrameError>,
}

impl FrameDecoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream. Ask [`FrameDecoder::next`] until it has no more, so that
    /// never more than one frame and these bytes are held.
    pub fn push(&mut self, bytes: &[u8]) {
        // Behind a broken frame no border can be found again: what follows is dropped.
        if self.broken.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole frame; `None` until more bytes have come. An error stands for ever.
    #[expect(
        clippy::should_implement_trait,
        reason = "`None` means `not yet`; an iterator's adapters would take it for the end"
    )]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        self.take_frame().inspect_err(|why| {
            self.broken = Some(why.clone());
            self.buffer.clear();
        })
    }

    /// Whether the stream, if it ended here, would end inside a frame.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    fn take_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some(mut prelude) = self.buffer.get(..PRELUDE_BYTES) else {
            return Ok(None);
        };
        let (total, headers) = (prelude.get_u32() as usize, prelude.get_u32() as usize);
        check_length("headers", headers, HEADERS_BYTES_MAX)?;
        let Some(payload) = total.checked_sub(EMPTY_FRAME_BYTES + headers) else {
            return Err(FrameError::Broken(format!("`{total}` bytes cannot hold its headers")));
        };
        check_length("payload", payload, PAYLOAD_BYTES_MAX)?;
        if self.buffer.len() < total {
            return Ok(None);
        }
        let bytes = self.buffer.split_to(total).freeze();
        let message =
            read_message_from(bytes).map_err(|why| FrameError::Broken(why.to_string()))?;
        Frame::from_message(&message).map(Some)
    }
}

fn check_length(part: &'static str, bytes: usize, limit: usize) -> Result<(), FrameError> {
    if bytes > limit { Err(FrameError::TooLong { part, bytes, limit }) } else { Ok(()) }
}

fn json_headers(type_header: &'static str, name: &str, message_type: &str) -> Vec<Header> {
    vec![
        text_header(type_header, name),
        text_header(":content-type", "application/json"),
        text_header(":message-type", message_type),
    ]
}

fn text_header(name: &'static str, value: &str) -> Header {
    Header::new(name, HeaderValue::String(value.to_owned().into()))
}

fn text_of(message: &Message, name: &'static str) -> Result<String, FrameError> {
    let header = message.headers().iter().find(|header| header.name().as_str() == name);
    let text = header.and_then(|header| header.value().as_string().ok());
    text.map(|text| text.as_str().to_owned()).ok_or(FrameError::NoHeader(name))
}

#[cfg(test)]
mod tests;
