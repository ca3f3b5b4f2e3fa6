//! Each provider's own JSON as one row of a table: where a request bounds its cost, where a reply
//! and a stream's chunk say what was used, and how a body is made from a prompt.
//!
//! A row is chosen by the model id; a provider that is not known gets the `OpenAI`-like chat row,
//! which is what nearly every newer one speaks. Reading the rows is done in `request` and `reply`.

mod ai21;
mod amazon;
mod anthropic;
mod chat;
mod cohere;
mod converse;
mod deepseek;
mod elsewhere;
mod meta;
mod mistral;
mod stability;

use bursar_domain::model::ModelId;
use serde_json::Value;

use crate::body::Prompt;

pub(crate) use converse::{CONVERSE, body as converse_json};

/// What a model gives, which decides what its reply must report to be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// Text: input and output tokens.
    Text,
    /// Vectors: input tokens.
    Vectors,
    /// Images: so many of them.
    Images,
    /// What the request alone says the cost of: an order of documents, vectors of a video …
    ByRequest,
}

/// Where things are in one reply, or in one chunk. Paths as `json::all` takes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paths {
    pub(crate) text: &'static [&'static str],
    pub(crate) reasoning: &'static [&'static str],
    pub(crate) stop: &'static [&'static str],
    pub(crate) version: &'static [&'static str],
    pub(crate) input: &'static [&'static str],
    pub(crate) output: &'static [&'static str],
    pub(crate) cache_read: &'static [&'static str],
    pub(crate) cache_write: &'static [&'static str],
    pub(crate) write_5m: &'static [&'static str],
    pub(crate) write_1h: &'static [&'static str],
}

impl Paths {
    pub(crate) const NONE: Self = Self {
        text: &[],
        reasoning: &[],
        stop: &[],
        version: &[],
        input: &[],
        output: &[],
        cache_read: &[],
        cache_write: &[],
        write_5m: &[],
        write_1h: &[],
    };
}

/// One way in which models are spoken to.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) gives: Gives,
    /// Names of the most tokens to generate; the largest that is sent bounds.
    pub(crate) max_tokens: &'static [&'static str],
    /// Names of the number of candidates.
    pub(crate) candidates: &'static [&'static str],
    pub(crate) reply: Paths,
    pub(crate) chunk: Paths,
    /// Whether the body's input count includes what was read from a cache, as `OpenAI` counts.
    pub(crate) input_includes_cache: bool,
    /// The body for a prompt, or what the model takes instead.
    pub(crate) body: fn(&ModelId, &Prompt<'_>) -> Result<Value, &'static str>,
}

impl Shape {
    /// A row with nothing in it: what is not named is not looked for.
    const EMPTY: Self = Self {
        gives: Gives::Text,
        max_tokens: &[],
        candidates: &[],
        reply: Paths::NONE,
        chunk: Paths::NONE,
        input_includes_cache: false,
        body: |_, _| Err("it takes no prompt; send a body of your own"),
    };
}

/// The row of a model.
pub(crate) fn shape_of(model: &ModelId) -> &'static Shape {
    let id = model.as_str();
    let name = id.split_once('.').map_or(id, |(_, name)| name);
    match model.provider() {
        "ai21" => ai21::shape(name),
        "amazon" => amazon::shape(name),
        "anthropic" => anthropic::shape(name),
        "cohere" => cohere::shape(name),
        "deepseek" => deepseek::shape(name),
        "luma" => &elsewhere::VIDEO,
        "meta" => &meta::LLAMA,
        "mistral" => mistral::shape(name),
        "stability" => stability::shape(name),
        "twelvelabs" => elsewhere::twelvelabs(name),
        _ => &chat::CHAT,
    }
}

/// Whether what is sent to one model in its provider's own JSON can be sent to the other.
#[must_use]
pub fn takes_same_body(one: &ModelId, other: &ModelId) -> bool {
    one.provider() == other.provider() && std::ptr::eq(shape_of(one), shape_of(other))
}

/// An object without the members that are null: what was not asked for is not sent.
fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}

/// A body with the limits that were given, if any, under `name`.
fn with_limits(mut body: Value, name: &str, limits: Value) -> Value {
    let limits = without_nulls(limits);
    if limits.as_object().is_some_and(|limits| !limits.is_empty()) {
        body[name] = limits;
    }
    body
}

/// A text before another, for models that know no system prompt.
fn system_first(prompt: &Prompt<'_>) -> String {
    match prompt.system {
        Some(system) => format!("{system}\n\n{}", prompt.text),
        None => prompt.text.to_owned(),
    }
}

/// For models that take one text and nothing beside it.
fn no_system(prompt: &Prompt<'_>) -> Result<(), &'static str> {
    match prompt.system {
        Some(_) => Err("it takes no system text; leave that out"),
        None => Ok(()),
    }
}
