//! An object's members as they stand in its bytes, to leave some out and put others in without
//! writing the rest again.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::MalformedBody;

/// The members of one object, in their order.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    text: &'a str,
    list: Vec<Member<'a>>,
}

#[derive(Debug)]
struct Member<'a> {
    name: String,
    value: &'a str,
    /// From behind what stands before it, its comma included, to the end of its value.
    span: Range<usize>,
}

impl<'a> Members<'a> {
    /// Finds them. The bytes have been read strictly before: what is no object is an error here,
    /// and nothing else.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, MalformedBody> {
        let wrong = |why: String| MalformedBody::new("/", why);
        let text = std::str::from_utf8(bytes).map_err(|why| wrong(why.to_string()))?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let pairs = reader
            .deserialize_map(Pairs)
            .map_err(|why| wrong(format!("it is no JSON object: {why}")))?;
        let mut start = text.find('{').map_or(0, |place| place + 1);
        let list = pairs.into_iter().map(|(name, value)| {
            let value = value.get();
            let end = value.as_ptr().addr() - text.as_ptr().addr() + value.len();
            Member { name, value, span: std::mem::replace(&mut start, end)..end }
        });
        Ok(Self { text, list: list.collect() })
    }

    /// A member's value, as it is written.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.list.iter().find(|member| member.name == name).map(|member| member.value)
    }

    /// The object with members of its own first, and without those that are named.
    pub(crate) fn rewritten(&self, first: &[(&str, String)], without: &[&str]) -> String {
        let mut out = String::with_capacity(self.text.len() + 128);
        out.push('{');
        let mut is_first = true;
        for (name, value) in first {
            out.push_str(if is_first { "\"" } else { ",\"" });
            out.push_str(name);
            out.push_str("\":");
            out.push_str(value);
            is_first = false;
        }
        let kept = self.list.iter().filter(|member| !without.contains(&member.name.as_str()));
        for member in kept {
            let written =
                self.text[member.span.clone()].trim_start().trim_start_matches(',').trim_start();
            out.push_str(if is_first { "" } else { "," });
            out.push_str(written);
            is_first = false;
        }
        out.push('}');
        out
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_to_the_byte() {
        let body =
            br#" { "model" : "m" , "b":1.000000000000000000001,"stream":true ,"c" : [ 1 ] }"#;
        let members = Members::read(body).unwrap();
        assert_eq!(members.raw("model"), Some("\"m\""));
        assert_eq!(
            members.rewritten(&[("v", "2".to_owned())], &["model", "stream"]),
            r#"{"v":2,"b":1.000000000000000000001,"c" : [ 1 ]}"#
        );
        assert_eq!(members.rewritten(&[], &["b", "stream", "c"]), r#"{"model" : "m"}"#);
        assert_eq!(
            Members::read(b"{}").unwrap().rewritten(&[("v", "2".to_owned())], &[]),
            r#"{"v":2}"#
        );
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for body in [b"[]".as_slice(), b"1", b"null", b"", b"\xff"] {
            assert!(Members::read(body).is_err(), "{body:?}");
        }
    }
}
