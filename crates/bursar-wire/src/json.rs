//! JSON as it came: read strictly, and looked into by short paths.
//!
//! A body with a key twice is refused, because nobody can know which of the two Bedrock would take;
//! nesting is refused beyond `serde_json`'s 128. Nothing is ever written back from here.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Bytes that are not the JSON they should be: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed body at `{path}`: {why}")]
pub struct MalformedBody {
    /// `/inferenceConfig/maxTokens`; `/` for the body as a whole; a header's name for a header.
    pub path: String,
    /// What is wrong, with the value.
    pub why: String,
}

impl MalformedBody {
    pub(crate) fn new(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into() }
    }
}

/// Reads one JSON document. No key may come twice in an object.
pub(crate) fn parse_strict(bytes: &[u8]) -> Result<Value, MalformedBody> {
    let path = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { path: &path }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    // The path is left standing where reading stopped.
    value.map_err(|why| {
        MalformedBody::new(format!("/{}", path.borrow().join("/")), format!("it is no JSON: {why}"))
    })
}

/// The first value at a path such as `usage/input_tokens`; `*` stands for every array element.
pub(crate) fn first<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    all(value, path).into_iter().next()
}

/// Every value at a path, nulls left out.
pub(crate) fn all<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for step in path.split('/') {
        found = match step {
            "*" => found.into_iter().filter_map(Value::as_array).flatten().collect(),
            key => found.into_iter().filter_map(|value| value.get(key)).collect(),
        };
    }
    found.retain(|value| !value.is_null());
    found
}

/// The text at a path.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    first(value, path)?.as_str()
}

/// A value as an error shows it: its beginning.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(60).chain(['…']).collect() }
}

struct Strict<'p> {
    path: &'p RefCell<Vec<String>>,
}

impl Strict<'_> {
    fn inside<T, E>(&self, step: String, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        let value = read()?;
        self.path.borrow_mut().pop();
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let seed = Strict { path: self.path };
            let step = array.len().to_string();
            match self.inside(step, || items.next_element_seed(seed))? {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                self.path.borrow_mut().push(key);
                return Err(A::Error::custom("the key comes twice"));
            }
            let seed = Strict { path: self.path };
            let value = self.inside(key.clone(), || entries.next_value_seed(seed))?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_that_comes_twice_is_named_with_its_path() {
        let error = parse_strict(br#"{"a":[{},{"b":1,"b":2}]}"#).unwrap_err();
        assert_eq!(error.path, "/a/1/b");
        assert!(error.why.contains("twice"), "{error}");
        assert!(parse_strict(br#"{"a":{"b":1},"b":1}"#).is_ok());
        // The same key, written in two ways.
        assert!(parse_strict(br#"{"max_tokens":1,"max\u005ftokens":9}"#).is_err());
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(parse_strict(&nested(127)).is_ok());
        let error = parse_strict(&nested(129)).unwrap_err();
        assert!(error.why.contains("recursion limit"), "{error}");
    }

    #[test]
    fn what_is_no_single_document_is_refused() {
        for bytes in [b"".as_slice(), b"{}{}", b"{", b"\xff", b"nope", b"1e999"] {
            assert!(parse_strict(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_star_stands_for_every_element() {
        let value = json!({"a": [{"b": 1}, {"b": null}, {"c": 2}, {"b": 3}]});
        assert_eq!(all(&value, "a/*/b"), [&json!(1), &json!(3)]);
        assert_eq!(first(&value, "a/*/c"), Some(&json!(2)));
        assert_eq!(first(&value, "a/b"), None);
    }

    proptest! {
        #[test]
        fn a_strict_reading_is_the_usual_one(text in "[\\[\\]{}:,\"0-9a-c. ]{0,60}") {
            let usual: Option<Value> = serde_json::from_str(&text).ok();
            match parse_strict(text.as_bytes()) {
                Ok(value) => prop_assert_eq!(Some(value), usual),
                Err(error) => prop_assert!(usual.is_none() || error.why.contains("twice")),
            }
        }
    }
}
