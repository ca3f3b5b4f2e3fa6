//! How AWS is reached: region, endpoint, credentials, TLS. What is said over the connection is
//! elsewhere: calls in `bedrock.rs`, readings in `control_plane.rs`.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials as FixedCredentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder as HttpBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::Error;

/// How to reach Bedrock, or its control plane. What is `None` is left to the AWS environment and
/// profile.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The region to call from.
    pub region: Option<String>,
    /// Another endpoint than AWS's own.
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

    /// Resolves region and credentials, and sends nothing.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when the AWS chain finds none.
    pub(crate) async fn load(&self) -> Result<SdkConfig, Error> {
        let config = config(self).await;
        if self.credentials == Credentials::Chain {
            require_credentials(&config).await?;
        }
        Ok(config)
    }

    /// The same, ready to ask STS too.
    pub(crate) async fn load_for_sts(&self, sts: Option<&str>) -> Result<SdkConfig, Error> {
        let is_plain = sts.is_some_and(|url| url.starts_with("http://"));
        if is_plain || self.credentials == Credentials::Chain {
            return self.load().await;
        }
        // Its credentials need nobody to be asked, and STS does.
        let mut secure = self.clone();
        secure.endpoint = None;
        secure.load().await
    }

    /// The same, by the credentials of a profile of AWS's configuration, whatever the environment
    /// says.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when the profile has none.
    pub(crate) async fn load_by_profile(&self, profile: &str) -> Result<SdkConfig, Error> {
        let chain = Self { credentials: Credentials::Chain, ..self.clone() };
        let config = config(&chain).await;
        let mut provider = ProviderConfig::without_region().with_region(config.region().cloned());
        if let Some(client) = config.http_client() {
            provider = provider.with_http_client(client);
        }
        let named =
            ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile);
        let named = SharedCredentialsProvider::new(named.build());
        let config = config.into_builder().credentials_provider(named).build();
        require_credentials(&config).await?;
        Ok(config)
    }
}

async fn config(connection: &Connection) -> SdkConfig {
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
