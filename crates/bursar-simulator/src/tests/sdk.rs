//! Each operation as the AWS SDK for Rust sees it.

use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput as StreamReply;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, CacheTtl, ContentBlock, ConverseStreamOutput,
    ConverseTokensRequest, CountTokensInput, InferenceConfiguration, InvokeModelTokensRequest,
    ResponseStream, ServiceTier, ServiceTierType, StopReason, SystemContentBlock, TokenUsage,
};
use bursar_domain::call::Operation;
use serde_json::{Value, json};

use super::fixture::*;

async fn read(mut reply: StreamReply) -> (String, Option<StopReason>, Option<TokenUsage>) {
    let (mut text, mut stop, mut usage) = (String::new(), None, None);
    while let Some(event) = reply.stream.recv().await.unwrap() {
        match event {
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                text += delta.delta.unwrap().as_text().unwrap();
            }
            ConverseStreamOutput::MessageStop(end) => stop = Some(end.stop_reason),
            ConverseStreamOutput::Metadata(metadata) => usage = metadata.usage,
            _ => {}
        }
    }
    (text, stop, usage)
}

#[tokio::test]
async fn converse_answers_with_text_usage_and_a_request_id() {
    use aws_sdk_bedrockruntime::operation::RequestId;
    let simulator = start().await;
    let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("four and four"));
    let reply = asked.request_metadata("bursar-sim", "output=3").send().await.unwrap();
    let message = reply.output.as_ref().unwrap().as_message().unwrap();
    assert_eq!(message.content[0].as_text().unwrap().len(), 4 * 3 - 1);
    let usage = reply.usage.as_ref().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (4, 3, 7));
    let call = only_call(&simulator);
    assert_eq!(reply.request_id(), Some(call.request_id.as_str()));
    assert_eq!((call.usage.input, call.usage.output), (4, 3));
    assert_eq!(call.ended.as_deref(), Some("complete"));
    assert!(call.sdk_invocation_id.is_some() && call.sdk_request.is_some());
}

#[tokio::test]
async fn converse_stream_says_what_converse_says() {
    let simulator = start().await;
    let client = sdk(&simulator);
    let limit = InferenceConfiguration::builder().max_tokens(9).build();
    let asked = client.converse_stream().model_id(NOVA).messages(user("Hello"));
    let reply = asked.inference_config(limit).send().await.unwrap();
    let (text, stop, usage) = read(reply).await;
    assert_eq!((stop, text.len()), (Some(StopReason::MaxTokens), 9 * 4 - 1));
    assert_eq!(usage.unwrap().output_tokens, 9);
    assert_eq!(only_call(&simulator).operation, Operation::ConverseStream.into());
}

#[tokio::test]
async fn invoke_model_answers_in_the_providers_own_json() {
    let simulator = start().await;
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64,
        "messages": [{"role": "user", "content": "Hello"}]});
    let asked = sdk(&simulator).invoke_model().model_id(HAIKU).body(Blob::new(body.to_string()));
    let metadata = json!({"bursar-sim": "output=2 model-version=claude-x"}).to_string();
    let reply = asked.request_metadata(metadata).send().await.unwrap();
    let said: Value = serde_json::from_slice(reply.body.as_ref()).unwrap();
    assert_eq!(said["usage"]["output_tokens"], 2);
    assert_eq!(said["model"], "claude-x");
    assert_eq!(said["stop_reason"], "end_turn");
}

#[tokio::test]
async fn a_streamed_invoke_comes_in_chunks_and_the_last_has_the_metrics() {
    let simulator = start().await;
    let body = json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]});
    let asked = sdk(&simulator).invoke_model_with_response_stream().model_id(NOVA);
    let mut reply = asked.body(Blob::new(body.to_string())).send().await.unwrap();
    assert_eq!(reply.content_type, "application/json");
    let mut last = Value::Null;
    while let Some(event) = reply.body.recv().await.unwrap() {
        let ResponseStream::Chunk(chunk) = event else { panic!("{event:?}") };
        last = serde_json::from_slice(chunk.bytes.unwrap().as_ref()).unwrap();
    }
    let usage = only_call(&simulator).usage;
    let metrics = &last["amazon-bedrock-invocationMetrics"];
    assert_eq!(metrics["inputTokenCount"], usage.input);
    assert_eq!(metrics["outputTokenCount"], usage.output);
}

#[tokio::test]
async fn tokens_are_counted_for_both_kinds_of_input_and_cost_nothing() {
    let simulator = start().await;
    let base = HAIKU.trim_start_matches("us.");
    let converse = ConverseTokensRequest::builder().messages(user("four and four")).build();
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1,
        "messages": [{"role": "user", "content": "four and four"}]});
    let invoke = InvokeModelTokensRequest::builder().body(Blob::new(body.to_string())).build();
    for input in
        [CountTokensInput::Converse(converse), CountTokensInput::InvokeModel(invoke.unwrap())]
    {
        let reply = sdk(&simulator).count_tokens().model_id(base).input(input).send().await;
        assert_eq!(reply.unwrap().input_tokens, 4);
    }
    assert!(simulator.calls().iter().all(|call| call.usage.context_tokens() == 0));
}

#[tokio::test]
async fn a_cache_point_is_written_once_and_then_read() {
    let simulator = start().await;
    let ask = || async {
        let hour =
            CachePointBlock::builder().r#type(CachePointType::Default).ttl(CacheTtl::OneHour);
        let asked = sdk(&simulator).converse().model_id(HAIKU).messages(user("Hello"));
        let asked = asked
            .system(SystemContentBlock::Text("one two three fo".to_owned()))
            .system(SystemContentBlock::CachePoint(hour.build().unwrap()));
        asked.send().await.unwrap().usage.unwrap()
    };
    let (first, second) = (ask().await, ask().await);
    assert_eq!((first.cache_write_input_tokens, first.cache_read_input_tokens), (Some(4), Some(0)));
    let detail = &first.cache_details.unwrap()[0];
    assert_eq!((detail.ttl.as_str(), detail.input_tokens), ("1h", 4));
    assert_eq!(
        (second.cache_write_input_tokens, second.cache_read_input_tokens),
        (Some(0), Some(4))
    );
    assert_eq!(second.total_tokens, second.input_tokens + 4 + second.output_tokens);
}

#[tokio::test]
async fn the_tier_asked_for_is_echoed_unless_another_served() {
    let simulator = start().await;
    let ask = |words: &'static str| {
        let tier = ServiceTier::builder().r#type(ServiceTierType::Flex).build().unwrap();
        let asked = sdk(&simulator).converse().model_id(NOVA).messages(user("Hello"));
        asked.service_tier(tier).request_metadata("bursar-sim", words).send()
    };
    let served = |reply: aws_sdk_bedrockruntime::operation::converse::ConverseOutput| {
        reply.service_tier.unwrap().r#type
    };
    assert_eq!(served(ask("output=1").await.unwrap()), ServiceTierType::Flex);
    assert_eq!(served(ask("tier=default").await.unwrap()), ServiceTierType::Default);
}

#[tokio::test]
async fn a_forced_tool_is_used_plain_and_streamed() {
    let simulator = start().await;
    let tool = json!({"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object",
        "properties": {"city": {"type": "string"}}, "required": ["city"]}}}});
    let mut body = conversation("");
    body["toolConfig"] = json!({"tools": [tool], "toolChoice": {"any": {}}});
    let reply = converse(&simulator, HAIKU, &body).await;
    assert_eq!(reply["stopReason"], "tool_use");
    let call = &reply["output"]["message"]["content"][0]["toolUse"];
    assert_eq!((&call["name"], &call["input"]), (&json!("weather"), &json!({"city": "sun"})));

    let stream = post(&simulator, HAIKU, Operation::ConverseStream, &body, "").await;
    let bytes = stream.bytes().await.unwrap();
    let mut decoder = bursar_wire::frame::FrameDecoder::new();
    decoder.push(&bytes);
    let mut input = String::new();
    while let Some(frame) = decoder.next().unwrap() {
        let event: Value = serde_json::from_slice(&frame.payload).unwrap();
        input += event["delta"]["toolUse"]["input"].as_str().unwrap_or_default();
    }
    assert_eq!(input, r#"{"city":"sun"}"#);
}

#[tokio::test]
async fn an_arn_with_slashes_and_an_id_with_a_colon_reach_their_model() {
    let simulator = start().await;
    let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{HAIKU}");
    let opaque =
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
    for model in [profile.as_str(), NOVA, opaque] {
        let asked = sdk(&simulator).converse().model_id(model).messages(user("Hello"));
        asked.send().await.unwrap();
    }
    let models: Vec<_> = simulator.calls().into_iter().map(|call| call.model).collect();
    assert_eq!(models, [HAIKU.trim_start_matches("us."), NOVA, opaque]);
}

#[tokio::test]
async fn a_stored_prompt_needs_no_messages() {
    let simulator = start().await;
    let prompt = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1";
    sdk(&simulator).converse().model_id(prompt).send().await.unwrap();
    assert!(sdk(&simulator).converse().model_id(NOVA).send().await.is_err());
}

#[tokio::test]
async fn a_guardrail_says_what_it_did() {
    let simulator = start().await;
    let ask = |words: &'static str| {
        let asked = sdk(&simulator).invoke_model().model_id(NOVA).guardrail_identifier("g1");
        let asked = asked.body(Blob::new(conversation("").to_string()));
        asked.request_metadata(json!({"bursar-sim": words}).to_string()).send()
    };
    for (words, action) in [("output=1", "NONE"), ("stop=guardrail_intervened", "INTERVENED")] {
        let body: Value = serde_json::from_slice(ask(words).await.unwrap().body.as_ref()).unwrap();
        assert_eq!(body["amazon-bedrock-guardrailAction"], action);
    }
}

#[tokio::test]
async fn a_content_block_with_thoughts_comes_before_the_text() {
    let simulator = start().await;
    let asked = sdk(&simulator).converse().model_id("openai.gpt-oss-20b-1:0").messages(user("Hi"));
    let reply = asked.request_metadata("bursar-sim", "output=8").send().await.unwrap();
    let message = reply.output.as_ref().unwrap().as_message().unwrap();
    assert!(matches!(message.content[0], ContentBlock::ReasoningContent(_)));
    assert!(matches!(message.content[1], ContentBlock::Text(_)));
}
