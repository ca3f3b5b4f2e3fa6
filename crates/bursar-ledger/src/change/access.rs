//! Who may call: teams, projects and users, made, changed and ended. Keys are in `keys.rs`.
//!
//! What one change does to what is known, the next one of the same transaction sees.

use bursar_domain::access::{Member, Project, Team};
use bursar_domain::policy::Policy;
use bursar_domain::roster::Roster;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::ink::Ink;
use super::keys::{self, KeyChange};
use super::rows::{put_facts, put_member, put_project, put_team};
use super::{Changed, json, policies};
use crate::Error;
use crate::facts::read_intent;
use crate::statement::Statement;

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
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
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
            create_team(ink, known, team).await?
        }
        AccessChange::SetTeam { id, owner, cost_centre } => {
            set_team(ink, known, (id, owner, cost_centre), now).await?
        }
        AccessChange::EndTeam { id, force } => {
            return end_team(ink, known, (id, *force), now).await;
        }
        AccessChange::CreateProject { id, team, name } => {
            create_project(ink, known, (id, team, name), now).await?
        }
        AccessChange::EndProject { id } => end_project(ink, known, id, now).await?,
        AccessChange::AddMember { id, team, name } => {
            add_member(ink, known, (id, team, name), now).await?
        }
        AccessChange::EndMember { id } => end_member(ink, known, id, now).await?,
        AccessChange::Key(change) => keys::make(ink, known, change, now).await?,
        AccessChange::SetPolicy { scope, policy } => {
            policies::set(ink, known, (scope, policy), now).await?
        }
        AccessChange::BindMasterKey { fingerprint } => {
            policies::bind(ink.dry().await?, fingerprint, now).await?
        }
    };
    Ok(vec![one])
}

async fn create_team(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    team: Team,
) -> Result<Changed, Error> {
    if known.team(&team.name).is_some() {
        return Err(taken("team", &team.name));
    }
    put_team(ink, &team).await?;
    put_facts(ink, &team, team.created_at).await?;
    let changed = Changed {
        action: "team create",
        subject: format!("team {}", team.name),
        was: None,
        becomes: Some(team_json(&team)),
    };
    known.put_team(team);
    Ok(changed)
}

async fn set_team(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    (id, owner, cost_centre): (&str, &Option<String>, &Option<String>),
    now: Timestamp,
) -> Result<Changed, Error> {
    let team = living_team(known, id)?;
    let was = team_json(team);
    let team = Team { owner: owner.clone(), cost_centre: cost_centre.clone(), ..team.clone() };
    let becomes = team_json(&team);
    if was != becomes {
        put_facts(ink, &team, now).await?;
    }
    let subject = format!("team {}", team.name);
    known.put_team(team);
    Ok(Changed { action: "team set", subject, was: Some(was), becomes: Some(becomes) })
}

async fn end_team(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    (id, force): (&str, bool),
    now: Timestamp,
) -> Result<Vec<Changed>, Error> {
    let team = living_team(known, id)?.clone();
    let calls = if force { 0 } else { open_calls(ink, &team.name).await? };
    if calls > 0 {
        return Err(Error::BusyTeam { team: team.name, calls });
    }
    let mut made = Vec::new();
    for id in known.keys_of(&team.id).map(|key| key.id.clone()).collect::<Vec<_>>() {
        made.push(keys::make(ink, known, &KeyChange::Revoke { id }, now).await?);
    }
    // Another team may take the name, and is not to find the policies of this one.
    let is_of_team = |scope: &&Scope| scope.0.get(&Facet::Team) == Some(&team.name);
    let policies = known.access().policies.keys().filter(is_of_team);
    for scope in policies.cloned().collect::<Vec<_>>() {
        made.push(policies::set(ink, known, (&scope, &Policy::default()), now).await?);
    }
    for id in known.projects_of(&team.id).map(|project| project.id.clone()).collect::<Vec<_>>() {
        made.push(end_project(ink, known, &id, now).await?);
    }
    for id in known.members_of(&team.id).map(|member| member.id.clone()).collect::<Vec<_>>() {
        made.push(end_member(ink, known, &id, now).await?);
    }
    let team = Team { ended_at: Some(now), ..team };
    put_team(ink, &team).await?;
    // Its name is free again for what comes after.
    ink.dry().await?;
    made.push(Changed {
        action: "team end",
        subject: format!("team {}", team.name),
        was: Some(team_json(&team)),
        becomes: None,
    });
    known.put_team(team);
    Ok(made)
}

async fn create_project(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    (id, team, name): (&str, &str, &str),
    now: Timestamp,
) -> Result<Changed, Error> {
    let team = living_team(known, team)?.id.clone();
    if known.project(name).is_some() {
        return Err(taken("project", name));
    }
    let project =
        Project { id: id.to_owned(), team, name: name.to_owned(), created_at: now, ended_at: None };
    put_project(ink, &project).await?;
    let becomes = Some(part_json(known, (&project.id, &project.team, name)));
    known.put_project(project);
    Ok(Changed { action: "project create", subject: format!("project {name}"), was: None, becomes })
}

async fn end_project(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    id: &str,
    now: Timestamp,
) -> Result<Changed, Error> {
    let project = known.project(id).filter(|project| project.id == id);
    let project = project.ok_or_else(|| unknown("project", id))?.clone();
    let project = Project { ended_at: Some(now), ..project };
    put_project(ink, &project).await?;
    ink.dry().await?;
    let was = Some(part_json(known, (id, &project.team, &project.name)));
    let subject = format!("project {}", project.name);
    known.put_project(project);
    Ok(Changed { action: "project end", subject, was, becomes: None })
}

async fn add_member(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    (id, team, name): (&str, &str, &str),
    now: Timestamp,
) -> Result<Changed, Error> {
    let team = living_team(known, team)?.id.clone();
    if known.member(&team, name).is_some() {
        return Err(taken("user", name));
    }
    let member =
        Member { id: id.to_owned(), team, name: name.to_owned(), created_at: now, ended_at: None };
    put_member(ink, &member).await?;
    let becomes = Some(part_json(known, (id, &member.team, name)));
    known.put_member(member);
    Ok(Changed { action: "user add", subject: format!("user {name}"), was: None, becomes })
}

async fn end_member(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    id: &str,
    now: Timestamp,
) -> Result<Changed, Error> {
    let member = known.membership(id).ok_or_else(|| unknown("user", id))?.clone();
    let member = Member { ended_at: Some(now), ..member };
    put_member(ink, &member).await?;
    ink.dry().await?;
    let was = Some(part_json(known, (id, &member.team, &member.name)));
    let subject = format!("user {}", member.name);
    known.put_member(member);
    Ok(Changed { action: "user end", subject, was, becomes: None })
}

/// How many calls of a team are open.
async fn open_calls(ink: &mut Ink<'_, '_>, team: &str) -> Result<usize, Error> {
    #[derive(sqlx::FromRow)]
    struct FactsRow {
        facts: String,
    }
    // A first sieve: the marks of a pattern only let more through, and names have no backslash.
    let holds_name = format!("%{team}%");
    let rows: Vec<FactsRow> =
        ink.dry().await?.rows(OPEN_FACTS, &[holds_name.as_str().into()]).await?;
    let is_of_team = |row: &&FactsRow| {
        read_intent(&row.facts)
            .is_some_and(|intent| intent.attribution.team.as_deref() == Some(team))
    };
    Ok(rows.iter().filter(is_of_team).count())
}

/// The living team of an id.
pub(super) fn living_team<'a>(known: &'a Roster, id: &str) -> Result<&'a Team, Error> {
    known.team(id).filter(|team| team.id == id).ok_or_else(|| unknown("team", id))
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

fn part_json(known: &Roster, (id, team, name): (&str, &str, &str)) -> String {
    json(&PartJson { id, team: known.team_name(team).unwrap_or(team), name })
}
