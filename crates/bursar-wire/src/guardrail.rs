//! `ApplyGuardrail`: the most units that a request can be billed, and those that its reply says it
//! was.
//!
//! A unit is up to a thousand characters of text, for each policy, or an image. Which policies a
//! guardrail has, its request does not tell, so that the bound is over every one that there is; each
//! text is counted for itself, which is never less than all of them together.

use bursar_domain::call::Guardrail;
use bursar_domain::usage::{Meter, Usage};
use serde_json::Value;

use crate::json::{MalformedBody, shown, text};
use crate::reply::ReplyFacts;

/// Characters of text in a unit.
const UNIT_CHARS: u64 = 1_000;
/// What a text can be billed by, and how often at most: a guardrail has at most two policies of
/// automated reasoning, and one of each other kind.
const BY_TEXT: [(&str, u64); 7] = [
    ("automatedReasoningPolicyUnits", 2),
    ("contentPolicyUnits", 1),
    ("contextualGroundingPolicyUnits", 1),
    ("sensitiveInformationPolicyFreeUnits", 1),
    ("sensitiveInformationPolicyUnits", 1),
    ("topicPolicyUnits", 1),
    ("wordPolicyUnits", 1),
];
const BY_IMAGE: &str = "contentPolicyImageUnits";
/// How many policies of automated reasoning judged, which is no unit.
const REASONING_POLICIES: &str = "automatedReasoningPolicies";
/// No body holds so many texts and images: from here on a figure is a lie or a fault.
const IMPOSSIBLE: u64 = 1 << 31;

/// The most units of each kind that a request can be billed.
pub(crate) fn read_bound(json: &Value) -> Result<Vec<(Meter, u64)>, MalformedBody> {
    let blocks = json.get("content").and_then(Value::as_array);
    let blocks = blocks.ok_or_else(|| MalformedBody::new("/content", "it is no list"))?;
    let (mut texts, mut images) = (0_u64, 0_u64);
    for (number, block) in blocks.iter().enumerate() {
        match (text(block, "text/text"), block.get("image")) {
            (Some(words), None) => texts = texts.saturating_add(units(words)),
            (None, Some(_)) if block.get("text").is_none() => images += 1,
            _ => {
                let why = format!("`{}` is neither a text nor an image", shown(block));
                return Err(MalformedBody::new(format!("/content/{number}"), why));
            }
        }
    }
    let by_text = BY_TEXT.iter().map(|&(name, times)| (name, texts.saturating_mul(times)));
    let bound = by_text.chain([(BY_IMAGE, images)]);
    Ok(bound.map(|(name, most)| (Meter(name.to_owned()), most)).collect())
}

/// A text's units. Counted as UTF-16 does, which is never less than anybody's characters.
fn units(words: &str) -> u64 {
    let chars = u64::try_from(words.encode_utf16().count()).unwrap_or(u64::MAX);
    chars.div_ceil(UNIT_CHARS).max(1)
}

/// What a reply says was done and used. Units of a name that nobody knows are kept, and find no
/// price.
pub(crate) fn read_reply(json: &Value) -> ReplyFacts {
    let mut doubt = None;
    let usage = json.get("usage").and_then(Value::as_object).map(|told| {
        let mut usage = Usage::default();
        for (name, value) in told.iter().filter(|(name, _)| *name != REASONING_POLICIES) {
            match value.as_u64().filter(|count| *count < IMPOSSIBLE) {
                Some(0) => {}
                Some(count) => usage.meters.push((Meter(name.clone()), count)),
                None => _ = doubt.get_or_insert(format!("`{name}` is `{}`", shown(value))),
            }
        }
        usage
    });
    if json["usage"][REASONING_POLICIES].as_u64() > Some(1) {
        let why = "several policies of automated reasoning judged: whether their units are told \
            for each or for all is not known";
        doubt.get_or_insert(why.to_owned());
    }
    // The word that Bedrock has for the same beside a model's answer.
    let action = text(json, "action").map(|action| action.trim_start_matches("GUARDRAIL_"));
    ReplyFacts {
        usage,
        guardrail: Guardrail { id: None, action: action.map(str::to_owned) },
        usage_suspect: doubt,
        ..ReplyFacts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn block(words: &str) -> Value {
        json!({"text": {"text": words}})
    }

    fn bound(blocks: &[Value]) -> Vec<(String, u64)> {
        let bound = read_bound(&json!({"source": "INPUT", "content": blocks})).unwrap();
        bound.into_iter().map(|(meter, most)| (meter.0, most)).collect()
    }

    #[test]
    fn every_policy_that_there_is_bounds_a_text_and_each_text_for_itself() {
        let most = bound(&[block(&"é".repeat(1_001)), block(""), json!({"image": {}})]);
        let of = |name: &str| most.iter().find(|(known, _)| known == name).unwrap().1;
        assert_eq!(most.len(), 8);
        for (name, times) in BY_TEXT {
            assert_eq!(of(name), 3 * times, "{name}");
        }
        assert_eq!(of(BY_IMAGE), 1);
        assert!(bound(&[block(&"😀".repeat(501))]).iter().any(|(_, most)| *most == 2));
    }

    #[test]
    fn what_is_neither_text_nor_image_bounds_nothing() {
        for content in [
            json!(null),
            json!({}),
            json!([1]),
            json!([{}]),
            json!([{"text": "words"}]),
            json!([{"text": {"text": 1}}]),
            json!([{"text": {"text": "a"}, "image": {}}]),
            json!([{"text": 1, "image": {}}]),
            json!([{"video": {}}]),
        ] {
            let body = json!({"source": "INPUT", "content": content});
            assert!(read_bound(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_reply_tells_its_units_and_what_is_odd_about_them() {
        let read =
            |usage: Value| read_reply(&json!({"action": "GUARDRAIL_INTERVENED", "usage": usage}));
        let facts = read(json!({"topicPolicyUnits": 2, "wordPolicyUnits": 0, "newUnits": 3}));
        let meters = facts.usage.unwrap().meters;
        let told = [(Meter("newUnits".to_owned()), 3), (Meter("topicPolicyUnits".to_owned()), 2)];
        assert!(told.iter().all(|meter| meters.contains(meter)) && meters.len() == 2);
        assert_eq!(facts.guardrail.action.as_deref(), Some("INTERVENED"));
        assert_eq!(facts.usage_suspect, None);
        assert_eq!(read_reply(&json!({"action": "NONE"})).usage, None);
        for odd in [
            json!({"topicPolicyUnits": -1}),
            json!({"topicPolicyUnits": 1.5}),
            json!({"topicPolicyUnits": "1"}),
            json!({"topicPolicyUnits": 1_u64 << 40}),
            json!({"automatedReasoningPolicyUnits": 2, "automatedReasoningPolicies": 2}),
        ] {
            assert!(read(odd.clone()).usage_suspect.is_some(), "{odd}");
        }
    }
}
