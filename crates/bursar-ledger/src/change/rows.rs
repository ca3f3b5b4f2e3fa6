//! Rows of teams, projects and users, as a change leaves them.

use bursar_domain::access::{Member, Project, Team};
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::ink::{Ink, Table};
use crate::Error;

/// A team's columns.
#[derive(Debug, Serialize)]
struct TeamPut<'a> {
    id: &'a str,
    name: &'a str,
    created_ms: i64,
    ended_ms: Option<i64>,
}

/// The columns of what is said of a team.
#[derive(Debug, Serialize)]
struct FactPut<'a> {
    team_id: &'a str,
    since_ms: i64,
    owner: Option<&'a str>,
    cost_centre: Option<&'a str>,
}

/// The columns of a project, or of a user.
#[derive(Debug, Serialize)]
struct PartPut<'a> {
    id: &'a str,
    team_id: &'a str,
    name: &'a str,
    created_ms: i64,
    ended_ms: Option<i64>,
}

pub(super) async fn put_team(ink: &mut Ink<'_, '_>, team: &Team) -> Result<(), Error> {
    let row = TeamPut {
        id: &team.id,
        name: &team.name,
        created_ms: team.created_at.0,
        ended_ms: team.ended_at.map(|at| at.0),
    };
    ink.put(Table::Team, &team.id, &row).await
}

pub(super) async fn put_facts(
    ink: &mut Ink<'_, '_>,
    team: &Team,
    now: Timestamp,
) -> Result<(), Error> {
    let row = FactPut {
        team_id: &team.id,
        since_ms: now.0,
        owner: team.owner.as_deref(),
        cost_centre: team.cost_centre.as_deref(),
    };
    ink.put(Table::TeamFact, &team.id, &row).await
}

pub(super) async fn put_project(ink: &mut Ink<'_, '_>, project: &Project) -> Result<(), Error> {
    let Project { id, team, name, created_at, ended_at } = project;
    ink.put(Table::Project, id, &part((id, team, name), *created_at, *ended_at)).await
}

pub(super) async fn put_member(ink: &mut Ink<'_, '_>, member: &Member) -> Result<(), Error> {
    let Member { id, team, name, created_at, ended_at } = member;
    ink.put(Table::Member, id, &part((id, team, name), *created_at, *ended_at)).await
}

fn part<'p>(
    (id, team_id, name): (&'p str, &'p str, &'p str),
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
) -> PartPut<'p> {
    PartPut { id, team_id, name, created_ms: created_at.0, ended_ms: ended_at.map(|at| at.0) }
}
