//! The control plane's readings: which models, inference profiles and prompt routers a region
//! offers, told from catalogue and settings in the shapes of Bedrock's own API. Nothing can be made
//! or changed here.

mod models;
mod profiles;
mod query;
mod routers;

use bursar_domain::catalogue::{LifecycleStatus, Model};
use bursar_domain::time::Timestamp;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::messages;
use http::request::Parts;
use serde_json::Value;

use crate::action::{Action, Telling};
use crate::admission::Matter;
use crate::calls::Running;
use crate::chance::Chance;
use crate::control_plane::query::Query;
use crate::fault::Fault;
use crate::service::Service;
use crate::settings::Settings;
use crate::site::Reading;
use crate::steering::Steering;

/// Whose profiles they are: an account of AWS's own examples.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Where and when is asked.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    region: &'a str,
    now: Timestamp,
    settings: &'a Settings,
}

impl Service {
    /// What is told, unless the steering that comes with it is another answer.
    pub(crate) fn read(
        &self,
        reading: &Reading,
        parts: &Parts,
        call: &Running,
    ) -> Result<(Value, Steering), WireError> {
        let Reading { telling, id } = reading;
        let now = self.clock.now();
        self.authorise(parts, &[], now)?;
        let chance = Chance::new(self.settings.seed).with(parts.uri.path().as_bytes());
        let matter =
            Matter { action: Action::Tell(*telling), target: id, number: call.number(), chance };
        let steering = self.steer(&matter, None)?;
        if steering.fault == Some(Fault::AccessDenied) {
            return Err(denied(*telling, id));
        }
        let place = Place { region: &self.settings.region, now, settings: &self.settings };
        let query = Query::read(parts.uri.query().unwrap_or_default())?;
        let told = match telling {
            Telling::ListFoundationModels => models::list(place, &query),
            Telling::GetFoundationModel => models::describe(place, id),
            Telling::GetFoundationModelAvailability => models::availability(place, id),
            Telling::ListInferenceProfiles => profiles::list(place, &query),
            Telling::GetInferenceProfile => profiles::describe(place, id),
            Telling::GetPromptRouter => routers::describe(place, id),
        };
        match told {
            // A fault is what is answered instead, whatever there would have been to tell.
            Err(_) if steering.fault.is_some() => Ok((Value::Null, steering)),
            told => Ok((told?, steering)),
        }
    }
}

fn denied(telling: Telling, id: &str) -> WireError {
    let principal = format!("arn:aws:iam::{ACCOUNT}:user/simulated");
    let resource = if id.is_empty() { "*" } else { id };
    messages::not_authorized(&principal, &format!("bedrock:{telling}"), resource)
}

/// Whether Bedrock lists a model at that time, wherever.
fn is_listed(model: &Model, now: Timestamp) -> bool {
    model.lifecycle.status != LifecycleStatus::NotListed && !model.is_over(now)
}

/// The ARN of a model, or of the profile that leads to it.
pub(crate) fn arn_of_model(region: &str, geography: Option<&str>, id: &str) -> String {
    match geography {
        Some(label) => profile_arn(region, &format!("{label}.{id}")),
        None => model_arn(region, id),
    }
}

fn profile_arn(region: &str, id: &str) -> String {
    format!("arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{id}")
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
