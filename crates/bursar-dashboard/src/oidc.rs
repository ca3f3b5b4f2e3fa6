//! Signing on by OpenID Connect: the provider whose word is believed, by the authorization code flow
//! with PKCE, and what role its groups give. Tokens are checked by the openidconnect crate; what
//! browsers see of it is in `sign_on.rs`.

mod claims;
mod client;
mod flow;
mod reach;

use std::sync::Arc;

use bursar_admin::{Desk, Role, SignOn};
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{ForeignIdentity, Secret};
use openidconnect::core::{
    CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreResponseType,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope, TokenResponse,
};
use tokio::sync::{Mutex, Semaphore};

use client::Client;
pub(crate) use flow::{FLOW_MS, Flow};
use reach::Reach;

/// What a provider says of itself and its keys is asked for again after so long.
const KNOWN_MS: i64 = 5 * 60_000;
/// Those who wait for the provider at a time.
const TURNS: usize = 16;
/// Where the provider sends browsers back to, below the settings' URL.
pub(crate) const BACK: &str = "/login/oidc/back";
/// With what a provider may sign: with keys of its own, never with the client's secret or nothing.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Whose word is believed, and what of it.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// The provider, as it calls itself: `https://id.example/realm`.
    pub issuer: String,
    /// What it calls this program.
    pub client_id: String,
    /// What proves to it that this is it, if anything does.
    pub client_secret: Option<Secret>,
    /// Where browsers reach these pages: `https://bursar.example`, without a path.
    pub url: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim of the ID token that lists a person's groups.
    pub groups_claim: String,
    /// The claim that new accounts are named by.
    pub name_claim: String,
    /// What a group may see and change; the first that a person is in counts.
    pub groups: Vec<Group>,
    /// What people call the provider.
    pub label: String,
    /// Whether it may be at an address of a private network.
    pub in_private_network: bool,
    /// The longest wait for one of its answers, in milliseconds.
    pub answer_ms: u64,
    /// Whether people may sign in by a password, too.
    pub passwords: bool,
}

/// A group of the provider's, and what whoever is in it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// As the claim names it.
    pub name: String,
    /// What they may see and change.
    pub role: Role,
    /// The team of leads and members, by name or id.
    pub team: Option<String>,
}

/// Why somebody is not signed on.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The settings cannot be.
    #[error("{0}")]
    Settings(String),
    /// The provider does not answer, or not as one does.
    #[error("the sign-on provider does not answer as it should: {0}")]
    Away(String),
    /// Too many sign on at once.
    #[error("many are signing on at once")]
    Busy,
    /// What the provider vouches with does not hold.
    #[error("the sign-on does not hold: {0}")]
    Unproven(String),
    /// Its word is good, and gives no role.
    #[error("none of your groups has a role here")]
    NoGroup(ForeignIdentity),
}

/// The provider, and what is known of it for now.
#[derive(Debug)]
pub struct Provider {
    pub(crate) settings: ProviderSettings,
    client: Client,
    known: Mutex<Option<(Timestamp, Arc<CoreProviderMetadata>)>>,
    turns: Semaphore,
}

impl Provider {
    /// Reads the settings. Nothing is asked of the provider yet.
    ///
    /// # Errors
    /// [`OidcError::Settings`] for a URL that is none, is not `https`, or is of an address that no
    /// provider has.
    pub fn new(mut settings: ProviderSettings) -> Result<Self, OidcError> {
        let wrong = |what: &str, why: &str| OidcError::Settings(format!("`{what}` {why}"));
        let reach = Reach::of(&settings.issuer, settings.in_private_network);
        let reach = reach.map_err(|why| wrong("issuer", why))?;
        Reach::check_origin(&settings.url).map_err(|why| wrong("url", why))?;
        if settings.client_id.is_empty() {
            return Err(wrong("client_id", "is empty"));
        }
        settings.url.truncate(settings.url.trim_end_matches('/').len());
        let client = Client::new(reach, settings.answer_ms).map_err(OidcError::Settings)?;
        Ok(Self { settings, client, known: Mutex::default(), turns: Semaphore::new(TURNS) })
    }

    /// Whether browsers reach these pages over TLS.
    pub(crate) fn is_on_tls(&self) -> bool {
        self.settings.url.starts_with("https://")
    }

    /// Where a browser goes to prove to the provider who sits there.
    ///
    /// # Errors
    /// [`OidcError::Away`], [`OidcError::Busy`].
    pub(crate) async fn address(&self, desk: &Desk, flow: &Flow) -> Result<String, OidcError> {
        let metadata = self.metadata(desk.admin.clock.now()).await?;
        let authorize = metadata.authorization_endpoint().url();
        self.client.check(authorize.as_str()).map_err(OidcError::Away)?;
        let client = CoreClient::from_provider_metadata(
            CoreProviderMetadata::clone(&metadata),
            self.client_id(),
            self.client_secret(),
        )
        .set_redirect_uri(self.redirect()?);
        let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let (url, ..) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                || state,
                || nonce,
            )
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.to_string())
    }

    /// Who proved there who they are, by the code that came back with the browser.
    ///
    /// # Errors
    /// Why nobody did; [`OidcError::NoGroup`] for who did and has no role.
    pub(crate) async fn person(
        &self,
        desk: &Desk,
        (flow, code): (&Flow, String),
    ) -> Result<SignOn, OidcError> {
        let metadata = self.metadata(desk.admin.clock.now()).await?;
        let _turn = self.turns.try_acquire().map_err(|_| OidcError::Busy)?;
        let client = CoreClient::from_provider_metadata(
            CoreProviderMetadata::clone(&metadata),
            self.client_id(),
            self.client_secret(),
        )
        .set_redirect_uri(self.redirect()?)
        .set_auth_type(auth_type(&metadata));
        let unproven = |why: &dyn std::fmt::Display| OidcError::Unproven(claims::shown(why));
        let send = self.client.sender();
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| OidcError::Away("it names no token endpoint".to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()))
            .request_async(&send)
            .await
            .map_err(|error| client::token_error(&error))?;
        let token = tokens.id_token().ok_or_else(|| unproven(&"there is no ID token"))?;
        let clock = desk.admin.clock.clone();
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || utc(&clock));
        let nonce = Nonce::new(flow.nonce.clone());
        let proven = token.claims(&verifier, &nonce).map_err(|error| unproven(&error))?;
        if let Some(hash) = proven.access_token_hash() {
            let found = hash_of(token, &verifier, tokens.access_token());
            if found.map_err(|why| unproven(&why))? != *hash {
                return Err(unproven(&"the access token is another's"));
            }
        }
        let identity = ForeignIdentity {
            issuer: proven.issuer().to_string(),
            subject: proven.subject().to_string(),
        };
        // Of this token, now that its signature holds.
        let claims = claims::of(&token.to_string()).ok_or_else(|| unproven(&"it has no claims"))?;
        claims::person(&self.settings, identity, &claims)
    }

    /// What the provider says of itself and its keys.
    async fn metadata(&self, now: Timestamp) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let _turn = self.turns.try_acquire().map_err(|_| OidcError::Busy)?;
        let mut known = self.known.lock().await;
        let is_new = |since: &Timestamp| (0..KNOWN_MS).contains(&(now.0 - since.0));
        if let Some((_, metadata)) = known.as_ref().filter(|(since, _)| is_new(since)) {
            return Ok(Arc::clone(metadata));
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone());
        let issuer = issuer.map_err(|error| OidcError::Away(claims::shown(&error)))?;
        let send = self.client.sender();
        let found = CoreProviderMetadata::discover_async(issuer, &send).await;
        let found = Arc::new(found.map_err(|error| client::discovery_error(&error))?);
        *known = Some((now, Arc::clone(&found)));
        Ok(found)
    }

    fn redirect(&self) -> Result<RedirectUrl, OidcError> {
        let url = RedirectUrl::new(format!("{}{BACK}", self.settings.url));
        url.map_err(|error| OidcError::Settings(error.to_string()))
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.settings.client_id.clone())
    }

    fn client_secret(&self) -> Option<ClientSecret> {
        let secret = self.settings.client_secret.as_ref()?;
        Some(ClientSecret::new(secret.expose().to_owned()))
    }
}

/// How the client proves itself: in a header, unless the provider takes it in the form alone.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
    let in_form = !takes(CoreClientAuthMethod::ClientSecretBasic)
        && takes(CoreClientAuthMethod::ClientSecretPost);
    if in_form { AuthType::RequestBody } else { AuthType::BasicAuth }
}

fn utc(clock: &Clock) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(clock.now().0).unwrap_or_default()
}

fn hash_of(
    token: &CoreIdToken,
    verifier: &CoreIdTokenVerifier<'_>,
    access: &openidconnect::AccessToken,
) -> Result<AccessTokenHash, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let algorithm = token.signing_alg().map_err(|error| told(&error))?;
    let key = token.signing_key(verifier).map_err(|error| told(&error))?;
    AccessTokenHash::from_token(access, algorithm, key).map_err(|error| told(&error))
}
