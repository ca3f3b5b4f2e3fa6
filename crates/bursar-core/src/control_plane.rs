//! Bedrock's control plane, read only: which models and profiles a region offers, and what an ARN
//! stands for.
//!
//! Nothing here is metered, for nothing here costs anything, and nothing is changed. What was read
//! is told in this crate's own types; what could not be read is an [`Unread`].

mod listing;
mod offered;
#[cfg(test)]
mod tests;
mod unread;

use std::time::Duration;

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::config::StalledStreamProtectionConfig;
use aws_sdk_bedrock::config::retry::RetryConfig;
use aws_sdk_bedrock::config::timeout::TimeoutConfig;
use aws_sdk_bedrock::types::InferenceProfileType;
use bursar_domain::catalogue::Catalogue;
use bursar_domain::model::{Candidate, ModelRef, RefKind};

use crate::Error;
use crate::connection::Connection;

pub use offered::{Availability, OfferedLifecycle, OfferedModel, OfferedProfile, PromptRouter};
pub(crate) use unread::Asked;
pub use unread::Unread;

/// Somebody waits for the answer, and it is a list that AWS has ready.
const PATIENCE: Duration = Duration::from_secs(20);
/// As many entries as Bedrock puts on a page.
const PAGE_ENTRIES: i32 = 1_000;
/// More profiles than an account's quota allows, many times over: a list that goes on is a fault.
const PAGES_MAX: usize = 20;

/// A connection to the control plane of one region. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    client: Client,
    region: String,
    endpoint: Option<String>,
}

impl ControlPlane {
    /// Resolves region and credentials; sends nothing. `connection.endpoint` is the control plane's.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when the AWS chain finds none.
    pub async fn connect(connection: &Connection) -> Result<Self, Error> {
        let config = connection.load().await?;
        let region = config.region().map_or_else(String::new, ToString::to_string);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(connection.connect_timeout)
            .operation_timeout(PATIENCE)
            .build();
        let mut builder = aws_sdk_bedrock::config::Builder::from(&config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &connection.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        let endpoint = connection.endpoint.clone();
        Ok(Self { client: Client::from_conf(builder.build()), region, endpoint })
    }

    /// The region that is asked.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Every foundation model that the region offers.
    ///
    /// # Errors
    /// [`Error::Unread`], as for every reading here.
    pub async fn models(&self) -> Result<Vec<OfferedModel>, Error> {
        let asked = self.asked("bedrock:ListFoundationModels");
        let told = self.client.list_foundation_models().send().await;
        let told = told.map_err(|error| asked.unread(&error))?;
        Ok(told.model_summaries().iter().map(OfferedModel::from_summary).collect())
    }

    /// One foundation model, by its base id or its ARN; `None` when there is no such model.
    pub async fn model(&self, id: &str) -> Result<Option<OfferedModel>, Error> {
        let asked = self.asked("bedrock:GetFoundationModel");
        let told = self.client.get_foundation_model().model_identifier(id).send().await;
        let told = asked.found(told)?;
        Ok(told.and_then(|told| Some(OfferedModel::from_details(told.model_details()?))))
    }

    /// Whether this account may use a model, by its base id; `None` when there is no such model.
    pub async fn availability(&self, id: &str) -> Result<Option<Availability>, Error> {
        let asked = self.asked("bedrock:GetFoundationModelAvailability");
        let told = self.client.get_foundation_model_availability().model_id(id).send().await;
        Ok(asked.found(told)?.map(|told| Availability::from_told(&told)))
    }

    /// The inference profiles of AWS, and those of this account.
    pub async fn profiles(&self) -> Result<Vec<OfferedProfile>, Error> {
        let mut profiles = self.profiles_of_system().await?;
        profiles.extend(self.profiles_of(InferenceProfileType::Application).await?);
        Ok(profiles)
    }

    async fn profiles_of_system(&self) -> Result<Vec<OfferedProfile>, Error> {
        self.profiles_of(InferenceProfileType::SystemDefined).await
    }

    async fn profiles_of(&self, kind: InferenceProfileType) -> Result<Vec<OfferedProfile>, Error> {
        let asked = self.asked("bedrock:ListInferenceProfiles");
        let (mut profiles, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.client.list_inference_profiles().type_equals(kind.clone());
            let page = page.max_results(PAGE_ENTRIES).set_next_token(token).send().await;
            let page = page.map_err(|error| asked.unread(&error))?;
            let told = page.inference_profile_summaries();
            profiles.extend(told.iter().map(OfferedProfile::from_summary));
            token = page.next_token;
            if token.is_none() {
                return Ok(profiles);
            }
        }
        Err(asked.endless(PAGES_MAX))
    }

    /// One inference profile, by its id or its ARN; `None` when there is no such profile.
    pub async fn profile(&self, id: &str) -> Result<Option<OfferedProfile>, Error> {
        let asked = self.asked("bedrock:GetInferenceProfile");
        let told = self.client.get_inference_profile().inference_profile_identifier(id);
        Ok(asked.found(told.send().await)?.as_ref().map(OfferedProfile::from_told))
    }

    /// One prompt router, by its ARN; `None` when there is no such router.
    pub async fn prompt_router(&self, arn: &str) -> Result<Option<PromptRouter>, Error> {
        let asked = self.asked("bedrock:GetPromptRouter");
        let told = self.client.get_prompt_router().prompt_router_arn(arn).send().await;
        Ok(asked.found(told)?.as_ref().map(PromptRouter::from_told))
    }

    /// The models that an opaque reference stands for, as far as the control plane knows such
    /// ARNs: one behind an application profile, several behind a prompt router. `None` when there
    /// is nothing of that name, or it leads to nothing that can be priced.
    pub async fn behind(&self, reference: &ModelRef) -> Result<Option<Vec<Candidate>>, Error> {
        let (arn, catalogue) = (reference.dispatched.as_str(), Catalogue::embedded());
        let candidates: Option<Vec<Candidate>> = match reference.kind {
            RefKind::ApplicationInferenceProfileArn => {
                let region = reference.region.as_deref().unwrap_or(&self.region);
                let profile = self.profile(arn).await?;
                profile.and_then(|profile| Some(vec![catalogue.copied(&profile.models, region)?]))
            }
            RefKind::PromptRouterArn => {
                let router = self.prompt_router(arn).await?;
                router.and_then(|router| {
                    router.models.iter().map(|arn| catalogue.target(arn)).collect()
                })
            }
            _ => None,
        };
        Ok(candidates.filter(|candidates| !candidates.is_empty()))
    }

    fn asked(&self, action: &'static str) -> Asked<'_> {
        Asked { action, region: &self.region }
    }
}
