//! The shapes that answer a prompt with a text and little else: Llama, Mistral's older models,
//! DeepSeek R1, Jurassic, Pegasus.

use serde_json::{Value, json};

use super::pieces_then_end;
use crate::answer::Answer;
use crate::steering::Stop;
use crate::tokens::tokens_of_bytes;

pub(super) fn llama(answer: &Answer) -> Value {
    json!({
        "generation": answer.whole_text(),
        "prompt_token_count": answer.told.map(|told| told.input),
        "generation_token_count": answer.told.map(|told| told.output),
        "stop_reason": stop_word(answer),
    })
}

/// The first chunk counts the prompt; each counts what was generated so far.
pub(super) fn llama_chunks(answer: &Answer) -> Vec<Value> {
    let mut bytes = 0;
    let mut so_far = Vec::new();
    for piece in &answer.text {
        bytes += piece.len() as u64;
        so_far.push(tokens_of_bytes(bytes));
    }
    pieces_then_end(answer, |index, piece, is_last| {
        let count = so_far.get(index).map_or(json!(0), |count| json!(count));
        let told = |told: crate::answer::Told| if is_last { json!(told.output) } else { count };
        json!({
            "generation": piece,
            "prompt_token_count": answer.told.filter(|_| index == 0).map(|told| told.input),
            "generation_token_count": answer.told.map(told),
            "stop_reason": is_last.then(|| stop_word(answer)),
        })
    })
}

pub(super) fn mistral(answer: &Answer) -> Value {
    json!({"outputs": [{"text": answer.whole_text(), "stop_reason": stop_word(answer)}]})
}

pub(super) fn mistral_chunks(answer: &Answer) -> Vec<Value> {
    pieces_then_end(answer, |_, piece, is_last| {
        let stop = is_last.then(|| stop_word(answer));
        json!({"outputs": [{"text": piece, "stop_reason": stop}]})
    })
}

pub(super) fn choices(answer: &Answer) -> Value {
    json!({"choices": [{"text": answer.whole_text(), "stop_reason": stop_word(answer)}]})
}

pub(super) fn choices_chunks(answer: &Answer) -> Vec<Value> {
    pieces_then_end(answer, |_, piece, is_last| {
        let stop = is_last.then(|| stop_word(answer));
        json!({"choices": [{"text": piece, "stop_reason": stop}]})
    })
}

/// Its tokens are listed one by one, for the prompt and for the answer; here, the answer's as one.
pub(super) fn jurassic(answer: &Answer, body: &Value) -> Value {
    let reason = if answer.stop == Stop::MaxTokens { "length" } else { "endoftext" };
    let token = |text: &Value| json!({"generatedToken": {"token": text}});
    let (prompt, text) = (body["prompt"].clone(), json!(answer.whole_text()));
    json!({
        "id": answer.request_id,
        "prompt": {"text": prompt, "tokens": [token(&prompt)]},
        "completions": [{
            "data": {"text": text, "tokens": [token(&text)]},
            "finishReason": {"reason": reason},
        }],
    })
}

pub(super) fn pegasus(answer: &Answer) -> Value {
    json!({"message": answer.whole_text(), "finishReason": stop_word(answer)})
}

pub(super) fn pegasus_chunks(answer: &Answer) -> Vec<Value> {
    pieces_then_end(answer, |_, piece, is_last| {
        let stop = is_last.then(|| stop_word(answer));
        json!({"message": piece, "finishReason": stop})
    })
}

fn stop_word(answer: &Answer) -> &'static str {
    if answer.stop == Stop::MaxTokens { "length" } else { "stop" }
}
