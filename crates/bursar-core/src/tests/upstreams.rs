//! Regions and accounts: which way a call takes, when it takes another, and whose price it pays. Two
//! simulators are two regions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::Outcome;
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::policy::{Models, Policy, Routes};
use bursar_domain::scope::Facet;
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{AccessChange, Change};

use super::world::{LITE, MICRO, PRO, World, ask, connection, places, scope, simulator, team};
use crate::{Bedrock, Error, Upstream, Upstreams, cut_pair};

const EAST: &str = "us-east-1";
/// A region where the same model has another price.
const TOKYO: &str = "ap-northeast-1";
/// Another model that both regions have.
const GEMMA: &str = "google.gemma-3-4b-it";
const THROTTLED: &[(&str, &str)] = &[(LITE, "fault=throttle")];

fn policy(name: &str, policy: Policy) -> Change {
    Change::Access(AccessChange::SetPolicy { scope: scope(Facet::Team, name), policy })
}

#[tokio::test]
async fn a_throttled_region_is_left_for_the_next_at_that_regions_price() {
    for place in places().await {
        let mut world = World::start(&place, THROTTLED).await;
        let tokyo = simulator(&[]).await;
        let (here, there) = (world.simulator.url(), tokyo.url());
        world.go_to(&[(TOKYO, there.as_str())]).await;
        let alone = world.ask(LITE).await;
        world.go_to(&[(EAST, here.as_str()), (TOKYO, there.as_str())]).await;
        let made = world.ask(LITE).await;
        let sent = |region: &str, outcome| (LITE.to_owned(), region.to_owned(), outcome);
        assert_eq!(made.attempts, [sent(EAST, "throttled"), sent(TOKYO, "succeeded")]);
        assert_eq!((made.row.region.as_str(), made.row.model.as_str()), (TOKYO, LITE));
        assert_eq!(made.row.served_region.as_deref(), Some(TOKYO));
        assert_eq!((made.row.bill.cost, made.held()), (alone.row.bill.cost, alone.held()));
        assert_eq!((world.served().len(), tokyo.calls().len()), (1, 2));
        world.end().await;
        tokyo.stop().await;
    }
}

#[tokio::test]
async fn a_region_where_nobody_answers_is_left_and_let_rest() {
    for place in places().await {
        let mut world = World::start(&place, &[]).await;
        let gone = simulator(&[]).await;
        let (here, there) = (world.simulator.url(), gone.url());
        gone.stop().await;
        let now = Arc::new(AtomicI64::new(Clock::system().now().0));
        let told = Arc::clone(&now);
        world.bursar.clock = Clock::new(move || Timestamp(told.load(Ordering::Relaxed)));
        world.go_to(&[(TOKYO, there.as_str()), (EAST, here.as_str())]).await;
        let made = world.ask(LITE).await;
        let regions = |made: &super::world::Made| -> Vec<String> {
            made.attempts.iter().map(|(_, region, _)| region.clone()).collect()
        };
        assert_eq!(
            (regions(&made), made.attempts[0].2),
            (vec![TOKYO.into(), EAST.into()], "unsent")
        );
        // Another model is not tried there either, while it rests.
        assert_eq!(regions(&world.ask(GEMMA).await), [EAST]);
        now.fetch_add(1_000, Ordering::Relaxed);
        assert_eq!(regions(&world.ask(GEMMA).await), [TOKYO, EAST]);
        world.end().await;
    }
}

#[tokio::test]
async fn who_must_stay_in_the_region_never_leaves_it() {
    for place in places().await {
        let mut world = World::start(&place, THROTTLED).await;
        let other = simulator(&[]).await;
        let (here, there) = (world.simulator.url(), other.url());
        let stays = Policy { routes: Some(Routes::InRegion), ..Policy::default() };
        world.change(policy("stays", stays)).await;
        let near = Policy { regions: vec!["us-*".to_owned()], ..Policy::default() };
        world.change(policy("near", near)).await;
        world.go_to(&[(EAST, here.as_str()), (TOKYO, there.as_str())]).await;
        for name in ["stays", "near"] {
            let made = world.call(team(name), ask(LITE, false)).await;
            assert_eq!(made.row.ending.outcome, Outcome::Throttled, "{name}");
            assert!(made.message().contains("not tried instead: `amazon.nova-lite-v1:0` at"));
        }
        assert!(other.calls().is_empty());
        let made = world.call(team("free"), ask(LITE, false)).await;
        assert_eq!(made.row.region, TOKYO);
        world.end().await;
        other.stop().await;
    }
}

#[tokio::test]
async fn who_may_not_call_from_the_first_region_calls_from_one_that_is_allowed() {
    for place in places().await {
        let mut world = World::start(&place, &[]).await;
        let other = simulator(&[]).await;
        let (here, there) = (world.simulator.url(), other.url());
        let far = Policy {
            regions: vec!["ap-*".to_owned()],
            routes: Some(Routes::InRegion),
            ..Policy::default()
        };
        world.change(policy("far", far)).await;
        let nowhere = Policy { regions: vec!["eu-*".to_owned()], ..Policy::default() };
        world.change(policy("nowhere", nowhere)).await;
        world.go_to(&[(TOKYO, there.as_str())]).await;
        let alone = world.ask(LITE).await;
        world.go_to(&[(EAST, here.as_str()), (TOKYO, there.as_str())]).await;
        let made = world.call(team("far"), ask(LITE, false)).await;
        assert_eq!((made.row.region.as_str(), made.attempts.len()), (TOKYO, 1));
        assert_eq!((made.row.bill.cost, made.held()), (alone.row.bill.cost, alone.held()));
        let (_cutter, signal) = cut_pair();
        let refused = world.bursar.invoke(team("nowhere"), ask(LITE, false), signal).await;
        let Err(Error::Refused(refused)) = refused else { panic!("{refused:?}") };
        assert_eq!(refused.refusal.reason(), RefusalReason::Policy);
        assert!(world.served().is_empty());
        world.end().await;
        other.stop().await;
    }
}

#[tokio::test]
async fn an_upstream_takes_the_teams_and_models_that_it_is_for() {
    for place in places().await {
        let mut world = World::start(&place, &[]).await;
        let other = simulator(&[]).await;
        let at = |name: &str, bedrock| Upstream {
            name: name.to_owned(),
            priority: 1,
            weight: 1,
            models: Vec::new(),
            teams: [name.to_owned()].into(),
            bedrock,
        };
        let here = Bedrock::connect(&connection(EAST, &world.simulator.url())).await.unwrap();
        let there = Bedrock::connect(&connection(TOKYO, &other.url())).await.unwrap();
        let models = vec![Models::Model(PRO.to_owned())];
        let narrow = Upstream { models, ..at("b", there) };
        world.bursar.upstreams = Upstreams::new(vec![at("a", here), narrow]);
        world.call(team("a"), ask(LITE, false)).await;
        world.call(team("b"), ask(PRO, false)).await;
        assert_eq!((world.served(), other.calls().len()), (vec![LITE.to_owned()], 1));
        for (who, told) in [
            (team("b"), "no upstream is for a call of the team `b` to `amazon.nova-lite-v1:0`"),
            (Attribution::default(), "no upstream is for a call of no team to"),
        ] {
            let (_cutter, signal) = cut_pair();
            let none = world.bursar.invoke(who, ask(LITE, false), signal).await;
            let error = none.unwrap_err();
            assert!(matches!(error, Error::NoUpstream { .. }), "{error}");
            assert!(error.to_string().starts_with(told), "{error}");
        }
        world.end().await;
        other.stop().await;
    }
}

#[tokio::test]
async fn a_model_that_stands_in_is_called_once_every_region_has_failed() {
    for place in places().await {
        let mut world = World::start(&place, THROTTLED).await;
        let other = simulator(&[(LITE, "fault=unavailable")]).await;
        let (here, there) = (world.simulator.url(), other.url());
        world.go_to(&[(EAST, here.as_str()), (TOKYO, there.as_str())]).await;
        world.stand_in(LITE, &[MICRO]);
        let made = world.ask(LITE).await;
        let way = |model: &str, region: &str| (model.to_owned(), region.to_owned());
        let ways: Vec<_> =
            made.attempts.iter().map(|(model, region, _)| way(model, region)).collect();
        assert_eq!(ways, [way(LITE, EAST), way(LITE, TOKYO), way(MICRO, EAST)]);
        assert_eq!(made.row.model.as_str(), MICRO);
        world.end().await;
        other.stop().await;
    }
}

#[tokio::test]
async fn those_of_one_priority_are_drawn_by_weight_and_each_is_tried_once() {
    let bedrock = Bedrock::connect(&connection(EAST, "http://127.0.0.1:1")).await.unwrap();
    let way = |priority, weight| Upstream {
        name: format!("{priority} {weight}"),
        priority,
        weight,
        models: Vec::new(),
        teams: BTreeSet::new(),
        bedrock: bedrock.clone(),
    };
    let ways = Upstreams::new(vec![way(2, 1), way(1, 9), way(1, 1)]);
    let reference = super::world::model(LITE);
    let base = reference.base.clone().unwrap();
    let order = |fill: u8| {
        let entropy = Entropy::new(move |bytes| bytes.fill(fill));
        ways.order(None, (&reference, &base), &entropy)
    };
    assert_eq!(order(0), [1, 2, 0]);
    assert_eq!(order(0xff), [2, 1, 0]);
    // Nine in ten: 0xe5 is 0.898 of the whole, 0xe7 is 0.906.
    assert_eq!((order(0xe5)[0], order(0xe7)[0]), (1, 2));
}
