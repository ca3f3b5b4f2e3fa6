//! A chat completion's request: read once, then written as Converse takes it for the model that the
//! asked name stands for.

use std::collections::BTreeMap;

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::format::{self, OutputConfig};
use super::message::{self, Turn};
use super::parameter;
use super::part::Block;
use super::setting::{self, InferenceConfig, ServiceTier};
use super::tool::{self, ToolConfig};
use crate::json::parse_strict;
use crate::problem::Problem;

/// Parameters by name; a null is as good as nothing there.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// A chat completion that is asked for.
#[derive(Debug)]
pub struct Chat<'a> {
    fields: Fields<'a>,
    /// The model, as the caller wrote it.
    pub model: String,
    /// Whether the answer is to come in pieces.
    pub streams: bool,
    /// Whether a last piece is to tell the usage.
    pub include_usage: bool,
    /// What was left out, by name.
    pub ignored: Vec<String>,
}

/// A Converse body. What was not asked for is not sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    inference_config: InferenceConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<ServiceTier>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    request_metadata: BTreeMap<String, String>,
    /// What only some models know, in their own words.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    additional_model_request_fields: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

impl<'a> Chat<'a> {
    /// Reads a request. No key may come twice; what cannot be passed on is refused.
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        let fields = read_fields(body)?;
        let mut ignored = parameter::check(&fields)?;
        let streams = field(&fields, "stream")?.unwrap_or(false);
        let options: Option<StreamOptions> = field(&fields, "stream_options")?;
        if options.is_some() && !streams {
            let message = "`stream_options` goes with `stream`; hint: leave it out";
            return Err(Problem::invalid("stream_options", message));
        }
        ignored.extend(setting::unwritable_metadata(&fields)?);
        Ok(Self {
            model: required(&fields, "model")?,
            streams,
            include_usage: options.and_then(|options| options.include_usage).unwrap_or(false),
            ignored,
            fields,
        })
    }

    /// What is to be asked of Bedrock.
    #[must_use]
    pub fn operation(&self) -> Operation {
        if self.streams { Operation::ConverseStream } else { Operation::Converse }
    }

    /// The body for the model that the asked name stands for.
    pub fn converse_body(&self, model: &ModelId) -> Result<Vec<u8>, Problem> {
        let fields = &self.fields;
        let mut conversation = message::read(&required::<Vec<&RawValue>>(fields, "messages")?)?;
        let tools = tool::read(fields, model, conversation.has_tool_blocks)?;
        let mut additional = tools.additional;
        let effort = setting::effort(fields, model, &mut additional)?;
        let format = format::read(fields)?;
        conversation.system.extend(format.instruction.map(Block::text));
        let body = Body {
            messages: conversation.turns,
            system: conversation.system,
            inference_config: setting::inference(fields)?,
            tool_config: tools.config,
            output_config: OutputConfig::new(format.text_format, effort),
            service_tier: setting::service_tier(fields)?,
            request_metadata: setting::metadata(fields)?,
            additional_model_request_fields: additional,
        };
        serde_json::to_vec(&body).map_err(|why| Problem::invalid("messages", why.to_string()))
    }
}

/// A body's parameters.
pub(super) fn read_fields(body: &[u8]) -> Result<Fields<'_>, Problem> {
    parse_strict(body)?;
    let fields: BTreeMap<String, Option<&RawValue>> =
        serde_json::from_slice(body).map_err(|why| {
            Problem::new(
                crate::problem::ProblemKind::Invalid,
                format!("the body is no object: {why}"),
            )
        })?;
    Ok(fields.into_iter().filter_map(|(name, raw)| Some((name, raw?))).collect())
}

/// A parameter's value, if it is there.
pub(super) fn field<'a, T: Deserialize<'a>>(
    fields: &Fields<'a>,
    name: &str,
) -> Result<Option<T>, Problem> {
    fields.get(name).map(|raw| read_raw(raw, name)).transpose()
}

pub(super) fn required<'a, T: Deserialize<'a>>(
    fields: &Fields<'a>,
    name: &str,
) -> Result<T, Problem> {
    field(fields, name)?
        .ok_or_else(|| Problem::invalid(name, format!("the parameter `{name}` is not there")))
}

/// A value where its parameter is named in the error.
pub(super) fn read_raw<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    name: &str,
) -> Result<T, Problem> {
    serde_json::from_str(raw.get()).map_err(|why| {
        // The line and the column are of the value alone, and would mislead.
        let why = why.to_string();
        let why = why.split(" at line ").next().unwrap_or_default().to_owned();
        Problem::invalid(name, format!("`{name}` is not as it should be: {why}"))
    })
}
