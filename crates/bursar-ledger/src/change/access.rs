//! Who may call: teams, projects and users, made, changed and ended. Keys are in `keys.rs`.
//!
//! What one change does to what is known, the next one of the same transaction sees.

use bursar_domain::access::{Access, Member, Project, Team};
use bursar_domain::policy::Policy;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::keys::{self, KeyChange};
use super::{Changed, json, policies};
use crate::Error;
use crate::facts::read_intent;
use crate::statement::{Session, Statement, Value};

const PUT_TEAM: Statement =
    Statement { doing: "keep a team", sql: include_str!("../../queries/put_team.sql") };
const PUT_TEAM_FACT: Statement = Statement {
    doing: "keep a team's facts",
    sql: include_str!("../../queries/put_team_fact.sql"),
};
const PUT_PROJECT: Statement =
    Statement { doing: "keep a project", sql: include_str!("../../queries/put_project.sql") };
const PUT_MEMBER: Statement =
    Statement { doing: "keep a user", sql: include_str!("../../queries/put_member.sql") };
const OPEN_FACTS: Statement =
    Statement { doing: "count open calls", sql: include_str!("../../queries/open_facts.sql") };

/// A change of who may call. Ids are the caller's to make, and new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// Makes a team.
    CreateTeam {
        /// Its identity.
        id: String,
        /// What calls are recorded under; no living team has it.
        name: String,
        /// Who answers for it.
        owner: Option<String>,
        /// Where its costs are booked.
        cost_centre: Option<String>,
    },
    /// Says anew who answers for a team and where its costs are booked; what was said stays known.
    SetTeam {
        /// The team's id.
        id: String,
        /// Who answers for it.
        owner: Option<String>,
        /// Where its costs are booked.
        cost_centre: Option<String>,
    },
    /// Ends a team, and with it its projects, users and keys.
    EndTeam {
        /// The team's id.
        id: String,
        /// Whether calls of it may still be running.
        force: bool,
    },
    /// Gives a team a project.
    CreateProject {
        /// Its identity.
        id: String,
        /// The team's id.
        team: String,
        /// What calls are recorded under; no living project has it.
        name: String,
    },
    /// Ends a project.
    EndProject {
        /// Its id.
        id: String,
    },
    /// Adds a user to a team.
    AddMember {
        /// The membership's identity.
        id: String,
        /// The team's id.
        team: String,
        /// What calls are recorded under; nobody else in the team has it.
        name: String,
    },
    /// Takes a user out of a team.
    EndMember {
        /// The membership's id.
        id: String,
    },
    /// Makes, changes, or ends a key.
    Key(KeyChange),
    /// Says anew what the calls of a scope may ask for. A policy that restricts nothing ends it.
    SetPolicy {
        /// Which calls.
        scope: Scope,
        /// What they may ask for.
        policy: Policy,
    },
    /// Binds the ledger to a master key, once and for all.
    BindMasterKey {
        /// What tells it from others, and tells nothing of it.
        fingerprint: String,
    },
}

/// A team as the list of changes shows it.
#[derive(Debug, Serialize)]
struct TeamJson<'a> {
    id: &'a str,
    name: &'a str,
    owner: Option<&'a str>,
    cost_centre: Option<&'a str>,
}

/// A project or user as the list of changes shows it.
#[derive(Debug, Serialize)]
struct PartJson<'a> {
    id: &'a str,
    team: &'a str,
    name: &'a str,
}

/// Makes one change, in the ledger and in what is known of it.
pub(super) async fn make(
    session: &mut Session<'_>,
    known: &mut Access,
    change: &AccessChange,
    now: Timestamp,
) -> Result<Vec<Changed>, Error> {
    let one = match change {
        AccessChange::CreateTeam { id, name, owner, cost_centre } => {
            let team = Team {
                id: id.clone(),
                name: name.clone(),
                owner: owner.clone(),
                cost_centre: cost_centre.clone(),
                created_at: now,
                ended_at: None,
            };
            create_team(session, known, team).await?
        }
        AccessChange::SetTeam { id, owner, cost_centre } => {
            set_team(session, known, (id, owner, cost_centre), now).await?
        }
        AccessChange::EndTeam { id, force } => {
            return end_team(session, known, (id, *force), now).await;
        }
        AccessChange::CreateProject { id, team, name } => {
            create_project(session, known, (id, team, name), now).await?
        }
        AccessChange::EndProject { id } => end_project(session, known, id, now).await?,
        AccessChange::AddMember { id, team, name } => {
            add_member(session, known, (id, team, name), now).await?
        }
        AccessChange::EndMember { id } => end_member(session, known, id, now).await?,
        AccessChange::Key(change) => keys::make(session, known, change, now).await?,
        AccessChange::SetPolicy { scope, policy } => {
            policies::set(session, known, (scope, policy), now).await?
        }
        AccessChange::BindMasterKey { fingerprint } => {
            policies::bind(session, fingerprint, now).await?
        }
    };
    Ok(vec![one])
}

async fn create_team(
    session: &mut Session<'_>,
    known: &mut Access,
    team: Team,
) -> Result<Changed, Error> {
    if known.team(&team.name).is_some() {
        return Err(taken("team", &team.name));
    }
    put_team(session, &team).await?;
    put_facts(session, &team, team.created_at).await?;
    let changed = Changed {
        action: "team create",
        subject: format!("team {}", team.name),
        was: None,
        becomes: Some(team_json(&team)),
    };
    known.teams.push(team);
    Ok(changed)
}

async fn set_team(
    session: &mut Session<'_>,
    known: &mut Access,
    (id, owner, cost_centre): (&str, &Option<String>, &Option<String>),
    now: Timestamp,
) -> Result<Changed, Error> {
    let team = living_team(known, id)?;
    let was = team_json(team);
    team.owner.clone_from(owner);
    team.cost_centre.clone_from(cost_centre);
    let becomes = team_json(team);
    if was != becomes {
        put_facts(session, team, now).await?;
    }
    let subject = format!("team {}", team.name);
    Ok(Changed { action: "team set", subject, was: Some(was), becomes: Some(becomes) })
}

async fn end_team(
    session: &mut Session<'_>,
    known: &mut Access,
    (id, force): (&str, bool),
    now: Timestamp,
) -> Result<Vec<Changed>, Error> {
    let team = living_team(known, id)?.clone();
    let calls = if force { 0 } else { open_calls(session, &team.name).await? };
    if calls > 0 {
        return Err(Error::BusyTeam { team: team.name, calls });
    }
    let mut made = Vec::new();
    let of_team = |of: &str| of == team.id;
    let keys: Vec<String> =
        known.live_keys().filter(|key| of_team(&key.team)).map(|key| key.id.clone()).collect();
    for id in keys {
        let revoke = KeyChange::Revoke { id };
        made.push(keys::make(session, known, &revoke, now).await?);
    }
    // Another team may take the name, and is not to find the policies of this one.
    let is_of_team = |scope: &&Scope| scope.0.get(&Facet::Team) == Some(&team.name);
    for scope in known.policies.keys().filter(is_of_team).cloned().collect::<Vec<_>>() {
        made.push(policies::set(session, known, (&scope, &Policy::default()), now).await?);
    }
    let projects = known.projects.iter().filter(|p| p.ended_at.is_none() && of_team(&p.team));
    for id in projects.map(|project| project.id.clone()).collect::<Vec<_>>() {
        made.push(end_project(session, known, &id, now).await?);
    }
    let members = known.members.iter().filter(|m| m.ended_at.is_none() && of_team(&m.team));
    for id in members.map(|member| member.id.clone()).collect::<Vec<_>>() {
        made.push(end_member(session, known, &id, now).await?);
    }
    let team = living_team(known, id)?;
    team.ended_at = Some(now);
    put_team(session, team).await?;
    made.push(Changed {
        action: "team end",
        subject: format!("team {}", team.name),
        was: Some(team_json(team)),
        becomes: None,
    });
    Ok(made)
}

async fn create_project(
    session: &mut Session<'_>,
    known: &mut Access,
    (id, team, name): (&str, &str, &str),
    now: Timestamp,
) -> Result<Changed, Error> {
    let team = living_team(known, team)?.id.clone();
    if known.project(name).is_some() {
        return Err(taken("project", name));
    }
    let project =
        Project { id: id.to_owned(), team, name: name.to_owned(), created_at: now, ended_at: None };
    put_project(session, &project).await?;
    let becomes = Some(part_json(known, (&project.id, &project.team, name)));
    known.projects.push(project);
    Ok(Changed { action: "project create", subject: format!("project {name}"), was: None, becomes })
}

async fn end_project(
    session: &mut Session<'_>,
    known: &mut Access,
    id: &str,
    now: Timestamp,
) -> Result<Changed, Error> {
    let mut living = known.projects.iter_mut().filter(|project| project.ended_at.is_none());
    let project = living.find(|project| project.id == id).ok_or_else(|| unknown("project", id))?;
    project.ended_at = Some(now);
    let project = project.clone();
    put_project(session, &project).await?;
    let was = Some(part_json(known, (id, &project.team, &project.name)));
    let subject = format!("project {}", project.name);
    Ok(Changed { action: "project end", subject, was, becomes: None })
}

async fn add_member(
    session: &mut Session<'_>,
    known: &mut Access,
    (id, team, name): (&str, &str, &str),
    now: Timestamp,
) -> Result<Changed, Error> {
    let team = living_team(known, team)?.id.clone();
    if known.memberships(name).any(|member| member.team == team) {
        return Err(taken("user", name));
    }
    let member =
        Member { id: id.to_owned(), team, name: name.to_owned(), created_at: now, ended_at: None };
    put_member(session, &member).await?;
    let becomes = Some(part_json(known, (id, &member.team, name)));
    known.members.push(member);
    Ok(Changed { action: "user add", subject: format!("user {name}"), was: None, becomes })
}

async fn end_member(
    session: &mut Session<'_>,
    known: &mut Access,
    id: &str,
    now: Timestamp,
) -> Result<Changed, Error> {
    let mut living = known.members.iter_mut().filter(|member| member.ended_at.is_none());
    let member = living.find(|member| member.id == id).ok_or_else(|| unknown("user", id))?;
    member.ended_at = Some(now);
    let member = member.clone();
    put_member(session, &member).await?;
    let was = Some(part_json(known, (id, &member.team, &member.name)));
    let subject = format!("user {}", member.name);
    Ok(Changed { action: "user end", subject, was, becomes: None })
}

/// How many calls of a team are open.
async fn open_calls(session: &mut Session<'_>, team: &str) -> Result<usize, Error> {
    #[derive(sqlx::FromRow)]
    struct FactsRow {
        facts: String,
    }
    // A first sieve: the marks of a pattern only let more through, and names have no backslash.
    let holds_name = format!("%{team}%");
    let rows: Vec<FactsRow> = session.rows(OPEN_FACTS, &[holds_name.as_str().into()]).await?;
    let is_of_team = |row: &&FactsRow| {
        read_intent(&row.facts)
            .is_some_and(|intent| intent.attribution.team.as_deref() == Some(team))
    };
    Ok(rows.iter().filter(is_of_team).count())
}

async fn put_team(session: &mut Session<'_>, team: &Team) -> Result<(), Error> {
    let values = [
        team.id.as_str().into(),
        team.name.as_str().into(),
        team.created_at.0.into(),
        team.ended_at.map(|at| at.0).into(),
    ];
    session.run(PUT_TEAM, &values).await.map(drop)
}

async fn put_facts(session: &mut Session<'_>, team: &Team, now: Timestamp) -> Result<(), Error> {
    let values = [
        team.id.as_str().into(),
        now.0.into(),
        team.owner.as_deref().into(),
        team.cost_centre.as_deref().into(),
    ];
    session.run(PUT_TEAM_FACT, &values).await.map(drop)
}

async fn put_project(session: &mut Session<'_>, project: &Project) -> Result<(), Error> {
    let Project { id, team, name, created_at, ended_at } = project;
    session.run(PUT_PROJECT, &part((id, team, name), *created_at, *ended_at)).await.map(drop)
}

async fn put_member(session: &mut Session<'_>, member: &Member) -> Result<(), Error> {
    let Member { id, team, name, created_at, ended_at } = member;
    session.run(PUT_MEMBER, &part((id, team, name), *created_at, *ended_at)).await.map(drop)
}

fn part(
    (id, team, name): (&str, &str, &str),
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
) -> [Value; 5] {
    [id.into(), team.into(), name.into(), created_at.0.into(), ended_at.map(|at| at.0).into()]
}

/// The living team of an id, to change it.
pub(super) fn living_team<'a>(known: &'a mut Access, id: &str) -> Result<&'a mut Team, Error> {
    let mut living = known.teams.iter_mut().filter(|team| team.ended_at.is_none());
    living.find(|team| team.id == id).ok_or_else(|| unknown("team", id))
}

pub(super) fn unknown(what: &'static str, id: &str) -> Error {
    Error::UnknownAccess { what, id: id.to_owned() }
}

pub(super) fn taken(what: &'static str, name: &str) -> Error {
    Error::Taken { what, name: name.to_owned() }
}

fn team_json(team: &Team) -> String {
    json(&TeamJson {
        id: &team.id,
        name: &team.name,
        owner: team.owner.as_deref(),
        cost_centre: team.cost_centre.as_deref(),
    })
}

fn part_json(known: &Access, (id, team, name): (&str, &str, &str)) -> String {
    json(&PartJson { id, team: known.team_name(team).unwrap_or(team), name })
}
