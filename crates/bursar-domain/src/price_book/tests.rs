//! Every embedded row is found by its own key, the traps of Bedrock's prices, and the user's rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::money::Rate;
use crate::price::{PriceId, Rates, Tier};
use crate::time::{DAY_MS, Timestamp};
use crate::usage::Meter;

type Variant = BTreeMap<String, String>;

/// A key with everything usual; tests change what they are about.
fn key<'a>(model: &'a str, region: &'a str, variant: &'a Variant) -> PriceKey<'a> {
    PriceKey {
        model,
        region,
        geography: None,
        routing: Routing::Regional,
        tier: Tier::Standard,
        context_tokens: 0,
        variant,
        at: day("2026-11-22"),
    }
}

fn day(text: &str) -> Timestamp {
    Timestamp::parse_date(text).unwrap()
}

fn variant(pairs: &[(&str, &str)]) -> Variant {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn look_up(key: &PriceKey<'_>) -> Price {
    PriceBook::embedded_only().price(key).unwrap()
}

fn refused(key: &PriceKey<'_>) -> (String, String) {
    let unpriced = PriceBook::embedded_only().price(key).unwrap_err();
    (unpriced.to_string(), unpriced.hint())
}

/// Input and output in dollars per million tokens.
fn rates_of(price: &Price) -> (String, String) {
    let text = |rate: Option<Rate>| rate.map(Rate::per_million).unwrap_or_default();
    (text(price.rates.input), text(price.rates.output))
}

fn rates(key: &PriceKey<'_>) -> (String, String) {
    rates_of(&look_up(key))
}

fn usd(input: &str, output: &str) -> (String, String) {
    (input.to_owned(), output.to_owned())
}

const HAIKU: &str = "anthropic.claude-haiku-5-5";
const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const OLD_SONNET: &str = "anthropic.claude-3-5-sonnet-20240620-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const NOVA_2: &str = "amazon.nova-2-lite-v1:0";
const CANVAS: &str = "amazon.nova-canvas-v1:0";
const SOL: &str = "openai.gpt-5.6-sol";
const GUARDRAILS: &str = "bedrock.guardrails";

#[test]
fn every_embedded_row_is_found_by_its_own_key_and_yields_its_own_rates() {
    let mut count = 0;
    for ListedPrice { price, .. } in ListedPrice::all() {
        let last_day = price.effective_to.map(|to| Timestamp(to.0 - DAY_MS));
        let found = look_up(&PriceKey {
            model: &price.model,
            region: &price.region,
            geography: None,
            routing: price.routing,
            tier: price.tier,
            context_tokens: price.context.above_tokens + 1,
            variant: &price.variant,
            at: price.effective_from.or(last_day).unwrap_or(day("2026-11-22")),
        });
        assert_eq!(found, price);
        count += 1;
    }
    assert_eq!(count, 1748);
    assert_eq!(count, Table::PRICES.all().count(), "a row cannot be read");
}

#[test]
fn every_row_has_an_id_of_its_own_and_something_to_charge() {
    let rows: Vec<Price> = ListedPrice::all().map(|listed| listed.price).collect();
    let ids: BTreeSet<&PriceId> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), rows.len());
    for row in &rows {
        assert_eq!(row.id.0.len(), 16);
        assert!(row.rates != Rates::default() || !row.meters.is_empty(), "{row:?}");
        assert!(!row.sources.is_empty(), "{row:?}");
    }
}

#[test]
fn an_id_changes_with_the_rates_and_not_with_the_last_day_or_the_note() {
    let mut row = look_up(&key(NOVA, "us-east-1", &Variant::new()));
    let id = row.id.clone();
    row.effective_to = Some(day("2027-01-01"));
    row.note = Some("closed".to_owned());
    row.sources.clear();
    assert_eq!(PriceId::of(&row), id);
    row.rates.output = Some(Rate(240_001));
    assert_ne!(PriceId::of(&row), id);
    // The rule is fixed: ids stand in ledgers.
    assert_eq!(id.0, "f54cd8d1031e75b2");
}

#[test]
fn a_bare_id_is_billed_regionally_and_global_is_cheaper() {
    let none = Variant::new();
    let bare = key(SONNET, "us-east-1", &none);
    assert_eq!(rates(&bare), usd("3.3", "16.5"));
    for geography in ["us", "eu", "jp", "xx"] {
        let profile = PriceKey { geography: Some(geography), ..bare.clone() };
        assert_eq!(rates(&profile), usd("3.3", "16.5"));
    }
    let global = PriceKey { geography: Some("global"), routing: Routing::Global, ..bare };
    assert_eq!(rates(&global), usd("3", "15"));
}

#[test]
fn the_source_region_decides_globally_too() {
    let none = Variant::new();
    assert_eq!(rates(&key(NOVA, "eu-north-1", &none)), usd("0.065", "0.26"));
    assert_eq!(rates(&key(NOVA, "eu-south-1", &none)), usd("0.096", "0.384"));
    let global = |region| PriceKey { routing: Routing::Global, ..key(NOVA_2, region, &none) };
    assert_eq!(rates(&global("eu-west-1")), usd("0.34", "2.87"));
    assert_eq!(rates(&global("us-east-1")), usd("0.3", "2.5"));
}

#[test]
fn a_region_without_a_row_pays_its_profiles_geography_before_the_default() {
    let none = Variant::new();
    let from = |region, geography| PriceKey { geography, ..key(NOVA, region, &none) };
    assert_eq!(rates(&from("eu-west-1", Some("eu"))), usd("0.069", "0.276"));
    assert_eq!(rates(&from("eu-central-2", Some("eu"))), usd("0.078", "0.312"));
    assert_eq!(rates(&from("eu-central-2", None)), usd("0.06", "0.24"));
    assert_eq!(rates(&from("us-west-9", Some("us"))), usd("0.06", "0.24"));
}

#[test]
fn govcloud_is_dearer_by_region_and_by_prefix() {
    let none = Variant::new();
    let from = |region, geography| PriceKey { geography, ..key(SONNET, region, &none) };
    assert_eq!(rates(&from("us-gov-west-1", None)), usd("3.6", "18"));
    assert_eq!(rates(&from("us-gov-north-7", None)), usd("3.6", "18"));
    assert_eq!(rates(&from("us-east-1", Some("us-gov"))), usd("3.6", "18"));
}

#[test]
fn haiku_above_100k_tokens_reprices_the_whole_request_everywhere() {
    let none = Variant::new();
    let of = |tokens, region, routing| PriceKey {
        context_tokens: tokens,
        routing,
        ..key(HAIKU, region, &none)
    };
    assert_eq!(rates(&of(100_000, "us-east-1", Routing::Regional)), usd("0.11", "0.55"));
    assert_eq!(rates(&of(100_001, "us-east-1", Routing::Regional)), usd("0.55", "2.75"));
    assert_eq!(rates(&of(u64::MAX, "us-east-1", Routing::Global)), usd("0.5", "2.5"));
    assert_eq!(rates(&of(100_001, "us-gov-west-1", Routing::Regional)), usd("0.6", "3"));
}

#[test]
fn a_region_without_a_row_in_the_band_falls_back_within_the_band() {
    let none = Variant::new();
    let long =
        PriceKey { context_tokens: 272_001, ..key("openai.gpt-5.4", "us-gov-west-1", &none) };
    assert_eq!(rates(&long), usd("5.5", "24.75"));
    let short = PriceKey { context_tokens: 272_000, ..long };
    assert_eq!(rates(&short), usd("3.375", "20.25"));
}

#[test]
fn a_tier_without_bands_has_one_rate_at_any_length() {
    let none = Variant::new();
    let batch =
        PriceKey { tier: Tier::Batch, context_tokens: 900_000, ..key(SONNET, "us-east-1", &none) };
    assert_eq!(rates(&batch), usd("1.65", "8.25"));
}

#[test]
fn a_dated_price_changes_on_its_day() {
    let none = Variant::new();
    let on = |at: &str| rates(&PriceKey { at: day(at), ..key(SOL, "us-east-1", &none) });
    assert_eq!(on("2026-08-20"), usd("5.5", "33"));
    assert_eq!(on("2026-08-21"), usd("4.4", "22"));
    let eve = Timestamp(day("2026-08-21").0 - 1);
    assert_eq!(rates(&PriceKey { at: eve, ..key(SOL, "us-east-1", &none) }), usd("5.5", "33"));
}

#[test]
fn a_long_request_before_its_band_has_a_price_is_unpriced_not_cheap() {
    let none = Variant::new();
    let luna = |at, context_tokens| PriceKey {
        context_tokens,
        at: day(at),
        ..key("openai.gpt-5.6-luna", "us-east-1", &none)
    };
    assert_eq!(rates(&luna("2026-07-29", 272_000)), usd("1.1", "6.6"));
    assert_eq!(rates(&luna("2026-07-30", 272_001)), usd("0.44", "1.98"));
    assert_eq!(refused(&luna("2026-07-29", 272_001)).1, "it is priced from 2026-07-30");
}

#[test]
fn extended_access_doubles_a_legacy_price_on_its_day() {
    let none = Variant::new();
    let on = |at: &str| rates(&PriceKey { at: day(at), ..key(OLD_SONNET, "us-east-1", &none) });
    assert_eq!(on("2025-11-30"), usd("3", "15"));
    assert_eq!(on("2025-12-01"), usd("6", "30"));
}

#[test]
fn images_are_priced_by_size_and_quality() {
    let price = |size: &str, quality: &str| {
        let variant = variant(&[("size", size), ("quality", quality)]);
        look_up(&key(CANVAS, "us-east-1", &variant)).meters
    };
    let image = |usd: &str| vec![(Meter("image".to_owned()), Rate::parse_per_unit(usd).unwrap())];
    assert_eq!(price("1024x1024", "standard"), image("0.04"));
    assert_eq!(price("up to 1024x1024", "standard"), image("0.04"));
    assert_eq!(price("320x1025", "standard"), image("0.06"));
    assert_eq!(price("2048x2048", "premium"), image("0.08"));
}

#[test]
fn a_variant_that_decides_must_be_said() {
    let quality = variant(&[("quality", "premium")]);
    let (message, hint) = refused(&key(CANVAS, "us-east-1", &quality));
    assert_eq!(message, "the price of `amazon.nova-canvas-v1:0` depends on `size`");
    assert_eq!(hint, "say `size`, one of `up to 1024x1024`, `up to 2048x2048`");
    let (message, _) = refused(&key(CANVAS, "us-east-1", &Variant::new()));
    assert!(message.ends_with("depends on `quality`, `size`"), "{message}");
    let (message, hint) = refused(&key(GUARDRAILS, "us-east-1", &Variant::new()));
    assert!(message.ends_with("depends on `policy`"), "{message}");
    assert!(hint.contains("`contentPolicyUnits`"), "{hint}");
}

#[test]
fn a_variant_that_is_not_priced_is_refused_with_those_that_are() {
    for value in ["2049x10", "0x", "x", "", "-1x5", "up", "up to", "99999999999999999999x1"] {
        let size = variant(&[("size", value), ("quality", "standard")]);
        let (_, hint) = refused(&key(CANVAS, "us-east-1", &size));
        assert!(hint.contains("size=up to 2048x2048"), "{value}: {hint}");
    }
    let slip = variant(&[("sise", "1024x1024")]);
    let (_, hint) = refused(&key(NOVA, "us-east-1", &slip));
    assert_eq!(hint, "no price of it depends on `sise`");
}

#[test]
fn a_variant_that_does_not_matter_to_a_model_changes_nothing() {
    let size = variant(&[("size", "512x512"), ("quality", "premium")]);
    let price = look_up(&key("amazon.titan-image-generator-v2:0", "us-east-1", &size));
    assert_eq!(price.meters, [(Meter("image".to_owned()), Rate(8_000_000_000))]);
}

#[test]
fn a_resolution_is_known_by_its_first_word() {
    let resolution = variant(&[("resolution", "540p")]);
    let price = look_up(&key("luma.ray-v2:0", "us-west-2", &resolution));
    assert_eq!(price.meters[0].1, Rate::parse_per_unit("0.75").unwrap());
}

#[test]
fn two_listed_rates_that_nothing_tells_apart_are_never_guessed_between() {
    let model = "bedrock.custom-model-import";
    let family = variant(&[("family", "Llama/Mistral/Mixtral/Flan/Qwen/Multimodal Llama v1.0")]);
    let key = PriceKey { tier: Tier::CustomModelUnit, ..key(model, "us-east-1", &family) };
    let (_, hint) = refused(&key);
    assert_eq!(hint, "say `listed_rate`, one of `0.05718`, `0.07144`");
}

#[test]
fn metered_units_are_priced_each_and_by_the_million() {
    let none = Variant::new();
    let price = look_up(&key("amazon.nova-2-5-sonic", "us-east-1", &none));
    let rate = |meter: &str| price.meter(&Meter(meter.to_owned()));
    assert_eq!(rate("audio_input_tokens"), Some(Rate(3_000_000)));
    assert_eq!(rate("1m_audio_input_tokens"), Some(Rate(3_000_000_000_000)));
    assert_eq!(rate("audio_output_tokens"), Some(Rate(12_000_000)));
    let policy = variant(&[("policy", "contentPolicyUnits")]);
    let units = look_up(&key(GUARDRAILS, "eu-west-1", &policy));
    assert_eq!(units.meters, [(Meter("unit".to_owned()), Rate(150_000_000))]);
    assert_eq!(units.note.as_deref(), Some("text unit (up to 1,000 characters) or image"));
}

#[test]
fn what_has_no_price_is_refused_with_what_there_is() {
    let none = Variant::new();
    let nova = key(NOVA, "us-east-1", &none);
    let unknown = key("amazon.nova-light-v1:0", "us-east-1", &none);
    assert_eq!(refused(&unknown).0, "there is no price for the model `amazon.nova-light-v1:0`");
    assert!(refused(&unknown).1.contains("`amazon.nova-lite-v1:0`"));
    let global = PriceKey { routing: Routing::Global, ..nova.clone() };
    assert_eq!(refused(&global).1, "it is priced for `regional` routing only");
    let tier = PriceKey { tier: Tier::Ultrafast, ..nova };
    let (message, hint) = refused(&tier);
    assert!(message.contains("tier `ultrafast`, region `us-east-1`, 2026-11-22"), "{message}");
    assert!(hint.starts_with("it is priced at the tiers `standard`, `batch`"), "{hint}");
    let fast = PriceKey {
        tier: Tier::LatencyOptimised,
        ..key("amazon.nova-pro-v1:0", "us-west-2", &none)
    };
    assert_eq!(refused(&fast).1, "at this tier it is priced in `us-east-2`");
}

#[test]
fn an_unconfirmed_price_says_so() {
    let none = Variant::new();
    let long = PriceKey { context_tokens: 200_001, ..key(SONNET, "us-east-1", &none) };
    assert!(look_up(&long).note.unwrap().starts_with("unconfirmed; "));
}

#[test]
fn a_price_outside_the_catalogue_has_a_name_that_resolves() {
    let names = Names::default();
    let book = PriceBook::embedded_only();
    let found = book.resolve(GUARDRAILS, &names).unwrap();
    assert_eq!(found.base.unwrap().as_str(), GUARDRAILS);
    assert!(crate::catalogue::Catalogue::embedded().resolve(GUARDRAILS, &names).is_err());
}

proptest! {
    #[test]
    fn no_key_makes_a_look_up_panic(
        model in prop_oneof![Just(CANVAS.to_owned()), Just(SOL.to_owned()), ".*"],
        region in ".*",
        geography in proptest::option::of(".*"),
        size in ".*",
        context_tokens: u64,
        at in any::<i64>().prop_map(Timestamp),
    ) {
        let variant = variant(&[("size", &size), ("quality", "standard")]);
        let key = PriceKey {
            geography: geography.as_deref(),
            context_tokens,
            at,
            ..key(&model, &region, &variant)
        };
        if let Err(unpriced) = PriceBook::embedded_only().price(&key) {
            prop_assert!(!unpriced.hint().is_empty());
        }
    }
}
