//! The list of models, in one object that clients of both dialects read: OpenAI's and Anthropic's
//! ask the same path and look for different members.

use bursar_domain::time::Timestamp;
use serde_json::{Value, json};

/// One model that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedModel {
    /// What it is asked for by: an id or an alias.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who made it.
    pub owner: String,
    /// Since when it is there; the epoch where nobody knows.
    pub since: Timestamp,
}

/// The whole list.
#[must_use]
pub fn model_list(models: &[ListedModel]) -> Vec<u8> {
    let id = |model: Option<&ListedModel>| model.map(|model| model.id.clone());
    json!({
        "object": "list",
        "data": models.iter().map(member).collect::<Vec<Value>>(),
        "has_more": false,
        "first_id": id(models.first()),
        "last_id": id(models.last()),
    })
    .to_string()
    .into_bytes()
}

/// One of it.
#[must_use]
pub fn model(model: &ListedModel) -> Vec<u8> {
    member(model).to_string().into_bytes()
}

fn member(model: &ListedModel) -> Value {
    json!({
        "id": model.id,
        "object": "model",
        "type": "model",
        "created": model.since.0.div_euclid(1_000),
        "created_at": model.since.to_string(),
        "owned_by": model.owner,
        "display_name": model.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_finds_its_own_members() {
        let models = ["a", "b"].map(|id| ListedModel {
            id: id.to_owned(),
            name: id.to_uppercase(),
            owner: "o".to_owned(),
            since: Timestamp(1_700_000_000_000),
        });
        let list: Value = serde_json::from_slice(&model_list(&models)).unwrap();
        assert_eq!((&list["first_id"], &list["last_id"]), (&json!("a"), &json!("b")));
        assert_eq!((&list["object"], &list["has_more"]), (&json!("list"), &json!(false)));
        let second: Value = serde_json::from_slice(&model(&models[1])).unwrap();
        assert_eq!(list["data"][1], second);
        assert_eq!(second["created"], 1_700_000_000);
        assert_eq!(second["created_at"], "2023-11-14T22:13:20.000Z");
        let empty: Value = serde_json::from_slice(&model_list(&[])).unwrap();
        assert_eq!(empty["first_id"], Value::Null);
    }
}
