//! What a chat completion becomes, and what is refused.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::problem::Problem;
use crate::request::read_request;

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const GPT: &str = "openai.gpt-oss-120b-1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn written_for(model: &str, body: &str) -> Result<String, Problem> {
    let model = ModelId::parse(model).unwrap();
    let chat = Chat::read(body.as_bytes())?;
    let written = chat.converse_body(&model)?;
    // What is written is a request that can be metered.
    read_request(chat.operation(), &model, &HeaderMap::new(), &written).unwrap();
    Ok(String::from_utf8(written).unwrap())
}

fn json_for(model: &str, body: &Value) -> Value {
    serde_json::from_str(&written_for(model, &body.to_string()).unwrap()).unwrap()
}

/// The Converse body of one user message and what is set beside it.
fn beside(model: &str, settings: Value) -> Result<Value, Problem> {
    let mut body = settings;
    body["model"] = json!("m");
    body["messages"] = json!([{"role": "user", "content": "hi"}]);
    let mut written: Value = serde_json::from_str(&written_for(model, &body.to_string())?).unwrap();
    let messages = written.as_object_mut().unwrap().remove("messages").unwrap();
    assert_eq!(messages, json!([{"role": "user", "content": [{"text": "hi"}]}]));
    Ok(written)
}

fn with_messages(messages: &Value) -> Value {
    json_for(CLAUDE, &json!({"model": "m", "messages": messages}))
}

fn refused_messages(messages: &Value) -> String {
    let body = json!({"model": "m", "messages": messages}).to_string();
    written_for(CLAUDE, &body).unwrap_err().param.unwrap()
}

#[test]
fn a_plain_question_is_a_plain_question() {
    assert_eq!(beside(NOVA, json!({})).unwrap(), json!({}));
    let chat = Chat::read(br#"{"model":"m","messages":[],"stream":true}"#).unwrap();
    assert_eq!((chat.operation(), chat.include_usage), (Operation::ConverseStream, false));
    let counted = br#"{"model":"m","messages":[],"stream":true,
        "stream_options":{"include_usage":true}}"#;
    assert!(Chat::read(counted).unwrap().include_usage);
}

#[test]
fn white_space_and_escapes_mean_nothing() {
    let body = r#" { "model" : "m" ,
        "messages" : [ { "content" :  "caf\u00e9 \"a\"" , "role" :
        "us\u0065r" } ] , "max_tokens" : null , "tools" : [ ] } "#;
    assert_eq!(
        written_for(NOVA, body).unwrap(),
        r#"{"messages":[{"role":"user","content":[{"text":"café \"a\""}]}]}"#
    );
}

#[test]
fn settings_are_written_in_converses_words() {
    let settings = json!({"max_completion_tokens": 7, "temperature": 0.5, "top_p": 1,
        "stop": "END", "service_tier": "flex", "metadata": {"job": "a b", "x": "ü"},
        "n": 1, "seed": 4, "user": "u", "stream": null});
    let expected = json!({
        "inferenceConfig":
            {"maxTokens": 7, "temperature": 0.5, "topP": 1, "stopSequences": ["END"]},
        "serviceTier": {"type": "flex"},
        "requestMetadata": {"job": "a b"},
    });
    assert_eq!(beside(CLAUDE, settings.clone()).unwrap(), expected);
    let mut body = settings;
    body["model"] = json!("m");
    let body = body.to_string();
    let ignored = Chat::read(body.as_bytes()).unwrap().ignored;
    assert_eq!(ignored, ["seed", "user", "metadata.x"]);
}

#[test]
fn effort_has_a_word_for_each_house() {
    let asked = |effort: &str| json!({"reasoning_effort": effort});
    let at_claude = |effort: &str| beside(CLAUDE, asked(effort)).unwrap();
    assert_eq!(at_claude("high"), json!({"outputConfig": {"effort": "high"}}));
    assert_eq!(at_claude("minimal"), json!({"outputConfig": {"effort": "low"}}));
    assert_eq!(at_claude("none"), json!({}));
    let fields = json!({"additionalModelRequestFields": {"reasoning_effort": "none"}});
    assert_eq!(beside(GPT, asked("none")).unwrap(), fields);
}

#[test]
fn a_schema_becomes_structured_output_byte_for_byte() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"response_format":{
        "type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"z":1.50,"a":2}}}}"#;
    let written: Value = serde_json::from_str(&written_for(CLAUDE, body).unwrap()).unwrap();
    let schema = json!({"name": "s", "schema": "{\"z\":1.50,\"a\":2}"});
    let format = json!({"type": "json_schema", "structure": {"jsonSchema": schema}});
    assert_eq!(written["outputConfig"]["textFormat"], format);
    let object = beside(CLAUDE, json!({"response_format": {"type": "json_object"}})).unwrap();
    assert_eq!(object, json!({"system": [{"text": super::format::JSON_INSTRUCTION}]}));
    assert_eq!(beside(CLAUDE, json!({"response_format": {"type": "text"}})).unwrap(), json!({}));
}

#[test]
fn tools_keep_their_schemas_and_choices() {
    let tool = r#"{"type":"function","function":{"name":"f","description":"","strict":true,
        "parameters":{"type":"object","properties":{"z":{},"a":{"maximum":1e400}}}}}"#;
    let bare = r#"{"type":"function","function":{"name":"g"}}"#;
    let asked = |rest: &str| {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"tools":[{tool},{bare}]{rest}}}"#
        );
        written_for(CLAUDE, &body.replace("1e400", "1.0000000000000000001"))
    };
    let plain = asked("").unwrap();
    let schema =
        r#""json":{"type":"object","properties":{"z":{},"a":{"maximum":1.0000000000000000001}}}"#;
    assert!(plain.contains(schema), "{plain}");
    assert!(plain.contains(r#"{"toolSpec":{"name":"g","inputSchema":{"json":{"type":"object""#));
    for (choice, written) in [
        (r#""auto""#, r#""toolChoice":{"auto":{}}"#),
        (r#""required""#, r#""toolChoice":{"any":{}}"#),
        (r#"{"type":"function","function":{"name":"f"}}"#, r#""toolChoice":{"tool":{"name":"f"}}"#),
    ] {
        let body = asked(&format!(",\"tool_choice\":{choice}")).unwrap();
        assert!(body.contains(written), "{body}");
    }
    assert!(!asked(r#","tool_choice":"none""#).unwrap().contains("toolConfig"));
    let among = r#","tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",
        "tools":[{"type":"function","function":{"name":"g"}}]}}"#;
    let among = asked(among).unwrap();
    assert!(!among.contains(r#""name":"f""#) && among.contains(r#""any":{}"#), "{among}");
}

#[test]
fn one_call_at_a_time_is_told_to_those_who_understand_it() {
    let settings = json!({"tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "required", "parallel_tool_calls": false});
    let claude = beside(CLAUDE, settings.clone()).unwrap();
    assert_eq!(
        claude["additionalModelRequestFields"]["tool_choice"],
        json!({"type": "any", "disable_parallel_tool_use": true})
    );
    assert_eq!(claude["toolConfig"].get("toolChoice"), None);
    let gpt = beside(GPT, settings.clone()).unwrap();
    assert_eq!(gpt["additionalModelRequestFields"], json!({"parallel_tool_calls": false}));
    let param = beside(NOVA, settings).unwrap_err().param;
    assert_eq!(param.as_deref(), Some("parallel_tool_calls"));
}

#[test]
fn after_a_call_no_further_one_is_asked_for_in_the_models_own_words() {
    let body = json!({"model": "m", "tool_choice": "none",
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "x"},
    ]});
    let claude = json_for(CLAUDE, &body);
    assert_eq!(claude["additionalModelRequestFields"], json!({"tool_choice": {"type": "none"}}));
    assert_eq!(claude["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(claude["toolConfig"].get("toolChoice"), None);
    let gpt = json_for(GPT, &body);
    assert_eq!(gpt["additionalModelRequestFields"], json!({"tool_choice": "none"}));
    let param = written_for(NOVA, &body.to_string()).unwrap_err().param;
    assert_eq!(param.as_deref(), Some("tool_choice"));
}

#[test]
fn a_conversation_with_tools_takes_turns() {
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    let written = with_messages(&json!([
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "weather?", "name": "ann"},
        {"role": "assistant", "content": "", "tool_calls": [call("a", "{\"x\":1}"), call("b", "")]},
        {"role": "tool", "tool_call_id": "a", "content": "sun"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "rain"}]},
        {"role": "user", "content": "so?"},
    ]));
    let expected = json!({
        "system": [{"text": "Be brief."}, {"text": "Be kind."}],
        "messages": [
            {"role": "user", "content": [{"text": "weather?"}]},
            {"role": "assistant", "content": [
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
                {"toolUse": {"toolUseId": "b", "name": "f", "input": {}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"text": "sun"}]}},
                {"toolResult": {"toolUseId": "b", "content": [{"text": "rain"}]}},
                {"text": "so?"},
            ]},
        ],
    });
    assert_eq!(written, expected);
}

#[test]
fn images_and_files_come_with_the_request_or_not_at_all() {
    let shown = |url: &str| {
        json!([{"role": "user", "content": [
            {"type": "text", "text": "what?", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        ]}])
    };
    let written = with_messages(&shown("data:image/png;base64,YWJj"));
    let expected = json!([
        {"text": "what?"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"image": {"format": "png", "source": {"bytes": "YWJj"}}},
    ]);
    assert_eq!(written["messages"][0]["content"], expected);
    for url in [
        "https://example.com/a.png",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "data:image/svg+xml;base64,YWJj",
        "data:image/png,YWJj",
        "",
    ] {
        assert_eq!(refused_messages(&shown(url)), "messages[0].content[1].image_url.url", "{url}");
    }
    let file = |data: &str| {
        json!([{"role": "user", "content":
            [{"type": "file", "file": {"filename": "a.pdf", "file_data": data}}]}])
    };
    let written = with_messages(&file("data:application/pdf;base64,YWJj"));
    let document = &written["messages"][0]["content"][0]["document"];
    assert_eq!(
        (&document["format"], &document["source"]["bytes"]),
        (&json!("pdf"), &json!("YWJj"))
    );
    assert_eq!(refused_messages(&file("YWJj")), "messages[0].content[0].file.file_data");
}

#[test]
fn what_is_wrong_is_named_by_its_parameter() {
    let call = |arguments: &str| {
        json!([{"role": "assistant", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}]}])
    };
    for (messages, param) in [
        (json!([]), "messages"),
        (json!([{"role": "system", "content": "x"}]), "messages"),
        (json!("hi"), "messages"),
        (json!([1]), "messages[0]"),
        (json!([{"role": "robot", "content": "x"}]), "messages[0].role"),
        (json!([{"role": "user", "content": ""}]), "messages[0].content"),
        (json!([{"role": "user", "content": 1}]), "messages[0].content"),
        (json!([{"role": "user", "content": [{"type": "text"}]}]), "messages[0].content[0].text"),
        (
            json!([{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]),
            "messages[0].content[0].type",
        ),
        (
            json!([{"role": "assistant", "content": [{"type": "image_url"}]}]),
            "messages[0].content[0].type",
        ),
        (json!([{"role": "tool", "content": "x"}]), "messages[0].tool_call_id"),
        (
            json!([{"role": "assistant", "function_call": {"name": "f"}}]),
            "messages[0].function_call",
        ),
        (call("[1]"), "messages[0].tool_calls[0].function.arguments"),
        (call("{\"a\":1,\"a\":2}"), "messages[0].tool_calls[0].function.arguments"),
        (call("{"), "messages[0].tool_calls[0].function.arguments"),
    ] {
        assert_eq!(refused_messages(&messages), param, "{messages}");
    }
}

#[test]
fn settings_that_cannot_be_kept_are_refused_by_name() {
    for (settings, param) in [
        (json!({"n": 3}), "n"),
        (json!({"temperature": 1.5}), "temperature"),
        (json!({"temperature": "hot"}), "temperature"),
        (json!({"top_p": -0.1}), "top_p"),
        (json!({"max_tokens": 0}), "max_tokens"),
        (json!({"max_tokens": -1}), "max_tokens"),
        (json!({"max_tokens": 1, "max_completion_tokens": 2}), "max_tokens"),
        (json!({"stop": ["a", "b", "c", "d", "e"]}), "stop"),
        (json!({"stop": [""]}), "stop"),
        (json!({"stop": 1}), "stop"),
        (json!({"service_tier": "fast"}), "service_tier"),
        (json!({"reasoning_effort": "huge"}), "reasoning_effort"),
        (json!({"response_format": {"type": "xml"}}), "response_format.type"),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "s"}}}),
            "response_format.json_schema",
        ),
        (json!({"stream_options": {"include_usage": true}}), "stream_options"),
        (json!({"stream": "yes"}), "stream"),
        (json!({"tools": [{"type": "custom", "custom": {}}]}), "tools[0].type"),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}),
            "tools[0].function.parameters",
        ),
        (json!({"tool_choice": "required"}), "tool_choice"),
        (json!({"tool_choice": "perhaps"}), "tool_choice"),
        (json!({"parallel_tool_calls": "no"}), "parallel_tool_calls"),
        (json!({"metadata": {"a": 1}}), "metadata"),
    ] {
        let problem = beside(CLAUDE, settings.clone()).unwrap_err();
        assert_eq!(problem.param.as_deref(), Some(param), "{settings}: {problem}");
    }
    let twice = Chat::read(br#"{"model":"m","max_tokens":1,"max_tokens":9}"#).unwrap_err();
    assert_eq!(twice.param.as_deref(), Some("max_tokens"));
    assert_eq!(Chat::read(b"{}").unwrap_err().param.as_deref(), Some("model"));
    for body in ["", "[]", "null", "nope"] {
        assert!(Chat::read(body.as_bytes()).is_err(), "{body}");
    }
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(Chat::read(&bytes));
        drop(Embedding::read(&bytes));
        drop(crate::anthropic::Messages::read(&bytes));
        let stamp = Stamp { id: String::new(), created: 0, model: String::new() };
        drop(chat_completion(&bytes, &stamp));
    }

    #[test]
    fn no_json_brings_it_down(text in "\\{(\"(model|messages|tools|role|content|type|stop|n)\":([0-9]{1,3}|\"[a-z:,;/]{0,9}\"|null|\\[\\{\"(role|type|function|content)\":\"(user|tool|text)\"\\}\\]),){0,6}\"stream\":true\\}") {
        let model = ModelId::parse(CLAUDE).unwrap();
        if let Ok(chat) = Chat::read(text.as_bytes()) {
            drop(chat.converse_body(&model));
        }
        if let Ok(messages) = crate::anthropic::Messages::read(text.as_bytes()) {
            let written = messages.invoke_body(&model, &[]).unwrap().body;
            let value: Value = serde_json::from_slice(&written).unwrap();
            prop_assert!(value.get("model").is_none() && value.get("stream").is_none());
        }
    }
}
