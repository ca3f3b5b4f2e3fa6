//! Who may call, read back: teams, projects, users and keys with all that has ended.
//!
//! Changing them is `change/access.rs`'s; what they mean for a call is `rules`'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bursar_domain::access::{Access, Key, Member, Project, Team};
use bursar_domain::policy::{Models, Policy, Routes};
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::keyring::{Holder, KeySecret, SECRETS, SECRETS_BY_KEY, SecretRow};
use crate::rules::read_scope;
use crate::statement::{Session, Statement, keyed};
use crate::{Error, Ledger};

const TEAMS: Statement =
    Statement { doing: "read teams", sql: include_str!("../queries/teams.sql") };
const PROJECTS: Statement =
    Statement { doing: "read projects", sql: include_str!("../queries/projects.sql") };
const MEMBERS: Statement =
    Statement { doing: "read users", sql: include_str!("../queries/members.sql") };
const KEYS: Statement =
    Statement { doing: "read keys", sql: include_str!("../queries/virtual_keys.sql") };
const KEYS_BY_ID: Statement =
    Statement { doing: "read keys", sql: include_str!("../queries/keys_by_id.sql") };
const TEAM_NAMES: Statement =
    Statement { doing: "read teams", sql: include_str!("../queries/team_names.sql") };
const POLICIES: Statement =
    Statement { doing: "read policies", sql: include_str!("../queries/policies.sql") };
pub(crate) const MASTER_KEY: Statement =
    Statement { doing: "read the master key", sql: include_str!("../queries/master_key.sql") };

#[derive(Debug, FromRow)]
struct TeamRow {
    id: String,
    name: String,
    owner: Option<String>,
    cost_centre: Option<String>,
    created_ms: i64,
    ended_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct PartRow {
    id: String,
    team_id: String,
    name: String,
    created_ms: i64,
    ended_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct KeyRow {
    id: String,
    team_id: String,
    name: String,
    project: Option<String>,
    user_name: Option<String>,
    generation: i64,
    created_ms: i64,
    expires_ms: Option<i64>,
    revoked_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct NameRow {
    id: String,
    name: String,
}

#[derive(Debug, FromRow)]
struct PolicyRow {
    scope: String,
    allows: String,
}

#[derive(Debug, FromRow)]
pub(crate) struct MasterRow {
    pub(crate) fingerprint: String,
}

/// A policy as a row keeps it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PolicyJson {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    regions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
}

/// A policy as a row keeps it. Texts and a number cannot fail to be written.
pub(crate) fn write_policy(policy: &Policy) -> String {
    let row = PolicyJson {
        models: policy.models.iter().map(Models::to_string).collect(),
        regions: policy.regions.clone(),
        routing: policy.routes.as_ref().map(Routes::to_string),
        max_tokens: policy.max_tokens,
    };
    serde_json::to_string(&row).unwrap_or_default()
}

/// A policy from a row. One that is not understood is an error, for it restricts somebody.
fn read_policy(text: &str) -> Option<Policy> {
    let row: PolicyJson = serde_json::from_str(text).ok()?;
    Some(Policy {
        models: row.models.iter().map(|text| Models::parse(text)).collect::<Option<_>>()?,
        regions: row.regions,
        routes: match row.routing {
            Some(text) => Some(Routes::parse(&text)?),
            None => None,
        },
        max_tokens: row.max_tokens,
    })
}

impl PolicyRow {
    fn policy(self) -> Result<(Scope, Policy), Error> {
        let bad = |column| Error::Inconsistent { table: "policy", column, row: self.scope.clone() };
        let scope = read_scope(&self.scope).ok_or_else(|| bad("scope"))?;
        Ok((scope, read_policy(&self.allows).ok_or_else(|| bad("allows"))?))
    }
}

impl From<TeamRow> for Team {
    fn from(row: TeamRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            owner: row.owner,
            cost_centre: row.cost_centre,
            created_at: Timestamp(row.created_ms),
            ended_at: row.ended_ms.map(Timestamp),
        }
    }
}

impl From<PartRow> for Project {
    fn from(row: PartRow) -> Self {
        Self {
            id: row.id,
            team: row.team_id,
            name: row.name,
            created_at: Timestamp(row.created_ms),
            ended_at: row.ended_ms.map(Timestamp),
        }
    }
}

impl From<PartRow> for Member {
    fn from(row: PartRow) -> Self {
        Self {
            id: row.id,
            team: row.team_id,
            name: row.name,
            created_at: Timestamp(row.created_ms),
            ended_at: row.ended_ms.map(Timestamp),
        }
    }
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            team: row.team_id,
            name: row.name,
            project: row.project,
            user: row.user_name,
            generation: row.generation,
            created_at: Timestamp(row.created_ms),
            expires_at: row.expires_ms.map(Timestamp),
            revoked_at: row.revoked_ms.map(Timestamp),
        }
    }
}

/// Everything as the tables have it.
#[derive(Debug, Default)]
struct Rows {
    teams: Vec<TeamRow>,
    projects: Vec<PartRow>,
    members: Vec<PartRow>,
    keys: Vec<KeyRow>,
    policies: Vec<PolicyRow>,
}

impl Rows {
    fn access(self) -> Result<Access, Error> {
        Ok(Access {
            teams: self.teams.into_iter().map(Team::from).collect(),
            projects: self.projects.into_iter().map(Project::from).collect(),
            members: self.members.into_iter().map(Member::from).collect(),
            keys: self.keys.into_iter().map(Key::from).collect(),
            policies: self.policies.into_iter().map(PolicyRow::policy).collect::<Result<_, _>>()?,
        })
    }
}

impl Ledger {
    /// Every team, project, user and key, with those that have ended, and the policies in force.
    pub async fn access(&self) -> Result<Access, Error> {
        access_in(&mut Session::Pool(&self.reads)).await
    }

    /// The policies in force.
    pub async fn policies(&self) -> Result<BTreeMap<Scope, Policy>, Error> {
        let rows: Vec<PolicyRow> = self.reads.rows(POLICIES, &[]).await?;
        rows.into_iter().map(PolicyRow::policy).collect()
    }

    /// The fingerprint of the master key that this ledger is bound to, once it is.
    pub async fn master_key(&self) -> Result<Option<String>, Error> {
        let row: Option<MasterRow> = self.reads.row(MASTER_KEY, &[]).await?;
        Ok(row.map(|row| row.fingerprint))
    }
}

/// The same, where others read beside it.
pub(crate) async fn access_in(session: &mut Session<'_>) -> Result<Access, Error> {
    let rows = Rows {
        teams: session.rows(TEAMS, &[]).await?,
        projects: session.rows(PROJECTS, &[]).await?,
        members: session.rows(MEMBERS, &[]).await?,
        keys: session.rows(KEYS, &[]).await?,
        policies: session.rows(POLICIES, &[]).await?,
    };
    rows.access()
}

/// These keys, by id.
pub(crate) async fn keys_in(
    session: &mut Session<'_>,
    ids: &BTreeSet<String>,
) -> Result<Vec<(String, Key)>, Error> {
    let ids = [keyed(ids.iter().map(|id| (id, ())))?];
    let rows: Vec<KeyRow> = session.rows(KEYS_BY_ID, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row.into())).collect())
}

/// The keys that are not revoked, their teams' names and their secrets.
pub(crate) async fn holders_in(session: &mut Session<'_>) -> Result<Vec<Holder>, Error> {
    let teams: Vec<TeamRow> = session.rows(TEAMS, &[]).await?;
    let teams = teams.into_iter().map(|row| (row.id, row.name)).collect();
    let keys: Vec<KeyRow> = session.rows(KEYS, &[]).await?;
    Ok(holders(&teams, keys, &session.rows(SECRETS, &[]).await?))
}

/// The same of some keys.
pub(crate) async fn holders_of(
    session: &mut Session<'_>,
    ids: &BTreeSet<String>,
) -> Result<Vec<Holder>, Error> {
    let ids = [keyed(ids.iter().map(|id| (id, ())))?];
    let keys: Vec<KeyRow> = session.rows(KEYS_BY_ID, &ids).await?;
    let of: BTreeSet<&String> = keys.iter().map(|row| &row.team_id).collect();
    let teams = [keyed(of.into_iter().map(|id| (id, ())))?];
    let teams: Vec<NameRow> = session.rows(TEAM_NAMES, &teams).await?;
    let teams = teams.into_iter().map(|row| (row.id, row.name)).collect();
    Ok(holders(&teams, keys, &session.rows(SECRETS_BY_KEY, &ids).await?))
}

fn holders(teams: &HashMap<String, String>, keys: Vec<KeyRow>, rows: &[SecretRow]) -> Vec<Holder> {
    let mut secrets: HashMap<&str, Vec<KeySecret>> = HashMap::new();
    for row in rows {
        secrets.entry(&row.key_id).or_default().extend(row.secret());
    }
    let live = keys.into_iter().filter(|row| row.revoked_ms.is_none());
    let holders = live.map(|row| Holder {
        team: teams.get(&row.team_id).cloned().unwrap_or_default(),
        secrets: secrets.remove(row.id.as_str()).unwrap_or_default(),
        key: row.into(),
    });
    holders.collect()
}
