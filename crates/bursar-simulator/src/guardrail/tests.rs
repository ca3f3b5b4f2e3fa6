use super::*;

fn text(chars: usize, marks: &[&str]) -> Value {
    json!({"text": {"text": "é".repeat(chars), "qualifiers": marks}})
}

fn image() -> Value {
    json!({"image": {"format": "png", "source": {"bytes": "AAAA"}}})
}

fn content(blocks: &[Value]) -> Result<Content, WireError> {
    read(&json!({"source": "INPUT", "content": blocks}))
}

/// The units that ran, by name.
fn units(blocks: &[Value], words: &str) -> Vec<(String, u64)> {
    let steering = Steering::parse(&[words]).unwrap();
    let usage = content(blocks).unwrap().units(&steering).usage();
    usage.meters.into_iter().map(|(meter, count)| (meter.0, count)).collect()
}

fn each(names: &[&str], count: u64) -> Vec<(String, u64)> {
    names.iter().map(|name| ((*name).to_owned(), count)).collect()
}

const OF_TEXT: [&str; 4] = [
    "topicPolicyUnits",
    "contentPolicyUnits",
    "wordPolicyUnits",
    "sensitiveInformationPolicyUnits",
];

#[test]
fn a_unit_is_a_thousand_characters_of_all_texts_together() {
    assert_eq!(units(&[text(1, &[])], ""), each(&OF_TEXT, 1));
    assert_eq!(units(&[text(1_000, &[])], ""), each(&OF_TEXT, 1));
    assert_eq!(units(&[text(1_001, &[])], ""), each(&OF_TEXT, 2));
    assert_eq!(units(&[text(5_000, &[]), text(600, &[])], ""), each(&OF_TEXT, 6));
    assert_eq!(units(&[text(0, &[])], ""), []);
}

#[test]
fn grounding_looks_at_everything_and_the_others_at_what_is_guarded() {
    let blocks = [
        text(2_500, &["grounding_source"]),
        text(100, &["query", "guard_content"]),
        text(900, &[]),
    ];
    let mut expected = each(&OF_TEXT, 1);
    expected.push(("contextualGroundingPolicyUnits".to_owned(), 4));
    assert_eq!(units(&blocks, ""), expected);
    assert_eq!(units(&blocks[..1], "policies=contextual-grounding"), [], "without a query");
}

#[test]
fn an_image_is_a_unit_of_the_content_policy() {
    let blocks = [image(), image(), text(3, &[])];
    let expected =
        [("contentPolicyUnits".to_owned(), 1), ("contentPolicyImageUnits".to_owned(), 2)];
    assert_eq!(units(&blocks, "policies=content"), expected);
    assert_eq!(units(&blocks, "policies=word"), each(&["wordPolicyUnits"], 1));
}

#[test]
fn every_policy_can_step_in() {
    let content = content(&[text(1, &[])]).unwrap();
    for policy in Policy::ALL {
        let words = format!("policies={policy} stop=guardrail_intervened");
        let steering = Steering::parse(&[&words]).unwrap();
        let answer = content.answer(&content.units(&steering), &steering);
        assert_eq!(answer["action"], "GUARDRAIL_INTERVENED");
        assert_eq!(answer["assessments"][0].as_object().unwrap().len(), 2, "{policy}");
    }
}

#[test]
fn usage_is_told_withheld_or_lied_about() {
    let content = content(&[text(1, &[])]).unwrap();
    let told = |words: &str| {
        let steering = Steering::parse(&[words]).unwrap();
        let answer = content.answer(&content.units(&steering), &steering);
        assert_eq!(answer["usage"], answer["assessments"][0]["invocationMetrics"]["usage"]);
        answer["usage"]["wordPolicyUnits"].as_i64()
    };
    assert_eq!(told(""), Some(1));
    assert_eq!(told("fault=no-usage"), None);
    assert_eq!(told("fault=lying-usage-negative"), Some(-2));
    assert_eq!(told("fault=lying-usage-huge"), Some(1 + (1 << 40)));
}

#[test]
fn what_has_no_right_shape_is_refused() {
    for wrong in [
        json!({}),
        json!({"source": "INPUT"}),
        json!({"source": "INPUT", "content": []}),
        json!({"source": "input", "content": [text(1, &[])]}),
        json!({"source": "INPUT", "content": [text(1, &[])], "outputScope": "ALL"}),
        json!({"source": "INPUT", "content": [text(1, &[])], "outputScope": 1}),
        json!({"source": "INPUT", "content": [{}]}),
        json!({"source": "INPUT", "content": [{"text": {"text": "a", "qualifiers": "query"}}]}),
        json!({"source": "INPUT", "content": [{"text": {"text": 1}}]}),
        json!({"source": "INPUT", "content": [text(1, &["grounding"])]}),
        json!({"source": "INPUT", "content": [{"image": {"format": "gif"}}]}),
        json!({"source": "INPUT", "content": [{"image": {"format": "png", "source": {}}}]}),
    ] {
        assert_eq!(read(&wrong).unwrap_err().status, 400, "{wrong}");
    }
}

#[test]
fn ids_and_versions_have_a_form() {
    let is_good = |id: &str, version: &str| {
        check(&GuardrailPath { id: id.to_owned(), version: version.to_owned() }).is_ok()
    };
    let arn = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:guardrail/ab1";
    assert!(is_good("ab1", "DRAFT") && is_good(arn, "1") && is_good("ab1", "99999999"));
    for (id, version) in [
        ("", "1"),
        ("AB", "1"),
        ("arn:aws:bedrock:us-east-1:123456789012:prompt/ab1", "1"),
        ("arn:aws:bedrock:us-east-1:123456789012:guardrail/", "1"),
        ("arn:aws:bedrock:us-east-1:12345678901a:guardrail/ab1", "1"),
        ("ab1", "0"),
        ("ab1", "01"),
        ("ab1", "+1"),
        ("ab1", "draft"),
        ("ab1", "100000000"),
    ] {
        assert!(!is_good(id, version), "{id} {version}");
    }
}
