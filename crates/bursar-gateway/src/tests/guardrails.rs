//! Guardrails, applied by themselves: billed by the units that their replies tell, held at the most
//! that every policy there is could make of the text.

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::operation::apply_guardrail::builders::ApplyGuardrailFluentBuilder;
use aws_sdk_bedrockruntime::types::{
    GuardrailAction, GuardrailContentBlock, GuardrailContentSource, GuardrailTextBlock,
};
use bursar_admin::KeyRequest;
use bursar_domain::call::{Operation, Outcome};
use bursar_domain::model::GUARDRAILS;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::policy::{Models, Policy, Routes};
use bursar_domain::usage::Meter;
use bursar_ledger::{CallRow, Dimension, UsageQuery};
use serde_json::json;

use super::fixture::*;

const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:guardrail/ab12";

fn apply(world: &World, id: &str, chars: usize) -> ApplyGuardrailFluentBuilder {
    let text = GuardrailTextBlock::builder().text("é".repeat(chars)).build().unwrap();
    let asked = world.sdk().apply_guardrail().guardrail_identifier(id).guardrail_version("3");
    asked.source(GuardrailContentSource::Input).content(GuardrailContentBlock::Text(text))
}

fn units(row: &CallRow, name: &str) -> Option<u64> {
    let meter = Meter(name.to_owned());
    row.bill.usage.meters.iter().find(|(known, _)| *known == meter).map(|(_, units)| *units)
}

/// A plain request, steered by the header.
async fn steered(world: &World, words: &str) -> (u16, serde_json::Value) {
    let body = json!({"source": "INPUT", "content": [{"text": {"text": "Hello"}}]});
    let metadata = json!({"bursar-sim": words}).to_string();
    let asked = world.post("/guardrail/ab12/version/DRAFT/apply").body(body.to_string());
    let asked = asked.header("x-amzn-bedrock-request-metadata", metadata);
    let answer = asked.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_guardrail_is_billed_by_each_policys_units_to_the_pico_dollar() {
    let world = World::start().await;
    world.limit("month", "1usd").await;
    for (id, chars, thousands) in [("ab12", 1_000, 1), (ARN, 2_001, 3)] {
        let reply = apply(&world, id, chars).send().await.unwrap();
        assert_eq!(reply.action, GuardrailAction::None);
        assert_eq!(reply.usage.unwrap().topic_policy_units, thousands);
        let row = world.calls().await.remove(0);
        let served = world.served().pop().unwrap();
        assert_eq!(row.operation, Operation::ApplyGuardrail);
        let mut told = served.usage.meters.clone();
        let mut kept = row.bill.usage.meters.clone();
        told.sort();
        kept.sort();
        assert_eq!(kept, told);
        // Topic and content at 150 micro-dollars a unit, sensitive information at 100, words free.
        let cost = row.bill.cost.unwrap().pico();
        assert_eq!(cost, i64::from(thousands) * 400_000_000);
        assert!(!row.bill.estimated);
        assert_eq!(row.model.as_str(), "bedrock.guardrails");
        assert_eq!(row.guardrail.id.as_deref(), Some(id));
        assert_eq!(row.guardrail.action.as_deref(), Some("NONE"));
        assert_eq!(
            (&row.model_requested, &row.model_version),
            (&format!("{id}/3"), &format!("{id}/3"))
        );
    }
    let query = UsageQuery { by: Dimension::Model, since: None, until: None, count_tokens: false };
    let total = world.admin.ledger.usage(&query).await.unwrap().total;
    assert_eq!(total.cost.0, 4 * 400_000_000, "the sums have it all");
    world.end().await;
}

#[tokio::test]
async fn what_every_policy_could_make_of_a_text_is_held_or_nothing_is_sent() {
    let world = World::start().await;
    // A unit of each: 2 x 170 and 2 x 150 and 2 x 100 micro-dollars.
    world.limit("total", "0.000839usd").await;
    let error = apply(&world, "ab12", 1).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ServiceQuotaExceededException"));
    assert!(world.served().is_empty());
    world.limit("total", "0.00084usd").await;
    apply(&world, "ab12", 1_000).send().await.unwrap();
    assert_eq!(world.served().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_guardrail_that_steps_in_is_recorded_as_that() {
    let world = World::start().await;
    let (status, told) = steered(&world, "stop=guardrail_intervened policies=topic").await;
    assert_eq!((status, told["action"].as_str()), (200, Some("GUARDRAIL_INTERVENED")));
    let row = world.calls().await.remove(0);
    assert_eq!(row.guardrail.action.as_deref(), Some("INTERVENED"));
    assert_eq!(row.model_version, "ab12/DRAFT");
    assert_eq!((units(&row, "topicPolicyUnits"), row.bill.usage.meters.len()), (Some(1), 1));
    assert_eq!(row.bill.cost.unwrap().pico(), 150_000_000);
    world.end().await;
}

#[tokio::test]
async fn a_reply_without_units_or_with_impossible_ones_is_settled_at_its_hold() {
    let world = World::start().await;
    world.limit("month", "1usd").await;
    for fault in ["no-usage", "lying-usage-negative", "lying-usage-huge", "cut-inside"] {
        steered(&world, &format!("fault={fault}")).await;
        let row = world.calls().await.remove(0);
        assert!(row.bill.estimated, "{fault}: {row:#?}");
        assert_eq!(row.bill.cost.map(Cost::micros_up), Some(Micros(840)), "{fault}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_guardrail_that_is_refused_by_bedrock_costs_nothing_and_names_no_version() {
    let world = World::start().await;
    for (fault, outcome) in [("not-found", Outcome::Rejected), ("throttle", Outcome::Throttled)] {
        assert!(steered(&world, &format!("fault={fault}")).await.0 >= 400);
        let row = world.calls().await.remove(0);
        assert_eq!(row.ending.outcome, outcome);
        assert_eq!(row.bill.cost.unwrap().pico(), 0);
        assert_eq!(row.model_version, "bedrock.guardrails");
        assert_eq!(row.guardrail.id, None);
    }
    world.end().await;
}

#[tokio::test]
async fn a_policy_of_models_allows_guardrails_where_it_names_them() {
    let world = World::start().await;
    for (names, allowed) in [(&[NOVA][..], false), (&[NOVA, GUARDRAILS][..], true)] {
        let models = names.iter().map(|name| Models::Model((*name).to_owned())).collect();
        let policy = Policy { models, routes: Some(Routes::InRegion), ..Policy::default() };
        let request = KeyRequest { team: "research".to_owned(), policy, ..KeyRequest::default() };
        let key = world.admin.create_key(&master(), &request).await.unwrap();
        let body = json!({"source": "INPUT", "content": [{"text": {"text": "Hello"}}]});
        let asked = world.post_bare("/guardrail/ab12/version/1/apply").body(body.to_string());
        let status = asked.bearer_auth(key.secret.expose()).send().await.unwrap().status();
        assert_eq!(status.as_u16(), if allowed { 200 } else { 403 });
        assert_eq!(world.served().len(), usize::from(allowed));
    }
    world.end().await;
}
