//! What a body asks for beside its text: how much output, which tool, which tier. What is there
//! but makes no sense is refused as Bedrock refuses it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::messages;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::answer::{ToolCall, made_up_id};
use crate::chance::Chance;
use crate::shape::Shape;
use crate::steering::{WireLatency, WireTier};
use crate::target::Speech;
use crate::tokens::Tally;

/// Where bodies say how many tokens may be generated, in all of their shapes.
const MAX_TOKENS: [&str; 10] = [
    "/inferenceConfig/maxTokens",
    "/inferenceConfig/max_new_tokens",
    "/additionalModelRequestFields/max_tokens",
    "/max_tokens",
    "/max_completion_tokens",
    "/max_tokens_to_sample",
    "/max_gen_len",
    "/maxTokens",
    "/textGenerationConfig/maxTokenCount",
    "/maxOutputTokens",
];
/// Where bodies say how many images or dimensions they want, and the most that any model gives.
const SIZES: [(&str, u64); 5] = [
    ("/imageGenerationConfig/numberOfImages", 5),
    ("/dimensions", 4_096),
    ("/embeddingConfig/outputEmbeddingLength", 4_096),
    ("/singleEmbeddingParams/embeddingDimension", 4_096),
    ("/output_dimension", 4_096),
];
/// Bedrock takes no more.
const CACHE_POINTS_MAX: usize = 4;
/// The deepest schema that a tool's made-up input follows.
const SCHEMA_DEPTH_MAX: usize = 8;

/// Parses a body; the error is Bedrock's for what is no JSON object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, WireError> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(messages::malformed_input("expected type: JSONObject")),
        Err(_) => Err(messages::malformed_input("the body is not valid JSON")),
    }
}

/// The body that CountTokens is asked to count, and its language: exactly one of the two.
pub(crate) fn counted(body: &Value) -> Result<(Value, Speech), WireError> {
    let refuse = |detail: &str| messages::malformed_input(detail);
    let input = body.get("input").and_then(Value::as_object);
    let input = input.ok_or_else(|| refuse("#: required key [input] not found"))?;
    match (input.get("converse"), input.get("invokeModel")) {
        (Some(converse), None) if converse.is_object() => Ok((converse.clone(), Speech::Converse)),
        (None, Some(invoke)) => {
            let text = invoke["body"].as_str().unwrap_or_default();
            let bytes = STANDARD.decode(text);
            let bytes = bytes.map_err(|_| refuse("#/input/invokeModel/body: not base64"))?;
            Ok((parse(&bytes)?, Speech::InvokeModel))
        }
        _ => Err(refuse("#/input: exactly one of [converse] and [invokeModel] is needed")),
    }
}

/// Refuses an InvokeModel body that lacks what its shape must have.
pub(crate) fn check_shape(shape: Shape, body: &Value) -> Result<(), WireError> {
    for name in shape.required() {
        if body.get(name).is_none() {
            return Err(messages::malformed_input(&format!("#: required key [{name}] not found")));
        }
    }
    check_sizes(body)?;
    if body.get("messages").is_some() { check_messages(body) } else { Ok(()) }
}

fn check_sizes(body: &Value) -> Result<(), WireError> {
    for (pointer, max) in SIZES {
        let Some(value) = body.pointer(pointer).filter(|value| !value.is_null()) else { continue };
        if !value.as_u64().is_some_and(|size| (1..=max).contains(&size)) {
            let detail = format!("#{pointer}: {value} is not an integer from 1 to {max}");
            return Err(messages::malformed_input(&detail));
        }
    }
    Ok(())
}

/// Refuses a conversation that is none.
pub(crate) fn check_messages(body: &Value) -> Result<(), WireError> {
    let missing = || messages::malformed_input("#: required key [messages] not found");
    let given = body.get("messages").ok_or_else(missing)?;
    let list = given.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| messages::malformed_input("#/messages: expected minItems: 1"))?;
    for (index, message) in list.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str);
        let known = ["user", "assistant", "system", "developer", "tool"];
        if !role.is_some_and(|role| known.contains(&role)) || message.get("content").is_none() {
            let detail = format!("#/messages/{index}: required key [role] or [content] not found");
            return Err(messages::malformed_input(&detail));
        }
    }
    Ok(())
}

/// Refuses more cache points than Bedrock takes.
pub(crate) fn check_cache_points(tally: &Tally) -> Result<(), WireError> {
    let found = tally.cache_points().len();
    if found <= CACHE_POINTS_MAX {
        return Ok(());
    }
    let text = format!(
        "A maximum of {CACHE_POINTS_MAX} blocks with cache_control may be provided. Found {found}."
    );
    Err(WireError::new(ErrorCode::Validation, text))
}

/// How many tokens may be generated, where the body says.
pub(crate) fn max_tokens(body: &Value) -> Result<Option<u64>, WireError> {
    for pointer in MAX_TOKENS {
        let Some(value) = body.pointer(pointer).filter(|value| !value.is_null()) else { continue };
        let refuse = |why: &str| messages::malformed_input(&format!("#{pointer}: {why}"));
        let is_negative = value.as_i64().is_some_and(|number| number < 0);
        if is_negative || value.as_u64() == Some(0) {
            return Err(refuse(&format!("{value} is not greater or equal to 1")));
        }
        return match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(refuse(&format!("expected type: Integer, found: {value}"))),
        };
    }
    Ok(None)
}

/// The tier that is asked for.
pub(crate) fn tier(headers: &HeaderMap, body: &Value) -> Result<Option<WireTier>, WireError> {
    member(headers, "x-amzn-bedrock-service-tier", &body["serviceTier"]["type"])
}

/// The latency mode that is asked for.
pub(crate) fn latency(headers: &HeaderMap, body: &Value) -> Result<Option<WireLatency>, WireError> {
    let header = "x-amzn-bedrock-performanceconfig-latency";
    member(headers, header, &body["performanceConfig"]["latency"])
}

fn member<T: std::str::FromStr>(
    headers: &HeaderMap,
    header: &str,
    in_body: &Value,
) -> Result<Option<T>, WireError> {
    let from_header = headers.get(header).map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = in_body.as_str().or(from_header) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let text = format!("1 validation error detected: `{text}` is no value of `{header}`");
        WireError::new(ErrorCode::Validation, text)
    })
}

/// Whether a guardrail is asked for.
pub(crate) fn is_guarded(headers: &HeaderMap, body: &Value) -> bool {
    headers.contains_key("x-amzn-bedrock-guardrailidentifier")
        || body.get("guardrailConfig").is_some_and(Value::is_object)
}

/// Whether Claude is to show its thoughts.
pub(crate) fn wants_thoughts(body: &Value) -> bool {
    let places = [&body["thinking"], &body["additionalModelRequestFields"]["thinking"]];
    places.iter().any(|thinking| matches!(thinking["type"].as_str(), Some("enabled" | "adaptive")))
}

/// The tool that the body forces the model to use, called with made-up input.
pub(crate) fn forced_tool(body: &Value, chance: Chance) -> Option<ToolCall> {
    let choice = [&body["toolConfig"]["toolChoice"], &body["tool_choice"]]
        .into_iter()
        .find(|choice| !choice.is_null())?;
    let named = [&choice["tool"]["name"], &choice["name"], &choice["function"]["name"]]
        .into_iter()
        .find_map(Value::as_str);
    let is_any = choice.get("any").is_some()
        || choice.as_str() == Some("required")
        || choice["type"].as_str() == Some("any");
    if named.is_none() && !is_any {
        return None;
    }
    tool(body, named, chance)
}

/// The tool of that name, or the first one.
pub(crate) fn tool(body: &Value, named: Option<&str>, chance: Chance) -> Option<ToolCall> {
    let lists = [&body["toolConfig"]["tools"], &body["tools"]];
    let mut tools = lists.into_iter().filter_map(Value::as_array).flatten().map(|tool| {
        // Converse's, OpenAI's, and Anthropic's, which has no wrapping.
        tool.get("toolSpec").or_else(|| tool.get("function")).unwrap_or(tool)
    });
    let is_it = |tool: &&Value| {
        let name = tool["name"].as_str();
        name.is_some() && (named.is_none() || named == name)
    };
    let tool = tools.find(is_it)?;
    let schemas = [&tool["inputSchema"]["json"], &tool["input_schema"], &tool["parameters"]];
    let schema = schemas.into_iter().find(|schema| schema.is_object()).unwrap_or(&Value::Null);
    Some(ToolCall {
        id: made_up_id(chance, "tooluse_"),
        name: tool["name"].as_str()?.to_owned(),
        input: example(schema, 0),
    })
}

/// The smallest value that a schema's required members allow, as far as types go.
fn example(schema: &Value, depth: usize) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("string") => json!("sun"),
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        _ if depth >= SCHEMA_DEPTH_MAX => json!({}),
        _ => {
            let names = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            let members = names
                .iter()
                .filter_map(Value::as_str)
                .map(|name| (name.to_owned(), example(&schema["properties"][name], depth + 1)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_tokens_is_found_under_each_of_its_names() {
        for pointer in MAX_TOKENS {
            let mut body = json!(7);
            for name in pointer.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
                body = json!({name: body});
            }
            assert_eq!(max_tokens(&body), Ok(Some(7)), "{pointer}");
        }
        assert_eq!(max_tokens(&json!({"max_tokens": null})), Ok(None));
    }

    #[test]
    fn max_tokens_that_make_no_sense_are_refused() {
        for wrong in [json!(0), json!(-1), json!(1.5), json!("10"), json!([1]), json!(1e40)] {
            let refused = max_tokens(&json!({"max_tokens": wrong})).unwrap_err();
            assert!(
                refused.message.starts_with("Malformed input request: #/max_tokens: "),
                "{wrong}"
            );
        }
    }

    #[test]
    fn more_images_or_dimensions_than_any_model_gives_are_refused() {
        let images = |number: Value| json!({"imageGenerationConfig": {"numberOfImages": number}});
        assert!(check_sizes(&images(json!(5))).is_ok());
        for wrong in [json!(0), json!(6), json!(-1), json!("2"), json!(1.5)] {
            assert!(check_sizes(&images(wrong)).is_err());
        }
        assert!(check_sizes(&json!({"dimensions": 4096})).is_ok());
        assert!(check_sizes(&json!({"dimensions": 4097})).is_err());
    }

    #[test]
    fn a_tool_is_called_only_where_it_is_forced() {
        let spec = |name: &str| {
            json!({"toolSpec": {"name": name, "inputSchema": {"json": {
            "type": "object", "required": ["city", "days"],
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}}}})
        };
        let tools = json!([spec("first"), spec("second")]);
        let body = |choice: Value| json!({"toolConfig": {"tools": tools, "toolChoice": choice}});
        let call = |choice| forced_tool(&body(choice), Chance::new(1));
        assert_eq!(call(json!({"auto": {}})), None);
        let any = call(json!({"any": {}})).unwrap();
        assert_eq!((any.name.as_str(), any.input), ("first", json!({"city": "sun", "days": 1})));
        assert_eq!(call(json!({"tool": {"name": "second"}})).unwrap().name, "second");
        let anthropic =
            json!({"tools": [{"name": "a"}], "tool_choice": {"type": "tool", "name": "a"}});
        assert_eq!(forced_tool(&anthropic, Chance::new(1)).unwrap().name, "a");
    }

    #[test]
    fn a_schema_without_end_is_not_followed_without_end() {
        let mut schema = json!({"type": "object"});
        for _ in 0..40 {
            schema = json!({"type": "object", "required": ["a"], "properties": {"a": schema}});
        }
        let depth =
            |value: &Value| std::iter::successors(Some(value), |value| value.get("a")).count();
        assert_eq!(depth(&example(&schema, 0)), SCHEMA_DEPTH_MAX + 1);
    }
}
