//! Content parts: text, images and files that are in the request, as Converse's blocks.
//!
//! What would have to be fetched from elsewhere is refused: nobody could bound its cost, and the
//! gateway is no one's errand boy.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::chat::read_raw;
use crate::problem::Problem;

/// The images that Converse takes, by their type.
const IMAGES: [(&str, &str); 5] = [
    ("image/gif", "gif"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
];
const PDF: &str = "application/pdf";

/// A content block of Converse.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Block<'a> {
    Text(Cow<'a, str>),
    Image {
        format: &'static str,
        source: Source<'a>,
    },
    Document {
        format: &'static str,
        name: String,
        source: Source<'a>,
    },
    #[serde(rename_all = "camelCase")]
    ToolUse {
        tool_use_id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Box<RawValue>,
    },
    #[serde(rename_all = "camelCase")]
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: Vec<Block<'a>>,
    },
    CachePoint {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        ttl: Option<String>,
    },
}

impl<'a> Block<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Source<'a> {
    /// Base64, as it came.
    bytes: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow)]
    image_url: Option<ImageUrl<'a>>,
    #[serde(borrow)]
    file: Option<File<'a>>,
    /// OpenAI's own mark, and the one that gateways before this one taught clients to send.
    prompt_cache_breakpoint: Option<Value>,
    cache_control: Option<Value>,
}

#[derive(Deserialize)]
struct ImageUrl<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    file_data: Option<Cow<'a, str>>,
}

/// A message's content: a text, or a list of parts. `may_show` says whether images may be among
/// them. Empty texts, which Converse refuses, are left out.
pub(super) fn read<'a>(
    content: &'a RawValue,
    param: &str,
    may_show: bool,
) -> Result<Vec<Block<'a>>, Problem> {
    if content.get().starts_with('"') {
        let text: Text<'a> = read_raw(content, param)?;
        return Ok(if text.0.is_empty() { Vec::new() } else { vec![Block::Text(text.0)] });
    }
    let parts: Vec<&'a RawValue> = read_raw(content, param)?;
    let mut blocks = Vec::new();
    for (index, raw) in parts.into_iter().enumerate() {
        let param = format!("{param}[{index}]");
        let part: Part<'a> = read_raw(raw, &param)?;
        let mark = part.cache_mark();
        blocks.extend(part.block(&param, may_show)?);
        blocks.extend(mark);
    }
    Ok(blocks)
}

/// A text that borrows where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Part<'a> {
    fn block(self, param: &str, may_show: bool) -> Result<Option<Block<'a>>, Problem> {
        let missing = |name: &str| {
            Problem::invalid(format!("{param}.{name}"), format!("the part has no `{name}`"))
        };
        match self.kind.as_ref() {
            "text" => {
                let text = self.text.ok_or_else(|| missing("text"))?;
                Ok((!text.is_empty()).then_some(Block::Text(text)))
            }
            "refusal" => {
                let text = self.refusal.ok_or_else(|| missing("refusal"))?;
                Ok((!text.is_empty()).then_some(Block::Text(text)))
            }
            "image_url" if may_show => {
                let image = self.image_url.ok_or_else(|| missing("image_url"))?;
                image_block(&image.url, &format!("{param}.image_url.url")).map(Some)
            }
            "file" if may_show => {
                let data = self.file.and_then(|file| file.file_data);
                let data = data.ok_or_else(|| missing("file.file_data"))?;
                file_block(&data, param).map(Some)
            }
            other => {
                let known = if may_show { "text, image_url and file" } else { "text" };
                let message = format!("the part `{other}` is not taken here; hint: {known}");
                Err(Problem::invalid(format!("{param}.type"), message))
            }
        }
    }

    fn cache_mark(&self) -> Option<Block<'static>> {
        let mark = self.prompt_cache_breakpoint.as_ref().or(self.cache_control.as_ref())?;
        let ttl = mark.get("ttl").and_then(Value::as_str).map(str::to_owned);
        Some(Block::CachePoint { kind: "default", ttl })
    }
}

fn image_block(url: &str, param: &str) -> Result<Block<'static>, Problem> {
    let Some((kind, base64)) = data_url(url) else {
        let message = "an image has to be in the request, since nothing is fetched; hint: send it as \
                       a `data:` URL with base64";
        return Err(Problem::invalid(param, message));
    };
    let Some((_, format)) = IMAGES.iter().find(|(known, _)| kind.eq_ignore_ascii_case(known))
    else {
        let message =
            format!("`{kind}` is no image that Converse takes; hint: png, jpeg, gif, webp");
        return Err(Problem::invalid(param, message));
    };
    Ok(Block::Image { format, source: Source { bytes: base64.to_owned().into() } })
}

fn file_block(data: &str, param: &str) -> Result<Block<'static>, Problem> {
    match data_url(data) {
        Some((kind, base64)) if kind.eq_ignore_ascii_case(PDF) => {
            // A document's name is seen by the model and must be plain and its own.
            let name: String =
                param.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            let source = Source { bytes: base64.to_owned().into() };
            Ok(Block::Document { format: "pdf", name, source })
        }
        _ => {
            let message = "a file is a PDF as a `data:application/pdf;base64,` URL";
            Err(Problem::invalid(format!("{param}.file.file_data"), message))
        }
    }
}

/// The media type and the base64 of a `data:` URL.
fn data_url(url: &str) -> Option<(&str, &str)> {
    let (head, base64) = url.strip_prefix("data:")?.split_once(',')?;
    let mut words = head.split(';');
    let kind = words.next()?;
    words.any(|word| word.eq_ignore_ascii_case("base64")).then_some((kind, base64))
}
