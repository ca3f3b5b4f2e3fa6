//! The chunks of a streamed InvokeModel as the events that Anthropic sends: each chunk holds one,
//! and goes on byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::render::error_event;
use crate::retold::{Next, Retold};
use crate::sse::write_event;

/// Turns one stream's frames into server-sent events.
#[derive(Debug, Default)]
pub struct MessagesStream {
    frames: Retold,
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
        self.frames.push(bytes, |next| tell(&next, &mut out));
        out
    }

    /// The stream has ended; gives what is still to be sent.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.frames.finish(|next| tell(&next, &mut out));
        out
    }

    /// Whether its last event has been written.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.frames.is_over()
    }
}

/// Writes what comes next; whether it was the last.
fn tell(next: &Next<'_>, out: &mut Vec<u8>) -> bool {
    let payload = match next {
        Next::Event(_, payload) => payload,
        Next::Broken(problem) => {
            out.extend(error_event(problem));
            return true;
        }
    };
    let Some((name, json)) = event(payload) else { return false };
    write_event(out, Some(&name), &json);
    name == "message_stop" || name == "error"
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
