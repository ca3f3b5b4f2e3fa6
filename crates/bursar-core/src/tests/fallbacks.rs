//! Models that stand in for one that cannot answer: when, for whom, and what is held and owed.

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::call::{Outcome, VersionEvidence};
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Limit, LimitId, OnLimit, Unit};
use bursar_domain::money::Micros;
use bursar_domain::policy::{Models, Policy};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_ledger::{AccessChange, Change};

use super::world::{HAIKU, LITE, MICRO, PRO, World, ask, model, places, scope, team};
use crate::{Error, Fallbacks, Invocation, Prompt, WrongChain, cut_pair};

const EAST: &str = "us-east-1";

fn limit(scope: Scope, micros: i64) -> Change {
    Change::SetLimit(Limit {
        id: LimitId("1".into()),
        scope,
        each: None,
        unit: Unit::Usd,
        span: Span::Total,
        zone: Zone::UTC,
        mode: Mode::Hard,
        on_limit: OnLimit::Refuse,
        amount: Micros(micros),
    })
}

#[tokio::test]
async fn a_throttled_model_is_stood_in_for_under_one_hold_of_the_dearest() {
    for place in places().await {
        let mut world = World::start(&place, &[(LITE, "fault=throttle")]).await;
        let (pro, micro) = (world.ask(PRO).await, world.ask(MICRO).await);
        world.stand_in(LITE, &[PRO, MICRO]);
        let made = world.ask(LITE).await;
        let sent = |model: &str, outcome| (model.to_owned(), EAST.to_owned(), outcome);
        assert_eq!(made.attempts, [sent(LITE, "throttled"), sent(PRO, "succeeded")]);
        assert_eq!((made.row.model.as_str(), made.row.model_requested.as_str()), (PRO, LITE));
        assert_eq!(made.row.version_evidence, VersionEvidence::Resolved);
        assert_eq!(made.row.model_version, PRO);
        // Held for the dearest of the three, settled at what answered.
        assert_eq!(made.held(), pro.held());
        assert!(pro.held() > micro.held());
        assert_eq!(made.row.bill.cost, pro.row.bill.cost);
        assert!(!made.row.bill.estimated && !made.receipt.overrun);
        assert_eq!(world.served(), [PRO, MICRO, LITE, PRO]);
        // Its labels went along wherever it went.
        let calls = world.simulator.calls();
        let labels = calls.iter().skip(2).map(|call| call.metadata["bursar-call"].clone());
        assert_eq!(labels.collect::<Vec<_>>(), [made.row.id.to_string(), made.row.id.to_string()]);
        world.end().await;
    }
}

#[tokio::test]
async fn only_what_owes_nothing_and_is_not_the_callers_fault_leads_on() {
    for place in places().await {
        for (fault, leads) in [
            ("throttle-tokens", true),
            ("unavailable", true),
            ("internal", true),
            ("not-ready", true),
            ("validation", false),
            ("access-denied", false),
            ("not-found", false),
            ("quota", false),
            ("model-error", false),
            ("model-timeout", false),
            ("not-json", false),
        ] {
            check(&place, fault, leads).await;
        }
    }
}

/// Whether a fault of the model that was asked for leads on to the next.
async fn check(place: &str, fault: &str, leads: bool) {
    let rule = format!("fault={fault}");
    let mut world = World::start(place, &[(LITE, &rule)]).await;
    world.stand_in(LITE, &[MICRO]);
    let made = world.ask(LITE).await;
    let expected = if leads { vec![LITE, MICRO] } else { vec![LITE] };
    assert_eq!(world.served(), expected, "{fault}");
    assert_eq!(made.row.ending.outcome == Outcome::Succeeded, leads, "{fault}");
    let model = if leads { MICRO } else { LITE };
    assert_eq!(made.row.model.as_str(), model, "{fault}");
    world.end().await;
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_elsewhere_and_owes_its_hold() {
    for place in places().await {
        let mut world = World::start(&place, &[(LITE, "fault=reset")]).await;
        let pro = world.ask(PRO).await;
        world.stand_in(LITE, &[PRO]);
        let made = world.ask(LITE).await;
        assert_eq!(world.served(), [PRO, LITE]);
        assert_eq!(made.row.ending.outcome, Outcome::Failed);
        assert_eq!((made.row.model.as_str(), made.row.bill.estimated), (LITE, true));
        assert_eq!(made.held(), pro.held());
        assert_eq!(made.row.bill.cost, made.held().cost());
        world.end().await;
    }
}

#[tokio::test]
async fn a_stream_that_has_begun_is_not_begun_elsewhere() {
    for place in places().await {
        for fault in ["stream-throttle", "stream-unavailable", "cut-border"] {
            let rule = format!("fault={fault} after=2");
            let mut world = World::start(&place, &[(LITE, &rule)]).await;
            world.stand_in(LITE, &[MICRO]);
            let made = world.call(Attribution::default(), ask(LITE, true)).await;
            assert_eq!(world.served(), [LITE], "{fault}");
            assert_eq!(made.row.ending.outcome, Outcome::Failed, "{fault}");
            world.end().await;
        }
        let mut world = World::start(&place, &[(LITE, "fault=throttle")]).await;
        world.stand_in(LITE, &[MICRO]);
        let made = world.call(Attribution::default(), ask(LITE, true)).await;
        assert_eq!(world.served(), [LITE, MICRO]);
        assert_eq!(made.row.bill.usage.output, 40, "it had not begun");
        world.end().await;
    }
}

#[tokio::test]
async fn a_model_that_the_caller_may_not_use_stands_in_for_nothing() {
    for place in places().await {
        let mut world = World::start(&place, &[(LITE, "fault=throttle")]).await;
        let alone = world.ask(LITE).await;
        world.stand_in(LITE, &[PRO, MICRO]);
        let models = vec![Models::Model(LITE.to_owned()), Models::Model(MICRO.to_owned())];
        let policy = Policy { models, ..Policy::default() };
        let scope_of = scope(Facet::Team, "narrow");
        world.change(Change::Access(AccessChange::SetPolicy { scope: scope_of, policy })).await;
        let made = world.call(team("narrow"), ask(LITE, false)).await;
        assert_eq!(made.row.model.as_str(), MICRO);
        assert_eq!(made.held(), alone.held(), "what it may not use is not held for");
        let made = world.call(team("wide"), ask(LITE, false)).await;
        assert_eq!(made.row.model.as_str(), PRO);
        let reason = "an incident".to_owned();
        let frozen = scope(Facet::Model, MICRO);
        world.change(Change::Freeze { id: "f".into(), scope: frozen, reason }).await;
        let made = world.call(team("narrow"), ask(LITE, false)).await;
        assert_eq!(made.row.ending.outcome, Outcome::Throttled);
        for told in [
            "not tried instead: `amazon.nova-pro-v1:0`: the policy of `team narrow` allows model",
            "`amazon.nova-micro-v1:0`: ",
        ] {
            assert!(made.message().contains(told), "{}", made.message());
        }
        world.end().await;
    }
}

#[tokio::test]
async fn a_budget_has_to_have_room_for_the_dearest() {
    for place in places().await {
        let mut world = World::start(&place, &[(LITE, "fault=throttle")]).await;
        let (lite, pro) = (world.ask(LITE).await.held(), world.ask(PRO).await.held());
        world.stand_in(LITE, &[PRO]);
        world.change(limit(scope(Facet::Team, "poor"), pro.0 - 1)).await;
        assert!(lite < pro);
        let (_cutter, signal) = cut_pair();
        let refused = world.bursar.invoke(team("poor"), ask(LITE, false), signal).await;
        let Err(Error::Refused(refused)) = refused else { panic!("{refused:?}") };
        assert_eq!(refused.refusal.reason(), RefusalReason::Spent);
        assert_eq!(world.served(), [LITE, PRO], "what it was not admitted for");
        // Who takes what is affordable is not kept waiting for the dearest.
        let affordable = Invocation { affordable: true, ..ask(LITE, false) };
        let made = world.call(team("poor"), affordable).await;
        assert_eq!((made.row.model.as_str(), made.held()), (LITE, lite));
        assert!(made.message().contains("more than there was room for"), "{}", made.message());
        world.end().await;
    }
}

#[tokio::test]
async fn what_other_limits_count_stands_in_for_nothing() {
    for place in places().await {
        let mut world = World::start(&place, &[(LITE, "fault=throttle")]).await;
        world.stand_in(LITE, &[MICRO]);
        world.change(limit(scope(Facet::Model, MICRO), 1)).await;
        let made = world.ask(LITE).await;
        assert_eq!(world.served(), [LITE]);
        assert!(made.message().contains("other limits count it"), "{}", made.message());
        world.end().await;
    }
}

#[tokio::test]
async fn a_body_of_ones_own_goes_to_no_model_that_takes_another() {
    for place in places().await {
        let mut world = World::start(&place, &[(LITE, "fault=throttle")]).await;
        world.stand_in(LITE, &[HAIKU, MICRO]);
        let prompt =
            Prompt { text: "hello".to_owned(), max_tokens: Some(100), ..Prompt::default() };
        let invocation = Invocation::invoke(model(LITE), &prompt, false).unwrap();
        let made = world.call(Attribution::default(), invocation).await;
        assert_eq!(
            (made.row.model.as_str(), world.served()),
            (MICRO, vec![LITE.into(), MICRO.into()])
        );
        // Converse speaks to all of them.
        assert_eq!(world.ask(LITE).await.attempts.last().unwrap().0, HAIKU);
        world.end().await;
    }
}

#[tokio::test]
async fn all_are_tried_once_and_again_as_often_as_attempts_are_allowed() {
    for place in places().await {
        let faults = [(LITE, "fault=throttle"), (MICRO, "fault=unavailable")];
        let mut world = World::start(&place, &faults).await;
        world.stand_in(LITE, &[MICRO]);
        let made = world.ask(LITE).await;
        assert_eq!(made.row.ending.error_code.as_deref(), Some("ServiceUnavailableException"));
        assert_eq!((made.row.model.as_str(), made.attempts.len()), (LITE, 2));
        world.bursar.limits.attempts_max = 4;
        world.bursar.limits.backoff_base = std::time::Duration::from_millis(1);
        world.ask(LITE).await;
        assert_eq!(world.served(), [LITE, MICRO, LITE, MICRO, LITE, MICRO]);
        world.end().await;
    }
}

#[test]
fn a_chain_that_leads_back_or_is_too_long_is_none() {
    let mut fallbacks = Fallbacks::default();
    let mut add = |chain: &[&str]| {
        fallbacks.add("x", &[model(LITE)], chain.iter().map(|name| model(name)).collect())
    };
    assert_eq!(add(&[]), Err(WrongChain::Count(0)));
    assert_eq!(add(&[MICRO, PRO, MICRO]), Err(WrongChain::Loop(MICRO.to_owned())));
    assert_eq!(add(&[LITE]), Err(WrongChain::Loop(LITE.to_owned())));
    let many = [MICRO; Fallbacks::MODELS_MAX + 1];
    assert_eq!(add(&many), Err(WrongChain::Count(many.len())));
    let opaque =
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/otnfa2ysixqd";
    assert_eq!(add(&[opaque]), Err(WrongChain::Opaque(opaque.to_owned())));
    assert_eq!(add(&[MICRO, PRO]), Ok(()));
}
