//! The control plane's readings: which models and which inference profiles a region offers, told
//! from the catalogue in the shapes of Bedrock's own API. Nothing can be made or changed here.

mod models;
mod profiles;
mod query;

use bursar_domain::catalogue::{LifecycleStatus, Model, Names};
use bursar_domain::time::Timestamp;
use bursar_wire::error::{ErrorCode, WireError};
use http::request::Parts;
use serde_json::Value;

use crate::control_plane::query::Query;
use crate::service::Service;
use crate::site::Reading;

/// Whose profiles they are: an account of AWS's own examples.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Where and when is asked.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    region: &'a str,
    now: Timestamp,
    names: &'a Names,
}

impl Service {
    /// Answers one reading.
    pub(crate) fn read(&self, reading: &Reading, parts: &Parts) -> Result<Value, WireError> {
        let now = self.clock.now();
        self.authorise(parts, &[], now)?;
        let place = Place { region: &self.settings.region, now, names: &self.settings.names };
        let query = Query::read(parts.uri.query().unwrap_or_default())?;
        match reading {
            Reading::Models => models::list(place, &query),
            Reading::Model(id) => models::describe(place, id),
            Reading::Profiles => profiles::list(place, &query),
            Reading::Profile(id) => profiles::describe(place, id),
        }
    }
}

/// Whether Bedrock lists a model at that time, wherever.
fn is_listed(model: &Model, now: Timestamp) -> bool {
    model.lifecycle.status != LifecycleStatus::NotListed && !model.is_over(now)
}

fn model_arn(region: &str, id: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/{id}")
}

fn invalid(text: impl Into<String>) -> WireError {
    WireError::new(ErrorCode::Validation, text)
}

fn not_found(text: impl Into<String>) -> WireError {
    WireError::new(ErrorCode::ResourceNotFound, text)
}
