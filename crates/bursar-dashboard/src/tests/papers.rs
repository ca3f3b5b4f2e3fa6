use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;

use super::World;
use crate::site::endpoints;

/// Every `$ref` of a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_document_describes_every_operation_and_refers_to_nothing_that_is_not_there() {
    let operations = bursar_admin::api::operations();
    let document = crate::document(&operations);
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for operation in &operations {
        let path = &document["paths"][format!("/api/v1{}", operation.path)];
        let told = &path[operation.method.as_str().to_ascii_lowercase()];
        let id = told["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{id} stands twice");
        for part in operation.path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let name = part.strip_suffix('}').unwrap();
            let parameters = told["parameters"].as_array().unwrap();
            let is_part = |one: &&Value| one["name"] == name && one["in"] == "path";
            assert_eq!(parameters.iter().filter(is_part).count(), 1, "{id}: {name}");
            assert!(operation.fields().iter().any(|(field, _)| *field == name), "{id}: {name}");
        }
        let schema = &told["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(
            schema.is_object() && !schema["properties"].is_null() || !schema["allOf"].is_null(),
            "{id}: {schema}"
        );
    }
}

#[tokio::test]
async fn every_page_answers_and_tells_a_stranger_nothing_of_the_ledger() {
    let world = World::start().await;
    for (path, _) in endpoints() {
        let (status, text) = world.page(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(!text.contains("root") && !text.contains("auditor"), "{path}: {text}");
    }
    let (_, version) = world.page("/version").await;
    assert_eq!(version, format!(r#"{{"version":"{}"}}"#, env!("CARGO_PKG_VERSION")));
    assert_eq!(world.page("/readyz").await.1, r#"{"status":"ready"}"#);
    world.end().await;
}
