//! Who calls: the credentials, where they come from, until when, and whom AWS takes them for.

use bursar_core::{Connection, Credentials, CredentialsInUse, Error};
use bursar_domain::time::Timestamp;

use super::finding::Finding;
use crate::failure::Failure;
use crate::settings::Settings;

/// The check's name.
pub(super) const CHECK: &str = "credentials";

/// Finds the credentials and asks STS about them; on a simulator, the simulator.
pub(super) async fn examine(settings: &Settings, simulated: bool, now: Timestamp) -> Vec<Finding> {
    if settings.credentials == Credentials::BearerToken {
        let found = "a Bedrock API key, by `AWS_BEARER_TOKEN_BEDROCK`, which wins over all others; \
            AWS tells nobody whose it is";
        return vec![Finding::note(CHECK, found)];
    }
    let connection = settings.connection();
    let found = match connection.credentials_in_use().await {
        Ok(found) => told(settings, &found, now),
        Err(error) => return vec![Finding::of(CHECK, error.into())],
    };
    let endpoint = settings.endpoint.clone().filter(|_| simulated);
    let finding = match (Connection { endpoint, ..connection }).caller_identity().await {
        Ok(identity) => Finding::ok(CHECK, format!("{}, {found}", identity.arn)),
        Err(error) => {
            let is_refused = matches!(&error, Error::Unread(unread) if is_refusal(unread.status));
            let finding = Finding::of(CHECK, Failure::from(error));
            // Bedrock may well answer where STS cannot be reached.
            let finding = if is_refused { finding } else { finding.softened() };
            Finding { found: format!("{found}: {}", finding.found), ..finding }
        }
    };
    vec![finding]
}

/// Whether STS looked at the credentials and said no.
const fn is_refusal(status: Option<u16>) -> bool {
    matches!(status, Some(400 | 401 | 403))
}

/// Where they come from, and until when.
fn told(settings: &Settings, found: &CredentialsInUse, now: Timestamp) -> String {
    let source = found.source.unwrap_or("the AWS chain");
    let profile = settings.profile.as_ref().map(|name| format!(" (AWS_PROFILE is `{name}`)"));
    let end = found.expires_at.map(|end| {
        let minutes = (end.0 - now.0).div_euclid(60_000);
        format!(", until {end}, in {minutes} min")
    });
    format!("from {source}{}{}", profile.unwrap_or_default(), end.unwrap_or_default())
}
