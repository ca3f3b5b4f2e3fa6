//! Tools, and how freely the model may choose among them.

use bursar_domain::model::ModelId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::chat::{Fields, field, read_raw};
use crate::problem::Problem;

/// What a tool without parameters takes.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Tools<'a> {
    pub(super) config: Option<ToolConfig<'a>>,
    /// What only some models know, in their own words.
    pub(super) additional: Map<String, Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    tool_spec: ToolSpec<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    input_schema: InputSchema<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Debug, Serialize)]
struct InputSchema<'a> {
    /// The caller's schema, byte for byte: the order of its members is the order of the answer's.
    json: Schema<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Schema<'a> {
    Given(&'a RawValue),
    None(Box<RawValue>),
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    function: Option<AskedFunction<'a>>,
}

#[derive(Deserialize)]
struct AskedFunction<'a> {
    name: String,
    description: Option<String>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    strict: Option<bool>,
}

/// How freely the model may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    Auto,
    None,
    Any,
    One(String),
}

pub(super) fn read<'a>(
    fields: &Fields<'a>,
    model: &ModelId,
    has_tool_blocks: bool,
) -> Result<Tools<'a>, Problem> {
    let mut tools = specs(fields)?;
    let is_one_at_a_time = field::<bool>(fields, "parallel_tool_calls")? == Some(false);
    let (choice, among) = choice(fields)?;
    if let Some(among) = among {
        tools.retain(|tool| among.contains(&tool.tool_spec.name));
    }
    // Without a tool none is called; but once one was, Converse wants to be told of it.
    if choice == Some(Choice::None) && !has_tool_blocks {
        return Ok(Tools::default());
    }
    if tools.is_empty() {
        return match choice {
            Some(Choice::Any | Choice::One(_)) => {
                Err(Problem::invalid("tool_choice", "there is no tool to choose"))
            }
            _ => Ok(Tools::default()),
        };
    }
    let mut additional = Map::new();
    let tool_choice = match choice {
        Some(Choice::None) => own_choice(model, "tool_choice", &Choice::None, &mut additional)?,
        choice if is_one_at_a_time => {
            let choice = choice.unwrap_or(Choice::Auto);
            own_choice(model, "parallel_tool_calls", &choice, &mut additional)?
        }
        choice => choice.as_ref().and_then(converse_choice),
    };
    Ok(Tools { config: Some(ToolConfig { tools, tool_choice }), additional })
}

/// In Converse's words, which have none for calling no tool.
fn converse_choice(choice: &Choice) -> Option<Value> {
    match choice {
        Choice::Auto => Some(json!({"auto": {}})),
        Choice::None => None,
        Choice::Any => Some(json!({"any": {}})),
        Choice::One(name) => Some(json!({"tool": {"name": name}})),
    }
}

/// What Converse has no word for, no call or one at a time, in those of Claude and of OpenAI's models.
/// Claude's stands in its own choice, which then takes the place of Converse's.
fn own_choice(
    model: &ModelId,
    param: &str,
    choice: &Choice,
    additional: &mut Map<String, Value>,
) -> Result<Option<Value>, Problem> {
    match model.provider() {
        "anthropic" => {
            let own = match choice {
                Choice::None => json!({"type": "none"}),
                Choice::Auto => json!({"type": "auto", "disable_parallel_tool_use": true}),
                Choice::Any => json!({"type": "any", "disable_parallel_tool_use": true}),
                Choice::One(name) => {
                    json!({"type": "tool", "name": name, "disable_parallel_tool_use": true})
                }
            };
            additional.insert("tool_choice".to_owned(), own);
            Ok(None)
        }
        "openai" => {
            let own = if *choice == Choice::None { json!("none") } else { json!(false) };
            additional.insert(param.to_owned(), own);
            Ok(converse_choice(choice))
        }
        _ => {
            let message = format!(
                "only Claude and OpenAI's models can be told `{param}` in this way; hint: leave it out"
            );
            Err(Problem::invalid(param, message))
        }
    }
}

fn specs<'a>(fields: &Fields<'a>) -> Result<Vec<Tool<'a>>, Problem> {
    let asked: Vec<&'a RawValue> = field(fields, "tools")?.unwrap_or_default();
    let spec = |(index, raw): (usize, &'a RawValue)| {
        let param = format!("tools[{index}]");
        let asked: Asked<'a> = read_raw(raw, &param)?;
        let Some(function) = asked.function.filter(|_| asked.kind == "function") else {
            let message = format!("the tool `{}` is no function; hint: only those", asked.kind);
            return Err(Problem::invalid(format!("{param}.type"), message));
        };
        function.tool(&param)
    };
    asked.into_iter().enumerate().map(spec).collect()
}

impl<'a> AskedFunction<'a> {
    fn tool(self, param: &str) -> Result<Tool<'a>, Problem> {
        let json = match self.parameters {
            Some(raw) if raw.get().starts_with('{') => Schema::Given(raw),
            Some(_) => {
                let name = format!("{param}.function.parameters");
                return Err(Problem::invalid(name, "the parameters are no JSON schema"));
            }
            None => Schema::None(
                RawValue::from_string(NO_PARAMETERS.to_owned())
                    .map_err(|why| Problem::invalid(param, why.to_string()))?,
            ),
        };
        let tool_spec = ToolSpec {
            name: self.name,
            description: self.description.filter(|text| !text.is_empty()),
            input_schema: InputSchema { json },
            strict: self.strict.filter(|strict| *strict),
        };
        Ok(Tool { tool_spec })
    }
}

/// The choice, and the names that it is limited to.
fn choice(fields: &Fields<'_>) -> Result<(Option<Choice>, Option<Vec<String>>), Problem> {
    let Some(choice) = field::<Value>(fields, "tool_choice")? else { return Ok((None, None)) };
    let allowed = &choice["allowed_tools"];
    let word = choice.as_str().or(allowed["mode"].as_str()).unwrap_or_default();
    let named = choice["function"]["name"].as_str();
    let kind = match (word, named) {
        (_, Some(name)) => Choice::One(name.to_owned()),
        ("auto", _) => Choice::Auto,
        ("none", _) => Choice::None,
        ("required", _) => Choice::Any,
        _ => {
            let message = "`tool_choice` is auto, none, required, one function, or allowed tools";
            return Err(Problem::invalid("tool_choice", message));
        }
    };
    let among = allowed["tools"].as_array().map(|tools| {
        let name = |tool: &Value| {
            tool["function"]["name"].as_str().or(tool["name"].as_str()).map(str::to_owned)
        };
        tools.iter().filter_map(name).collect()
    });
    Ok((Some(kind), among))
}
