//! API tokens: by what programs ask in somebody's name. A token has the role and the team that its
//! owner has when it is used, and may be kept from changing anything. They make no calls.

use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_ledger::bearer::{PUBLIC_LETTERS, new_token_bearer, token_id_of};
use bursar_ledger::{ApiToken, ApiTokenChange, Change, MasterKey, Secret, Session, TokenOwner};
use subtle::ConstantTimeEq;

use crate::keys::bind;
use crate::teams::{checked_name, unknown};
use crate::{Admin, Error, Role, View, Viewer, Visitor, parse_expiry};

/// What is forgotten somewhere ends by itself.
const LIFE_MS_MAX: i64 = 366 * DAY_MS;
/// As long as nobody says.
const LIFE_USUAL: &str = "90d";
/// Tokens of one person that are of use at a time.
const LIVE_MAX: usize = 20;
/// That one is in use is written down no more often.
const SEEN_MS: i64 = 5 * 60_000;

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// Whether it may change what its owner may; or only look.
    pub may_change: bool,
    /// When it expires: a date, a time, or `30d` from now; ninety days where nothing is said, and a
    /// year at most.
    pub expires: Option<String>,
}

/// A token with its secret, which is shown once and never again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeToken {
    /// Its identity.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The bearer token.
    pub secret: Secret,
}

/// A token as a list shows it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its identity.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Its owner's name.
    pub user: String,
    /// Whether it may change what its owner may.
    pub may_change: bool,
    /// `live`, `expired`, `revoked`, or `disabled` with its owner.
    pub state: String,
    /// Since when it is there.
    pub created_at: String,
    /// When it expires.
    pub expires_at: String,
    /// When it was last used, to a few minutes.
    pub used_at: Option<String>,
}

impl View {
    /// The viewer's own tokens; everybody's, for who sees all of the ledger.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, Error> {
        let mut tokens = self.desk.admin.ledger.api_tokens().await?;
        if self.whole().is_err() {
            tokens.retain(|token| token.owner.account == self.viewer.account);
        }
        let now = self.now();
        Ok(tokens.iter().map(|token| TokenRow::of(token, now)).collect())
    }

    /// Makes a token of the viewer's own.
    ///
    /// # Errors
    /// A name that is none, an expiry that is none, past or too far ahead, too many of them, or a
    /// ledger that failed.
    pub async fn make_token(&self, token: &NewToken) -> Result<MadeToken, Error> {
        checked_name(&token.name)?;
        let (admin, now) = (&self.desk.admin, self.now());
        let expires_at = parse_expiry(token.expires.as_deref().unwrap_or(LIFE_USUAL), now)?;
        let too_much = |said: String, hint: &str| Error::Contradiction { said, hint: hint.into() };
        if expires_at.0 - now.0 > LIFE_MS_MAX {
            let said = "the token would be of use for more than a year".to_owned();
            return Err(too_much(said, "say `365d`, or less, and make another then"));
        }
        let all = admin.ledger.api_tokens().await?;
        let is_own = |token: &&ApiToken| token.owner.account == self.viewer.account;
        if all.iter().filter(is_own).filter(|one| state(one, now) == "live").count() >= LIVE_MAX {
            let said = format!("you have {LIVE_MAX} tokens already");
            return Err(too_much(said, "revoke one that is not needed any more"));
        }
        let master = self.desk.master_key().await?;
        let id = format!("tok_{}", admin.letters::<PUBLIC_LETTERS>());
        let secret = new_token_bearer(&id, &admin.entropy);
        let made = ApiToken {
            id: id.clone(),
            name: token.name.clone(),
            may_change: token.may_change,
            secret_hmac: hex::encode(master.token_hash(secret.expose())),
            created_at: now,
            expires_at,
            used_at: None,
            revoked_at: None,
            owner: TokenOwner {
                account: self.viewer.account.clone(),
                name: self.viewer.name.clone(),
                role: self.viewer.role.to_string(),
                team: self.part().map(|part| part.team_id.clone()),
                is_disabled: false,
            },
        };
        let create = Change::ApiToken(ApiTokenChange::Create(Box::new(made)));
        admin.ledger.change(&admin.actor, vec![Change::Access(bind(&master)), create]).await?;
        Ok(MadeToken { id, name: token.name.clone(), secret })
    }

    /// Ends a token: one's own; anybody's, for an admin.
    ///
    /// # Errors
    /// [`Error::Unknown`], also for another's, or a ledger that failed.
    pub async fn revoke_token(&self, id: &str) -> Result<(), Error> {
        let admin = &self.desk.admin;
        let is_seen = |token: &ApiToken| {
            self.viewer.role == Role::Admin || token.owner.account == self.viewer.account
        };
        let token = admin.ledger.api_token(id).await?.filter(is_seen);
        let token = token.ok_or_else(|| {
            unknown("API token", id, std::iter::empty(), "the page `/tokens`, signed in")
        })?;
        let revoke = Change::ApiToken(ApiTokenChange::Revoke { id: token.id });
        admin.ledger.change(&admin.actor, vec![revoke]).await?;
        Ok(())
    }
}

impl Admin {
    /// Whether a bearer secret looks like an API token, where there can be any.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn may_be_token(&self, bearer: &Secret) -> Result<bool, Error> {
        Ok(token_id_of(bearer.expose()).is_some() && self.ledger.master_key().await?.is_some())
    }

    /// Who has this token's secret; `None` for one that is wrong, or of no use any more, and no word
    /// about which.
    pub(crate) async fn visitor_by_token(
        &self,
        master: &MasterKey,
        bearer: &Secret,
    ) -> Result<Option<Visitor>, Error> {
        let Some(id) = token_id_of(bearer.expose()) else { return Ok(None) };
        let (hash, now) = (master.token_hash(bearer.expose()), self.clock.now());
        let token = self.ledger.api_token(&id).await?;
        let proves = |token: &ApiToken| {
            let kept = hex::decode(&token.secret_hmac).unwrap_or_default();
            bool::from(kept.as_slice().ct_eq(hash.as_slice()))
        };
        let token = token.filter(|token| state(token, now) == "live").filter(proves);
        let Some(token) = token else { return Ok(None) };
        if token.used_at.is_none_or(|used| now.0 - used.0 >= SEEN_MS) {
            let seen = Change::ApiToken(ApiTokenChange::Seen { id });
            self.ledger.change(&token.owner.name, vec![seen]).await?;
        }
        let viewer = self.viewer_of(&token.owner, now).await?;
        let name = format!("{} by {}", token.owner.name, token.id);
        Ok(Some(Visitor { name, may_change: token.may_change, viewer: Some(viewer) }))
    }

    /// What somebody sees, as if they were signed in.
    async fn viewer_of(&self, owner: &TokenOwner, now: Timestamp) -> Result<Viewer, Error> {
        let TokenOwner { account, name, role, team, .. } = owner.clone();
        let session = Session { account, name, role, team, begun_at: now, seen_at: now };
        self.seen_by(session).await
    }
}

impl TokenRow {
    fn of(token: &ApiToken, now: Timestamp) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            user: token.owner.name.clone(),
            may_change: token.may_change,
            state: state(token, now).to_owned(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.to_string(),
            used_at: token.used_at.map(|at| at.to_string()),
        }
    }
}

fn state(token: &ApiToken, now: Timestamp) -> &'static str {
    match token {
        ApiToken { revoked_at: Some(_), .. } => "revoked",
        token if token.expires_at <= now => "expired",
        token if token.owner.is_disabled => "disabled",
        _ => "live",
    }
}
