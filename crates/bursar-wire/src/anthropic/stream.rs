//! The chunks of a streamed InvokeModel as the events that Anthropic sends: each chunk holds one,
//! and goes on byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::render::error_event;
use crate::error::WireError;
use crate::frame::{Frame, FrameDecoder, FrameKind};
use crate::problem::{Problem, ProblemKind};
use crate::sse::write_event;

/// Turns one stream's frames into server-sent events.
#[derive(Debug, Default)]
pub struct MessagesStream {
    decoder: FrameDecoder,
    /// Nothing follows any more: the last event or an error has been written.
    is_over: bool,
}

#[derive(Deserialize)]
struct Chunk {
    bytes: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    name: String,
}

impl MessagesStream {
    /// At the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes from Bedrock; gives what is to be sent on, perhaps nothing yet.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.is_over {
            return out;
        }
        self.decoder.push(bytes);
        while !self.is_over {
            match self.decoder.next() {
                Ok(Some(frame)) => self.take(&frame, &mut out),
                Ok(None) => break,
                Err(why) => self.break_off(&why.to_string(), &mut out),
            }
        }
        out
    }

    /// The stream has ended; gives what is still to be sent.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.is_over {
            self.break_off("the answer broke off before its end", &mut out);
        }
        out
    }

    /// Whether its last event has been written.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    fn take(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        if let Some(error) = WireError::from_frame(frame) {
            self.is_over = true;
            out.extend(error_event(&Problem::from(&error)));
            return;
        }
        let FrameKind::Event(_) = &frame.kind else { return };
        let Some((name, json)) = event(&frame.payload) else { return };
        write_event(out, Some(&name), &json);
        self.is_over = name == "message_stop" || name == "error";
    }

    fn break_off(&mut self, why: &str, out: &mut Vec<u8>) {
        self.is_over = true;
        out.extend(error_event(&Problem::new(ProblemKind::Broken, why)));
    }
}

/// The event that a chunk holds; `None` for one that holds none, which is passed over.
fn event(payload: &[u8]) -> Option<(String, Vec<u8>)> {
    let chunk: Chunk = serde_json::from_slice(payload).ok()?;
    let json = BASE64.decode(chunk.bytes).ok()?;
    let event: Event = serde_json::from_slice(&json).ok()?;
    // It becomes a line of its own.
    let is_name = event.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then_some((event.name, json))
}
