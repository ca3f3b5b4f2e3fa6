//! A request's bound on its answer, changed in the raw bytes: what is not that bound stays as it
//! came, to the byte. Numbers that JSON libraries round, and the order of keys, are not touched.

mod metadata;

use std::collections::BTreeMap;
use std::ops::Range;

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use http::HeaderMap;
use serde_json::value::RawValue;

use crate::provider::{CONVERSE, Gives, Shape, shape_of};
use crate::request::read_request;

pub use metadata::{PAIRS_MAX, label};

/// The same body, asking for at most so many output tokens of each candidate: larger bounds are
/// lowered under every name that they have, and where there is none, one is put in. `None` where
/// that cannot be done: the body is none, nothing is generated, or a thinking budget asks for more.
#[must_use]
pub fn cap_output(
    operation: Operation,
    model: &ModelId,
    body: &[u8],
    most: u64,
) -> Option<Vec<u8>> {
    // A null is no request, though a null within one is as good as nothing there.
    let text = std::str::from_utf8(body).ok().filter(|text| text.trim_start().starts_with('{'))?;
    let shape: &Shape = match operation {
        Operation::CountTokens | Operation::ApplyGuardrail => return None,
        Operation::Converse | Operation::ConverseStream => &CONVERSE,
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => shape_of(model),
    };
    if shape.gives != Gives::Text {
        return None;
    }
    let capped = apply(text, edits(text, shape.max_tokens, most)?);
    // What was written is read again as Bedrock will read it.
    let facts = read_request(operation, model, &HeaderMap::new(), capped.as_bytes()).ok()?;
    facts.max_tokens.is_some_and(|bound| bound <= most).then(|| capped.into_bytes())
}

/// What to write in place of what.
type Edit = (Range<usize>, String);

fn edits(text: &str, paths: &[&str], most: u64) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut is_bounded = false;
    for path in paths {
        let (range, rest) = descend(text, path)?;
        let found = &text[range.clone()];
        if !rest.is_empty() || found == "null" {
            continue;
        }
        is_bounded = true;
        if found.parse::<u64>().ok()? > most {
            edits.push((range, most.to_string()));
        }
    }
    if !is_bounded {
        let (range, rest) = descend(text, paths.first()?)?;
        edits.push(put(text, range, &rest, most)?);
    }
    Some(edits)
}

/// As far along a path as there are values: the span of the last one, and the steps that lack.
fn descend<'p>(text: &str, path: &'p str) -> Option<(Range<usize>, Vec<&'p str>)> {
    let mut range = whole(text);
    let mut steps = path.split('/');
    while let Some(step) = steps.clone().next() {
        let Some(inner) = member(text, &range, step).ok()? else { break };
        range = inner;
        steps.next();
    }
    Some((range, steps.collect()))
}

/// The span of the document, without the blanks around it.
fn whole(text: &str) -> Range<usize> {
    text.len() - text.trim_start().len()..text.trim_end().len()
}

/// The span of the document where that is an object.
fn object_at(text: &str) -> Option<Range<usize>> {
    Some(whole(text)).filter(|range| text[range.clone()].starts_with('{'))
}

/// The span of an object's member; `None` where it has none of that name, or is null.
fn member(text: &str, range: &Range<usize>, key: &str) -> serde_json::Result<Option<Range<usize>>> {
    let object: Option<BTreeMap<String, &RawValue>> = serde_json::from_str(&text[range.clone()])?;
    let raw = object.as_ref().and_then(|object| object.get(key)).map(|raw| raw.get());
    Ok(raw.map(|raw| {
        let start = raw.as_ptr().addr() - text.as_ptr().addr();
        start..start + raw.len()
    }))
}

/// Puts a number in where the steps that lack lead, within an object or in place of a null.
fn put(text: &str, range: Range<usize>, steps: &[&str], most: u64) -> Option<Edit> {
    let nested =
        steps.iter().rev().fold(most.to_string(), |value, step| format!("{{\"{step}\":{value}}}"));
    let found = &text[range.clone()];
    if found == "null" {
        return Some((range, nested));
    }
    let object: BTreeMap<String, &RawValue> = serde_json::from_str(found).ok()?;
    let comma = if object.is_empty() { "" } else { "," };
    let first = range.start + 1;
    let member = nested.strip_prefix('{')?.strip_suffix('}')?;
    Some((first..first, format!("{member}{comma}")))
}

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut text = text.to_owned();
    for (range, written) in edits.into_iter().rev() {
        text.replace_range(range, &written);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn cap(operation: Operation, model: &str, body: &str, most: u64) -> Option<String> {
        let model = ModelId::parse(model).unwrap();
        let capped = cap_output(operation, &model, body.as_bytes(), most)?;
        Some(String::from_utf8(capped).unwrap())
    }

    fn converse(body: &str, most: u64) -> Option<String> {
        cap(Operation::Converse, CLAUDE, body, most)
    }

    #[test]
    fn a_larger_bound_is_lowered_and_every_other_byte_stays() {
        let body = "{ \"z\":1e400 , \"inferenceConfig\":{\"temperature\":0.10,\"maxTokens\": 4096 },\
                    \"messages\":[],\"a\":123456789012345678901234567890}\n";
        let body = body.replace("1e400", "1.000000000000000000001");
        assert_eq!(converse(&body, 12), Some(body.replace("4096", "12")));
        assert_eq!(converse(&body, 5000), Some(body));
    }

    #[test]
    fn a_bound_is_put_in_where_there_is_none() {
        for (body, capped) in [
            ("{}", r#"{"inferenceConfig":{"maxTokens":7}}"#),
            (r#" {"messages":[]}"#, r#" {"inferenceConfig":{"maxTokens":7},"messages":[]}"#),
            (r#"{"inferenceConfig":{}}"#, r#"{"inferenceConfig":{"maxTokens":7}}"#),
            (r#"{"inferenceConfig":null}"#, r#"{"inferenceConfig":{"maxTokens":7}}"#),
            (
                r#"{"inferenceConfig":{"topP":1}}"#,
                r#"{"inferenceConfig":{"maxTokens":7,"topP":1}}"#,
            ),
            (r#"{"inferenceConfig":{"maxTokens":null}}"#, r#"{"inferenceConfig":{"maxTokens":7}}"#),
        ] {
            assert_eq!(converse(body, 7).as_deref(), Some(capped), "{body}");
        }
    }

    #[test]
    fn every_name_of_the_bound_is_lowered() {
        let body = r#"{"additionalModelRequestFields":{"max_tokens":90},"inferenceConfig":{"maxTokens":5}}"#;
        assert_eq!(converse(body, 7), Some(body.replace("90", "7")));
        let escaped = r#"{"inferenceConfig":{"max\u0054okens":90}}"#;
        assert_eq!(converse(escaped, 7), Some(escaped.replace("90", "7")));
    }

    #[test]
    fn each_providers_own_json_has_its_own_place() {
        let invoke = |model, body| cap(Operation::InvokeModel, model, body, 7);
        let claude = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":90,"messages":[]}"#;
        assert_eq!(invoke(CLAUDE, claude), Some(claude.replace("90", "7")));
        let nova = r#"{"inferenceConfig":{"max_new_tokens":90}}"#;
        assert_eq!(invoke("amazon.nova-lite-v1:0", nova), Some(nova.replace("90", "7")));
        let llama = invoke("meta.llama3-8b-instruct-v1:0", r#"{"prompt":"a"}"#);
        assert_eq!(llama.as_deref(), Some(r#"{"max_gen_len":7,"prompt":"a"}"#));
    }

    #[test]
    fn what_cannot_be_bounded_is_left_alone() {
        for body in ["", "[]", "null", "{", r#"{"inferenceConfig":[]}"#] {
            assert_eq!(converse(body, 7), None, "{body}");
        }
        let thinks = r#"{"max_tokens":9000,"thinking":{"budget_tokens":8000},"messages":[]}"#;
        assert_eq!(cap(Operation::InvokeModel, CLAUDE, thinks, 7), None);
        let embeds = cap(Operation::InvokeModel, "cohere.embed-v4:0", r#"{"texts":[]}"#, 7);
        assert_eq!(embeds, None);
        assert_eq!(cap(Operation::CountTokens, CLAUDE, "{}", 7), None);
    }
}
