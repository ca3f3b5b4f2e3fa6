//! What a proven ID token says of somebody: their groups, and what they are called. Whether it is
//! proven was found out before.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_admin::SignOn;
use bursar_ledger::ForeignIdentity;
use serde_json::Value;

use super::{Group, OidcError, ProviderSettings};

/// The longest part of a foreign text that is shown.
const SHOWN_MAX: usize = 200;

/// A foreign text as it is shown: cut, and without what a terminal or a browser could obey.
pub(super) fn shown(text: &dyn std::fmt::Display) -> String {
    let text = text.to_string();
    text.chars().filter(|letter| !letter.is_control()).take(SHOWN_MAX).collect()
}

/// The claims of a token, as they stand in it.
pub(super) fn of(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().filter(Value::is_object)
}

/// Who it is, by the first group of the settings that they are in.
///
/// # Errors
/// [`OidcError::NoGroup`]; or there is no name to call them by.
pub(super) fn person(
    settings: &ProviderSettings,
    identity: ForeignIdentity,
    claims: &Value,
) -> Result<SignOn, OidcError> {
    let groups = match &claims[&settings.groups_claim] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let group = settings.groups.iter().find(|group| groups.contains(&group.name.as_str()));
    let Some(Group { role, team, .. }) = group else { return Err(OidcError::NoGroup(identity)) };
    let claim = &settings.name_claim;
    let Some(name) = claims[claim].as_str() else {
        return Err(OidcError::Unproven(format!("the ID token has no text as `{claim}`")));
    };
    Ok(SignOn { identity, name: name.to_owned(), role: *role, team: team.clone() })
}
