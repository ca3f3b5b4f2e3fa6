//! The user's own rows and discounts.

use std::collections::BTreeMap;

use super::*;
use crate::money::Rate;
use crate::price::{PriceId, Rates, Tier};
use crate::time::Timestamp;

type Variant = BTreeMap<String, String>;

const NOVA: &str = "amazon.nova-lite-v1:0";
const CANVAS: &str = "amazon.nova-canvas-v1:0";

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

/// A row of the user's for everybody, at so many pico-dollars a token.
fn own(model: &str, rate: u64) -> Price {
    let mut price = Price {
        id: PriceId(String::new()),
        model: model.to_owned(),
        region: "default".to_owned(),
        routing: Routing::Regional,
        tier: Tier::Standard,
        context: ContextBand::default(),
        variant: Variant::new(),
        rates: Rates { input: Some(Rate(rate)), ..Rates::default() },
        meters: Vec::new(),
        effective_from: None,
        effective_to: None,
        sources: vec!["contract 17".to_owned()],
        note: None,
    };
    price.id = PriceId::of(&price);
    price
}

fn book(overrides: Vec<Price>) -> PriceBook {
    PriceBook { overrides, discounts: Vec::new() }
}

fn input(book: &PriceBook, key: &PriceKey<'_>) -> Rate {
    book.price(key).unwrap().rates.input.unwrap()
}

#[test]
fn an_own_row_wins_over_the_row_with_its_key_and_over_no_other() {
    let none = Variant::new();
    let book = book(vec![own(NOVA, 7)]);
    assert_eq!(input(&book, &key(NOVA, "us-east-1", &none)), Rate(7));
    assert_eq!(input(&book, &key(NOVA, "eu-west-1", &none)), Rate(69_000));
}

#[test]
fn an_own_row_may_add_a_model_a_region_and_a_tier() {
    let none = Variant::new();
    let added = Price { region: "mx-central-1".to_owned(), tier: Tier::Flex, ..own("acme.one", 7) };
    let book = book(vec![added]);
    let flex = PriceKey { tier: Tier::Flex, ..key("acme.one", "mx-central-1", &none) };
    assert_eq!(input(&book, &flex), Rate(7));
    assert!(book.price(&key("acme.one", "us-east-1", &none)).is_err());
    let names = Names::default();
    assert_eq!(book.resolve("us.acme.one", &names).unwrap().geography.as_deref(), Some("us"));
    assert!(PriceBook::embedded_only().resolve("us.acme.one", &names).is_err());
}

#[test]
fn an_own_row_holds_only_between_its_days() {
    let none = Variant::new();
    let dated = Price {
        effective_from: Some(day("2026-12-01")),
        effective_to: Some(day("2027-01-01")),
        ..own(NOVA, 7)
    };
    let book = book(vec![dated]);
    let on = |at: &str| input(&book, &PriceKey { at: day(at), ..key(NOVA, "us-east-1", &none) });
    assert_eq!(on("2026-11-30"), Rate(60_000));
    assert_eq!(on("2026-12-01"), Rate(7));
    assert_eq!(on("2027-01-01"), Rate(60_000));
}

#[test]
fn of_own_rows_the_newest_in_force_wins_whatever_their_order() {
    let none = Variant::new();
    let newer = Price { effective_from: Some(day("2026-06-01")), ..own(NOVA, 9) };
    for overrides in [vec![newer.clone(), own(NOVA, 7)], vec![own(NOVA, 7), newer]] {
        let book = book(overrides);
        assert_eq!(input(&book, &key(NOVA, "us-east-1", &none)), Rate(9));
        let before = PriceKey { at: day("2026-05-31"), ..key(NOVA, "us-east-1", &none) };
        assert_eq!(input(&book, &before), Rate(7));
    }
}

#[test]
fn a_band_of_ones_own_holds_where_it_applies_and_nowhere_else() {
    let none = Variant::new();
    let context = ContextBand { above_tokens: 50_000 };
    let long = Price { region: "us-west-2".to_owned(), context, ..own(NOVA, 7) };
    let later = ContextBand { above_tokens: 10_000 };
    let later = Price { context: later, effective_from: Some(day("2027-01-01")), ..own(NOVA, 8) };
    let book = book(vec![long, later]);
    let of = |region, context_tokens| PriceKey { context_tokens, ..key(NOVA, region, &none) };
    assert_eq!(input(&book, &of("us-west-2", 50_001)), Rate(7));
    assert_eq!(input(&book, &of("us-west-2", 50_000)), Rate(60_000));
    assert_eq!(input(&book, &of("us-east-1", 50_001)), Rate(60_000));
}

#[test]
fn an_own_row_without_a_variant_covers_all_and_one_with_a_variant_only_its_own() {
    let small: Variant = [("size", "up to 1024x1024"), ("quality", "standard")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let large: Variant = [("size", "2048x2048"), ("quality", "standard")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let none = Variant::new();
    let general = book(vec![own(CANVAS, 7)]);
    for variant in [&none, &small, &large] {
        assert_eq!(input(&general, &key(CANVAS, "us-east-1", variant)), Rate(7));
    }
    let special = book(vec![Price { variant: small.clone(), ..own(CANVAS, 9) }]);
    assert_eq!(input(&special, &key(CANVAS, "us-east-1", &small)), Rate(9));
    assert_eq!(special.price(&key(CANVAS, "us-east-1", &large)).unwrap().rates.input, None);
    assert!(special.price(&key(CANVAS, "us-east-1", &none)).is_err());
    let both = book(vec![Price { variant: small.clone(), ..own(CANVAS, 9) }, own(CANVAS, 7)]);
    assert_eq!(input(&both, &key(CANVAS, "us-east-1", &small)), Rate(9));
    assert_eq!(input(&both, &key(CANVAS, "us-east-1", &large)), Rate(7));
}

#[test]
fn a_discount_is_taken_once_and_said_so() {
    let none = Variant::new();
    let discount = |text: &str, model: &str| Discount {
        model: Some(model.to_owned()),
        percent: Percent::parse(text).unwrap(),
        ..Discount::default()
    };
    let book = PriceBook {
        overrides: vec![own("acme.one", 1_000)],
        discounts: vec![discount("12.5", "amazon.*"), discount("50", "*")],
    };
    let key_of = |model| key(model, "us-east-1", &none);
    let plain = PriceBook::embedded_only().price(&key_of(NOVA)).unwrap();
    let price = book.price(&key_of(NOVA)).unwrap();
    assert_eq!(price.rates.input, Some(Rate(52_500)));
    assert_eq!(price.rates.output, Some(Rate(210_000)));
    assert!(price.note.unwrap().ends_with(&format!("; 12.5% discount on `{}`", plain.id)));
    assert!(price.id.0.ends_with("-less-12.5") && price.id != plain.id);
    assert_eq!(input(&book, &key_of("acme.one")), Rate(500));
    assert!(book.history(NOVA).iter().any(|row| row.id == price.id));
}

#[test]
fn a_discount_asks_for_the_provider_and_tier_that_it_names() {
    let none = Variant::new();
    let batch = Discount {
        provider: Some("amazon".to_owned()),
        tier: Some(Tier::Batch),
        percent: Percent::parse("100").unwrap(),
        ..Discount::default()
    };
    let book = PriceBook { overrides: Vec::new(), discounts: vec![batch] };
    let of = |model, tier| PriceKey { tier, ..key(model, "us-east-1", &none) };
    assert_eq!(input(&book, &of(NOVA, Tier::Batch)), Rate(0));
    assert_eq!(input(&book, &of(NOVA, Tier::Standard)), Rate(60_000));
    let other = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    assert_eq!(input(&book, &of(other, Tier::Batch)), Rate(1_650_000));
}

#[test]
fn a_models_history_is_every_row_that_it_ever_had() {
    let rows = PriceBook::embedded_only().history("openai.gpt-5.6-sol");
    let days: Vec<_> = rows.iter().filter_map(|row| row.effective_from).collect();
    assert_eq!(days, [day("2026-08-21"); 4]);
    assert_eq!(book(vec![own(NOVA, 7)]).history(NOVA).first(), Some(&own(NOVA, 7)));
    assert!(PriceBook::embedded_only().history("acme.one").is_empty());
}
