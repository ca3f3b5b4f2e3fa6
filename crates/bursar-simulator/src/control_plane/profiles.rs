//! `ListInferenceProfiles` and `GetInferenceProfile`: the cross-region profiles of the catalogue,
//! and the application profiles that the settings name.

use bursar_domain::catalogue::{Catalogue, Model, Profile, ProfileRoute};
use bursar_domain::model::{ModelRef, RefKind};
use bursar_wire::error::WireError;
use serde_json::{Value, json};

use super::query::Query;
use super::{Place, invalid, is_listed, model_arn, not_found, profile_arn};

const TYPES: [&str; 2] = ["SYSTEM_DEFINED", "APPLICATION"];
/// The longest name that Bedrock gives.
const NAME_CHARS_MAX: usize = 64;

/// A page of the profiles, ordered by ARN.
pub(super) fn list(place: Place<'_>, query: &Query) -> Result<Value, WireError> {
    let wanted = query.one_of("type", &TYPES)?;
    let mut profiles = all(place);
    profiles.retain(|profile| wanted.is_none_or(|kind| profile["type"] == kind));
    profiles.sort_by(|a, b| arn_of(a).cmp(arn_of(b)));
    let (page, token) = query.page(profiles, arn_of)?;
    let mut body = json!({"inferenceProfileSummaries": page});
    if let Some(token) = token {
        body["nextToken"] = json!(token);
    }
    Ok(body)
}

/// One profile, by its id or its ARN.
pub(super) fn describe(place: Place<'_>, sent: &str) -> Result<Value, WireError> {
    let is_known = sent.bytes().all(|b| b.is_ascii_alphanumeric() || b"-:./".contains(&b));
    if !is_known {
        return Err(invalid("The provided inference profile identifier is invalid."));
    }
    let id = sent.rsplit_once('/').map_or(sent, |(_, id)| id);
    let model = id.split_once('.').and_then(|(_, base)| Catalogue::embedded().model(base));
    let of_system = model.filter(|model| is_listed(model, place.now));
    let of_system = of_system.map(|model| system(place, &model)).unwrap_or_default();
    let is_it = |profile: &Value| profile["inferenceProfileId"] == sent || arn_of(profile) == sent;
    of_system.into_iter().chain(of_settings(place)).find(is_it).ok_or_else(|| {
        not_found("The provided inference profile identifier does not match any inference profile.")
    })
}

/// Whether a cross-region profile can be called from the region.
pub(super) fn is_offered(place: Place<'_>, id: &str, profile: &Profile) -> bool {
    let routes = routes(id, profile.geography);
    if routes.is_empty() {
        return is_within(place.region, profile.geography);
    }
    routes.iter().any(|route| route.from.contains(&place.region))
}

/// Whether a region is in a geography, by its name: for profiles whose routes no source tells.
fn is_within(region: &str, geography: &str) -> bool {
    let is_government = region.starts_with("us-gov-");
    match geography {
        "global" => !is_government,
        "us" => region.starts_with("us-") && !is_government,
        "us-gov" => is_government,
        "eu" => region.starts_with("eu-"),
        "ca" => region.starts_with("ca-"),
        _ => region.starts_with("ap-"),
    }
}

fn routes(id: &str, geography: &str) -> Vec<ProfileRoute> {
    let mut routes = Catalogue::embedded().profiles_of(id);
    routes.retain(|route| route.geography == geography);
    routes
}

fn all(place: Place<'_>) -> Vec<Value> {
    let models = Catalogue::embedded().models().filter(|model| is_listed(model, place.now));
    models.flat_map(|model| system(place, &model)).chain(of_settings(place)).collect()
}

fn of_settings(place: Place<'_>) -> impl Iterator<Item = Value> {
    let named = place.settings.names.base_models.iter();
    named.filter_map(move |(arn, base)| application(place, arn, base))
}

fn system(place: Place<'_>, model: &Model) -> Vec<Value> {
    let offered = model.profiles.iter().filter(|profile| is_offered(place, model.id, profile));
    let tell = |profile: &Profile| {
        let id = format!("{}.{}", profile.geography, model.id);
        let label = profile.geography.to_ascii_uppercase();
        let name = format!("{label} {} {}", model.provider, model.display_name);
        let mut told = json!({
            "description": format!("Routes requests to {} in {label}.", model.display_name),
            "inferenceProfileArn": profile_arn(place.region, &id),
            "inferenceProfileId": id,
            "inferenceProfileName": name.chars().take(NAME_CHARS_MAX).collect::<String>(),
            "models": models(place.region, model.id, Some(profile.geography)),
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
        });
        if let Some(launch) = model.lifecycle.launch {
            told["createdAt"] = json!(launch.to_string());
        }
        told
    };
    offered.map(tell).collect()
}

/// An application profile, of an ARN of the settings that is one; `None` for other ARNs.
fn application(place: Place<'_>, arn: &str, base: &str) -> Option<Value> {
    let catalogue = Catalogue::embedded();
    let found: ModelRef = catalogue.resolve(arn, &place.settings.names).ok()?;
    if found.kind != RefKind::ApplicationInferenceProfileArn {
        return None;
    }
    let id = arn.rsplit_once('/')?.1;
    let model = found.base?;
    let region = found.region.as_deref().unwrap_or(place.region);
    Some(json!({
        "description": format!("Application profile of {base}"),
        "inferenceProfileArn": arn,
        "inferenceProfileId": id,
        "inferenceProfileName": id,
        "models": models(region, model.as_str(), found.geography.as_deref()),
        "status": "ACTIVE",
        "type": "APPLICATION",
    }))
}

/// The model's ARNs in all regions that may serve a call from this one. Where that is any, the
/// second ARN names no region, as Bedrock's does.
fn models(region: &str, id: &str, geography: Option<&str>) -> Value {
    let routes = geography.map(|geography| routes(id, geography)).unwrap_or_default();
    let route = routes.into_iter().find(|route| route.from.contains(&region));
    let arns = match route {
        Some(ProfileRoute { to: Some(regions), .. }) => {
            regions.iter().map(|region| model_arn(region, id)).collect()
        }
        Some(ProfileRoute { to: None, .. }) => vec![model_arn(region, id), model_arn("", id)],
        None => vec![model_arn(region, id)],
    };
    arns.into_iter().map(|arn| json!({"modelArn": arn})).collect()
}

fn arn_of(profile: &Value) -> &str {
    profile["inferenceProfileArn"].as_str().unwrap_or_default()
}
