//! `GetPromptRouter`: the routers that the settings name. The last of a router's models is its
//! fallback.

use bursar_domain::catalogue::Catalogue;
use bursar_wire::error::WireError;
use serde_json::{Value, json};

use super::{Place, arn_of_model, not_found};

/// One router, by its ARN.
pub(super) fn describe(place: Place<'_>, arn: &str) -> Result<Value, WireError> {
    let models = place.settings.routers.get(arn);
    let text = "The provided prompt router ARN does not match any prompt router.";
    let models = models.ok_or_else(|| not_found(text))?;
    let targets: Vec<Value> = models.iter().filter_map(|model| target(place, model)).collect();
    let (id, kind) = match arn.split_once(":default-prompt-router/") {
        Some((_, id)) => (id, "default"),
        None => (arn.rsplit_once('/').map_or(arn, |(_, id)| id), "custom"),
    };
    Ok(json!({
        "description": format!("Chooses among {} models", targets.len()),
        "fallbackModel": targets.last(),
        "models": targets,
        "promptRouterArn": arn,
        "promptRouterName": id,
        "routingCriteria": {"responseQualityDifference": 0.0},
        "status": "AVAILABLE",
        "type": kind,
    }))
}

fn target(place: Place<'_>, model: &str) -> Option<Value> {
    let found = Catalogue::embedded().resolve(model, &place.settings.names).ok()?;
    let base = found.base?;
    let arn = arn_of_model(place.region, found.geography.as_deref(), base.as_str());
    Some(json!({"modelArn": arn}))
}
