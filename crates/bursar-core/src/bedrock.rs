//! The one way to Bedrock: one attempt, as bytes, through the AWS SDK.
//!
//! Credentials, signing and the connection pool are the SDK's. Its retries and stalled-stream
//! protection are off: each attempt is ours to count, each timeout ours to keep.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use bursar_domain::call::Operation;
use bursar_domain::identity::Attribution;
use bursar_domain::time::Timestamp;
use bursar_ledger::Admitted;

use crate::Error;
use crate::capture::{Answer, Capture};
use crate::connection::Connection;
use crate::invocation::Invocation;
use crate::outcome::Unanswered;
use crate::role::Role;

pub(crate) const SIGV4: AuthSchemeId = AuthSchemeId::new("sigv4");

/// The version of the AWS SDK's client that calls go through.
#[must_use]
pub fn sdk_version() -> &'static str {
    aws_sdk_bedrockruntime::meta::PKG_VERSION
}

/// A connection pool to Bedrock in one region.
#[derive(Debug, Clone)]
pub struct Bedrock {
    client: Client,
    region: String,
    /// The role that calls are made as, if they are.
    role: Option<Arc<Role>>,
}

/// Whose credentials calls are signed with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// A profile of AWS's configuration; `None` for the AWS chain.
    pub profile: Option<String>,
    /// A role that these credentials may assume, and that calls are made as.
    pub role_arn: Option<String>,
    /// Where STS is, where it is another address than AWS's own.
    pub sts_endpoint: Option<String>,
}

impl Bedrock {
    /// Resolves region and credentials; sends nothing to Bedrock.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when the AWS chain finds none.
    pub async fn connect(connection: &Connection) -> Result<Self, Error> {
        Ok(Self::with(connection, builder(connection, &connection.load().await?)))
    }

    /// The same, signed with an account's credentials, and never with a bearer token.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when a profile has none.
    pub async fn connect_as(connection: &Connection, account: &Account) -> Result<Self, Error> {
        let config = match &account.profile {
            Some(profile) => connection.load_by_profile(profile).await?,
            None if account.role_arn.is_none() => return Self::connect(connection).await,
            None => connection.load_for_sts(account.sts_endpoint.as_deref()).await?,
        };
        let builder = builder(connection, &config).auth_scheme_preference([SIGV4]);
        let sts = account.sts_endpoint.clone();
        let role = account.role_arn.clone();
        let role = role.map(|arn| Arc::new(Role::new(arn, connection.clone(), config, sts)));
        Ok(Self { role, ..Self::with(connection, builder) })
    }

    fn with(connection: &Connection, builder: Builder) -> Self {
        let config = builder.build();
        let region = config.region().map(ToString::to_string);
        let region = region.or_else(|| connection.region.clone()).unwrap_or_default();
        Self { client: Client::from_conf(config), region, role: None }
    }

    /// The region that calls are made from.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Who makes a call of somebody. Nothing is sent to Bedrock.
    pub(crate) async fn client_for(
        &self,
        who: &Attribution,
        now: Timestamp,
    ) -> Result<Client, Unanswered> {
        match &self.role {
            Some(role) => role.client(who, now).await,
            None => Ok(self.client.clone()),
        }
    }

    /// Sends one attempt. `Admitted` is the proof that the ledger knows of the call.
    pub(crate) async fn send(
        client: &Client,
        invocation: &Invocation,
        _admitted: &Admitted,
    ) -> Result<Answer, Unanswered> {
        let capture = Capture::new(invocation.body.clone(), invocation.headers.clone());
        let sent = dispatch(client, invocation, capture.clone()).await;
        match (capture.take(), sent) {
            (Some(answer), _) => Ok(answer),
            (None, Err(unanswered)) => Err(unanswered),
            (None, Ok(())) => Err(Unanswered::nothing_came()),
        }
    }
}

async fn dispatch(
    client: &Client,
    invocation: &Invocation,
    capture: Capture,
) -> Result<(), Unanswered> {
    let id = invocation.model.dispatched.as_str();
    match invocation.operation {
        Operation::InvokeModel => drop_reply(
            client.invoke_model().model_id(id).customize().interceptor(capture).send().await,
        ),
        Operation::InvokeModelWithResponseStream => drop_reply(
            client
                .invoke_model_with_response_stream()
                .model_id(id)
                .customize()
                .interceptor(capture)
                .send()
                .await,
        ),
        Operation::Converse => {
            drop_reply(client.converse().model_id(id).customize().interceptor(capture).send().await)
        }
        Operation::ConverseStream => drop_reply(
            client.converse_stream().model_id(id).customize().interceptor(capture).send().await,
        ),
        Operation::ApplyGuardrail => {
            let named = invocation.model.guardrail_and_version();
            let (id, version) = named.ok_or_else(Unanswered::no_guardrail)?;
            let call = client.apply_guardrail().guardrail_identifier(id);
            let call = call.guardrail_version(version).customize();
            drop_reply(call.interceptor(capture).send().await)
        }
        Operation::CountTokens => drop_reply(
            client.count_tokens().model_id(id).customize().interceptor(capture).send().await,
        ),
    }
}

pub(crate) fn builder(connection: &Connection, config: &SdkConfig) -> Builder {
    let builder = Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    match &connection.endpoint {
        Some(endpoint) => builder.endpoint_url(endpoint),
        None => builder,
    }
}

/// The reply's bytes were captured; the stub that the SDK made a value of is of no use.
fn drop_reply<T, E, R>(sent: Result<T, SdkError<E, R>>) -> Result<(), Unanswered>
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    sent.map(drop).map_err(|error| Unanswered::from_sdk(&error))
}
