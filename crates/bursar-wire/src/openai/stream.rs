//! A `ConverseStream` as chunks of a chat completion.
//!
//! The bytes come in pieces of any size and go out as soon as a frame is whole. A stream that breaks
//! off, or is cut, ends with an error that every SDK raises, and never with `[DONE]`.

use std::collections::BTreeMap;
use std::mem;

use serde_json::{Value, json};

use super::render::error_event;
use super::reply::{Stamp, finish_reason};
use super::usage;
use crate::retold::{Next, Retold};
use crate::sse::write_event;

/// Turns one stream's frames into server-sent events.
#[derive(Debug)]
pub struct ChatStream {
    stamp: Stamp,
    include_usage: bool,
    frames: Retold,
    /// Which call a content block is, counted from 0 as OpenAI does.
    calls: BTreeMap<u64, usize>,
    thoughts: Option<u64>,
}

impl ChatStream {
    /// At the start of a stream.
    #[must_use]
    pub fn new(stamp: Stamp, include_usage: bool) -> Self {
        Self {
            stamp,
            include_usage,
            frames: Retold::default(),
            calls: BTreeMap::new(),
            thoughts: None,
        }
    }

    /// Takes the next bytes from Bedrock; gives what is to be sent on, perhaps nothing yet.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (mut frames, mut out) = (mem::take(&mut self.frames), Vec::new());
        frames.push(bytes, |next| self.tell(&next, &mut out));
        self.frames = frames;
        out
    }

    /// The stream has ended; gives what is still to be sent.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        let (mut frames, mut out) = (mem::take(&mut self.frames), Vec::new());
        frames.finish(|next| self.tell(&next, &mut out));
        self.frames = frames;
        out
    }

    /// Whether its last event has been written.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.frames.is_over()
    }

    /// Writes what comes next; whether it was the last.
    fn tell(&mut self, next: &Next<'_>, out: &mut Vec<u8>) -> bool {
        let (name, payload) = match next {
            Next::Event(name, payload) => (*name, *payload),
            Next::Broken(problem) => {
                out.extend(error_event(problem));
                return true;
            }
        };
        let Ok(event) = serde_json::from_slice::<Value>(payload) else { return false };
        match name {
            "messageStart" => {
                self.write(out, &json!({"role": "assistant", "content": ""}), None);
            }
            "contentBlockStart" => self.start_block(&event, out),
            "contentBlockDelta" => self.add_to_block(&event, out),
            "messageStop" => {
                self.thoughts = usage::thoughts(&event["additionalModelResponseFields"]);
                let reason = finish_reason(event["stopReason"].as_str().unwrap_or_default());
                self.write(out, &json!({}), Some(reason));
            }
            "metadata" => self.end(&event, out),
            _ => {}
        }
        name == "metadata"
    }

    fn start_block(&mut self, event: &Value, out: &mut Vec<u8>) {
        let tool = &event["start"]["toolUse"];
        let Some(name) = tool["name"].as_str() else { return };
        let index = self.calls.len();
        self.calls.insert(event["contentBlockIndex"].as_u64().unwrap_or_default(), index);
        let call = json!({
            "index": index,
            "id": tool["toolUseId"],
            "type": "function",
            "function": {"name": name, "arguments": ""},
        });
        self.write(out, &json!({"tool_calls": [call]}), None);
    }

    fn add_to_block(&mut self, event: &Value, out: &mut Vec<u8>) {
        let delta = &event["delta"];
        if let Some(text) = delta["text"].as_str() {
            self.write(out, &json!({"content": text}), None);
        }
        if let Some(text) = delta["reasoningContent"]["text"].as_str() {
            self.write(out, &json!({"reasoning_content": text}), None);
        }
        if let Some(part) = delta["toolUse"]["input"].as_str() {
            let block = event["contentBlockIndex"].as_u64().unwrap_or_default();
            let index = self.calls.get(&block).copied().unwrap_or_default();
            let call = json!({"index": index, "function": {"arguments": part}});
            self.write(out, &json!({"tool_calls": [call]}), None);
        }
    }

    fn end(&self, event: &Value, out: &mut Vec<u8>) {
        if self.include_usage {
            let mut chunk = self.chunk(&json!([]));
            chunk["usage"] = usage::usage(&event["usage"], self.thoughts).unwrap_or(Value::Null);
            if let Some(tier) = event["serviceTier"]["type"].as_str() {
                chunk["service_tier"] = json!(tier);
            }
            write_event(out, None, chunk.to_string().as_bytes());
        }
        write_event(out, None, b"[DONE]");
    }

    fn write(&self, out: &mut Vec<u8>, delta: &Value, reason: Option<&str>) {
        let choice = json!([{
            "index": 0,
            "delta": delta,
            "logprobs": null,
            "finish_reason": reason,
        }]);
        write_event(out, None, self.chunk(&choice).to_string().as_bytes());
    }

    fn chunk(&self, choices: &Value) -> Value {
        let mut chunk = json!({
            "id": self.stamp.id,
            "object": "chat.completion.chunk",
            "created": self.stamp.created,
            "model": self.stamp.model,
            "choices": choices,
        });
        if self.include_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}
