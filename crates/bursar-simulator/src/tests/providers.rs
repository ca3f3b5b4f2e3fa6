//! Every provider's own shape, plain and streamed: what is told equals what is listed as true, as
//! read by `bursar-wire`, which was written apart from the writers here.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use bursar_domain::usage::Usage;
use bursar_wire::reply::{Completeness, Seen, StreamReader, read_reply};
use bursar_wire::request::read_request;
use serde_json::{Value, json};

use super::fixture::*;
use crate::Simulator;
use crate::shape::Shape;

const WORDS: &str = "input=374 output=44";

/// A model of each shape, by an id that may be called, and a body for it.
fn models() -> Vec<(Shape, &'static str, Value)> {
    let turn = json!([{"role": "user", "content": "Hello"}]);
    let claude =
        json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64, "messages": turn});
    let image = json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a fox"},
        "imageGenerationConfig": {"numberOfImages": 2, "width": 512, "height": 512}});
    let documents = vec!["a"; 101];
    vec![
        (Shape::Claude, HAIKU, claude),
        (
            Shape::ClaudeText,
            "anthropic.claude-v2:1",
            json!({"prompt": "Hi", "max_tokens_to_sample": 64}),
        ),
        (Shape::Nova, NOVA, conversation("")),
        (Shape::TitanText, "amazon.titan-text-express-v1", json!({"inputText": "Hello"})),
        (Shape::Llama, "meta.llama3-70b-instruct-v1:0", json!({"prompt": "Hello"})),
        (Shape::MistralText, "mistral.mistral-7b-instruct-v0:2", json!({"prompt": "Hello"})),
        (Shape::Chat, "qwen.qwen3-32b-v1:0", json!({"messages": turn})),
        (Shape::Chat, "ai21.jamba-1-5-mini-v1:0", json!({"messages": turn})),
        (Shape::Chat, "openai.gpt-oss-20b-1:0", json!({"messages": turn})),
        (Shape::Chat, "mistral.mistral-large-3-675b-instruct", json!({"messages": turn})),
        (Shape::ChoicesText, "us.deepseek.r1-v1:0", json!({"prompt": "Hello"})),
        (Shape::Command, "cohere.command-text-v14", json!({"prompt": "Hello"})),
        (Shape::CommandR, "cohere.command-r-v1:0", json!({"message": "Hello"})),
        (Shape::Jurassic, "ai21.j2-ultra-v1", json!({"prompt": "Hello"})),
        (Shape::Pegasus, "us.twelvelabs.pegasus-1-2-v1:0", json!({"inputPrompt": "Hello"})),
        (Shape::TitanEmbed, "amazon.titan-embed-text-v2:0", json!({"inputText": "Hello"})),
        (
            Shape::NovaEmbed,
            "amazon.nova-2-multimodal-embeddings-v1:0",
            json!({"taskType":
            "SINGLE_EMBEDDING", "singleEmbeddingParams": {"text": {"value": "Hello"}}}),
        ),
        (
            Shape::CohereEmbedV3,
            "cohere.embed-english-v3",
            json!({"input_type": "search_query",
            "texts": ["Hello"]}),
        ),
        (
            Shape::CohereEmbedV4,
            "cohere.embed-v4:0",
            json!({"input_type": "search_query",
            "texts": ["Hello"]}),
        ),
        (
            Shape::Marengo,
            "us.twelvelabs.marengo-embed-2-7-v1:0",
            json!({"inputType": "text",
            "inputText": "Hello"}),
        ),
        (Shape::AmazonImage, "amazon.titan-image-generator-v2:0", image),
        (Shape::StabilityImage, "stability.sd3-5-large-v1:0", json!({"prompt": "a fox"})),
        (
            Shape::Rerank,
            "cohere.rerank-v3-5:0",
            json!({"query": "a", "documents": documents,
            "api_version": 2}),
        ),
    ]
}

fn last_call(simulator: &Simulator) -> (ModelId, Usage) {
    let call = simulator.calls().pop().unwrap();
    assert_eq!(call.ended.as_deref(), Some("complete"), "{}", call.model);
    (ModelId::parse(&call.model).unwrap(), call.usage)
}

/// What the reader of a reply adds from the request: the units that only it knows.
fn with_meters(usage: Option<Usage>, model: &ModelId, body: &Value) -> Option<Usage> {
    let (headers, body) = (http::HeaderMap::new(), body.to_string());
    let facts = read_request(Operation::InvokeModel, model, &headers, body.as_bytes()).unwrap();
    usage.map(|mut usage| {
        facts.add_meters(&mut usage);
        usage
    })
}

#[test]
fn every_shape_has_a_model_in_this_list() {
    let listed: std::collections::HashSet<_> = models().iter().map(|(shape, ..)| *shape).collect();
    assert_eq!(listed.len(), Shape::ALL.len());
    for (shape, model, body) in models() {
        let base = model.trim_start_matches("us.");
        assert_eq!(Shape::of(base, &body), Some(shape), "{model}");
    }
}

#[tokio::test]
async fn every_plain_answer_tells_its_text_and_its_true_usage() {
    let simulator = start().await;
    for (shape, id, body) in models() {
        let reply = post(&simulator, id, Operation::InvokeModel, &body, WORDS).await;
        assert_eq!(reply.status(), 200, "{id}");
        let (model, truth) = last_call(&simulator);
        let headers = reply.headers().clone();
        assert_eq!(
            headers.contains_key("x-amzn-bedrock-output-token-count"),
            shape.is_text(),
            "{id}"
        );
        let bytes = reply.bytes().await.unwrap();
        let facts = read_reply(Operation::InvokeModel, &model, &headers, &bytes).unwrap();
        assert_eq!(with_meters(facts.usage, &model, &body), Some(truth.clone()), "{id}");
        assert_eq!(facts.usage_suspect, None, "{id}");
        if shape.is_text() {
            assert_eq!((truth.input, truth.output), (374, 44), "{id}");
            assert!(facts.text.ends_with(char::is_alphabetic), "{id}: {:?}", facts.text);
            assert!(facts.stop_reason.is_some(), "{id}");
        }
    }
}

#[tokio::test]
async fn every_streamed_answer_tells_its_text_and_its_true_usage() {
    let simulator = start().await;
    let operation = Operation::InvokeModelWithResponseStream;
    for (shape, id, body) in models() {
        let reply = post(&simulator, id, operation, &body, WORDS).await;
        if !shape.is_text() || shape == Shape::Jurassic {
            assert_eq!(reply.status(), 400, "{id} cannot stream");
            continue;
        }
        assert_eq!(reply.headers()["x-amzn-bedrock-content-type"], "application/json");
        let bytes = reply.bytes().await.unwrap();
        let (model, truth) = last_call(&simulator);
        let mut reader = StreamReader::new(operation, &model);
        let seen = reader.observe(&bytes).unwrap();
        let text: String = seen
            .into_iter()
            .filter_map(|seen| if let Seen::Text(text) = seen { Some(text) } else { None })
            .collect();
        let (facts, completeness) = reader.finish();
        assert_eq!(completeness, Completeness::Complete, "{id}");
        assert_eq!(facts.usage, Some(truth), "{id}");
        assert_eq!(facts.usage_suspect, None, "{id}");
        assert!(text.len() >= 33 * 4 - 1, "{id}: {text:?}");
    }
}

#[tokio::test]
async fn claude_tells_both_lives_of_its_cache_in_all_four_operations() {
    let simulator = start().await;
    let words = "input=1 output=2 cache-read=3 cache-write-5m=4 cache-write-1h=5";
    let invoke = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64,
        "messages": [{"role": "user", "content": "Hello"}]});
    for &operation in &Operation::ALL[..4] {
        let is_invoke = operation.path_segment().starts_with("invoke");
        let body = if is_invoke { invoke.clone() } else { conversation(words) };
        let steered = if is_invoke { words } else { "" };
        let reply = post(&simulator, HAIKU, operation, &body, steered).await;
        let headers = reply.headers().clone();
        let bytes = reply.bytes().await.unwrap();
        let (model, truth) = last_call(&simulator);
        let usage = if operation.is_stream() {
            let mut reader = StreamReader::new(operation, &model);
            reader.observe(&bytes).unwrap();
            reader.finish().0.usage
        } else {
            read_reply(operation, &model, &headers, &bytes).unwrap().usage
        };
        assert_eq!(usage, Some(truth.clone()), "{operation}");
        assert_eq!((truth.cache_write_5m, truth.cache_write_1h), (4, 5));
    }
}

#[tokio::test]
async fn claude_shows_its_thoughts_signed_where_they_are_asked_for() {
    let simulator = start().await;
    let mut body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 640,
        "messages": [{"role": "user", "content": "Hello"}]});
    let plain = post(&simulator, HAIKU, Operation::InvokeModel, &body, "output=40").await;
    let plain: Value = plain.json().await.unwrap();
    assert_eq!(plain["content"][0]["type"], "text", "nobody asked");
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 100});
    let reply = post(&simulator, HAIKU, Operation::InvokeModel, &body, "output=40").await;
    let reply: Value = reply.json().await.unwrap();
    let thought = &reply["content"][0];
    assert!(thought["signature"].is_string(), "{reply}");
    let operation = Operation::InvokeModelWithResponseStream;
    let stream = post(&simulator, HAIKU, operation, &body, "output=40").await;
    let (model, truth) = last_call(&simulator);
    let mut reader = StreamReader::new(operation, &model);
    let seen = reader.observe(&stream.bytes().await.unwrap()).unwrap();
    let thoughts = seen.iter().filter_map(|seen| match seen {
        Seen::Reasoning(text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(thoughts.collect::<String>().split(' ').count(), 10);
    assert_eq!(thought["thinking"].as_str().unwrap().split(' ').count(), 10);
    assert_eq!(reader.finish().0.usage, Some(truth));
}

#[tokio::test]
async fn an_embedding_is_a_vector_of_length_one_that_follows_the_text() {
    let simulator = start().await;
    let embed = |text: &'static str| {
        let simulator = &simulator;
        async move {
            let body = json!({"inputText": text, "dimensions": 256});
            let model = "amazon.titan-embed-text-v2:0";
            let reply = post(simulator, model, Operation::InvokeModel, &body, "").await;
            let body: Value = reply.json().await.unwrap();
            serde_json::from_value::<Vec<f64>>(body["embedding"].clone()).unwrap()
        }
    };
    let (first, again, other) = (embed("a").await, embed("a").await, embed("b").await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let length: f64 = first.iter().map(|number| number * number).sum();
    assert!(first.len() == 256 && (length - 1.0).abs() < 1e-9);
}

#[tokio::test]
async fn an_image_is_a_real_file_and_every_one_asked_for_is_there() {
    use base64::Engine;
    let simulator = start().await;
    let (_, id, body) =
        models().into_iter().find(|(shape, ..)| *shape == Shape::AmazonImage).unwrap();
    let reply = post(&simulator, id, Operation::InvokeModel, &body, "").await;
    let reply: Value = reply.json().await.unwrap();
    let images = reply["images"].as_array().unwrap();
    let file =
        base64::engine::general_purpose::STANDARD.decode(images[0].as_str().unwrap()).unwrap();
    assert!(
        images.len() == 2
            && file.starts_with(b"\x89PNG\r\n\x1a\n")
            && file.ends_with(b"IEND\xaeB`\x82")
    );
}
