//! The token rule: one token for every four bytes of UTF-8 text that was sent, rounded up, and at
//! least one. A blob (an image, a document, a video, a sound) counts as [`BLOB_TOKENS`]. No real
//! tokenizer counts so; but anybody can check it by hand.
//!
//! Text is every string in the members that a model reads, but for those that only say what kind
//! of thing follows (`role`, `type` …). Tools count as their JSON.

use serde_json::{Map, Value};

use crate::chance::Chance;

/// Bytes of text in a token.
const BYTES_PER_TOKEN: u64 = 4;
/// What a blob counts as.
pub(crate) const BLOB_TOKENS: u64 = 1_000;

/// Members that are tools, whose JSON is text.
const TOOLS: [&str; 2] = ["tools", "toolConfig"];
/// Members that a model reads, of every shape of body, in the order in which a prompt cache sees
/// them.
const READ: [&str; 14] = [
    "system",
    "preamble",
    "documents",
    "chat_history",
    "messages",
    "message",
    "prompt",
    "inputText",
    "inputPrompt",
    "texts",
    "query",
    "textToImageParams",
    "singleEmbeddingParams",
    "images",
];
/// Members that name a kind, an id or a wish, and are not shown to the model as text.
const STRUCTURE: [&str; 14] = [
    "role",
    "type",
    "format",
    "media_type",
    "cachePoint",
    "cache_control",
    "toolUseId",
    "tool_use_id",
    "id",
    "status",
    "signature",
    "qualifiers",
    "embeddingPurpose",
    "truncationMode",
];
/// Members that hold a blob, or say where one is.
const BLOBS: [&str; 7] = ["bytes", "data", "s3Location", "image_url", "url", "file", "images"];

/// Tokens of so many bytes of text; none for none.
pub(crate) const fn tokens_of_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

/// A place up to which the caller wants the prompt to be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CachePoint {
    /// What stands before it, hashed.
    pub(crate) prefix: u64,
    /// Tokens before it, from the beginning.
    pub(crate) tokens: u64,
    /// Whether it is to be kept for an hour, and not for five minutes.
    pub(crate) one_hour: bool,
}

/// What a body holds for the model to read, counted once from front to back.
#[derive(Debug)]
pub(crate) struct Tally {
    bytes: u64,
    prefix: Chance,
    points: Vec<CachePoint>,
}

impl Tally {
    /// Counts a body of any of Bedrock's shapes.
    pub(crate) fn of(body: &Value) -> Self {
        let mut tally = Self { bytes: 0, prefix: Chance::new(0), points: Vec::new() };
        for name in TOOLS {
            // Converse's `toolConfig` holds `tools`; elsewhere `tools` is the list itself.
            let tools = body.get(name).map(|value| value.get("tools").unwrap_or(value));
            for tool in tools.and_then(Value::as_array).into_iter().flatten() {
                tally.read_tool(tool);
            }
        }
        for name in READ {
            if let Some(value) = body.get(name) {
                tally.read_member(name, value);
            }
        }
        tally
    }

    /// All input tokens, cached or not.
    pub(crate) fn tokens(&self) -> u64 {
        tokens_of_bytes(self.bytes).max(1)
    }

    /// The cache points, from front to back.
    pub(crate) fn cache_points(&self) -> &[CachePoint] {
        &self.points
    }

    fn read(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text.len() as u64, text),
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Object(members) => self.read_block(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn read_block(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            self.read_member(name, value);
        }
        for mark in ["cachePoint", "cache_control"] {
            if let Some(point) = members.get(mark) {
                self.mark(point);
            }
        }
    }

    fn read_member(&mut self, name: &str, value: &Value) {
        if name == "role" {
            self.add(0, &value.to_string());
        } else if BLOBS.contains(&name) {
            let blobs = value.as_array().map_or(1, Vec::len) as u64;
            self.add(blobs * BLOB_TOKENS * BYTES_PER_TOKEN, &value.to_string());
        } else if !STRUCTURE.contains(&name) {
            self.read(value);
        }
    }

    fn read_tool(&mut self, tool: &Value) {
        if let Some(point) = tool.get("cachePoint") {
            return self.mark(point);
        }
        let json = tool.to_string();
        self.add(json.len() as u64, &json);
        if let Some(point) = tool.get("cache_control") {
            self.mark(point);
        }
    }

    fn add(&mut self, bytes: u64, seen: &str) {
        self.bytes += bytes;
        self.prefix = self.prefix.with(seen.as_bytes());
    }

    fn mark(&mut self, point: &Value) {
        self.points.push(CachePoint {
            prefix: self.prefix.value(),
            tokens: tokens_of_bytes(self.bytes),
            one_hour: point.get("ttl").and_then(Value::as_str) == Some("1h"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bytes(body: &Value) -> u64 {
        Tally::of(body).bytes
    }

    #[test]
    fn four_bytes_are_a_token_and_the_rest_rounds_up() {
        let tokens: Vec<u64> = [0, 1, 4, 5, 8, 9].map(tokens_of_bytes).into();
        assert_eq!(tokens, [0, 1, 1, 2, 2, 3]);
        assert_eq!(Tally::of(&json!({})).tokens(), 1);
    }

    #[test]
    fn text_counts_in_bytes_wherever_it_stands_and_structure_does_not() {
        let content = json!([{"text": "añb"}, {"cachePoint": {"type": "default"}},
            {"toolResult": {"toolUseId": "t1", "content": [{"text": "yes"}]}}]);
        let messages = json!({"messages": [{"role": "user", "content": content}]});
        assert_eq!(bytes(&messages), 4 + 3);
        assert_eq!(bytes(&json!({"system": "four", "max_tokens": 5, "stop": ["no"]})), 4);
        assert_eq!(bytes(&json!({"texts": ["ab", "cd"], "input_type": "search_query"})), 4);
    }

    #[test]
    fn tools_count_as_their_json() {
        let tool = json!({"toolSpec": {"name": "n", "inputSchema": {"json": {"type": "object"}}}});
        let length = tool.to_string().len() as u64;
        assert_eq!(bytes(&json!({"toolConfig": {"tools": [tool]}})), length);
        assert_eq!(bytes(&json!({"tools": [{"name": "n"}]})), r#"{"name":"n"}"#.len() as u64);
    }

    #[test]
    fn a_blob_counts_as_a_thousand_tokens_whatever_its_size() {
        let blob = "A".repeat(9000);
        let image = json!({"image": {"format": "png", "source": {"bytes": blob}}});
        let converse = json!({"messages": [{"role": "user", "content": [image]}]});
        assert_eq!(Tally::of(&converse).tokens(), BLOB_TOKENS);
        assert_eq!(Tally::of(&json!({"images": [blob]})).tokens(), BLOB_TOKENS);
        let source = json!({"type": "base64", "media_type": "image/png", "data": blob});
        let claude = json!({"messages": [{"content": [{"type": "image", "source": source}]}]});
        assert_eq!(Tally::of(&claude).tokens(), BLOB_TOKENS);
    }

    #[test]
    fn a_cache_point_knows_what_stands_before_it_and_nothing_of_what_follows() {
        let body = |system: &str, question: &str| {
            json!({"system": [{"text": system}, {"cachePoint": {"type": "default", "ttl": "1h"}}],
                "messages": [{"role": "user", "content": [{"text": question}]}]})
        };
        let first = Tally::of(&body("12345678", "a"));
        let second = Tally::of(&body("12345678", "another"));
        let other = Tally::of(&body("1234567x", "a"));
        assert_eq!(first.cache_points(), second.cache_points());
        assert_ne!(first.cache_points(), other.cache_points());
        assert_eq!(first.cache_points()[0].tokens, 2);
        assert!(first.cache_points()[0].one_hour);
    }

    #[test]
    fn anthropics_cache_control_marks_the_end_of_its_block() {
        let block =
            json!({"type": "text", "text": "12345678", "cache_control": {"type": "ephemeral"}});
        let tally = Tally::of(&json!({"messages": [{"role": "user", "content": [block]}]}));
        let point = tally.cache_points()[0];
        assert_eq!((point.tokens, point.one_hour), (2, false));
    }
}
