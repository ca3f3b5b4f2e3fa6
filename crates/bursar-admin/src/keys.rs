//! Virtual keys: made, shown, rotated and revoked. Who has one is known by the ledger, by heart.

use bursar_domain::access::{Access, Key};
use bursar_domain::policy::{Policy, ended_key};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use bursar_ledger::bearer::{PUBLIC_LETTERS, access_key_id, new_bearer};
use bursar_ledger::{AccessChange, KeyChange, KeyTerms, MasterKey, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::attribution::known_key;
use crate::error::shown;
use crate::policies::PolicyRow;
use crate::teams::{checked_name, known_project, known_team, unknown_user};
use crate::{Admin, Error};

/// What is asked of a new key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRequest {
    /// The team that it stands for, by name or id.
    pub team: String,
    /// What people call it; its public part when nothing is said.
    pub name: Option<String>,
    /// The project that its calls belong to.
    pub project: Option<String>,
    /// The user that its calls belong to.
    pub user: Option<String>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// What its calls may ask for.
    pub policy: Policy,
}

/// A key that is to be made.
#[derive(Debug)]
pub(crate) struct KeyPlan {
    pub(crate) id: String,
    /// The team's id.
    pub(crate) team: String,
    pub(crate) name: String,
    pub(crate) terms: KeyTerms,
}

/// A key's secrets, which are shown once and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewKey {
    /// Its identity.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// For clients that send a bearer token.
    #[schema(value_type = String)]
    pub secret: Secret,
    /// For clients that sign as AWS's do.
    pub access_key_id: String,
    /// The other half of that pair.
    #[schema(value_type = String)]
    pub secret_access_key: Secret,
}

/// A key as a list shows it: without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyRow {
    /// Its identity.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The team's name.
    pub team: String,
    /// The project that its calls belong to.
    pub project: Option<String>,
    /// The user that its calls belong to.
    pub user: Option<String>,
    /// `live`, `expired` or `revoked`.
    pub state: String,
    /// How many secrets it has had.
    pub generation: i64,
    /// Since when it is there.
    pub created_at: String,
    /// When it expires.
    pub expires_at: Option<String>,
    /// Since when it is revoked.
    pub revoked_at: Option<String>,
    /// What its calls may ask for.
    pub policy: PolicyRow,
}

impl Admin {
    /// Makes a key of a team.
    pub async fn create_key(
        &self,
        master: &MasterKey,
        request: &KeyRequest,
    ) -> Result<NewKey, Error> {
        let access = self.ledger.access().await?;
        let team = known_team(&access, &request.team)?;
        let terms = KeyTerms {
            project: project_of(&access, &team.id, request.project.as_deref())?,
            user: user_of(&access, &team.id, request.user.as_deref())?,
            expires_at: request.expires_at,
        };
        let id = self.new_key_id(|id| access.keys.iter().any(|key| key.id == id));
        let name = request.name.clone().unwrap_or_else(|| id.replace("key_", ""));
        checked_name(&name)?;
        let (new, change) =
            self.made_key(master, KeyPlan { id, team: team.id.clone(), name, terms });
        let mut changes = vec![bind(master), change];
        if !request.policy.is_empty() {
            changes.push(key_policy(&new.id, request.policy.clone()));
        }
        self.change_access(changes).await?;
        Ok(new)
    }

    /// The secrets of a key that is to be made, and the change that makes it.
    pub(crate) fn made_key(&self, master: &MasterKey, plan: KeyPlan) -> (NewKey, AccessChange) {
        let KeyPlan { id, team, name, terms } = plan;
        let new = self.secrets(master, &id, (&name, 1));
        let secret_hmac = hex::encode(master.hash(new.secret.expose()));
        let create = KeyChange::Create { id, team, name, terms, secret_hmac };
        (new, AccessChange::Key(create))
    }

    fn secrets(&self, master: &MasterKey, id: &str, (name, generation): (&str, i64)) -> NewKey {
        NewKey {
            id: id.to_owned(),
            name: name.to_owned(),
            secret: new_bearer(id, &self.entropy),
            access_key_id: access_key_id(id, generation),
            secret_access_key: master.sigv4_secret(id, generation),
        }
    }

    /// Gives a key another secret; the older ones are of use for `grace_ms` more.
    pub async fn rotate_key(
        &self,
        master: &MasterKey,
        named: &str,
        grace_ms: i64,
    ) -> Result<NewKey, Error> {
        let access = self.ledger.access().await?;
        let key = living_key(&access, named, self.clock.now())?;
        let new = self.secrets(master, &key.id, (&key.name, key.generation + 1));
        let rotate = AccessChange::Key(KeyChange::Rotate {
            id: key.id.clone(),
            generation: key.generation + 1,
            secret_hmac: hex::encode(master.hash(new.secret.expose())),
            older_until: Timestamp(self.clock.now().0.saturating_add(grace_ms)),
        });
        self.change_access(vec![bind(master), rotate]).await?;
        Ok(new)
    }

    /// Ends a key and all its secrets.
    pub async fn revoke_key(&self, named: &str) -> Result<KeyRow, Error> {
        let access = self.ledger.access().await?;
        let id = known_key(&access, named)?.id.clone();
        self.change_access(vec![AccessChange::Key(KeyChange::Revoke { id: id.clone() })]).await?;
        self.key(&id).await
    }

    /// The keys, by team and name; those that are revoked only where they are asked for.
    pub async fn keys(&self, team: Option<&str>, revoked: bool) -> Result<Vec<KeyRow>, Error> {
        let access = self.ledger.access().await?;
        let team = team.map(|team| known_team(&access, team)).transpose()?;
        let is_asked = |key: &&Key| {
            team.is_none_or(|team| team.id == key.team) && (revoked || key.revoked_at.is_none())
        };
        let keys = access.keys.iter().filter(is_asked);
        let mut rows: Vec<KeyRow> = keys.map(|key| self.row(&access, key)).collect();
        rows.sort_by(|one, other| {
            (&one.team, &one.name, &one.id).cmp(&(&other.team, &other.name, &other.id))
        });
        Ok(rows)
    }

    /// One key, by id or name.
    pub async fn key(&self, named: &str) -> Result<KeyRow, Error> {
        let access = self.ledger.access().await?;
        Ok(self.row(&access, known_key(&access, named)?))
    }

    fn row(&self, access: &Access, key: &Key) -> KeyRow {
        let policy = access.policies.get(&Scope::default().with(Facet::Key, &key.id));
        KeyRow {
            id: key.id.clone(),
            name: key.name.clone(),
            team: access.team_name(&key.team).unwrap_or_default().to_owned(),
            project: key.project.clone(),
            user: key.user.clone(),
            state: match (key.revoked_at, ended_key(key, self.clock.now())) {
                (Some(_), _) => "revoked",
                (None, Some(_)) => "expired",
                (None, None) => "live",
            }
            .to_owned(),
            generation: key.generation,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
            policy: policy.map(PolicyRow::new).unwrap_or_default(),
        }
    }

    /// An identity that no key has.
    pub(crate) fn new_key_id(&self, is_taken: impl Fn(&str) -> bool) -> String {
        loop {
            let id = format!("key_{}", self.letters::<PUBLIC_LETTERS>());
            if !is_taken(&id) {
                return id;
            }
        }
    }
}

/// That the ledger's hashes are made with this key.
pub(crate) fn bind(master: &MasterKey) -> AccessChange {
    AccessChange::BindMasterKey { fingerprint: master.fingerprint() }
}

/// That a key's calls may ask for this much.
pub(crate) fn key_policy(id: &str, policy: Policy) -> AccessChange {
    AccessChange::SetPolicy { scope: Scope::default().with(Facet::Key, id), policy }
}

pub(crate) fn living_key<'a>(
    access: &'a Access,
    named: &str,
    now: Timestamp,
) -> Result<&'a Key, Error> {
    let key = known_key(access, named)?;
    match ended_key(key, now) {
        None => Ok(key),
        Some(objection) => Err(Error::Ended(objection.to_string())),
    }
}

/// The name of a project, which must be the team's.
pub(crate) fn project_of(
    access: &Access,
    team: &str,
    named: Option<&str>,
) -> Result<Option<String>, Error> {
    let Some(named) = named else { return Ok(None) };
    let project = known_project(access, named)?;
    if project.team == team {
        return Ok(Some(project.name.clone()));
    }
    Err(Error::Contradiction {
        said: format!("the project `{}` is of another team", shown(named)),
        hint: "name one of the key's own team".to_owned(),
    })
}

/// The name of a user, who must be in the team.
pub(crate) fn user_of(
    access: &Access,
    team: &str,
    named: Option<&str>,
) -> Result<Option<String>, Error> {
    let Some(named) = named else { return Ok(None) };
    let member = access.memberships(named).find(|member| member.team == team);
    member.map(|member| Some(member.name.clone())).ok_or_else(|| unknown_user(access, named))
}
