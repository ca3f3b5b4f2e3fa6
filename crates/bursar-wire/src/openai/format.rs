//! The form that an answer is to have: text, JSON, or JSON of a schema.
//!
//! A schema becomes Converse's structured output. Plain `json_object` has no counterpart there (a
//! schema that allows every object is refused by Claude), so it becomes one sentence of the system
//! text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chat::{Fields, field};
use crate::problem::Problem;

/// What `json_object` tells the model. It is input like any other, and is counted as such.
pub(super) const JSON_INSTRUCTION: &str =
    "Answer with one valid JSON object and with nothing before or after it.";

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Format {
    pub(super) text_format: Option<TextFormat>,
    pub(super) instruction: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    text_format: Option<TextFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<String>,
}

impl OutputConfig {
    pub(super) fn new(text_format: Option<TextFormat>, effort: Option<String>) -> Option<Self> {
        (text_format.is_some() || effort.is_some()).then_some(Self { text_format, effort })
    }
}

#[derive(Debug, Serialize)]
pub(super) struct TextFormat {
    #[serde(rename = "type")]
    kind: &'static str,
    structure: Structure,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    json_schema: JsonSchema,
}

#[derive(Debug, Serialize)]
struct JsonSchema {
    /// A text that holds JSON, as Converse wants it; byte for byte the caller's.
    schema: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    json_schema: Option<AskedSchema<'a>>,
}

#[derive(Deserialize)]
struct AskedSchema<'a> {
    name: String,
    description: Option<String>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
}

pub(super) fn read(fields: &Fields<'_>) -> Result<Format, Problem> {
    let Some(asked) = field::<Asked<'_>>(fields, "response_format")? else {
        return Ok(Format::default());
    };
    match (asked.kind.as_str(), asked.json_schema) {
        ("text", _) => Ok(Format::default()),
        ("json_object", _) => {
            Ok(Format { instruction: Some(JSON_INSTRUCTION), ..Format::default() })
        }
        ("json_schema", Some(AskedSchema { name, description, schema: Some(schema) })) => {
            let json_schema = JsonSchema { schema: schema.get().to_owned(), name, description };
            let structure = Structure { json_schema };
            let text_format = Some(TextFormat { kind: "json_schema", structure });
            Ok(Format { text_format, ..Format::default() })
        }
        ("json_schema", _) => {
            let name = "response_format.json_schema";
            Err(Problem::invalid(name, format!("`{name}` needs a `name` and a `schema`")))
        }
        (other, _) => {
            let message = format!("`{other}` is no format; hint: text, json_object or json_schema");
            Err(Problem::invalid("response_format.type", message))
        }
    }
}
