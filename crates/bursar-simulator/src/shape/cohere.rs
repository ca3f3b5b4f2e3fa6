//! Cohere's text shapes: Command, and Command R. Neither tells tokens in its body.

use serde_json::{Value, json};

use super::pieces_then_end;
use crate::answer::Answer;
use crate::steering::Stop;

pub(super) fn command(answer: &Answer, body: &Value) -> Value {
    let generation = json!({
        "id": answer.id("gen-"),
        "text": answer.whole_text(),
        "finish_reason": stop_word(answer),
    });
    json!({"id": answer.request_id, "generations": [generation], "prompt": body["prompt"]})
}

pub(super) fn command_chunks(answer: &Answer) -> Vec<Value> {
    let mut chunks =
        pieces_then_end(answer, |_, piece, _| json!({"text": piece, "is_finished": false}));
    chunks.push(json!({"is_finished": true, "finish_reason": stop_word(answer)}));
    chunks
}

pub(super) fn command_r(answer: &Answer, body: &Value) -> Value {
    let text = answer.whole_text();
    let mut history = body["chat_history"].as_array().cloned().unwrap_or_default();
    history.push(json!({"role": "USER", "message": body["message"]}));
    history.push(json!({"role": "CHATBOT", "message": text}));
    json!({
        "response_id": answer.request_id,
        "generation_id": answer.id("gen-"),
        "text": text,
        "chat_history": history,
        "finish_reason": stop_word(answer),
    })
}

pub(super) fn command_r_chunks(answer: &Answer) -> Vec<Value> {
    let mut chunks = pieces_then_end(
        answer,
        |_, piece, _| json!({"event_type": "text-generation", "text": piece, "is_finished": false}),
    );
    chunks.push(json!({
        "event_type": "stream-end",
        "is_finished": true,
        "finish_reason": stop_word(answer),
        "response": {"response_id": answer.request_id, "text": answer.whole_text()},
    }));
    chunks
}

const fn stop_word(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::MaxTokens => "MAX_TOKENS",
        Stop::ContentFiltered | Stop::GuardrailIntervened => "ERROR_TOXIC",
        Stop::EndTurn | Stop::StopSequence | Stop::ToolUse => "COMPLETE",
    }
}
