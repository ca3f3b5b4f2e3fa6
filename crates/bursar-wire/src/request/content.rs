//! What is in a request besides words: attachments, cache points, and what cannot be bounded.
//!
//! Blocks are looked for only where the APIs take them, so that nothing inside a tool's free JSON
//! can pass for an image and be left out of the count. Seeing a cache point too many only raises a
//! bound, so those are looked for everywhere.

use serde_json::Value;

use crate::json::{all, first, text};

/// Attachments and the bytes they take in the body.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) attachments: u64,
    /// Base64 of images, sound and video: no text, so no tokens by the byte. Documents stay.
    pub(super) media_bytes: usize,
    pub(super) unbounded: Option<String>,
}

/// The longest that anything is to be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caching {
    FiveMinutes,
    OneHour,
}

/// Where content blocks stand, in Converse, Nova, Claude's and `OpenAI`-like messages.
const BLOCKS: [&str; 5] = [
    "messages/*/content/*",
    "messages/*/content/*/toolResult/content/*",
    "messages/*/content/*/content/*",
    "messages/*/content/*/toolResult/content/*/searchResult/content/*",
    "system/*",
];
/// Where models that know no messages take base64 images.
const BARE_IMAGES: [&str; 5] =
    ["inputImage", "image", "images/*", "init_image", "mediaSource/base64String"];
/// Where Nova's embeddings and `TwelveLabs` take media.
const BARE_SOURCES: [&str; 6] = [
    "mediaSource",
    "singleEmbeddingParams/audio/source",
    "singleEmbeddingParams/image/source",
    "singleEmbeddingParams/text/source",
    "singleEmbeddingParams/video/source",
    "video/mediaSource",
];
/// Claude's tools that run on the caller's side.
const CLIENT_TOOLS: [&str; 4] = ["bash_", "computer_", "memory_", "text_editor_"];

pub(super) fn read_content(json: &Value) -> Content {
    let mut content = Content::default();
    for block in BLOCKS.iter().flat_map(|path| all(json, path)) {
        content.converse_block(block);
        content.typed_block(block);
    }
    for image in BARE_IMAGES.iter().flat_map(|path| all(json, path)) {
        if let Some(base64) = image.as_str() {
            content.media(base64);
        }
    }
    for source in BARE_SOURCES.iter().flat_map(|path| all(json, path)) {
        content.source("media", source);
    }
    content
}

impl Content {
    fn media(&mut self, base64: &str) {
        self.attachments += 1;
        self.media_bytes = self.media_bytes.saturating_add(base64.len());
    }

    /// `{"image":{"source":{…}}}`
    fn converse_block(&mut self, block: &Value) {
        for kind in ["image", "video", "audio", "document"] {
            if let Some(source) = block.get(kind).and_then(|block| block.get("source")) {
                self.source(kind, source);
            }
        }
    }

    fn source(&mut self, kind: &str, source: &Value) {
        if source.get("s3Location").is_some_and(|location| !location.is_null()) {
            self.attachments += 1;
            self.not_here(&format!("a {kind} block's `s3Location`"));
        } else if let Some(bytes) = source.get("bytes").and_then(Value::as_str) {
            self.block(kind, bytes);
        }
    }

    /// `{"type":"image","source":{…}}` and `{"type":"image_url","image_url":{"url":…}}`
    fn typed_block(&mut self, block: &Value) {
        let kind = text(block, "type").unwrap_or_default();
        match (kind, text(block, "source/type")) {
            ("image" | "document", Some("base64")) => {
                self.block(kind, text(block, "source/data").unwrap_or_default());
            }
            ("document", Some("text" | "content")) => self.attachments += 1,
            ("image" | "document", Some(source)) => {
                self.attachments += 1;
                self.not_here(&format!("a {kind} block's `{source}` source"));
            }
            ("image_url", _) => self.url(text(block, "image_url/url").unwrap_or_default()),
            ("input_audio", _) => self.media(text(block, "input_audio/data").unwrap_or_default()),
            ("file" | "input_file", _) => {
                self.attachments += 1;
                if first(block, "file/file_data").is_none() {
                    self.not_here(&format!("a {kind} block's id"));
                }
            }
            _ => {}
        }
    }

    fn block(&mut self, kind: &str, base64: &str) {
        if kind == "document" {
            self.attachments += 1;
        } else {
            self.media(base64);
        }
    }

    fn url(&mut self, url: &str) {
        if url.starts_with("data:") {
            self.media(url);
        } else {
            self.attachments += 1;
            self.not_here("an image block's URL");
        }
    }

    fn not_here(&mut self, what: &str) {
        self.unbounded.get_or_insert_with(|| format!("{what} is not in the request"));
    }
}

/// Why tools make the input unbounded, if they do: what they fetch is put in on the server's side.
pub(super) fn read_tools(json: &Value) -> Option<String> {
    for path in ["mcp_servers/*", "additionalModelRequestFields/mcp_servers/*"] {
        if first(json, path).is_some() {
            return Some("`mcp_servers` run on the server's side".to_owned());
        }
    }
    if let Some(tool) = first(json, "toolConfig/tools/*/systemTool") {
        let name = text(tool, "name").unwrap_or_default();
        return Some(format!("the tool `{name}` runs on the server's side"));
    }
    ["tools/*/type", "additionalModelRequestFields/tools/*/type"]
        .iter()
        .flat_map(|path| all(json, path))
        .filter_map(Value::as_str)
        .find(|kind| {
            !matches!(*kind, "custom" | "function")
                && !CLIENT_TOOLS.iter().any(|start| kind.starts_with(start))
        })
        .map(|kind| format!("the tool `{kind}` runs on the server's side"))
}

/// The longest caching asked for anywhere; `None` without any.
pub(super) fn read_caching(json: &Value) -> Option<Caching> {
    match json {
        Value::Array(items) => items.iter().filter_map(read_caching).max(),
        Value::Object(members) => {
            let here = ["cachePoint", "cache_control"]
                .iter()
                .filter_map(|key| members.get(*key))
                .filter(|point| !point.is_null())
                .map(|point| match text(point, "ttl") {
                    Some("1h") => Caching::OneHour,
                    _ => Caching::FiveMinutes,
                });
            here.chain(members.values().filter_map(read_caching)).max()
        }
        _ => None,
    }
}
