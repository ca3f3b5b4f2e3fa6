//! `ApplyGuardrail` as the AWS SDK for Rust sees it.

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::operation::apply_guardrail::builders::ApplyGuardrailFluentBuilder;
use aws_sdk_bedrockruntime::types::{
    GuardrailAction, GuardrailContentBlock, GuardrailContentQualifier, GuardrailContentSource,
    GuardrailTextBlock, GuardrailTopicPolicyAction,
};
use bursar_domain::call::Operation;
use bursar_domain::usage::Meter;
use serde_json::{Value, json};

use super::fixture::*;
use crate::{Scenario, Settings, Simulator};

fn text(chars: usize, mark: Option<GuardrailContentQualifier>) -> GuardrailContentBlock {
    let block = GuardrailTextBlock::builder().text("a".repeat(chars));
    GuardrailContentBlock::Text(block.set_qualifiers(mark.map(|mark| vec![mark])).build().unwrap())
}

fn apply(simulator: &Simulator, id: &str) -> ApplyGuardrailFluentBuilder {
    let asked = sdk(simulator).apply_guardrail().guardrail_identifier(id).guardrail_version("1");
    asked.source(GuardrailContentSource::Input)
}

async fn with_scenario(text: &str) -> Simulator {
    let scenario = Scenario::parse(text).unwrap();
    start_with(Settings { scenario, ..Settings::default() }, early()).await
}

fn meters(simulator: &Simulator) -> Vec<(String, u64)> {
    let meters = only_call(simulator).usage.meters.into_iter();
    meters.map(|(Meter(name), count)| (name, count)).collect()
}

#[tokio::test]
async fn units_are_told_and_listed_as_meters() {
    let simulator = start().await;
    let source = text(1_500, Some(GuardrailContentQualifier::GroundingSource));
    let query = text(100, Some(GuardrailContentQualifier::Query));
    let asked = apply(&simulator, "ab1").content(source).content(query);
    let reply = asked.content(text(1_001, None)).send().await.unwrap();
    assert_eq!(reply.action, GuardrailAction::None);
    assert!(reply.outputs.is_empty());
    let usage = reply.usage.unwrap();
    let told = [
        usage.topic_policy_units,
        usage.content_policy_units,
        usage.word_policy_units,
        usage.sensitive_information_policy_units,
        usage.sensitive_information_policy_free_units,
        usage.contextual_grounding_policy_units,
    ];
    assert_eq!(told, [2, 2, 2, 2, 0, 3]);
    let coverage = reply.guardrail_coverage.unwrap().text_characters.unwrap();
    assert_eq!((coverage.guarded, coverage.total), (Some(1_001), Some(2_601)));
    let expected = [
        ("topicPolicyUnits", 2),
        ("contentPolicyUnits", 2),
        ("wordPolicyUnits", 2),
        ("sensitiveInformationPolicyUnits", 2),
        ("contextualGroundingPolicyUnits", 3),
    ];
    assert_eq!(meters(&simulator), expected.map(|(name, count)| (name.to_owned(), count)));
    let call = only_call(&simulator);
    assert_eq!((call.operation, call.model.as_str()), (Operation::ApplyGuardrail.into(), "ab1"));
    assert_eq!((call.http_status, call.ended.as_deref()), (Some(200), Some("complete")));
}

#[tokio::test]
async fn a_scenario_steers_the_guardrails_that_it_names() {
    let simulator = with_scenario(
        "[[rule]]\nmodel = 'strict'\noperation = 'ApplyGuardrail'\n\
         words = 'stop=guardrail_intervened policies=topic'\n",
    )
    .await;
    let lenient = apply(&simulator, "lenient").content(text(5, None)).send().await.unwrap();
    assert_eq!(lenient.action, GuardrailAction::None);
    let strict = apply(&simulator, "strict").content(text(5, None)).send().await.unwrap();
    assert_eq!(strict.action, GuardrailAction::GuardrailIntervened);
    assert_eq!(strict.action_reason.as_deref(), Some("Guardrail blocked."));
    assert!(strict.outputs[0].text().unwrap().starts_with("Sorry"));
    let usage = strict.usage.unwrap();
    assert_eq!((usage.topic_policy_units, usage.content_policy_units), (1, 0));
    let topics = &strict.assessments[0].topic_policy.as_ref().unwrap().topics;
    assert_eq!(topics[0].action, GuardrailTopicPolicyAction::Blocked);
}

#[tokio::test]
async fn plain_http_steers_a_guardrail_by_the_header() {
    let simulator = start().await;
    let url = simulator.url() + "/guardrail/ab1/version/DRAFT/apply";
    let body = json!({"source": "OUTPUT", "content": [{"text": {"text": "Hello"}}]});
    let request = reqwest::Client::new().post(url).header("authorization", "Bearer key");
    let words = r#"{"bursar-sim": "stop=guardrail_intervened", "team": "a"}"#;
    let request = request.header("x-amzn-bedrock-request-metadata", words);
    let reply: Value = request.body(body.to_string()).send().await.unwrap().json().await.unwrap();
    assert_eq!(reply["action"], "GUARDRAIL_INTERVENED");
    assert_eq!(only_call(&simulator).metadata["team"], "a");
}

#[tokio::test]
async fn a_guardrails_errors_reach_the_sdk_and_count_no_units() {
    for (words, code) in [
        ("fault=throttle", "ThrottlingException"),
        ("fault=quota", "ServiceQuotaExceededException"),
    ] {
        let simulator = with_scenario(&format!("[[rule]]\nwords = '{words}'\n")).await;
        let error = apply(&simulator, "ab1").content(text(5, None)).send().await.unwrap_err();
        assert_eq!(error.into_service_error().code(), Some(code));
        assert_eq!(meters(&simulator), []);
    }
    let simulator = start().await;
    let error = apply(&simulator, "NOT-AN-ID").content(text(5, None)).send().await.unwrap_err();
    assert!(error.into_service_error().is_validation_exception());
    assert_eq!(only_call(&simulator).ended.as_deref(), Some("error:ValidationException"));
}

#[tokio::test]
async fn an_answer_that_is_cut_short_had_its_units_counted() {
    let simulator = with_scenario("[[rule]]\nwords = 'fault=cut-inside'\n").await;
    assert!(apply(&simulator, "ab1").content(text(5, None)).send().await.is_err());
    assert_eq!(meters(&simulator).len(), 4);
    assert_eq!(ended(&simulator).await, "cut");
}
