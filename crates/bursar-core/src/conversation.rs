//! Requests made from a conversation: what was said before, and what is attached.

use std::collections::BTreeMap;

use bursar_domain::call::Operation;
use bursar_domain::model::ModelRef;
use bursar_domain::price::Tier;
use bursar_wire::body::Prompt;
use bursar_wire::conversation::conversation_body;
pub use bursar_wire::conversation::{Attachment, Format, Message, Role};

use crate::Invocation;
use crate::prompt::json_headers;

/// What is to be answered: the messages so far, the last of them the user's.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    /// The system prompt.
    pub system: Option<String>,
    /// The messages, user's and model's in turn.
    pub messages: Vec<Message>,
    /// The most tokens to generate.
    pub max_tokens: Option<u64>,
    /// 0 to 1, where the model has one.
    pub temperature: Option<f64>,
    /// The tier to ask for.
    pub tier: Option<Tier>,
    /// Key-value pairs that Bedrock copies into its invocation log.
    pub metadata: BTreeMap<String, String>,
}

impl Invocation {
    /// A Converse or ConverseStream request for the next answer.
    #[must_use]
    pub fn conversation(model: ModelRef, conversation: &Conversation, stream: bool) -> Self {
        let operation = if stream { Operation::ConverseStream } else { Operation::Converse };
        let settings = Prompt {
            system: conversation.system.as_deref(),
            text: "",
            max_tokens: conversation.max_tokens,
            temperature: conversation.temperature,
        };
        let (metadata, tier) = (&conversation.metadata, conversation.tier);
        let body = conversation_body(&conversation.messages, &settings, metadata, tier);
        Self {
            operation,
            model,
            headers: json_headers(),
            body: body.into(),
            idempotency_key: None,
            affordable: false,
        }
    }
}
