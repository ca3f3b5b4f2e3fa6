//! Teams with their projects and users: made, shown, changed and ended.

use bursar_domain::access::{Access, Team, check_label, check_name};
use bursar_domain::nearest::nearest;
use bursar_domain::scope::{Facet, Scope};
use bursar_ledger::{AccessChange, Change};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::shown;
use crate::policies::{PolicyEdit, PolicyRow};
use crate::{Admin, Error};

/// What a name has to be like, for whoever gave another.
const NAME_HINT: &str = "a name has letters, digits, spaces and `._-@+&'()#`, at most 100 bytes";

/// What is said of a team. `None` leaves it, an empty text takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamFacts {
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its costs are booked.
    pub cost_centre: Option<String>,
}

/// What was made: an identity, and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    /// For programs.
    pub id: String,
    /// For people, and what calls are recorded under.
    pub name: String,
}

/// A team as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamRow {
    /// Its identity.
    pub id: String,
    /// What calls are recorded under.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its costs are booked.
    pub cost_centre: Option<String>,
    /// Its projects' names.
    pub projects: Vec<String>,
    /// Its users' names.
    pub users: Vec<String>,
    /// The ids of its keys that are not revoked.
    pub keys: Vec<String>,
    /// What its calls may ask for.
    pub policy: PolicyRow,
    /// Since when it is there.
    pub created_at: String,
}

impl TeamRow {
    fn new(access: &Access, team: &Team) -> Self {
        let projects = access.projects.iter().filter(|p| p.ended_at.is_none() && p.team == team.id);
        let users = access.members.iter().filter(|m| m.ended_at.is_none() && m.team == team.id);
        let keys = access.live_keys().filter(|key| key.team == team.id);
        Self {
            id: team.id.clone(),
            name: team.name.clone(),
            owner: team.owner.clone(),
            cost_centre: team.cost_centre.clone(),
            projects: projects.map(|project| project.name.clone()).collect(),
            users: users.map(|user| user.name.clone()).collect(),
            keys: keys.map(|key| key.id.clone()).collect(),
            policy: access
                .policies
                .get(&Scope::default().with(Facet::Team, &team.name))
                .map(PolicyRow::new)
                .unwrap_or_default(),
            created_at: team.created_at.to_string(),
        }
    }
}

impl Admin {
    /// Makes a team.
    pub async fn create_team(&self, name: &str, facts: TeamFacts) -> Result<Made, Error> {
        checked_name(name)?;
        let TeamFacts { owner, cost_centre } = facts;
        let id = self.new_id("team");
        let change = AccessChange::CreateTeam {
            id: id.clone(),
            name: name.to_owned(),
            owner: label("owner", owner)?,
            cost_centre: label("cost centre", cost_centre)?,
        };
        self.change_access(vec![change]).await?;
        Ok(Made { id, name: name.to_owned() })
    }

    /// The teams that live, by name.
    pub async fn teams(&self) -> Result<Vec<TeamRow>, Error> {
        let access = self.ledger.access().await?;
        let living = access.teams.iter().filter(|team| team.ended_at.is_none());
        Ok(living.map(|team| TeamRow::new(&access, team)).collect())
    }

    /// One team, by name or id.
    pub async fn team(&self, named: &str) -> Result<TeamRow, Error> {
        let access = self.ledger.access().await?;
        Ok(TeamRow::new(&access, known_team(&access, named)?))
    }

    /// Says anew who answers for a team, where its costs are booked, and what its calls may ask for:
    /// all of it, or nothing.
    pub async fn change_team(
        &self,
        named: &str,
        facts: TeamFacts,
        edit: PolicyEdit,
    ) -> Result<TeamRow, Error> {
        let access = self.ledger.access().await?;
        let team = known_team(&access, named)?;
        let mut changes = vec![AccessChange::SetTeam {
            id: team.id.clone(),
            owner: label_over("owner", team.owner.as_ref(), facts.owner)?,
            cost_centre: label_over("cost centre", team.cost_centre.as_ref(), facts.cost_centre)?,
        }];
        if !edit.is_empty() {
            let scope = Scope::default().with(Facet::Team, &team.name);
            let policy = edit.over(access.policies.get(&scope));
            changes.push(AccessChange::SetPolicy { scope, policy });
        }
        self.change_access(changes).await?;
        self.team(&team.id).await
    }

    /// Ends a team with its projects, users and keys. With calls running, only by `force`.
    pub async fn end_team(&self, named: &str, force: bool) -> Result<Made, Error> {
        let access = self.ledger.access().await?;
        let team = known_team(&access, named)?;
        self.change_access(vec![AccessChange::EndTeam { id: team.id.clone(), force }]).await?;
        Ok(Made { id: team.id.clone(), name: team.name.clone() })
    }

    /// Gives a team projects, all or none.
    pub async fn add_projects(&self, team: &str, names: &[String]) -> Result<Vec<Made>, Error> {
        let access = self.ledger.access().await?;
        let team = known_team(&access, team)?.id.clone();
        let made = self.made("proj", names)?;
        let change =
            |Made { id, name }: Made| AccessChange::CreateProject { id, team: team.clone(), name };
        self.change_access(made.iter().cloned().map(change).collect()).await?;
        Ok(made)
    }

    /// Ends a project.
    pub async fn end_project(&self, named: &str) -> Result<Made, Error> {
        let access = self.ledger.access().await?;
        let project = known_project(&access, named)?;
        self.change_access(vec![AccessChange::EndProject { id: project.id.clone() }]).await?;
        Ok(Made { id: project.id.clone(), name: project.name.clone() })
    }

    /// Adds users to a team, all or none.
    pub async fn add_users(&self, team: &str, names: &[String]) -> Result<Vec<Made>, Error> {
        let access = self.ledger.access().await?;
        let team = known_team(&access, team)?.id.clone();
        let made = self.made("user", names)?;
        let change =
            |Made { id, name }: Made| AccessChange::AddMember { id, team: team.clone(), name };
        self.change_access(made.iter().cloned().map(change).collect()).await?;
        Ok(made)
    }

    /// Takes a user out of a team.
    pub async fn end_user(&self, team: &str, user: &str) -> Result<Made, Error> {
        let access = self.ledger.access().await?;
        let team = known_team(&access, team)?;
        let member = access.memberships(user).find(|member| member.team == team.id);
        let member = member.ok_or_else(|| unknown_user(&access, user))?;
        self.change_access(vec![AccessChange::EndMember { id: member.id.clone() }]).await?;
        Ok(Made { id: member.id.clone(), name: member.name.clone() })
    }

    fn made(&self, kind: &str, names: &[String]) -> Result<Vec<Made>, Error> {
        let made = names.iter().map(|name| {
            checked_name(name)?;
            Ok(Made { id: self.new_id(kind), name: name.clone() })
        });
        made.collect()
    }

    pub(crate) async fn change_access(&self, changes: Vec<AccessChange>) -> Result<(), Error> {
        let changes = changes.into_iter().map(Change::Access).collect();
        self.ledger.change(&self.actor, changes).await?;
        Ok(())
    }
}

/// The living team of this name or id.
pub(crate) fn known_team<'a>(access: &'a Access, named: &str) -> Result<&'a Team, Error> {
    access.team(named).ok_or_else(|| {
        let living = access.teams.iter().filter(|team| team.ended_at.is_none());
        unknown("team", named, living.map(|team| team.name.as_str()), "`bursar team create NAME`")
    })
}

/// The living project of this name or id.
pub(crate) fn known_project<'a>(
    access: &'a Access,
    named: &str,
) -> Result<&'a bursar_domain::access::Project, Error> {
    access.project(named).ok_or_else(|| {
        let living = access.projects.iter().filter(|project| project.ended_at.is_none());
        let known = living.map(|project| project.name.as_str());
        unknown("project", named, known, "`bursar team project add TEAM NAME`")
    })
}

/// That there is no such user.
pub(crate) fn unknown_user(access: &Access, named: &str) -> Error {
    let living = access.members.iter().filter(|member| member.ended_at.is_none());
    let known = living.map(|member| member.name.as_str());
    unknown("user", named, known, "`bursar team user add TEAM NAME`")
}

/// That there is nothing of this name, what is nearest, and what makes one.
pub(crate) fn unknown<'a>(
    what: &'static str,
    given: &str,
    known: impl Iterator<Item = &'a str>,
    maker: &str,
) -> Error {
    let near = nearest(given, known);
    let hint = if near.is_empty() {
        format!("{maker} makes one")
    } else {
        format!("did you mean `{}`? {maker} makes a new one", near.join("`, `"))
    };
    Error::Unknown { what, given: shown(given), hint }
}

/// Checks a name that is to be given.
pub(crate) fn checked_name(name: &str) -> Result<(), Error> {
    check_name(name).map_err(|bad| Error::BadWord {
        what: "name",
        given: shown(name),
        problem: bad.to_string(),
        hint: NAME_HINT.to_owned(),
    })
}

/// Checks what is said of a team; an empty text is nothing.
pub(crate) fn label(what: &'static str, text: Option<String>) -> Result<Option<String>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    check_label(&text).map_err(|bad| Error::BadWord {
        what,
        given: shown(&text),
        problem: bad.to_string(),
        hint: "give one line of at most 100 bytes".to_owned(),
    })?;
    Ok(Some(text))
}

fn label_over(
    what: &'static str,
    known: Option<&String>,
    text: Option<String>,
) -> Result<Option<String>, Error> {
    match text {
        None => Ok(known.cloned()),
        said => label(what, said),
    }
}
