//! Who calls: which credentials are used, where they come from, and whom STS takes them for.
//!
//! Asking costs nothing and needs no permission. A Bedrock API key is not STS's to know.

use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::retry::RetryConfig;
use bursar_domain::time::Timestamp;

use crate::control_plane::Asked;
use crate::{Connection, Error};

/// What credentials come from, and what people call it; the first that applies is told.
const SOURCES: [(AwsCredentialFeature, &str); 17] = [
    (AwsCredentialFeature::CredentialsEnvVarsStsWebIdToken, "a web identity"),
    (AwsCredentialFeature::CredentialsEnvVars, "the environment"),
    (AwsCredentialFeature::CredentialsImds, "this machine's role"),
    (AwsCredentialFeature::CredentialsHttp, "this container's role"),
    (AwsCredentialFeature::CredentialsStsAssumeRole, "an assumed role"),
    (AwsCredentialFeature::CredentialsStsAssumeRoleWebId, "a web identity"),
    (AwsCredentialFeature::CredentialsStsSessionToken, "a session of STS"),
    (AwsCredentialFeature::CredentialsSso, "IAM Identity Center"),
    (AwsCredentialFeature::CredentialsProfileSso, "IAM Identity Center"),
    (AwsCredentialFeature::CredentialsLogin, "`aws login`"),
    (AwsCredentialFeature::CredentialsProfileLogin, "`aws login`"),
    (AwsCredentialFeature::CredentialsProcess, "a credential process"),
    (AwsCredentialFeature::CredentialsProfileProcess, "a credential process"),
    (AwsCredentialFeature::CredentialsProfileStsWebIdToken, "a web identity"),
    (AwsCredentialFeature::CredentialsProfileSourceProfile, "another profile's role"),
    (AwsCredentialFeature::CredentialsProfileNamedProvider, "another source's role"),
    (AwsCredentialFeature::CredentialsProfile, "the profile"),
];

/// The credentials that calls are signed with, without a secret in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsInUse {
    /// Where they come from, for people; `None` when the AWS chain does not say.
    pub source: Option<&'static str>,
    /// When they end; `None` for those that last.
    pub expires_at: Option<Timestamp>,
}

/// Whom AWS takes a caller for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The account's twelve digits.
    pub account: String,
    /// The user's or role's ARN.
    pub arn: String,
}

impl Connection {
    /// Finds the credentials as every call does.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] when the AWS chain finds none.
    pub async fn credentials_in_use(&self) -> Result<CredentialsInUse, Error> {
        let config = self.load().await?;
        let provider =
            config.credentials_provider().ok_or(Error::NoCredentials { source: None })?;
        let found = provider.provide_credentials().await;
        let found =
            found.map_err(|source| Error::NoCredentials { source: Some(Box::new(source)) })?;
        let told = found.get_property::<Vec<AwsCredentialFeature>>();
        let source = SOURCES.iter().find(|(feature, _)| told.is_some_and(|t| t.contains(feature)));
        let expires_at = found.expiry().and_then(|end| {
            let since = end.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_millis()).ok().map(Timestamp)
        });
        Ok(CredentialsInUse { source: source.map(|(_, words)| *words), expires_at })
    }

    /// Asks STS. `self.endpoint` is STS's own, where it is another than AWS's.
    ///
    /// # Errors
    /// [`Error::Unread`] with what STS, or the way there, said.
    pub async fn caller_identity(&self) -> Result<CallerIdentity, Error> {
        let config = self.load().await?;
        let region = config.region().map_or_else(String::new, ToString::to_string);
        let mut builder =
            aws_sdk_sts::config::Builder::from(&config).retry_config(RetryConfig::disabled());
        if let Some(endpoint) = &self.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        let asked = Asked { action: "sts:GetCallerIdentity", region: &region };
        let told = Client::from_conf(builder.build()).get_caller_identity().send().await;
        let told = told.map_err(|error| asked.unread(&error))?;
        Ok(CallerIdentity {
            account: told.account.unwrap_or_default(),
            arn: told.arn.unwrap_or_default(),
        })
    }
}
