//! What was asked over HTTP, as the JSON that an operation takes: its path's parts, and its query or
//! its body.
//!
//! Nothing is read into a map on the way: that a field is given twice, in whichever places, is for
//! the reader of the JSON to find.

use bursar_admin::{FieldKind, Method, Operation};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::problem::Problem;

/// Part of a path or a query, decoded once.
pub(crate) fn decoded(text: &str) -> Result<String, Problem> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Problem::usage("the URL is no UTF-8 text"))
}

/// The JSON of an ask.
pub(crate) fn json(
    operation: &Operation,
    parts: &[(&str, String)],
    (query, body): (&str, &[u8]),
) -> Result<Vec<u8>, Problem> {
    let mut fields: Vec<String> =
        parts.iter().map(|(name, value)| field(name, &Value::from(value.as_str()))).collect();
    let takes_body = !matches!(operation.method, Method::Get | Method::Delete);
    if takes_body {
        if !query.is_empty() {
            return Err(Problem::usage("a request with a body has no query").hint(
                "put what is asked into the body, as JSON; `/openapi.json` says with which fields",
            ));
        }
        return spliced(&fields, body);
    }
    if !body.is_empty() {
        return Err(Problem::usage(format!("{} takes no body", operation.method))
            .hint("put what is asked into the query"));
    }
    let kinds = operation.fields();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(&plus(name))?, decoded(&plus(value))?);
        let kind = kinds.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        fields.push(field(&name, &read(&name, &value, kind.unwrap_or(FieldKind::Text))?));
    }
    Ok(format!("{{{}}}", fields.join(",")).into_bytes())
}

/// Forms write a space so.
fn plus(text: &str) -> String {
    text.replace('+', " ")
}

fn field(name: &str, value: &Value) -> String {
    format!("{}:{value}", Value::from(name))
}

fn read(name: &str, text: &str, kind: FieldKind) -> Result<Value, Problem> {
    if kind == FieldKind::Text {
        return Ok(text.into());
    }
    let value = serde_json::from_str::<Value>(text).ok();
    let fits = |value: &Value| match kind {
        FieldKind::Plain => value.is_number() || value.is_boolean(),
        _ => value.is_object() || value.is_array(),
    };
    value.filter(fits).ok_or_else(|| {
        let shown: String = text.escape_debug().take(60).collect();
        let form = if kind == FieldKind::Plain { "a number, `true` or `false`" } else { "JSON" };
        Problem::usage(format!("`{name}` is `{shown}`")).hint(format!("write {form}"))
    })
}

/// The fields, and behind them those of the body.
fn spliced(fields: &[String], body: &[u8]) -> Result<Vec<u8>, Problem> {
    let body = body.trim_ascii();
    let rest = match body {
        [] => b"}",
        [b'{', rest @ ..] => rest.trim_ascii_start(),
        _ => return Err(Problem::usage("the body is no JSON object")),
    };
    let mut text = format!("{{{}", fields.join(",")).into_bytes();
    if !fields.is_empty() && rest.first() != Some(&b'}') {
        text.push(b',');
    }
    text.extend_from_slice(rest);
    Ok(text)
}
