//! What the control plane tells, without the SDK's types: models, profiles, routers, and whether
//! an account may use a model. Every text is Bedrock's own.

use aws_sdk_bedrock::operation::get_foundation_model_availability::GetFoundationModelAvailabilityOutput;
use aws_sdk_bedrock::operation::get_inference_profile::GetInferenceProfileOutput;
use aws_sdk_bedrock::operation::get_prompt_router::GetPromptRouterOutput;
use aws_sdk_bedrock::primitives::DateTime;
use aws_sdk_bedrock::types::{
    AuthorizationStatus, EntitlementAvailability, FoundationModelDetails, FoundationModelLifecycle,
    FoundationModelLifecycleStatus, FoundationModelSummary, InferenceProfileModel,
    InferenceProfileSummary, InferenceProfileType, PromptRouterTargetModel, RegionAvailability,
};
use bursar_domain::time::Timestamp;

/// A foundation model as a region offers it. `None` means that Bedrock does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedModel {
    /// The base id.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Who made it, for people.
    pub provider: Option<String>,
    /// What it takes: `TEXT`, `IMAGE` …
    pub input_modalities: Vec<String>,
    /// What it gives: `TEXT`, `EMBEDDING` …
    pub output_modalities: Vec<String>,
    /// Whether it can stream.
    pub streaming: Option<bool>,
    /// How it can be called: `ON_DEMAND`, `INFERENCE_PROFILE`, `PROVISIONED` …
    pub inference_types: Vec<String>,
    /// Where it is in its life.
    pub lifecycle: Option<OfferedLifecycle>,
}

/// Where a model is in its life, with its days as far as Bedrock tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferedLifecycle {
    /// Whether it is on its way out: `LEGACY`.
    pub is_legacy: bool,
    /// When it was launched.
    pub launch: Option<Timestamp>,
    /// When it becomes, or became, legacy.
    pub legacy_from: Option<Timestamp>,
    /// When its public extended access begins.
    pub public_extended_access_from: Option<Timestamp>,
    /// When calls to it end.
    pub end_of_life: Option<Timestamp>,
}

/// An inference profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedProfile {
    /// `us.anthropic.…`, or an application profile's made-up id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name for people.
    pub name: String,
    /// Whether it is this account's own, not AWS's.
    pub is_application: bool,
    /// The ARNs of the models that it may lead to: one model, in one region or several.
    pub models: Vec<String>,
}

/// A prompt router: one of several models answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptRouter {
    /// Its ARN.
    pub arn: String,
    /// Its name for people.
    pub name: String,
    /// The ARNs of the models or profiles that may answer, the fallback among them.
    pub models: Vec<String>,
}

/// Whether the account may use a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The agreement with the provider: `AVAILABLE`, `PENDING`, `NOT_AVAILABLE`, `ERROR`.
    pub agreement: Option<String>,
    /// What is wrong with the agreement.
    pub agreement_error: Option<String>,
    /// Whether the account is authorized.
    pub is_authorized: bool,
    /// Whether the account is entitled: access was requested and given.
    pub is_entitled: bool,
    /// Whether the region has the model.
    pub is_in_region: bool,
}

impl OfferedModel {
    pub(super) fn from_summary(told: &FoundationModelSummary) -> Self {
        Self {
            id: told.model_id.clone(),
            name: told.model_name.clone(),
            provider: told.provider_name.clone(),
            input_modalities: texts(told.input_modalities()),
            output_modalities: texts(told.output_modalities()),
            streaming: told.response_streaming_supported,
            inference_types: texts(told.inference_types_supported()),
            lifecycle: told.model_lifecycle().map(OfferedLifecycle::from_told),
        }
    }

    pub(super) fn from_details(told: &FoundationModelDetails) -> Self {
        Self {
            id: told.model_id.clone(),
            name: told.model_name.clone(),
            provider: told.provider_name.clone(),
            input_modalities: texts(told.input_modalities()),
            output_modalities: texts(told.output_modalities()),
            streaming: told.response_streaming_supported,
            inference_types: texts(told.inference_types_supported()),
            lifecycle: told.model_lifecycle().map(OfferedLifecycle::from_told),
        }
    }
}

impl OfferedLifecycle {
    fn from_told(told: &FoundationModelLifecycle) -> Self {
        Self {
            is_legacy: told.status == FoundationModelLifecycleStatus::Legacy,
            launch: told.start_of_life_time.and_then(time),
            legacy_from: told.legacy_time.and_then(time),
            public_extended_access_from: told.public_extended_access_time.and_then(time),
            end_of_life: told.end_of_life_time.and_then(time),
        }
    }
}

impl OfferedProfile {
    pub(super) fn from_summary(told: &InferenceProfileSummary) -> Self {
        Self {
            id: told.inference_profile_id.clone(),
            arn: told.inference_profile_arn.clone(),
            name: told.inference_profile_name.clone(),
            is_application: told.r#type == InferenceProfileType::Application,
            models: leads_to(&told.models),
        }
    }

    pub(super) fn from_told(told: &GetInferenceProfileOutput) -> Self {
        Self {
            id: told.inference_profile_id.clone(),
            arn: told.inference_profile_arn.clone(),
            name: told.inference_profile_name.clone(),
            is_application: told.r#type == InferenceProfileType::Application,
            models: leads_to(&told.models),
        }
    }
}

impl PromptRouter {
    pub(super) fn from_told(told: &GetPromptRouterOutput) -> Self {
        let target = |target: &PromptRouterTargetModel| target.model_arn.clone();
        let mut models: Vec<String> = told.models.iter().filter_map(target).collect();
        let fallback = told.fallback_model.as_ref().and_then(target);
        models.extend(fallback.filter(|arn| !models.contains(arn)));
        Self { arn: told.prompt_router_arn.clone(), name: told.prompt_router_name.clone(), models }
    }
}

impl Availability {
    pub(super) fn from_told(told: &GetFoundationModelAvailabilityOutput) -> Self {
        let agreement = told.agreement_availability.as_ref();
        Self {
            agreement: agreement.map(|agreement| agreement.status.as_str().to_owned()),
            agreement_error: agreement.and_then(|agreement| agreement.error_message.clone()),
            is_authorized: told.authorization_status == AuthorizationStatus::Authorized,
            is_entitled: told.entitlement_availability == EntitlementAvailability::Available,
            is_in_region: told.region_availability == RegionAvailability::Available,
        }
    }
}

fn leads_to(models: &[InferenceProfileModel]) -> Vec<String> {
    models.iter().filter_map(|model| model.model_arn.clone()).collect()
}

fn texts(values: &[impl AsRef<str>]) -> Vec<String> {
    values.iter().map(|value| value.as_ref().to_owned()).collect()
}

fn time(time: DateTime) -> Option<Timestamp> {
    time.to_millis().ok().map(Timestamp)
}
