//! The shapes of InvokeModel: which one a model speaks, what it must be sent, and its answer as
//! one body or as chunks. The writers of each family are in the files below; Converse is elsewhere.
//!
//! This is written apart from `bursar-wire`'s readers on purpose: each is the other's referee.

use serde_json::Value;

use crate::answer::Answer;

mod amazon;
mod chat;
mod claude;
mod cohere;
mod completion;
mod embedding;
mod picture;
mod rerank;

/// How a model's InvokeModel bodies look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    Claude,
    ClaudeText,
    Nova,
    TitanText,
    Llama,
    MistralText,
    /// As OpenAI's chat completions: most newer models.
    Chat,
    /// DeepSeek R1: `choices[].text`.
    ChoicesText,
    Command,
    CommandR,
    Jurassic,
    Pegasus,
    TitanEmbed,
    NovaEmbed,
    CohereEmbedV3,
    CohereEmbedV4,
    Marengo,
    AmazonImage,
    StabilityImage,
    Rerank,
}

impl Shape {
    /// Every shape.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 20] = [
        Self::Claude,
        Self::ClaudeText,
        Self::Nova,
        Self::TitanText,
        Self::Llama,
        Self::MistralText,
        Self::Chat,
        Self::ChoicesText,
        Self::Command,
        Self::CommandR,
        Self::Jurassic,
        Self::Pegasus,
        Self::TitanEmbed,
        Self::NovaEmbed,
        Self::CohereEmbedV3,
        Self::CohereEmbedV4,
        Self::Marengo,
        Self::AmazonImage,
        Self::StabilityImage,
        Self::Rerank,
    ];

    /// The shape that a model speaks; `None` where InvokeModel does not serve it (speech, video).
    /// Some models speak two, and the body tells which.
    pub(crate) fn of(model: &str, body: &Value) -> Option<Self> {
        let (provider, name) = model.split_once('.')?;
        let is_prompt = body.get("prompt").is_some();
        Some(match provider {
            "anthropic" if is_prompt => Self::ClaudeText,
            "anthropic" => Self::Claude,
            "amazon" => Self::of_amazon(name)?,
            "meta" => Self::Llama,
            "mistral" if is_prompt => Self::MistralText,
            "deepseek" if is_prompt => Self::ChoicesText,
            "cohere" if name.starts_with("rerank") => Self::Rerank,
            "cohere" if name.starts_with("embed-v4") => Self::CohereEmbedV4,
            "cohere" if name.starts_with("embed") => Self::CohereEmbedV3,
            "cohere" if name.starts_with("command-r") => Self::CommandR,
            "cohere" => Self::Command,
            "ai21" if name.starts_with("j2") => Self::Jurassic,
            "twelvelabs" if name.starts_with("marengo") => Self::Marengo,
            "twelvelabs" => Self::Pegasus,
            "stability" => Self::StabilityImage,
            "luma" => return None,
            _ => Self::Chat,
        })
    }

    fn of_amazon(name: &str) -> Option<Self> {
        let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        Some(match name {
            _ if is(&["rerank"]) => Self::Rerank,
            _ if is(&["sonic", "reel"]) => return None,
            _ if is(&["canvas", "titan-image"]) => Self::AmazonImage,
            _ if is(&["titan-embed"]) => Self::TitanEmbed,
            _ if is(&["embeddings"]) => Self::NovaEmbed,
            _ if is(&["titan"]) => Self::TitanText,
            _ => Self::Nova,
        })
    }

    /// The shape that a body for an unknown model is likely to have.
    pub(crate) fn guess(body: &Value) -> Self {
        let has = |name: &str| body.get(name).is_some();
        match () {
            () if has("anthropic_version") => Self::Claude,
            () if has("textGenerationConfig") => Self::TitanText,
            () if has("inputText") => Self::TitanEmbed,
            () if has("texts") => Self::CohereEmbedV3,
            () if has("inferenceConfig") => Self::Nova,
            () if has("max_gen_len") => Self::Llama,
            () if has("prompt") => Self::MistralText,
            () => Self::Chat,
        }
    }

    /// The members without which Bedrock refuses a body.
    pub(crate) const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Claude => &["anthropic_version", "max_tokens", "messages"],
            Self::ClaudeText => &["prompt", "max_tokens_to_sample"],
            Self::Nova | Self::Chat => &["messages"],
            Self::TitanText => &["inputText"],
            Self::Llama
            | Self::MistralText
            | Self::ChoicesText
            | Self::Command
            | Self::Jurassic
            | Self::StabilityImage => &["prompt"],
            Self::CommandR => &["message"],
            Self::Pegasus => &["inputPrompt"],
            Self::NovaEmbed => &["taskType"],
            Self::CohereEmbedV3 | Self::CohereEmbedV4 => &["input_type"],
            Self::Marengo => &["inputType"],
            Self::AmazonImage => &["taskType", "imageGenerationConfig"],
            Self::Rerank => &["query", "documents"],
            Self::TitanEmbed => &[],
        }
    }

    /// Whether it generates text, and so can converse, stream and be billed for output.
    pub(crate) const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::TitanEmbed
                | Self::NovaEmbed
                | Self::CohereEmbedV3
                | Self::CohereEmbedV4
                | Self::Marengo
                | Self::AmazonImage
                | Self::StabilityImage
                | Self::Rerank
        )
    }

    /// Whether it is billed by the token at all.
    pub(crate) const fn has_tokens(self) -> bool {
        !matches!(self, Self::AmazonImage | Self::StabilityImage | Self::Rerank)
    }

    /// The meter that counts what is not billed by the token, and how much of it there is.
    pub(crate) fn meter(self, model: &str, body: &Value) -> Option<(&'static str, u64)> {
        let nova = &body["singleEmbeddingParams"]["image"];
        match self {
            Self::AmazonImage => Some(("image", picture::count(body))),
            Self::StabilityImage => Some(("image", 1)),
            Self::Rerank if model.starts_with("amazon.") => Some(("query", rerank::units(body))),
            Self::Rerank => Some(("search_unit", rerank::units(body))),
            Self::TitanEmbed if body["inputImage"].is_string() => Some(("image", 1)),
            Self::NovaEmbed if nova["detailLevel"] == "DOCUMENT_IMAGE" => {
                Some(("document_image", 1))
            }
            Self::NovaEmbed if nova.is_object() => Some(("image", 1)),
            Self::Marengo if body["inputType"] == "image" => Some(("image", 1)),
            Self::Marengo => Some(("text_request", 1)),
            _ => None,
        }
    }

    /// The answer as one body.
    pub(crate) fn write(self, answer: &Answer, body: &Value) -> Value {
        match self {
            Self::Claude => claude::message(answer),
            Self::ClaudeText => claude::completion(answer),
            Self::Nova => amazon::nova(answer),
            Self::TitanText => amazon::titan(answer),
            Self::Llama => completion::llama(answer),
            Self::MistralText => completion::mistral(answer),
            Self::ChoicesText => completion::choices(answer),
            Self::Jurassic => completion::jurassic(answer, body),
            Self::Pegasus => completion::pegasus(answer),
            Self::Chat => chat::completion(answer),
            Self::Command => cohere::command(answer, body),
            Self::CommandR => cohere::command_r(answer, body),
            Self::TitanEmbed => embedding::titan(answer, body),
            Self::NovaEmbed => embedding::nova(answer, body),
            Self::CohereEmbedV3 => embedding::cohere_v3(answer, body),
            Self::CohereEmbedV4 => embedding::cohere_v4(answer, body),
            Self::Marengo => embedding::marengo(answer),
            Self::AmazonImage => picture::amazon(body),
            Self::StabilityImage => picture::stability(answer),
            Self::Rerank => rerank::results(answer, body),
        }
    }

    /// The answer as chunks, the last with its metrics; `None` where the model cannot stream.
    pub(crate) fn chunks(self, answer: &Answer) -> Option<Vec<Value>> {
        let mut chunks = match self {
            Self::Claude => claude::message_chunks(answer),
            Self::ClaudeText => claude::completion_chunks(answer),
            Self::Nova => amazon::nova_chunks(answer),
            Self::TitanText => amazon::titan_chunks(answer),
            Self::Llama => completion::llama_chunks(answer),
            Self::MistralText => completion::mistral_chunks(answer),
            Self::ChoicesText => completion::choices_chunks(answer),
            Self::Pegasus => completion::pegasus_chunks(answer),
            Self::Chat => chat::chunks(answer),
            Self::Command => cohere::command_chunks(answer),
            Self::CommandR => cohere::command_r_chunks(answer),
            _ => return None,
        };
        if let Some(Value::Object(last)) = chunks.last_mut() {
            last.insert("amazon-bedrock-invocationMetrics".to_owned(), answer.invocation_metrics());
        }
        Some(chunks)
    }
}

/// One chunk for each piece of the text and at least one, by piece and whether it is the last:
/// the shapes whose last chunk of text is also the end.
fn pieces_then_end(answer: &Answer, chunk: impl Fn(usize, &str, bool) -> Value) -> Vec<Value> {
    let end = answer.text.len().saturating_sub(1);
    match answer.text.as_slice() {
        [] => vec![chunk(0, "", true)],
        pieces => pieces
            .iter()
            .enumerate()
            .map(|(index, piece)| chunk(index, piece, index == end))
            .collect(),
    }
}
