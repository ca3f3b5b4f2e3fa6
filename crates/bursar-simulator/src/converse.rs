//! Converse's answer, as one body or as events. Keys come in alphabetical order, as Bedrock's do:
//! `serde_json`'s maps sort them.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, ToolCall};

/// The answer as one body.
pub(crate) fn body(answer: &Answer) -> Value {
    let message = json!({"content": content(answer), "role": "assistant"});
    let mut body = closing(answer);
    body.insert("output".to_owned(), json!({"message": message}));
    body.insert("stopReason".to_owned(), json!(answer.stop.as_str()));
    Value::Object(body)
}

/// The answer as events, by name, without padding. Text blocks have no start, as Bedrock's.
pub(crate) fn events(answer: &Answer) -> Vec<(&'static str, Value)> {
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    let mut blocks = 0;
    let mut open = |events: &mut Vec<(&'static str, Value)>, deltas: Vec<Value>| {
        let index = blocks;
        blocks += 1;
        events.extend(deltas.into_iter().map(|delta| {
            ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}))
        }));
        events.push(("contentBlockStop", json!({"contentBlockIndex": index})));
        index
    };
    if !answer.reasoning.is_empty() {
        let thoughts = answer.reasoning.iter();
        let deltas = thoughts.map(|text| json!({"reasoningContent": {"text": text}}));
        open(&mut events, deltas.collect());
    }
    if !answer.text.is_empty() || answer.tool.is_none() {
        open(&mut events, answer.text.iter().map(|text| json!({"text": text})).collect());
    }
    if let Some(tool) = &answer.tool {
        let place = events.len();
        let input = [String::new(), tool.input.to_string()];
        let deltas = input.map(|part| json!({"toolUse": {"input": part}}));
        let index = open(&mut events, deltas.into());
        let start = json!({"toolUse": {"name": tool.name, "toolUseId": tool.id}});
        let start = json!({"contentBlockIndex": index, "start": start});
        events.insert(place, ("contentBlockStart", start));
    }
    events.push(("messageStop", json!({"stopReason": answer.stop.as_str()})));
    events.push(("metadata", Value::Object(closing(answer))));
    events
}

fn content(answer: &Answer) -> Vec<Value> {
    let mut content = Vec::new();
    let thoughts = answer.reasoning.concat();
    if !thoughts.is_empty() {
        content.push(json!({"reasoningContent": {"reasoningText": {"text": thoughts}}}));
    }
    if !answer.text.is_empty() || answer.tool.is_none() {
        content.push(json!({"text": answer.whole_text()}));
    }
    if let Some(ToolCall { id, name, input }) = &answer.tool {
        let call = json!({"input": input, "name": name, "toolUseId": id, "type": "tool_use"});
        content.push(json!({"toolUse": call}));
    }
    content
}

/// What is told beside the message: in the body, or in the last event.
fn closing(answer: &Answer) -> Map<String, Value> {
    let mut closing = Map::new();
    closing.insert("metrics".to_owned(), json!({"latencyMs": answer.latency_ms}));
    if let Some(usage) = usage(answer) {
        closing.insert("usage".to_owned(), usage);
    }
    if let Some(tier) = answer.tier {
        closing.insert("serviceTier".to_owned(), json!({"type": tier.as_str()}));
    }
    if let Some(latency) = answer.latency {
        closing.insert("performanceConfig".to_owned(), json!({"latency": latency.as_str()}));
    }
    if let Some(invoked) = &answer.invoked {
        let router = json!({"invokedModelId": invoked});
        closing.insert("trace".to_owned(), json!({"promptRouter": router}));
    }
    closing
}

/// The counts, the cached ones in both of the spellings that Bedrock sends.
fn usage(answer: &Answer) -> Option<Value> {
    let told = answer.told?;
    let mut usage = json!({
        "inputTokens": told.input,
        "outputTokens": told.output,
        "serverToolUsage": {},
        "totalTokens": told.total(),
    });
    if answer.tells_cache() {
        for name in ["cacheReadInputTokens", "cacheReadInputTokenCount"] {
            usage[name] = json!(told.cache_read);
        }
        for name in ["cacheWriteInputTokens", "cacheWriteInputTokenCount"] {
            usage[name] = json!(told.cache_write());
        }
    }
    // The longer life first, as documented; absent where nothing was written.
    let written = [("1h", told.cache_write_1h), ("5m", told.cache_write_5m)];
    let details: Vec<Value> = written
        .into_iter()
        .filter(|(_, tokens)| *tokens != 0)
        .map(|(ttl, tokens)| json!({"inputTokens": tokens, "ttl": ttl}))
        .collect();
    if !details.is_empty() {
        usage["cacheDetails"] = json!(details);
    }
    Some(usage)
}
