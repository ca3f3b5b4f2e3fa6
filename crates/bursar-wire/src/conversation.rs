//! A conversation as Converse takes it: messages in turn, with images and documents beside words.
//!
//! What a file is, and whether it may be attached, is decided by who reads it; here it only gets
//! its place in the body.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_domain::closed_set;
use bursar_domain::price::Tier;
use serde_json::{Value, json};

use crate::body::{Prompt, marked};
use crate::provider::converse_json;

closed_set! {
    /// Who says a message.
    Role {
        /// The person.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
}

closed_set! {
    /// The formats that Converse takes, in its own words: four of images, then documents.
    Format {
        /// An image.
        Png = "png",
        /// An image.
        Jpeg = "jpeg",
        /// An image.
        Gif = "gif",
        /// An image.
        Webp = "webp",
        /// A document.
        Pdf = "pdf",
        /// A table as text.
        Csv = "csv",
        /// A document of old Word.
        Doc = "doc",
        /// A document of Word.
        Docx = "docx",
        /// A table of old Excel.
        Xls = "xls",
        /// A table of Excel.
        Xlsx = "xlsx",
        /// A page.
        Html = "html",
        /// Text.
        Txt = "txt",
        /// Text with marks.
        Md = "md",
    }
}

impl Format {
    /// Whether it is seen and not read.
    #[must_use]
    pub const fn is_image(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp)
    }
}

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is.
    pub format: Format,
    /// What a document is called: letters, digits, single spaces, hyphens and brackets, once a
    /// request. An image has no name on the wire.
    pub name: String,
    /// Its bytes as they are.
    pub bytes: Vec<u8>,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// The words; Converse takes no empty ones.
    pub text: String,
    /// What goes with them.
    pub attachments: Vec<Attachment>,
}

impl Message {
    /// Words alone.
    #[must_use]
    pub fn words(role: Role, text: String) -> Self {
        Self { role, text, attachments: Vec::new() }
    }

    /// What is attached stands before the words, which then are about it.
    fn json(&self) -> Value {
        let attached = self.attachments.iter().map(Attachment::json);
        let content: Vec<Value> = attached.chain([json!({ "text": self.text })]).collect();
        json!({ "role": self.role.as_str(), "content": content })
    }
}

impl Attachment {
    fn json(&self) -> Value {
        let source = json!({ "bytes": STANDARD.encode(&self.bytes) });
        let format = self.format.as_str();
        if self.format.is_image() {
            json!({ "image": { "format": format, "source": source } })
        } else {
            json!({ "document": { "format": format, "name": self.name, "source": source } })
        }
    }
}

/// A Converse or `ConverseStream` body for a conversation. `settings` says everything but the
/// messages; its text is not looked at.
#[must_use]
pub fn conversation_body(
    messages: &[Message],
    settings: &Prompt<'_>,
    metadata: &BTreeMap<String, String>,
    tier: Option<Tier>,
) -> Vec<u8> {
    let mut body = converse_json(settings);
    body["messages"] = messages.iter().map(Message::json).collect();
    marked(body, metadata, tier)
}

#[cfg(test)]
mod tests {
    use bursar_domain::call::Operation;
    use bursar_domain::model::ModelId;
    use http::HeaderMap;

    use super::*;
    use crate::request::read_request;

    fn attachment(format: Format) -> Attachment {
        Attachment { format, name: "a plan".to_owned(), bytes: b"abc".to_vec() }
    }

    fn body(messages: &[Message]) -> Vec<u8> {
        let settings =
            Prompt { system: Some("Be brief."), max_tokens: Some(9), ..Prompt::default() };
        conversation_body(messages, &settings, &BTreeMap::new(), Some(Tier::Flex))
    }

    #[test]
    fn messages_stand_in_turn_and_settings_beside_them() {
        let messages = [
            Message::words(Role::User, "Why?".to_owned()),
            Message::words(Role::Assistant, "So.".to_owned()),
        ];
        let json: Value = serde_json::from_slice(&body(&messages)).unwrap();
        let expected = json!({
            "messages": [
                {"role": "user", "content": [{"text": "Why?"}]},
                {"role": "assistant", "content": [{"text": "So."}]},
            ],
            "system": [{"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 9},
            "serviceTier": {"type": "flex"},
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_is_attached_stands_before_the_words_and_is_counted() {
        let attachments = Format::ALL.iter().copied().map(attachment).collect();
        let message = Message { role: Role::User, text: "What is it?".to_owned(), attachments };
        let body = body(&[message]);
        let json: Value = serde_json::from_slice(&body).unwrap();
        let content = json["messages"][0]["content"].as_array().unwrap();
        let png = json!({"image": {"format": "png", "source": {"bytes": "YWJj"}}});
        let pdf =
            json!({"document": {"format": "pdf", "name": "a plan", "source": {"bytes": "YWJj"}}});
        assert_eq!((&content[0], &content[4]), (&png, &pdf));
        assert_eq!(content.last(), Some(&json!({"text": "What is it?"})));
        let model = ModelId::parse("amazon.nova-lite-v1:0").unwrap();
        let facts = read_request(Operation::Converse, &model, &HeaderMap::new(), &body).unwrap();
        assert_eq!(facts.attachments, 13);
        assert_eq!(facts.unbounded, None);
    }
}
