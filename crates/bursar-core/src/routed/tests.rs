//! What is held for a call to a prompt router, and what is owed when one of its models answered.

use bursar_domain::call::Operation;
use bursar_domain::model::{ModelRef, RefKind};
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Timestamp;

use super::*;
use crate::{Invocation, Prompt};

const LITE: &str = "amazon.nova-lite-v1:0";
const PRO: &str = "amazon.nova-pro-v1:0";
const ROUTER: &str = "arn:aws:bedrock:us-east-1:123456789012:prompt-router/ab12";

fn pricing(allow_unpriced: bool) -> Pricing {
    Pricing {
        catalogue: Catalogue::embedded(),
        prices: PriceBook::embedded_only().into(),
        region: "us-east-1".to_owned(),
        allow_unpriced,
        max_tokens_default: None,
    }
}

fn router(models: &[&str]) -> ModelRef {
    let read = |id: &&str| {
        let found = Catalogue::embedded().resolve(id, &Names::default());
        match found {
            Ok(found) => Candidate { base: found.base.unwrap(), geography: found.geography },
            Err(_) => Candidate {
                base: bursar_domain::model::ModelId::parse(id).unwrap(),
                geography: None,
            },
        }
    };
    let reference = Catalogue::embedded().resolve(ROUTER, &Names::default()).unwrap();
    assert_eq!(reference.kind, RefKind::PromptRouterArn);
    reference.standing_for(models.iter().map(read).collect())
}

fn request(model: ModelRef) -> Invocation {
    let text = "hello".to_owned();
    let prompt = Prompt { text, max_tokens: Some(100), ..Prompt::default() };
    Invocation::converse(model, &prompt, false)
}

fn price(models: &[&str], allow_unpriced: bool) -> Result<Priced, Error> {
    let at = Timestamp::parse_date("2026-11-01").unwrap();
    pricing(allow_unpriced).price(request(router(models)), at)
}

#[test]
fn the_dearest_of_a_routers_models_is_held_for() {
    let alone = price(&[PRO], false).unwrap();
    for models in [[LITE, PRO], [PRO, LITE]] {
        let priced = price(&models, false).unwrap();
        assert_eq!(priced.model.as_str(), PRO);
        assert_eq!(priced.ceiling, alone.ceiling);
        assert_eq!(priced.invocation.model.dispatched, ROUTER);
        assert_eq!(priced.invocation.operation, Operation::Converse);
    }
    assert!(price(&[LITE], false).unwrap().ceiling < alone.ceiling);
}

#[test]
fn one_model_without_a_price_leaves_the_router_without_one() {
    let models = [LITE, "acme.new-v1:0"];
    assert!(matches!(price(&models, false), Err(Error::Unpriced(_))));
    let allowed = price(&models, true).unwrap();
    assert_eq!((allowed.price, allowed.ceiling), (None, None));
}

#[test]
fn what_the_reply_names_is_found_among_the_routers_models() {
    let profile = format!("us.{LITE}");
    let priced = price(&[&profile, PRO], false).unwrap();
    let chosen = |named: &str| pricing(false).chosen(&priced, Some(named));
    let lite = Candidate {
        base: bursar_domain::model::ModelId::parse(LITE).unwrap(),
        geography: Some("us".to_owned()),
    };
    for named in [
        format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{LITE}"),
        format!("arn:aws:bedrock:us-east-1::foundation-model/{LITE}"),
        LITE.to_owned(),
    ] {
        assert_eq!(chosen(&named).as_ref(), Some(&lite), "{named}");
    }
    assert_eq!(chosen("amazon.nova-micro-v1:0").unwrap().base.as_str(), "amazon.nova-micro-v1:0");
    assert_eq!(chosen("claude-of-some-kind"), None);
    let direct = Catalogue::embedded().resolve(LITE, &Names::default()).unwrap();
    let at = Timestamp::parse_date("2026-11-01").unwrap();
    let direct = pricing(false).price(request(direct), at).unwrap();
    assert_eq!(pricing(false).chosen(&direct, Some(PRO)), None, "only a router chooses");
}

#[test]
fn what_nobody_named_is_billed_at_the_dearest_as_a_bound() {
    let priced = price(&[LITE, PRO], false).unwrap();
    let usage = Usage { input: 1_000, output: 100, ..Usage::default() };
    let bill = pricing(false).bill_at_dearest(&priced, &usage, Tier::Standard).unwrap();
    let alone = |model: &str| {
        let priced = price(&[model], false).unwrap();
        let bill = pricing(false).bill_at_dearest(&priced, &usage, Tier::Standard).unwrap();
        bill.cost.unwrap()
    };
    assert!(bill.estimated);
    assert_eq!((bill.cost, bill.cost_low), (Some(alone(PRO)), Some(alone(LITE))));
    assert!(bill.cost > bill.cost_low);
}
