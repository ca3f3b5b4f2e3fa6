//! Every form of a model reference, everything that is none, and what the catalogue says.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::{ModelRef, RefKind};
use crate::price_book::ListedPrice;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const GROK: &str = "xai.grok-4.6";
const OPAQUE: &str =
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/otnfa2ysixqd";

fn read(text: &str) -> ModelRef {
    read_with(text, &Names::default()).unwrap_or_else(|unknown| panic!("{unknown}"))
}

fn read_with(text: &str, names: &Names) -> Result<ModelRef, UnknownModel> {
    Catalogue::embedded().resolve(text, names)
}

fn refused(text: &str) -> UnknownModel {
    read_with(text, &Names::default()).expect_err(text)
}

/// Kind, base, geography and region.
fn parts(found: &ModelRef) -> (RefKind, Option<&str>, Option<&str>, Option<&str>) {
    let base = found.base.as_ref().map(AsRef::as_ref);
    (found.kind, base, found.geography.as_deref(), found.region.as_deref())
}

fn names(aliases: &[(&str, &str)], base_models: &[(&str, &str)]) -> Names {
    let map = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, target)| ((*name).to_owned(), (*target).to_owned())).collect()
    };
    Names { aliases: map(aliases), base_models: map(base_models), ..Names::default() }
}

#[test]
fn every_listed_model_is_read_by_its_id_and_by_each_of_its_profiles() {
    let mut count = 0;
    for model in Catalogue::embedded().models() {
        assert_eq!(parts(&read(model.id)), (RefKind::Base, Some(model.id), None, None));
        for Profile { geography, .. } in &model.profiles {
            let text = format!("{geography}.{}", model.id);
            let expected = (RefKind::Profile, Some(model.id), Some(*geography), None);
            let found = read(&text);
            assert_eq!(parts(&found), expected);
            assert_eq!((found.dispatched, found.alias), (text, None));
        }
        count += 1;
    }
    assert_eq!(count, 186);
}

#[test]
fn a_geography_is_any_first_label_before_a_base_id() {
    for geography in ["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global", "mena"] {
        let found = read(&format!("{geography}.{GROK}"));
        assert_eq!(parts(&found), (RefKind::Profile, Some(GROK), Some(geography), None));
    }
    for text in ["us.us.xai.grok-4.6", "u.xai.grok-4.6", ".xai.grok-4.6", "u2.xai.grok-4.6"] {
        assert_eq!(refused(text).reason, Reason::NotListed, "{text}");
    }
}

#[test]
fn a_context_size_is_part_of_a_provisioned_variants_id() {
    for (text, base) in [
        ("amazon.nova-lite-v1:0:300k", "amazon.nova-lite-v1:0"),
        ("anthropic.claude-v2:1:18k", "anthropic.claude-v2:1"),
        ("anthropic.claude-v2:18k", "anthropic.claude-v2"),
        ("amazon.nova-pro-v1:0:mm", "amazon.nova-pro-v1:0"),
    ] {
        let found = read(text);
        assert_eq!(parts(&found), (RefKind::Base, Some(base), None, None));
        assert_eq!(found.dispatched, text);
    }
    for text in ["amazon.nova-lite-v1:0:k", "amazon.nova-lite-v1:0:30", "amazon.nova-lite-v1:0:"] {
        assert_eq!(refused(text).reason, Reason::NotListed, "{text}");
    }
}

#[test]
fn every_kind_of_arn_tells_its_region_and_its_model_if_it_has_one() {
    let account = "arn:aws:bedrock:eu-west-1:123456789012";
    for (text, kind, base, geography) in [
        (
            format!("arn:aws:bedrock:eu-west-1::foundation-model/{SONNET}"),
            RefKind::FoundationModelArn,
            Some(SONNET),
            None,
        ),
        (
            format!("{account}:inference-profile/eu.{SONNET}"),
            RefKind::InferenceProfileArn,
            Some(SONNET),
            Some("eu"),
        ),
        (
            format!("{account}:custom-model/amazon.nova-lite-v1:0:300k/abcdef012345"),
            RefKind::CustomModelArn,
            Some("amazon.nova-lite-v1:0"),
            None,
        ),
        (OPAQUE.to_owned(), RefKind::ApplicationInferenceProfileArn, None, None),
        (
            format!("{account}:provisioned-model/abcdef012345"),
            RefKind::ProvisionedModelArn,
            None,
            None,
        ),
        (
            format!("{account}:custom-model-deployment/abcdef012345"),
            RefKind::CustomModelDeploymentArn,
            None,
            None,
        ),
        (format!("{account}:imported-model/abcdef012345"), RefKind::ImportedModelArn, None, None),
        (format!("{account}:prompt/ABCDE12345:7"), RefKind::PromptArn, None, None),
        (format!("{account}:prompt-router/my-router"), RefKind::PromptRouterArn, None, None),
        (
            format!("{account}:default-prompt-router/anthropic.claude:1"),
            RefKind::PromptRouterArn,
            None,
            None,
        ),
        (
            "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/My-Endpoint".to_owned(),
            RefKind::EndpointArn,
            None,
            None,
        ),
    ] {
        let found = read(&text);
        assert_eq!(parts(&found), (kind, base, geography, Some("eu-west-1")), "{text}");
        assert_eq!((found.dispatched, found.alias), (text, None));
    }
}

#[test]
fn an_arn_may_be_of_any_partition() {
    for partition in ["aws", "aws-us-gov", "aws-cn", "aws-iso-b"] {
        let arn = format!("arn:{partition}:bedrock:us-gov-west-1::foundation-model/{GROK}");
        assert_eq!(read(&arn).region.as_deref(), Some("us-gov-west-1"));
    }
}

#[test]
fn a_malformed_arn_is_refused_and_says_what_is_wrong() {
    for (text, part) in [
        ("arn:aws:bedrock", "six parts"),
        ("arn:awsome:bedrock:us-east-1::foundation-model/xai.grok-4.6", "partition"),
        ("arn:aws-:bedrock:us-east-1::foundation-model/xai.grok-4.6", "partition"),
        ("arn:aws:bedrock:::foundation-model/xai.grok-4.6", "region"),
        ("arn:aws:bedrock:US:123456789012:prompt/ABCDE12345", "region"),
        ("arn:aws:s3:us-east-1:123456789012:endpoint/x", "invoked"),
        ("arn:aws:bedrock:us-east-1:123456789012:endpoint/x", "invoked"),
        ("arn:aws:bedrock:us-east-1:123456789012:guardrail/abc", "invoked"),
        ("arn:aws:bedrock:us-east-1:123456789012:profile/abc", "invoked"),
        ("arn:aws:bedrock:us-east-1:123456789012:foundation-model", "no resource"),
        ("arn:aws:bedrock:us-east-1:123456789012:foundation-model/xai.grok-4.6", "no account"),
        ("arn:aws:bedrock:us-east-1:12345678901:imported-model/abcdef012345", "twelve"),
        ("arn:aws:bedrock:us-east-1:123456789012:imported-model/ABCDEF012345", "last part"),
        ("arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDE12345:123456", "last part"),
        ("arn:aws:bedrock:us-east-1:123456789012:custom-model/abcdef012345", "last part"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/xai.grok-4.6", "geography"),
        ("arn:aws:bedrock:us-east-1::foundation-model/us.xai.grok-4.6", "geography"),
        ("arn:aws:bedrock:us-east-1::foundation-model/xai.grok-9", "catalogue"),
    ] {
        let message = refused(text).to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_opaque_arn_is_priced_as_the_settings_say() {
    assert_eq!(read(OPAQUE).base, None);
    let found = read_with(OPAQUE, &names(&[], &[(OPAQUE, SONNET)])).unwrap();
    let kind = RefKind::ApplicationInferenceProfileArn;
    assert_eq!(parts(&found), (kind, Some(SONNET), None, Some("eu-west-1")));
    let global = format!("global.{SONNET}");
    let found = read_with(OPAQUE, &names(&[], &[(OPAQUE, &global)])).unwrap();
    assert_eq!(parts(&found), (kind, Some(SONNET), Some("global"), Some("eu-west-1")));
    assert_eq!(found.dispatched, OPAQUE);
    let wrong = read_with(OPAQUE, &names(&[], &[(OPAQUE, "xai.grok")])).unwrap_err();
    assert_eq!(wrong.reason, Reason::BaseModel("xai.grok".to_owned()));
}

#[test]
fn another_id_of_a_model_is_sent_as_its_own() {
    let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let found = read("us.anthropic.claude-haiku-4-5");
    assert_eq!(parts(&found), (RefKind::Profile, Some(haiku), Some("us"), None));
    assert_eq!(found.dispatched, format!("us.{haiku}"));
    assert_eq!(found.alias.as_deref(), Some("us.anthropic.claude-haiku-4-5"));
    assert_eq!(read("openai.gpt-oss-20b").dispatched, "openai.gpt-oss-20b-1:0");
}

#[test]
fn an_alias_stands_for_any_reference_and_for_other_aliases() {
    let global = format!("global.{SONNET}");
    let names = names(&[("Fast", "fast one"), ("fast one", &global), ("mine", OPAQUE)], &[]);
    let found = read_with("Fast", &names).unwrap();
    assert_eq!(parts(&found), (RefKind::Profile, Some(SONNET), Some("global"), None));
    assert_eq!((found.dispatched, found.alias), (global, Some("Fast".to_owned())));
    assert_eq!(read_with("mine", &names).unwrap().dispatched, OPAQUE);
}

#[test]
fn an_alias_that_leads_nowhere_or_back_is_refused() {
    let names = names(&[("a", "b"), ("b", "c"), ("c", "b"), ("own", "own"), ("dead", "x.y")], &[]);
    for text in ["a", "b", "own"] {
        let unknown = read_with(text, &names).unwrap_err();
        assert!(matches!(unknown.reason, Reason::AliasLoop(_)), "{unknown}");
    }
    let dead = read_with("dead", &names).unwrap_err().to_string();
    assert!(
        dead.starts_with("`dead`, an alias of `x.y`, is not a model: it is not in the"),
        "{dead}"
    );
}

#[test]
fn an_alias_by_weight_is_no_model_and_tells_those_that_it_stands_for() {
    let mut names = names(&[("mine", "sonnet")], &[]);
    let shares = Shares::new(vec![(SONNET.to_owned(), 90), (GROK.to_owned(), 10)]).unwrap();
    names.weighted.insert("sonnet".to_owned(), shares);
    for text in ["sonnet", "mine"] {
        let unknown = read_with(text, &names).unwrap_err();
        assert_eq!(unknown.reason, Reason::Several, "{text}");
        assert_eq!(unknown.hint(), format!("did you mean `{SONNET}` or `{GROK}`?"));
    }
}

#[test]
fn only_whole_ids_are_ids() {
    assert_eq!(read("anthropic.claude-opus-5").base.unwrap().as_str(), "anthropic.claude-opus-5");
    for text in [
        "anthropic.claude-opus",
        "anthropic.claude-opus-5-",
        "xai.grok-4",
        "claude-opus-5",
        "anthropic.claude-sonnet-4-5",
        "anthropic.claude-sonnet-4-5-20250929-v1",
        "Anthropic.Claude-Opus-5",
        "bedrock/anthropic.claude-opus-5",
        "anthropic/claude-opus-5",
        "#columns",
        "us",
        "us.",
        ".",
    ] {
        assert!(read_with(text, &Names::default()).is_err(), "{text} was accepted");
    }
}

#[test]
fn what_cannot_be_an_id_is_refused_and_printed_safely() {
    for (text, reason) in [
        ("", Reason::Empty),
        (" xai.grok-4.6", Reason::Character(' ')),
        ("xai.grok-4.6\0", Reason::Character('\0')),
        ("xai.grok-4.6\n", Reason::Character('\n')),
        ("xаi.grok-4.6", Reason::Character('а')),
        ("xai․grok-4.6", Reason::Character('․')),
        ("xai.grok-4.6\u{200b}", Reason::Character('\u{200b}')),
        ("xai.grok-4.6\t", Reason::Character('\t')),
    ] {
        let unknown = refused(text);
        assert_eq!(unknown.reason, reason, "{text:?}");
        assert!(!unknown.to_string().contains(char::is_control), "{text:?}");
    }
    assert_eq!(refused(&"x".repeat(2049)).reason, Reason::TooLong);
    assert!(refused(&"x".repeat(1_000_000)).to_string().len() < 300);
}

#[test]
fn a_slip_is_answered_with_the_nearest_ids() {
    for (text, expected) in [
        ("us.anthropic.claude-sonet-4-6", "anthropic.claude-sonnet-4-6"),
        ("xаi.grok-4.6", GROK),
        ("claude-sonnet-4-5", SONNET),
        ("arn:aws:bedrock:us-east-1::foundation-model/xai.grok-46", GROK),
    ] {
        let unknown = refused(text);
        assert!(unknown.nearest.len() <= 3);
        assert_eq!(unknown.nearest.first().map(String::as_str), Some(expected), "{text}");
        assert!(unknown.hint().starts_with(&format!("did you mean `{expected}`")));
    }
    assert_eq!(refused("zzz").hint(), "`bursar models list` lists every model");
}

#[test]
fn a_model_is_listed_with_what_it_can_do() {
    let model = Catalogue::embedded().model("anthropic.claude-haiku-4-5-20251001-v1:0").unwrap();
    assert_eq!((model.provider, model.modality), ("Anthropic", Modality::Chat));
    assert_eq!((model.context_window, model.max_output_tokens), (Some(200_000), Some(64_000)));
    assert_eq!((model.streaming, model.tools, model.vision), (Some(true), Some(true), Some(true)));
    assert_eq!(model.aliases, ["anthropic.claude-haiku-4-5"]);
    assert_eq!(model.lifecycle.status, LifecycleStatus::Active);
    assert!(model.profiles.iter().any(|profile| profile.geography == "global"));
    assert!(Catalogue::embedded().model("anthropic.claude-haiku-4-5").is_none());
    assert_eq!(Catalogue::embedded().retrieved_on(), "2026-11-22");
}

#[test]
fn a_model_is_said_to_be_priced_when_the_price_book_has_rows_for_it() {
    let mut count = 0;
    for model in Catalogue::embedded().models() {
        assert_eq!(model.is_priced, ListedPrice::of(model.id).next().is_some(), "{}", model.id);
        count += usize::from(model.is_priced);
    }
    assert_eq!(count, 183);
}

#[test]
fn another_id_of_a_model_is_never_a_listed_id() {
    let catalogue = Catalogue::embedded();
    for (model, alias) in catalogue
        .models()
        .flat_map(|model| model.aliases.clone().into_iter().map(move |alias| (model.id, alias)))
    {
        assert_eq!(catalogue.model(alias), None);
        assert_eq!(read(alias).base.unwrap().as_str(), model);
    }
}

#[test]
fn every_tag_of_a_source_is_explained() {
    let tags: BTreeSet<_> = Catalogue::embedded().legend().map(|(tag, _)| tag).collect();
    for tag in ["litellm", "genai-prices", "aws-price-list", "aws-pricing-page"] {
        assert!(tags.contains(tag), "{tag}");
    }
}

#[test]
fn a_model_is_over_from_its_last_day() {
    let day = |text: &str| crate::time::Timestamp::parse_date(text).unwrap();
    let model = Catalogue::embedded().model("ai21.jamba-1-5-large-v1:0").unwrap();
    assert_eq!(model.lifecycle.end_of_life, Some(day("2026-11-26")));
    assert!(!model.is_over(day("2026-11-25")));
    assert!(model.is_over(day("2026-11-26")));
}

#[test]
fn a_profile_routes_from_and_to_regions() {
    let routes = Catalogue::embedded().profiles_of("amazon.nova-2-lite-v1:0");
    let from = |geography: &str, region: &str| {
        let mut fits = routes.iter().filter(|route| route.geography == geography);
        fits.find(|route| route.from.contains(&region)).and_then(|route| route.to.clone())
    };
    assert_eq!(from("jp", "ap-northeast-1"), Some(vec!["ap-northeast-1", "ap-northeast-3"]));
    assert_eq!(from("us", "us-west-1").map(|to| to.len()), Some(4));
    assert_eq!(from("us", "us-east-1").map(|to| to.len()), Some(3));
    let global = routes.iter().find(|route| route.geography == "global").unwrap();
    assert_eq!((global.from.len(), &global.to), (25, &None));
    assert!(Catalogue::embedded().profiles_of("ai21.j2-mid-v1").is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_resolving_panic(text in ".*", tail in "[a-z.:/-]{0,40}") {
        let loops = names(&[(&text, &tail), (&tail, &text)], &[(&text, &tail)]);
        for given in [&text, &tail, &format!("arn:aws:bedrock:{text}:{tail}")] {
            for names in [&Names::default(), &loops] {
                if let Err(unknown) = read_with(given, names) {
                    prop_assert!(!unknown.to_string().is_empty() && !unknown.hint().is_empty());
                }
            }
        }
    }

    #[test]
    fn what_is_dispatched_reads_as_the_same_model(
        place in any::<prop::sample::Index>(),
        geography in "([a-z]{2,6}\\.)?",
        suffix in "(:[0-9]{1,3}k)?",
        arn in "(arn:aws:bedrock:us-east-1::foundation-model/)?",
    ) {
        let ids: Vec<_> = Catalogue::embedded().models().map(|model| model.id).collect();
        let text = format!("{arn}{geography}{}{suffix}", place.get(&ids));
        if let Ok(found) = read_with(&text, &Names::default()) {
            prop_assert_eq!(&found.dispatched, &text);
            prop_assert_eq!(&read(&found.dispatched), &found);
            let base = found.base.as_ref().map(AsRef::as_ref);
            prop_assert_eq!(base, Some(*place.get(&ids)));
        } else {
            prop_assert!(!arn.is_empty() && !geography.is_empty());
        }
    }
}
