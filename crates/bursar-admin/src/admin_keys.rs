//! Keys of the admin API: made, listed, revoked, and told from each other by their secrets. They
//! make no calls; a virtual key is none of them, and none of them is a virtual key.

use bursar_domain::time::Timestamp;
use bursar_ledger::bearer::{PUBLIC_LETTERS, admin_key_id_of, new_admin_bearer};
use bursar_ledger::{AdminKey, AdminKeyChange, Change, MasterKey, Secret};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::keys::bind;
use crate::teams::{checked_name, unknown};
use crate::{Admin, Error, Viewer};

/// Changes everything.
const ADMIN: &str = "admin";
/// Reads everything, and changes nothing.
const FINANCE: &str = "finance";

/// A key of the admin API with its secret, which is shown once and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAdminKey {
    /// Its identity.
    pub id: String,
    /// What the audit log calls who uses it.
    pub name: String,
    /// The bearer token.
    #[schema(value_type = String)]
    pub secret: Secret,
}

/// A key of the admin API as a list shows it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminKeyRow {
    /// Its identity.
    pub id: String,
    /// What the audit log calls who uses it.
    pub name: String,
    /// `admin`, or `finance`, which only reads.
    pub role: String,
    /// `live`, `expired` or `revoked`.
    pub state: String,
    /// Since when it is there.
    pub created_at: String,
    /// When it expires.
    pub expires_at: Option<String>,
    /// Since when it is revoked.
    pub revoked_at: Option<String>,
}

/// Who has proved to have a key of the admin API, or somebody's API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// What the audit log calls them.
    pub name: String,
    /// Whether it may change something.
    pub may_change: bool,
    /// In whose name it asks; a key asks in nobody's, and sees everything.
    pub viewer: Option<Viewer>,
}

impl Admin {
    /// Makes a key; `read_only` says whether it only looks, and `expires_at` when it ends.
    ///
    /// # Errors
    /// A name that is none or taken, or a ledger that failed.
    pub async fn create_admin_key(
        &self,
        master: &MasterKey,
        name: &str,
        (read_only, expires_at): (bool, Option<Timestamp>),
    ) -> Result<NewAdminKey, Error> {
        checked_name(name)?;
        let id = format!("adm_{}", self.letters::<PUBLIC_LETTERS>());
        let secret = new_admin_bearer(&id, &self.entropy);
        let key = AdminKey {
            id: id.clone(),
            name: name.to_owned(),
            role: if read_only { FINANCE } else { ADMIN }.to_owned(),
            secret_hmac: hex::encode(master.admin_hash(secret.expose())),
            created_at: self.clock.now(),
            expires_at,
            revoked_at: None,
        };
        let create = Change::AdminKey(AdminKeyChange::Create(key));
        self.ledger.change(&self.actor, vec![Change::Access(bind(master)), create]).await?;
        Ok(NewAdminKey { id, name: name.to_owned(), secret })
    }

    /// The keys, by name; those that are revoked, too.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn admin_keys(&self) -> Result<Vec<AdminKeyRow>, Error> {
        let now = self.clock.now();
        Ok(self.ledger.admin_keys().await?.iter().map(|key| AdminKeyRow::of(key, now)).collect())
    }

    /// Ends a key.
    ///
    /// # Errors
    /// [`Error::Unknown`], or a ledger that failed.
    pub async fn revoke_admin_key(&self, named: &str) -> Result<AdminKeyRow, Error> {
        let keys = self.ledger.admin_keys().await?;
        let living = || keys.iter().filter(|key| key.revoked_at.is_none());
        let by_name = living().find(|key| key.name == named);
        let key = keys.iter().find(|key| key.id == named).or(by_name).ok_or_else(|| {
            let known = living().map(|key| key.name.as_str());
            unknown("admin key", named, known, "`bursar admin-key create --name NAME`")
        })?;
        let id = key.id.clone();
        let revoke = Change::AdminKey(AdminKeyChange::Revoke { id: id.clone() });
        self.ledger.change(&self.actor, vec![revoke]).await?;
        let row = self.admin_keys().await?.into_iter().find(|row| row.id == id);
        row.ok_or(Error::Untold)
    }

    /// Who has this bearer secret; `None` for one that is wrong, revoked or expired, and no word
    /// about which. How long that takes does not tell how much of it is right.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn visitor(
        &self,
        master: &MasterKey,
        bearer: &Secret,
    ) -> Result<Option<Visitor>, Error> {
        let Some(id) = admin_key_id_of(bearer.expose()) else {
            return self.visitor_by_token(master, bearer).await;
        };
        let hash = master.admin_hash(bearer.expose());
        let now = self.clock.now();
        let keys = self.ledger.admin_keys().await?;
        let key = keys.iter().find(|key| key.id == id && state(key, now) == "live");
        let proves = |key: &&AdminKey| {
            let kept = hex::decode(&key.secret_hmac).unwrap_or_default();
            bool::from(kept.as_slice().ct_eq(hash.as_slice()))
        };
        let visitor = |key: &AdminKey| Visitor {
            name: key.name.clone(),
            may_change: key.role == ADMIN,
            viewer: None,
        };
        Ok(key.filter(proves).map(visitor))
    }

    /// Whether there is a key that is of use.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn has_admin_key(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        Ok(self.ledger.admin_keys().await?.iter().any(|key| state(key, now) == "live"))
    }
}

impl AdminKeyRow {
    fn of(key: &AdminKey, now: Timestamp) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            role: key.role.clone(),
            state: state(key, now).to_owned(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

fn state(key: &AdminKey, now: Timestamp) -> &'static str {
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        (None, _) => "live",
    }
}
