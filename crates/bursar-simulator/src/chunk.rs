//! Frames of an answer: Converse's events as they are, InvokeModel's chunks in base64; each padded
//! with `p`, whose random length hides from a listener how long the text is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_wire::frame::Frame;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::chance::Chance;
use crate::converse;
use crate::steering::Stop;

const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// ConverseStream's frames.
pub(crate) fn of_events(answer: &Answer) -> Vec<Frame> {
    let frame = |(number, (name, event)): (u64, (&str, Value))| {
        Frame::event(name, padded(event, answer.chance.with_number(number)))
    };
    (0..).zip(converse::events(answer)).map(frame).collect()
}

/// The frames of a streamed InvokeModel.
pub(crate) fn of_chunks(mut chunks: Vec<Value>, answer: &Answer) -> Vec<Frame> {
    if let Some(last) = chunks.last_mut() {
        mark_guardrail(last, answer);
    }
    let frame = |(number, chunk): (u64, Value)| {
        let event = json!({"bytes": STANDARD.encode(chunk.to_string())});
        Frame::event("chunk", padded(event, answer.chance.with_number(number)))
    };
    (0..).zip(chunks).map(frame).collect()
}

/// Says in an InvokeModel body, or its last chunk, what the guardrail did, if one ran.
pub(crate) fn mark_guardrail(body: &mut Value, answer: &Answer) {
    let intervened = answer.stop == Stop::GuardrailIntervened;
    if answer.guarded || intervened {
        let action = if intervened { "INTERVENED" } else { "NONE" };
        body["amazon-bedrock-guardrailAction"] = json!(action);
    }
}

fn padded(mut event: Value, chance: Chance) -> Vec<u8> {
    let length = usize::try_from(chance.below(PADDING.len() as u64)).unwrap_or(0) + 1;
    event["p"] = json!(PADDING.get(..length));
    event.to_string().into_bytes()
}
