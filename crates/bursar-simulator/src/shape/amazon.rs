//! Amazon's own text shapes: Nova, which is nearly Converse, and Titan.

use serde_json::{Map, Value, json};

use super::pieces_then_end;
use crate::answer::Answer;
use crate::steering::Stop;

pub(super) fn nova(answer: &Answer) -> Value {
    let mut content = vec![json!({"text": answer.whole_text()})];
    if let Some(tool) = &answer.tool {
        content.push(json!({"toolUse": {"name": tool.name, "toolUseId": tool.id,
            "input": tool.input}}));
    }
    let message = json!({"content": content, "role": "assistant"});
    let mut body = json!({"output": {"message": message}, "stopReason": answer.stop.as_str()});
    if let Some(usage) = nova_usage(answer) {
        body["usage"] = usage;
    }
    body
}

pub(super) fn nova_chunks(answer: &Answer) -> Vec<Value> {
    let mut chunks = vec![json!({"messageStart": {"role": "assistant"}})];
    chunks.extend(answer.text.iter().map(|text| nova_delta(0, &json!({"text": text}))));
    chunks.push(json!({"contentBlockStop": {"contentBlockIndex": 0}}));
    if let Some(tool) = &answer.tool {
        let start = json!({"toolUse": {"name": tool.name, "toolUseId": tool.id}});
        chunks.push(json!({"contentBlockStart": {"start": start, "contentBlockIndex": 1}}));
        chunks.push(nova_delta(1, &json!({"toolUse": {"input": tool.input.to_string()}})));
        chunks.push(json!({"contentBlockStop": {"contentBlockIndex": 1}}));
    }
    chunks.push(json!({"messageStop": {"stopReason": answer.stop.as_str()}}));
    let mut metadata = Map::new();
    if let Some(usage) = nova_usage(answer) {
        metadata.insert("usage".to_owned(), usage);
    }
    metadata.insert("metrics".to_owned(), json!({}));
    metadata.insert("trace".to_owned(), json!({}));
    chunks.push(json!({"metadata": metadata}));
    chunks
}

pub(super) fn titan(answer: &Answer) -> Value {
    let mut result =
        json!({"outputText": answer.whole_text(), "completionReason": titan_stop(answer)});
    let mut body = Map::new();
    if let Some(told) = answer.told {
        result["tokenCount"] = json!(told.output);
        body.insert("inputTextTokenCount".to_owned(), json!(told.input));
    }
    body.insert("results".to_owned(), json!([result]));
    Value::Object(body)
}

pub(super) fn titan_chunks(answer: &Answer) -> Vec<Value> {
    let told = answer.told;
    pieces_then_end(answer, |index, piece, is_last| {
        json!({
            "outputText": piece,
            "index": 0,
            "totalOutputTextTokenCount": told.filter(|_| is_last).map(|told| told.output),
            "completionReason": is_last.then(|| titan_stop(answer)),
            "inputTextTokenCount": told.filter(|_| index == 0).map(|told| told.input),
        })
    })
}

/// Nova's own spelling of the cache counts, always there; the two times to live are one.
fn nova_usage(answer: &Answer) -> Option<Value> {
    answer.told.map(|told| {
        json!({
            "inputTokens": told.input,
            "outputTokens": told.output,
            "totalTokens": told.total(),
            "cacheReadInputTokenCount": told.cache_read,
            "cacheWriteInputTokenCount": told.cache_write(),
        })
    })
}

fn nova_delta(index: u64, delta: &Value) -> Value {
    json!({"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}})
}

const fn titan_stop(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::MaxTokens => "LENGTH",
        Stop::ContentFiltered | Stop::GuardrailIntervened => "CONTENT_FILTERED",
        Stop::EndTurn | Stop::StopSequence | Stop::ToolUse => "FINISH",
    }
}
