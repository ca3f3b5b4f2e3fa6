//! Every word, every limit, and who wins over whom.

use super::*;

fn refusal(text: &str) -> String {
    Steering::parse(&[text]).unwrap_err().to_string()
}

#[test]
fn every_word_is_followed() {
    let steering = Steering::parse(&["input=1 output=2 cache-read=3 cache-write-5m=4 \
        cache-write-1h=5 delay-ms=6 gap-ms=7 after=8 times=9 pieces=10 fault=cut-inside \
        stop=tool_use tier=flex latency=optimized id=a model-version=m.x \
        policies=topic,sensitive-information-free"])
    .unwrap();
    let expected = Steering {
        input: Some(1),
        output: Some(2),
        cache_read: Some(3),
        cache_write_5m: Some(4),
        cache_write_1h: Some(5),
        delay_ms: Some(6),
        gap_ms: Some(7),
        after: Some(8),
        times: Some(9),
        pieces: Some(10),
        fault: Some(Fault::CutInside),
        stop: Some(Stop::ToolUse),
        tier: Some(WireTier::Flex),
        latency: Some(WireLatency::Optimized),
        id: Some("a".to_owned()),
        model_version: Some("m.x".to_owned()),
        policies: Some(vec![Policy::Topic, Policy::SensitiveInformationFree]),
    };
    assert_eq!(steering, expected);
}

#[test]
fn the_list_of_known_words_is_the_list_of_words_followed() {
    for key in Steering::KNOWN.split_whitespace() {
        let followed = Steering::default().follow(key, "?");
        assert!(!matches!(followed, Err(SteeringError::Unknown(_))), "{key}");
    }
    assert_eq!(Steering::KNOWN.split_whitespace().count(), 17);
}

#[test]
fn the_caller_wins_over_the_scenario() {
    let steering = Steering::parse(&["input=1 fault=throttle", "input=2"]).unwrap();
    assert_eq!((steering.input, steering.fault), (Some(2), Some(Fault::Throttle)));
}

#[test]
fn an_unknown_word_is_named() {
    assert!(refusal("input=1 colour=red").starts_with("unknown steering word `colour=red`"));
    assert!(refusal("throttle").starts_with("unknown steering word `throttle`"));
    assert!(refusal("fault=nap").contains("`nap` is not one of throttle, "));
    assert_eq!(refusal("input=1 input=1"), "steering word `input` is there twice");
}

#[test]
fn a_number_must_be_a_number_within_its_limit() {
    for text in ["input=", "input=-1", "input=+1", "input=1.5", "input=1e3", "input=x"] {
        assert!(refusal(text).contains("must be a whole number from 0 to"), "{text}");
    }
    assert!(Steering::parse(&["input=9007199254740991 delay-ms=600000"]).is_ok());
    assert!(refusal("input=9007199254740992").contains("to 9007199254740991"));
    assert!(refusal("delay-ms=600001").contains("to 600000"));
    assert!(refusal("id=").contains("1 to 256 bytes"));
    assert!(refusal(&format!("id={}", "x".repeat(257))).contains("1 to 256 bytes"));
}
