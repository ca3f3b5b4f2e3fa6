//! A call's own labels, put among its request metadata, so that AWS's invocation log can be laid
//! beside the ledger line by line. Every other byte stays as it came.

use std::collections::BTreeMap;

use bursar_domain::call::Operation;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::value::RawValue;

use super::{Edit, apply, member, object_at};
use crate::request::{METADATA, METADATA_BYTES_MAX};

/// The most pairs that Bedrock takes.
pub const PAIRS_MAX: usize = 16;
/// The longest key or value that it takes.
const TEXT_BYTES_MAX: usize = 256;
const MEMBER: &str = "requestMetadata";

/// The same request with these labels among its metadata, in place of the caller's own of the same
/// name. A label that Bedrock would not take is left out. `None` where the operation has none, where
/// there is no room for all of them, or the request is not to be read.
#[must_use]
pub fn label(
    operation: Operation,
    (headers, body): (&HeaderMap, &Bytes),
    labels: &[(&str, &str)],
) -> Option<(HeaderMap, Bytes)> {
    let labels: Vec<(&str, &str)> =
        labels.iter().copied().filter(|(key, value)| is_taken(key) && is_taken(value)).collect();
    let mut headers = headers.clone();
    match operation {
        Operation::CountTokens | Operation::ApplyGuardrail => None,
        Operation::Converse | Operation::ConverseStream => {
            let text = std::str::from_utf8(body).ok()?;
            let labelled = apply(text, edits(text, &labels)?);
            Some((headers, labelled.into()))
        }
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => {
            let known = headers.get(METADATA).map_or(Some("{}"), |value| value.to_str().ok())?;
            let labelled = apply(known, object_edits(known, object_at(known)?, &labels)?);
            let fits = labelled.len() <= METADATA_BYTES_MAX;
            let value = HeaderValue::from_str(&labelled).ok().filter(|_| fits)?;
            headers.insert(METADATA, value);
            Some((headers, body.clone()))
        }
    }
}

/// What Bedrock takes as a key or a value: a few marks, and nothing that JSON would escape.
fn is_taken(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" :_@$#=/+,-.".contains(&byte))
}

fn edits(text: &str, labels: &[(&str, &str)]) -> Option<Vec<Edit>> {
    let root = object_at(text)?;
    let whole = || pairs_of(labels);
    match member(text, &root, MEMBER).ok()? {
        None => {
            let is_empty = text[root.clone()].trim_matches(['{', '}']).trim().is_empty();
            let comma = if is_empty { "" } else { "," };
            let first = root.start + 1;
            Some(vec![(first..first, format!("\"{MEMBER}\":{{{}}}{comma}", whole()))])
        }
        Some(range) if &text[range.clone()] == "null" => {
            Some(vec![(range, format!("{{{}}}", whole()))])
        }
        Some(range) => object_edits(text, range, labels),
    }
}

/// What puts the labels into the object that stands there.
fn object_edits(
    text: &str,
    range: std::ops::Range<usize>,
    labels: &[(&str, &str)],
) -> Option<Vec<Edit>> {
    let known: BTreeMap<String, &RawValue> = serde_json::from_str(&text[range.clone()]).ok()?;
    let (old, new): (Vec<_>, Vec<_>) =
        labels.iter().copied().partition(|(key, _)| known.contains_key(*key));
    if known.len() + new.len() > PAIRS_MAX {
        return None;
    }
    let mut edits = Vec::new();
    for (key, value) in old {
        edits.push((member(text, &range, key).ok()??, format!("\"{value}\"")));
    }
    if !new.is_empty() {
        let comma = if known.is_empty() { "" } else { "," };
        let first = range.start + 1;
        edits.push((first..first, format!("{}{comma}", pairs_of(&new))));
    }
    Some(edits)
}

fn pairs_of(labels: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [(&str, &str); 3] =
        [("bursar-call", "01a2"), ("bursar-team", "R&D"), ("bursar-key", "key_x")];
    const OURS: &str = r#""bursar-call":"01a2","bursar-key":"key_x""#;

    fn converse(body: &str) -> Option<String> {
        let sent = (&HeaderMap::new(), &Bytes::from(body.to_owned()));
        let (_, body) = label(Operation::Converse, sent, &LABELS)?;
        Some(String::from_utf8(body.to_vec()).unwrap())
    }

    fn invoke(header: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(METADATA, HeaderValue::from_str(header).unwrap());
        }
        let body = Bytes::from_static(b"{\"a\": 1e400}");
        let (headers, kept) = label(Operation::InvokeModel, (&headers, &body), &LABELS)?;
        assert_eq!(kept, body);
        Some(headers[METADATA].to_str().unwrap().to_owned())
    }

    #[test]
    fn labels_are_put_in_and_every_other_byte_stays() {
        for (body, labelled) in [
            ("{}", format!(r#"{{"requestMetadata":{{{OURS}}}}}"#)),
            (" { } ", format!(r#" {{"requestMetadata":{{{OURS}}} }} "#)),
            (
                r#"{"z":1.00000000000000000001}"#,
                format!(r#"{{"requestMetadata":{{{OURS}}},"z":1.00000000000000000001}}"#),
            ),
            (r#"{"requestMetadata":null}"#, format!(r#"{{"requestMetadata":{{{OURS}}}}}"#)),
            (
                r#"{"requestMetadata": { "a":"b" }}"#,
                format!(r#"{{"requestMetadata": {{{OURS}, "a":"b" }}}}"#),
            ),
        ] {
            assert_eq!(converse(body), Some(labelled), "{body}");
        }
        assert_eq!(invoke(None), Some(format!("{{{OURS}}}")));
        assert_eq!(invoke(Some(r#"{"a":"b"}"#)), Some(format!(r#"{{{OURS},"a":"b"}}"#)));
    }

    #[test]
    fn a_callers_own_label_of_the_name_is_replaced() {
        let spoofed = r#"{"requestMetadata":{"bursar-call":"mine","bursar-k\u0065y":"x"}}"#;
        let replaced = r#"{"requestMetadata":{"bursar-call":"01a2","bursar-k\u0065y":"key_x"}}"#;
        assert_eq!(converse(spoofed).as_deref(), Some(replaced));
    }

    #[test]
    fn where_there_is_no_room_nothing_is_changed() {
        let pairs = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|n| format!("\"k{n}\":\"v\"")).collect();
            format!("{{{}}}", pairs.join(","))
        };
        assert!(invoke(Some(&pairs(14))).is_some());
        assert_eq!(invoke(Some(&pairs(15))), None);
        assert_eq!(converse(&format!("{{\"requestMetadata\":{}}}", pairs(16))), None);
        for body in ["", "[]", "null", "{\"requestMetadata\":[]}", "{\"requestMetadata\":\"a\"}"] {
            assert_eq!(converse(body), None, "{body}");
        }
        let counted = (&HeaderMap::new(), &Bytes::from_static(b"{}"));
        assert_eq!(label(Operation::CountTokens, counted, &LABELS), None);
    }
}
