//! Embeddings: OpenAI's one request as InvokeModel bodies of the models that make vectors.
//!
//! Cohere takes many texts at once, Titan and Nova one: each of those is then a metered call of its
//! own. A text is never cut short: one that is too long is refused by the model.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bursar_domain::model::ModelId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::chat::{Fields, field, read_fields, required};
use crate::problem::{Problem, ProblemKind};

/// The most texts of one request, which is OpenAI's own bound.
pub const INPUTS_MAX: usize = 2_048;
/// The most texts that Cohere takes at once.
const COHERE_TEXTS_MAX: usize = 96;
/// What is read, and what is left out as harmless.
const READ: [&str; 4] = ["model", "input", "encoding_format", "dimensions"];

/// Vectors that are asked for.
#[derive(Debug)]
pub struct Embedding {
    /// The model, as the caller wrote it.
    pub model: String,
    /// What was left out, by name.
    pub ignored: Vec<String>,
    texts: Vec<String>,
    dimensions: Option<u64>,
    /// Whether vectors go out as base64 of little-endian 32-bit floats.
    is_base64: bool,
}

/// How a model is asked for vectors.
enum Shape {
    Titan { has_dimensions: bool },
    TitanImage,
    Nova,
    Cohere { has_dimensions: bool },
}

impl Embedding {
    /// Reads a request.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = read_fields(body)?;
        let encoding: Option<String> = field(&fields, "encoding_format")?;
        let is_base64 = match encoding.as_deref() {
            None | Some("float") => false,
            Some("base64") => true,
            Some(other) => {
                let message = format!("`{other}` is no encoding; hint: float or base64");
                return Err(Problem::invalid("encoding_format", message));
            }
        };
        Ok(Self {
            model: required(&fields, "model")?,
            texts: texts(&fields)?,
            dimensions: field(&fields, "dimensions")?,
            is_base64,
            ignored: fields.keys().filter(|name| !READ.contains(&name.as_str())).cloned().collect(),
        })
    }

    /// The InvokeModel bodies for the model that the asked name stands for, in the texts' order.
    pub fn bodies(&self, model: &ModelId) -> Result<Vec<Vec<u8>>, Problem> {
        let shape = shape_of(model)?;
        let has_dimensions = !matches!(
            shape,
            Shape::Titan { has_dimensions: false } | Shape::Cohere { has_dimensions: false }
        );
        if self.dimensions.is_some() && !has_dimensions {
            let message = format!("`{model}` has vectors of one length; hint: leave it out");
            return Err(Problem::invalid("dimensions", message));
        }
        let at_once = if matches!(shape, Shape::Cohere { .. }) { COHERE_TEXTS_MAX } else { 1 };
        let bodies = self.texts.chunks(at_once).map(|texts| self.body(&shape, texts));
        Ok(bodies.map(|body| body.to_string().into_bytes()).collect())
    }

    fn body(&self, shape: &Shape, texts: &[String]) -> Value {
        let text = texts.first();
        let (mut body, place) = match shape {
            Shape::Titan { .. } => (json!({"inputText": text}), "/dimensions"),
            Shape::TitanImage => (
                json!({"inputText": text, "embeddingConfig": {}}),
                "/embeddingConfig/outputEmbeddingLength",
            ),
            Shape::Nova => {
                let text = json!({"value": text, "truncationMode": "NONE"});
                let params = json!({"embeddingPurpose": "GENERIC_INDEX", "text": text});
                (
                    json!({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": params}),
                    "/singleEmbeddingParams/embeddingDimension",
                )
            }
            Shape::Cohere { .. } => (
                json!({"texts": texts, "input_type": "search_document", "truncate": "NONE"}),
                "/output_dimension",
            ),
        };
        if let Some(dimensions) = self.dimensions {
            let (parent, name) = place.rsplit_once('/').unwrap_or_default();
            if let Some(Value::Object(parent)) = body.pointer_mut(parent) {
                parent.insert(name.to_owned(), json!(dimensions));
            }
        }
        body
    }

    /// OpenAI's answer, from those of each body in their order. `prompt_tokens` is what the ledger
    /// recorded for all of them.
    pub fn reply(&self, replies: &[Vec<u8>], prompt_tokens: u64) -> Result<Vec<u8>, Problem> {
        let broken = |why: String| Problem::new(ProblemKind::Broken, why);
        let mut vectors = Vec::with_capacity(self.texts.len());
        for reply in replies {
            let reply: Reply<'_> = serde_json::from_slice(reply)
                .map_err(|why| broken(format!("the model's answer has no vectors: {why}")))?;
            vectors.extend(reply.vectors());
        }
        if vectors.len() != self.texts.len() {
            let (got, asked) = (vectors.len(), self.texts.len());
            return Err(broken(format!("`{got}` vectors came for `{asked}` texts")));
        }
        let data = vectors.into_iter().enumerate().map(|(index, vector)| {
            let embedding = if self.is_base64 {
                Written::Base64(base64_of(vector)?)
            } else {
                Written::Floats(vector)
            };
            Ok(Item { object: "embedding", index, embedding })
        });
        let list = List {
            object: "list",
            data: data.collect::<Result<_, Problem>>()?,
            model: &self.model,
            usage: json!({"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}),
        };
        serde_json::to_vec(&list).map_err(|why| broken(why.to_string()))
    }
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Item<'a>>,
    model: &'a str,
    usage: Value,
}

#[derive(Serialize)]
struct Item<'a> {
    object: &'static str,
    index: usize,
    embedding: Written<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    /// As the model wrote them.
    Floats(&'a RawValue),
    Base64(String),
}

/// A model's answer in any of their shapes.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ByType<'a> {
    #[serde(borrow)]
    float: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

impl<'a> Reply<'a> {
    fn vectors(self) -> Vec<&'a RawValue> {
        if let Some(one) = self.embedding {
            return vec![one];
        }
        let Some(many) = self.embeddings.map(RawValue::get) else { return Vec::new() };
        if let Ok(by_type) = serde_json::from_str::<ByType<'a>>(many) {
            return by_type.float;
        }
        if let Ok(typed) = serde_json::from_str::<Vec<Typed<'a>>>(many) {
            return typed.into_iter().map(|typed| typed.embedding).collect();
        }
        serde_json::from_str(many).unwrap_or_default()
    }
}

fn base64_of(vector: &RawValue) -> Result<String, Problem> {
    let numbers: Vec<f32> = serde_json::from_str(vector.get())
        .map_err(|why| Problem::new(ProblemKind::Broken, format!("a vector is none: {why}")))?;
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(BASE64.encode(bytes))
}

fn shape_of(model: &ModelId) -> Result<Shape, Problem> {
    let id = model.as_str();
    let shape = match model.provider() {
        "amazon" if id.contains("titan-embed-image") => Shape::TitanImage,
        "amazon" if id.contains("titan-embed") => {
            Shape::Titan { has_dimensions: id.contains("-v2") }
        }
        "amazon" if id.contains("multimodal-embeddings") => Shape::Nova,
        "cohere" if id.contains(".embed") => {
            Shape::Cohere { has_dimensions: id.contains("embed-v4") }
        }
        _ => {
            let message = format!(
                "`{model}` makes no vectors of text; hint: a Titan, Nova or Cohere embedding model"
            );
            return Err(Problem::invalid("model", message));
        }
    };
    Ok(shape)
}

fn texts(fields: &Fields<'_>) -> Result<Vec<String>, Problem> {
    let texts = match required::<Value>(fields, "input")? {
        Value::String(text) => vec![text],
        Value::Array(items) if items.iter().any(|item| !item.is_string()) => {
            let message = "`input` is text; the token numbers of OpenAI's models mean nothing to \
                           others; hint: send text (in LangChain: check_embedding_ctx_length=False)";
            return Err(Problem::invalid("input", message));
        }
        Value::Array(_) => required::<Vec<String>>(fields, "input")?,
        _ => return Err(Problem::invalid("input", "`input` is a text or a list of texts")),
    };
    if texts.is_empty() || texts.len() > INPUTS_MAX {
        let message = format!("`input` has 1 to {INPUTS_MAX} texts, not `{}`", texts.len());
        return Err(Problem::invalid("input", message));
    }
    if texts.iter().any(String::is_empty) {
        return Err(Problem::invalid("input", "a text of `input` is empty"));
    }
    Ok(texts)
}
