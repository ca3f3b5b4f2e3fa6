//! The one way to Bedrock: one attempt, as bytes, through the AWS SDK.
//!
//! Credentials, region, endpoint, signing, TLS and the connection pool are the SDK's. Its retries
//! and stalled-stream protection are off: each attempt is ours to count, each timeout ours to keep.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::Credentials as FixedCredentials;
use aws_sdk_bedrockruntime::config::StalledStreamProtectionConfig;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_http_client::Builder as HttpBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bursar_domain::call::Operation;
use bursar_ledger::Admitted;

use crate::Error;
use crate::capture::{Answer, Capture};
use crate::invocation::Invocation;
use crate::outcome::Unanswered;

/// How to reach Bedrock. What is `None` is left to the AWS environment and profile.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The region to call from.
    pub region: Option<String>,
    /// Another endpoint than Bedrock's own.
    pub endpoint: Option<String>,
    /// Where the credentials come from.
    pub credentials: Credentials,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Made up, for a simulator that this process started itself.
    Simulated,
    /// `AWS_BEARER_TOKEN_BEDROCK`.
    BearerToken,
    /// An access key in the environment: nobody has to be asked for one.
    AccessKey,
    /// Wherever the AWS chain finds them: a profile, sign-on, the machine's role …
    Chain,
}

impl Connection {
    /// Whether anything may have to be reached by TLS: Bedrock, or whoever gives out credentials.
    /// Without, the machine's root certificates are not read, which takes longer than a call.
    fn needs_tls(&self) -> bool {
        let is_plain = self.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
        !is_plain || self.credentials == Credentials::Chain
    }
}

/// A connection pool to Bedrock in one region.
#[derive(Debug, Clone)]
pub struct Bedrock {
    client: Client,
    region: String,
}

impl Bedrock {
    /// Resolves region and credentials; sends nothing to Bedrock.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when the AWS chain finds none.
    pub async fn connect(connection: &Connection) -> Result<Self, Error> {
        let config = load(connection).await;
        if connection.credentials == Credentials::Chain {
            require_credentials(&config).await?;
        }
        let region = config.region().map_or_else(String::new, ToString::to_string);
        let mut builder = aws_sdk_bedrockruntime::config::Builder::from(&config)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &connection.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        Ok(Self { client: Client::from_conf(builder.build()), region })
    }

    /// The region that calls are made from.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Sends one attempt. `Admitted` is the proof that the ledger knows of the call.
    pub(crate) async fn send(
        &self,
        invocation: &Invocation,
        _admitted: &Admitted,
    ) -> Result<Answer, Unanswered> {
        let capture = Capture::new(invocation.body.clone(), invocation.headers.clone());
        let sent = self.dispatch(invocation, capture.clone()).await;
        match (capture.take(), sent) {
            (Some(answer), _) => Ok(answer),
            (None, Err(unanswered)) => Err(unanswered),
            (None, Ok(())) => Err(Unanswered::nothing_came()),
        }
    }

    async fn dispatch(&self, invocation: &Invocation, capture: Capture) -> Result<(), Unanswered> {
        let id = invocation.model.dispatched.as_str();
        let client = &self.client;
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
            Operation::Converse => drop_reply(
                client.converse().model_id(id).customize().interceptor(capture).send().await,
            ),
            Operation::ConverseStream => drop_reply(
                client.converse_stream().model_id(id).customize().interceptor(capture).send().await,
            ),
            Operation::CountTokens => drop_reply(
                client.count_tokens().model_id(id).customize().interceptor(capture).send().await,
            ),
        }
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

async fn load(connection: &Connection) -> SdkConfig {
    let http = if connection.needs_tls() {
        HttpBuilder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    } else {
        HttpBuilder::new().build_http()
    };
    let timeouts = TimeoutConfig::builder().connect_timeout(connection.connect_timeout).build();
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts);
    if let Some(region) = &connection.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if connection.credentials == Credentials::Simulated {
        let made_up = FixedCredentials::new("simulator", "simulator", None, None, "simulator");
        loader = loader.credentials_provider(made_up);
    }
    loader.load().await
}

async fn require_credentials(config: &SdkConfig) -> Result<(), Error> {
    let found = match config.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.map(drop).map_err(Box::new),
        None => return Err(Error::NoCredentials { source: None }),
    };
    found.map_err(|source| Error::NoCredentials { source: Some(source) })
}
