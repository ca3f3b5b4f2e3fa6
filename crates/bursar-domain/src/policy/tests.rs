use super::*;
use crate::call::{CallId, Operation, Reach};
use crate::identity::Attribution;
use crate::price::{Routing, Tier};

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

pub(crate) fn intent(model: &str, region: &str, reach: Reach) -> Intent {
    Intent {
        id: CallId::new(Timestamp(0), &[0; 10]),
        started_at: Timestamp(0),
        attribution: Attribution::default(),
        operation: Operation::Converse,
        model_requested: model.to_owned(),
        model: ModelId::parse(model).unwrap(),
        region: region.to_owned(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: None,
        ceiling: None,
        ceiling_tokens: None,
        reach,
        request_hmac: None,
        simulated: true,
    }
}

/// A call by a profile of this geography, which may be served in these regions.
fn routed(geography: &str, served_in: Option<&[&str]>) -> Reach {
    Reach {
        geography: Some(geography.to_owned()),
        served_in: served_in.map(|regions| regions.iter().map(ToString::to_string).collect()),
        ..Reach::default()
    }
}

fn at_home(region: &str) -> Reach {
    Reach { served_in: Some(vec![region.to_owned()]), ..Reach::default() }
}

fn aspect(policy: &Policy, intent: &Intent) -> Option<Aspect> {
    policy.objection(intent).map(|(aspect, _, _)| aspect)
}

#[test]
fn a_policy_that_says_nothing_allows_everything() {
    let reach = routed("global", None);
    assert_eq!(aspect(&Policy::default(), &intent(SONNET, "us-east-1", reach)), None);
}

#[test]
fn models_are_named_by_provider_family_or_id_and_nothing_else_gets_by() {
    for (text, others) in [
        ("provider:anthropic", "amazon.nova-lite-v1:0"),
        ("family:claude-sonnet", "anthropic.claude-haiku-4-5-20251001-v1:0"),
        (&format!("model:{SONNET}"), "anthropic.claude-sonnet-4-6"),
    ] {
        let models = Models::parse(text).unwrap();
        assert_eq!(models.to_string(), text);
        let policy = Policy { models: vec![models], ..Policy::default() };
        let home = || at_home("us-east-1");
        assert_eq!(aspect(&policy, &intent(SONNET, "us-east-1", home())), None, "{text}");
        let other = intent(others, "us-east-1", home());
        assert_eq!(aspect(&policy, &other), Some(Aspect::Model), "{text}");
    }
    for text in ["", "anthropic", "provider:", "maker:anthropic"] {
        assert_eq!(Models::parse(text), None, "{text}");
    }
}

#[test]
fn every_model_that_a_router_may_choose_has_to_be_allowed() {
    let policy = Policy { models: vec![Models::Provider("anthropic".into())], ..Policy::default() };
    let candidate = |id: &str| Candidate { base: ModelId::parse(id).unwrap(), geography: None };
    let mut reach = at_home("us-east-1");
    reach.candidates = vec![candidate(SONNET), candidate("amazon.nova-lite-v1:0")];
    let (aspect, _, asked) = policy.objection(&intent(SONNET, "us-east-1", reach)).unwrap();
    assert_eq!((aspect, asked.as_str()), (Aspect::Model, "`amazon.nova-lite-v1:0`"));
}

#[test]
fn routing_may_be_narrower_than_allowed_and_never_wider() {
    let home = || intent(SONNET, "eu-west-1", at_home("eu-west-1"));
    let by = |geography| intent(SONNET, "eu-west-1", routed(geography, None));
    for (text, eu, global) in [
        ("in-region", Some(Aspect::Routing), Some(Aspect::Routing)),
        ("geo:eu", None, Some(Aspect::Routing)),
        ("global", None, None),
    ] {
        let routes = Routes::parse(text);
        assert_eq!(routes.as_ref().unwrap().to_string(), text);
        let policy = Policy { routes, ..Policy::default() };
        assert_eq!(aspect(&policy, &home()), None, "{text}");
        assert_eq!(aspect(&policy, &by("eu")), eu, "{text}");
        assert_eq!(aspect(&policy, &by("global")), global, "{text}");
    }
    for text in ["", "geo:", "geo:EU", "geo:*", "regional"] {
        assert_eq!(Routes::parse(text), None, "{text}");
    }
}

#[test]
fn regions_bound_where_a_call_is_served_unless_routing_says_how_far() {
    let eu = Policy { regions: vec!["eu-*".into()], ..Policy::default() };
    let from = |region: &str, reach| intent(SONNET, region, reach);
    assert_eq!(aspect(&eu, &from("eu-west-1", at_home("eu-west-1"))), None);
    assert_eq!(aspect(&eu, &from("us-east-1", at_home("us-east-1"))), Some(Aspect::Region));
    let within = routed("eu", Some(&["eu-west-1", "eu-north-1"]));
    assert_eq!(aspect(&eu, &from("eu-west-1", within)), None);
    let beyond = routed("apac", Some(&["eu-west-1", "ap-south-1"]));
    let (_, _, asked) = eu.objection(&from("eu-west-1", beyond)).unwrap();
    assert!(asked.contains("ap-south-1"), "{asked}");
    let anywhere = || from("eu-west-1", routed("global", None));
    assert_eq!(aspect(&eu, &anywhere()), Some(Aspect::Region));
    let told = Policy { routes: Some(Routes::Global), ..eu };
    assert_eq!(aspect(&told, &anywhere()), None);
    let any = Policy { regions: vec!["*".into()], ..Policy::default() };
    assert_eq!(aspect(&any, &anywhere()), None);
}

#[test]
fn an_answer_is_at_most_as_long_as_allowed_and_one_without_a_bound_is_too_long() {
    let policy = Policy { max_tokens: Some(100), ..Policy::default() };
    for (asked, expected) in
        [(Some(100), None), (Some(101), Some(Aspect::MaxTokens)), (None, Some(Aspect::MaxTokens))]
    {
        let reach = Reach { output_tokens: asked, ..at_home("us-east-1") };
        assert_eq!(aspect(&policy, &intent(SONNET, "us-east-1", reach)), expected, "{asked:?}");
    }
}

#[test]
fn a_pattern_matches_the_whole_text() {
    for (pattern, text, expected) in [
        ("eu-*", "eu-west-1", true),
        ("eu-*", "neu-west-1", false),
        ("*", "", true),
        ("eu-west-1", "eu-west-1", true),
        ("eu-west-1", "eu-west-12", false),
        ("*-west-*", "us-west-2", true),
        ("*-west-*1", "us-west-2", false),
        ("u*u", "u", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn an_objection_says_what_is_allowed_what_was_asked_and_what_to_do() {
    let scope = Scope::default().with(crate::scope::Facet::Team, "research");
    let policy = Policy { models: vec![Models::Provider("anthropic".into())], ..Policy::default() };
    let call = intent("amazon.nova-lite-v1:0", "us-east-1", at_home("us-east-1"));
    let (aspect, allowed, asked) = policy.objection(&call).unwrap();
    assert_eq!(
        Objection::Outside { scope, aspect, allowed, asked }.to_string(),
        "the policy of `team research` allows model `anthropic`, and `amazon.nova-lite-v1:0` was \
         asked for\nhint: call one of those, or ask the team's owner for this one"
    );
}

#[test]
fn a_key_is_of_no_use_once_revoked_and_from_the_instant_of_its_expiry() {
    let key = Key {
        id: "key_1".into(),
        team: "team_1".into(),
        name: "ci".into(),
        project: None,
        user: None,
        generation: 1,
        created_at: Timestamp(0),
        expires_at: Some(Timestamp(100)),
        revoked_at: None,
    };
    assert_eq!(ended_key(&key, Timestamp(99)), None);
    assert!(ended_key(&key, Timestamp(100)).is_some());
    let revoked = Key { revoked_at: Some(Timestamp(5)), ..key };
    let told = ended_key(&revoked, Timestamp(6)).unwrap().to_string();
    assert!(told.starts_with("the key `key_1` was revoked at 1970-01-01"), "{told}");
}

#[test]
fn who_must_stay_in_the_region_takes_no_way_that_leaves_it() {
    let left = |region: &str, left: &str| {
        let reach = Reach { left: Some(left.to_owned()), ..at_home(region) };
        intent("amazon.nova-lite-v1:0", region, reach)
    };
    let policy = |routes| Policy { routes: Some(routes), ..Policy::default() };
    let geography = |name: &str| policy(Routes::Geography(name.to_owned()));
    for (policy, from, to, is_allowed) in [
        (policy(Routes::InRegion), "us-east-1", "us-west-2", false),
        (policy(Routes::Global), "us-east-1", "eu-west-1", true),
        (Policy::default(), "us-east-1", "eu-west-1", true),
        (geography("us"), "us-east-1", "us-west-2", true),
        (geography("us"), "us-east-1", "us-gov-west-1", false),
        (geography("eu"), "eu-west-1", "us-east-1", false),
        (geography("eu"), "eu-west-1", "eu-central-1", true),
    ] {
        let objection = policy.objection(&left(to, from));
        assert_eq!(objection.is_none(), is_allowed, "{policy:?} {from} {to} {objection:?}");
    }
}
