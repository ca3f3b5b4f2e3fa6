//! The bound that a request gets where it has none.

use bursar_domain::catalogue::Names;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;

use super::*;
use crate::Prompt;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn pricing(max_tokens_default: Option<u64>) -> Pricing {
    Pricing {
        catalogue: Catalogue::embedded(),
        prices: PriceBook::embedded_only().into(),
        region: "us-east-1".to_owned(),
        allow_unpriced: true,
        max_tokens_default,
    }
}

fn model(id: &str) -> ModelRef {
    Catalogue::embedded().resolve(id, &Names::default()).unwrap()
}

/// What is sent and held of a raw body to a model, with a default of a thousand tokens.
fn read(id: &str, body: &str) -> (String, Option<u64>) {
    let invocation = Invocation::raw(model(id), body.to_owned().into(), false);
    let priced = pricing(Some(1_000)).price(invocation, Timestamp(1_795_428_600_000)).unwrap();
    (String::from_utf8(priced.invocation.body.to_vec()).unwrap(), priced.bound.output_tokens)
}

#[test]
fn a_request_without_a_bound_is_sent_and_priced_with_the_default() {
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","messages":[]}"#;
    let (sent, bound) = read(SONNET, body);
    assert_eq!(sent, body.replacen('{', r#"{"max_tokens":1000,"#, 1));
    assert_eq!(bound, Some(1_000));
    let prompt = Prompt { text: "hello".to_owned(), ..Prompt::default() };
    let asked = Invocation::converse(model(SONNET), &prompt, true);
    let at = Timestamp(1_795_428_600_000);
    let bounded = pricing(Some(1_000)).price(asked.clone(), at).unwrap();
    let unbounded = pricing(None).price(asked.clone(), at).unwrap();
    assert!(bounded.ceiling < unbounded.ceiling, "{:?}", bounded.ceiling);
    assert_eq!(unbounded.invocation.body, asked.body);
    let reach = pricing(Some(1_000)).intent(
        &bounded,
        (bursar_domain::call::CallId::new(at, &[0; 10]), Attribution::default()),
        true,
    );
    assert_eq!(reach.reach.output_tokens, Some(1_000));
}

#[test]
fn a_request_that_says_how_much_or_has_no_place_for_it_is_sent_as_it_is() {
    let own = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":9000,"messages":[]}"#;
    assert_eq!(read(SONNET, own), (own.to_owned(), Some(9_000)));
    let embeds = r#"{"inputText":"hello"}"#;
    assert_eq!(read("amazon.titan-embed-text-v2:0", embeds).0, embeds);
}

#[test]
fn a_model_that_answers_no_longer_than_the_default_is_asked_as_it_is() {
    let short = Catalogue::embedded()
        .models()
        .find(|model| model.max_output_tokens.is_some_and(|most| most <= 8_192))
        .unwrap();
    let prompt = Prompt { text: "hello".to_owned(), ..Prompt::default() };
    let asked = Invocation::converse(model(short.id), &prompt, false);
    let priced = pricing(Some(10_000)).price(asked.clone(), Timestamp(0)).unwrap();
    assert_eq!(priced.invocation.body, asked.body);
}
