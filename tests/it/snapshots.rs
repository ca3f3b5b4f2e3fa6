//! What a person reads, word for word. A change of these texts is a change of the product.

use insta::assert_snapshot;

use crate::world::{HAIKU, NOVA, World, bare};

/// Trailing blanks are the table's, and no editor keeps them.
fn text(ran: &str) -> String {
    ran.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_help_lists_every_command() {
    assert_snapshot!(text(&bare(&["--help"]).exits(0).stdout));
}

#[test]
fn a_price_for_people() {
    let ran = bare(&["price", HAIKU, "--input", "12000", "--output", "800", "--at", "2026-11-01"]);
    assert_snapshot!(text(&ran.exits(0).stdout));
}

#[test]
fn a_models_prices_for_people() {
    assert_snapshot!(text(&bare(&["models", "show", "openai.gpt-5.6-sol"]).exits(0).stdout));
}

#[test]
fn usage_for_people() {
    let world = World::start();
    for (model, words) in [
        (NOVA, "bursar-sim=input=120000 output=700"),
        (HAIKU, "bursar-sim=input=374 output=44 cache-read=2000"),
        (NOVA, "bursar-sim=fault=validation"),
    ] {
        let prompt = "words ".repeat(20_100);
        let ran = world.bursar(&["converse", "-m", model, "--metadata", words, &prompt]);
        assert!(matches!(ran.code, Some(0 | 8)), "{}", ran.stderr);
    }
    assert_snapshot!(text(&world.bursar(&["usage"]).exits(0).stdout));
    assert_snapshot!(text(&world.bursar(&["usage", "--by", "outcome"]).exits(0).stdout));
}

#[test]
fn refusals_for_people() {
    let said = |arguments: &[&str]| text(&bare(arguments).stderr);
    assert_snapshot!("unknown_model", said(&["price", "amazon.nova-lite-v1", "--input", "1"]));
    assert_snapshot!("no_rate", said(&["price", "amazon.titan-embed-text-v2:0", "--output", "5"]));
    assert_snapshot!(
        "no_tier",
        said(&["price", NOVA, "--tier", "ultrafast", "--at", "2026-11-01"])
    );
    assert_snapshot!(
        "needs_variant",
        said(&["price", "amazon.nova-canvas-v1:0", "--meter", "image=1"])
    );
    let opaque = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    assert_snapshot!("opaque_arn", said(&["price", opaque, "--input", "1"]));
    assert_snapshot!("no_credentials", said(&["converse", "-m", NOVA, "hello"]));
    assert_snapshot!("not_a_ledger", said(&["--ledger", "mysql://x", "usage"]));
}
