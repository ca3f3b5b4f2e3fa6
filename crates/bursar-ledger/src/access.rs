//! Who may call, read back: teams, projects, users and keys with all that has ended.
//!
//! Changing them is `change/access.rs`'s; what they mean for a call is `rules`'s.

use bursar_domain::access::{Access, Key, Member, Project, Team};
use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Pool, Session, Statement};
use crate::{Error, Ledger};

const TEAMS: Statement =
    Statement { doing: "read teams", sql: include_str!("../queries/teams.sql") };
const PROJECTS: Statement =
    Statement { doing: "read projects", sql: include_str!("../queries/projects.sql") };
const MEMBERS: Statement =
    Statement { doing: "read users", sql: include_str!("../queries/members.sql") };
const KEYS: Statement =
    Statement { doing: "read keys", sql: include_str!("../queries/virtual_keys.sql") };

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
struct Rows(Vec<TeamRow>, Vec<PartRow>, Vec<PartRow>, Vec<KeyRow>);

impl From<Rows> for Access {
    fn from(Rows(teams, projects, members, keys): Rows) -> Self {
        Self {
            teams: teams.into_iter().map(Team::from).collect(),
            projects: projects.into_iter().map(Project::from).collect(),
            members: members.into_iter().map(Member::from).collect(),
            keys: keys.into_iter().map(Key::from).collect(),
        }
    }
}

impl Ledger {
    /// Every team, project, user and key, with those that have ended.
    pub async fn access(&self) -> Result<Access, Error> {
        read_access(&self.reads).await
    }
}

/// The same from a pool.
pub(crate) async fn read_access(pool: &Pool) -> Result<Access, Error> {
    let rows = Rows(
        pool.rows(TEAMS, &[]).await?,
        pool.rows(PROJECTS, &[]).await?,
        pool.rows(MEMBERS, &[]).await?,
        pool.rows(KEYS, &[]).await?,
    );
    Ok(rows.into())
}

/// The same within a transaction.
pub(crate) async fn access_in(session: &mut Session<'_>) -> Result<Access, Error> {
    let rows = Rows(
        session.rows(TEAMS, &[]).await?,
        session.rows(PROJECTS, &[]).await?,
        session.rows(MEMBERS, &[]).await?,
        session.rows(KEYS, &[]).await?,
    );
    Ok(rows.into())
}
