//! Units that a request alone decides: what is billed by the query, the search unit, the image that
//! is read, and what is billed by the second, which no request tells.

use bursar_domain::model::ModelId;
use bursar_domain::usage::Meter;
use serde_json::Value;

use super::many;
use crate::json::{first, text};

/// Documents that one query or search unit pays for. Bedrock splits documents over 512 tokens and
/// counts the parts; that is not done here, so long documents are counted low.
const DOCUMENTS_PER_UNIT: u64 = 100;

/// The units, and why they are not known, if they are not.
pub(super) fn read_meters(model: &ModelId, json: &Value) -> (Vec<(Meter, u64)>, Option<String>) {
    let id = model.as_str();
    if id.contains(".rerank") {
        let name = if model.provider() == "amazon" { "query" } else { "search_unit" };
        let units = many(json, "documents/*").div_ceil(DOCUMENTS_PER_UNIT).max(1);
        return (meter(name, units), None);
    }
    if id.contains("titan-embed-image") {
        return (meter("image", u64::from(first(json, "inputImage").is_some())), None);
    }
    if id.contains("multimodal-embeddings") {
        return nova_embedding(json);
    }
    match id {
        _ if id.contains(".marengo") => marengo(text(json, "inputType").unwrap_or("video")),
        _ if id.contains(".pegasus") => (Vec::new(), Some(by_the_second())),
        _ => (Vec::new(), None),
    }
}

fn nova_embedding(json: &Value) -> (Vec<(Meter, u64)>, Option<String>) {
    let params = "singleEmbeddingParams";
    if let Some(image) = first(json, &format!("{params}/image")) {
        let is_document = text(image, "detailLevel") == Some("DOCUMENT_IMAGE");
        return (meter(if is_document { "document_image" } else { "image" }, 1), None);
    }
    let lasts =
        ["audio", "video"].iter().any(|kind| first(json, &format!("{params}/{kind}")).is_some());
    (Vec::new(), lasts.then(by_the_second))
}

fn marengo(input_type: &str) -> (Vec<(Meter, u64)>, Option<String>) {
    match input_type {
        "text" => (meter("text_request", 1), None),
        "image" => (meter("image", 1), None),
        _ => (Vec::new(), Some(by_the_second())),
    }
}

fn by_the_second() -> String {
    "sound and video are billed by the second, which the request does not tell".to_owned()
}

fn meter(name: &str, quantity: u64) -> Vec<(Meter, u64)> {
    if quantity == 0 { Vec::new() } else { vec![(Meter(name.to_owned()), quantity)] }
}
