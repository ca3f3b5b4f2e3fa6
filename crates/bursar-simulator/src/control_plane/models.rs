//! `ListFoundationModels`, `GetFoundationModel` and `GetFoundationModelAvailability`.

use bursar_domain::catalogue::{Catalogue, Lifecycle, LifecycleStatus, Model};
use bursar_domain::time::Timestamp;
use bursar_wire::error::WireError;
use serde_json::{Map, Value, json};

use super::query::Query;
use super::{Place, invalid, is_listed, model_arn, not_found, profiles};

const UNKNOWN: &str = "Could not resolve the foundation model from the provided model identifier.";
const MODALITIES: [&str; 3] = ["TEXT", "IMAGE", "EMBEDDING"];
/// `PROVISIONED` may be asked for; the catalogue knows of none.
const INFERENCE_TYPES: [&str; 2] = ["ON_DEMAND", "PROVISIONED"];

/// The models that the region offers, filtered.
pub(super) fn list(place: Place<'_>, query: &Query) -> Result<Value, WireError> {
    let provider = query.value("byProvider");
    let modality = query.one_of("byOutputModality", &MODALITIES)?;
    let inference = query.one_of("byInferenceType", &INFERENCE_TYPES)?;
    if query.value("byCustomizationType").is_some() {
        return Err(invalid(
            "This simulator does not know how models can be customised, and cannot filter by \
             byCustomizationType.",
        ));
    }
    let has = |summary: &Value, member: &str, wanted: &str| {
        summary[member].as_array().is_some_and(|values| values.iter().any(|v| v == wanted))
    };
    let is_wanted = |summary: &Value| {
        provider.is_none_or(|name| {
            summary["providerName"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name))
        }) && modality.is_none_or(|name| has(summary, "outputModalities", name))
            && inference.is_none_or(|name| has(summary, "inferenceTypesSupported", name))
    };
    let models = Catalogue::embedded().models();
    let summaries: Vec<Value> =
        models.filter_map(|model| summary(place, &model)).filter(is_wanted).collect();
    Ok(json!({"modelSummaries": summaries}))
}

/// One model, by its id or its ARN.
pub(super) fn describe(place: Place<'_>, sent: &str) -> Result<Value, WireError> {
    let id = match sent.split_once("::foundation-model/") {
        Some((arn, id)) if arn.starts_with("arn:") => id,
        _ => sent,
    };
    let model = Catalogue::embedded().model(id);
    let details = model.and_then(|model| summary(place, &model));
    details.map(|details| json!({"modelDetails": details})).ok_or_else(|| not_found(UNKNOWN))
}

/// Whether the account may use a model. Everything is allowed but what the settings forbid.
pub(super) fn availability(place: Place<'_>, id: &str) -> Result<Value, WireError> {
    let model = Catalogue::embedded().model(id).filter(|model| is_listed(model, place.now));
    let model = model.ok_or_else(|| not_found(UNKNOWN))?;
    let is_allowed = !place.settings.no_access.contains(id);
    let is_offered = !inference_types(place, &model).is_empty();
    let available = |is_so: bool| if is_so { "AVAILABLE" } else { "NOT_AVAILABLE" };
    Ok(json!({
        "agreementAvailability": {"status": available(is_allowed)},
        "authorizationStatus": if is_allowed { "AUTHORIZED" } else { "NOT_AUTHORIZED" },
        "entitlementAvailability": available(is_allowed),
        "modelId": id,
        "regionAvailability": available(is_offered),
    }))
}

/// What is told of a model; nothing where the region does not offer it.
fn summary(place: Place<'_>, model: &Model) -> Option<Value> {
    let ways = inference_types(place, model);
    if ways.is_empty() || !is_listed(model, place.now) {
        return None;
    }
    let mut summary = json!({
        "inferenceTypesSupported": ways,
        "modelArn": model_arn(place.region, model.id),
        "modelId": model.id,
        "modelLifecycle": lifecycle(&model.lifecycle, place.now),
        "modelName": model.display_name,
        "providerName": model.provider,
    });
    let modalities = [
        ("inputModalities", &model.input_modalities),
        ("outputModalities", &model.output_modalities),
    ];
    for (name, modalities) in modalities {
        if let Some(modalities) = modalities {
            let names = modalities.iter().map(|modality| modality.to_ascii_uppercase());
            summary[name] = names.collect();
        }
    }
    if let Some(streams) = model.streaming {
        summary["responseStreamingSupported"] = json!(streams);
    }
    Some(summary)
}

/// How the region offers a model; without an entry, not at all.
fn inference_types(place: Place<'_>, model: &Model) -> Vec<&'static str> {
    let regions = model.in_region_on_demand.as_deref().unwrap_or_default();
    // Of some, no source says where they are offered: then they are everywhere.
    let is_unplaced = regions.is_empty() && model.profiles.is_empty();
    let on_demand = regions.contains(&place.region) || is_unplaced;
    let by_profile =
        model.profiles.iter().any(|profile| profiles::is_offered(place, model.id, profile));
    let ways = [("ON_DEMAND", on_demand), ("INFERENCE_PROFILE", by_profile)];
    ways.into_iter().filter(|(_, is_so)| *is_so).map(|(name, _)| name).collect()
}

fn lifecycle(lifecycle: &Lifecycle, now: Timestamp) -> Value {
    let is_legacy = match lifecycle.legacy_from {
        Some(from) => from <= now,
        None => lifecycle.status == LifecycleStatus::Legacy,
    };
    let days = [
        ("startOfLifeTime", lifecycle.launch),
        ("legacyTime", lifecycle.legacy_from),
        ("publicExtendedAccessTime", lifecycle.public_extended_access_from),
        ("endOfLifeTime", lifecycle.end_of_life),
    ];
    let days = days.into_iter().filter_map(|(name, day)| Some((name.to_owned(), day?)));
    let mut told: Map<String, Value> =
        days.map(|(name, day)| (name, json!(day.to_string()))).collect();
    told.insert("status".to_owned(), json!(if is_legacy { "LEGACY" } else { "ACTIVE" }));
    Value::Object(told)
}
