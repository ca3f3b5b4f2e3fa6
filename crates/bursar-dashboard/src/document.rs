//! The OpenAPI document, made of the same table that answers.

use bursar_admin::{Method, Operation};
use serde_json::{Map, Value, json};

use crate::site::PREFIX;

/// The document of these operations, OpenAPI 3.1.
#[must_use]
pub fn document(operations: &[Operation]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for operation in operations {
        for (name, schema) in &operation.parts {
            schemas.insert(name.clone(), json!(schema));
        }
        let path = paths.entry(format!("{PREFIX}{}", operation.path)).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bursar's admin API",
            "description": "Everything that the command line can do, by an admin key. Amounts are \
                exact decimals in texts, times are RFC 3339 in UTC. A field that is not known is \
                refused.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "security": [{"adminKey": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"adminKey": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn described(operation: &Operation) -> Value {
    let ask = json!(operation.ask);
    let named: Vec<&str> = operation.path.split('/').filter_map(part).collect();
    let mut told = json!({
        "summary": operation.about,
        "operationId": id(operation),
        "parameters": parameters(operation.method, &named, &ask),
        "responses": {
            "200": {
                "description": "Done",
                "content": {"application/json": {"schema": json!(operation.reply)}},
            },
            "default": {
                "description": "Not done",
                "content": {"application/json": {"schema": problem()}},
            },
        },
    });
    if takes_body(operation.method) {
        told["requestBody"] =
            json!({"content": {"application/json": {"schema": without(ask, &named)}}});
    }
    told
}

fn takes_body(method: Method) -> bool {
    !matches!(method, Method::Get | Method::Delete)
}

fn part(piece: &str) -> Option<&str> {
    piece.strip_prefix('{')?.strip_suffix('}')
}

/// `get_teams_team`: what generated clients call it.
fn id(operation: &Operation) -> String {
    let words = operation.path.split('/').filter(|piece| !piece.is_empty());
    let words: Vec<&str> = words.map(|piece| part(piece).unwrap_or(piece)).collect();
    let method = operation.method.as_str().to_ascii_lowercase();
    format!("{method}_{}", words.join("_").replace('-', "_"))
}

fn parameters(method: Method, named: &[&str], ask: &Value) -> Vec<Value> {
    let fields = ask["properties"].as_object().cloned().unwrap_or_default();
    let mut parameters = Vec::new();
    for (name, schema) in fields {
        let is_part = named.contains(&name.as_str());
        if !is_part && takes_body(method) {
            continue;
        }
        let about = schema["description"].clone();
        parameters.push(json!({
            "name": name,
            "in": if is_part { "path" } else { "query" },
            "required": is_part,
            "description": about,
            "schema": schema,
        }));
    }
    parameters
}

/// An ask's schema without what its path says.
fn without(mut ask: Value, named: &[&str]) -> Value {
    if let Some(fields) = ask["properties"].as_object_mut() {
        fields.retain(|name, _| !named.contains(&name.as_str()));
    }
    if let Some(required) = ask["required"].as_array_mut() {
        required.retain(|name| name.as_str().is_none_or(|name| !named.contains(&name)));
    }
    ask
}

fn problem() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": text, "message": text, "hint": {"type": ["string", "null"]}},
        }},
    })
}
