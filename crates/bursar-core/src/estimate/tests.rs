use bursar_domain::call::Operation;
use bursar_domain::catalogue::Catalogue;
use bursar_domain::model::ModelId;
use bursar_domain::price::{PriceKey, Routing, Tier};
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Timestamp;
use bursar_wire::request::read_request;
use http::HeaderMap;

use super::*;

const NOVA: &str = "amazon.nova-lite-v1:0";
const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

/// The bound of a request, and its cost in pico-dollars.
fn bound(model: &str, operation: Operation, body: &str) -> (Ceiling, Option<i64>) {
    let id = ModelId::parse(model).unwrap();
    let facts = read_request(operation, &id, &HeaderMap::new(), body.as_bytes()).unwrap();
    let ceiling = Ceiling::of(&facts, Catalogue::embedded().model(model).as_ref());
    let price = PriceBook::embedded_only().price(&PriceKey {
        model,
        region: "us-east-1",
        geography: None,
        routing: Routing::Regional,
        tier: Tier::Standard,
        context_tokens: ceiling.input_tokens.unwrap_or(u64::MAX),
        variant: &facts.image_variant,
        at: Timestamp::parse_date("2026-11-01").unwrap(),
    });
    let cost = ceiling.cost(&facts, &price.unwrap()).unwrap();
    (ceiling, cost.map(Cost::pico))
}

fn converse(model: &str, body: &str) -> (Ceiling, Option<i64>) {
    bound(model, Operation::Converse, body)
}

#[test]
fn a_token_is_at_least_a_byte_of_what_was_sent() {
    let body = r#"{"messages":[{"role":"user","content":[{"text":"hello"}]}],"inferenceConfig":{"maxTokens":10}}"#;
    let (ceiling, cost) = converse(NOVA, body);
    let input = body.len() as u64 + INPUT_OVERHEAD_TOKENS;
    assert_eq!(ceiling, Ceiling { input_tokens: Some(input), output_tokens: Some(10) });
    let expected = i64::try_from(input * 60_000 + 10 * 240_000).unwrap();
    assert_eq!(cost, Some(expected));
}

#[test]
fn without_max_tokens_the_models_own_limit_is_the_bound() {
    let body = r#"{"messages":[{"role":"user","content":[{"text":"hello"}]}]}"#;
    let most = Catalogue::embedded().model(NOVA).unwrap().max_output_tokens;
    assert_eq!(converse(NOVA, body).0.output_tokens, most);
}

#[test]
fn no_input_is_longer_than_the_context_window() {
    let text = "x".repeat(2_000_000);
    let body = format!(r#"{{"messages":[{{"role":"user","content":[{{"text":"{text}"}}]}}]}}"#);
    let window = Catalogue::embedded().model(NOVA).unwrap().context_window;
    assert_eq!(converse(NOVA, &body).0.input_tokens, window);
}

#[test]
fn an_attachment_is_bounded_by_the_window_alone() {
    let body = r#"{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}]}]}"#;
    let window = Catalogue::embedded().model(NOVA).unwrap().context_window;
    assert_eq!(converse(NOVA, body).0.input_tokens, window);
}

#[test]
fn what_lies_in_a_bucket_has_no_bound() {
    let body = r#"{"messages":[{"role":"user","content":[{"video":{"format":"mp4","source":{"s3Location":{"uri":"s3://b/k"}}}}]}]}"#;
    assert_eq!(converse(NOVA, body).1, None);
}

#[test]
fn a_prefix_that_may_be_cached_is_bounded_at_the_dearest_rate() {
    let plain = r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":1}}"#;
    let cached = r#"{"messages":[{"role":"user","content":[{"text":"hi"},{"cachePoint":{"type":"default","ttl":"1h"}}]}],"inferenceConfig":{"maxTokens":1}}"#;
    let rate = |body: &str| {
        let (ceiling, cost) = converse(HAIKU, body);
        let input = i64::try_from(ceiling.input_tokens.unwrap()).unwrap();
        (cost.unwrap() - 5_500_000) / input
    };
    assert_eq!(rate(plain), 1_100_000);
    assert_eq!(rate(cached), 2_200_000);
}

#[test]
fn a_long_input_is_bounded_at_the_long_contexts_price() {
    let text = "x".repeat(150_000);
    let body = format!(
        r#"{{"messages":[{{"role":"user","content":[{{"text":"{text}"}}]}}],"inferenceConfig":{{"maxTokens":1}}}}"#
    );
    let (ceiling, cost) = converse("anthropic.claude-haiku-5-5", &body);
    // $0.55 and $2.75 per million, where a short context has $0.11 and $0.55.
    let expected = i64::try_from(ceiling.input_tokens.unwrap()).unwrap() * 550_000 + 2_750_000;
    assert_eq!(cost, Some(expected));
}

#[test]
fn images_are_bounded_by_their_number() {
    let body = r#"{"taskType":"TEXT_IMAGE","textToImageParams":{"text":"a house"},"imageGenerationConfig":{"numberOfImages":3,"width":1024,"height":1024,"quality":"standard"}}"#;
    let (_, cost) = bound("amazon.nova-canvas-v1:0", Operation::InvokeModel, body);
    assert_eq!(cost, Some(3 * 40_000_000_000));
}

#[test]
fn a_model_that_generates_nothing_owes_its_input_alone() {
    let body = r#"{"inputText":"embed me"}"#;
    let (ceiling, cost) = bound("amazon.titan-embed-text-v2:0", Operation::InvokeModel, body);
    let input = i64::try_from(ceiling.input_tokens.unwrap()).unwrap();
    assert_eq!(cost, Some(input * 20_000));
}
