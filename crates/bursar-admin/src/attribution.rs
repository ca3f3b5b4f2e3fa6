//! Whom a call is recorded under: what a caller says, checked against who there is.
//!
//! Names and ids are both taken; what is recorded are names, and of keys the id.

use bursar_domain::access::{Access, Key};
use bursar_domain::identity::Attribution;
use bursar_domain::policy::ended_key;
use bursar_domain::time::Timestamp;
use bursar_ledger::bearer::PREFIX;

use crate::error::shown;
use crate::teams::{known_project, known_team, unknown, unknown_user};
use crate::{Admin, Error};

/// Who is said to call: names or ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The team that pays.
    pub team: Option<String>,
    /// The project within the team.
    pub project: Option<String>,
    /// The person.
    pub user: Option<String>,
    /// The virtual key.
    pub key: Option<String>,
}

impl Who {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }
}

impl Admin {
    /// Whom a call of theirs is recorded under. A key stands for its team, project and user, and a
    /// project or user for its team; what contradicts that is refused, and so is who is not known.
    pub async fn attribution(&self, who: &Who) -> Result<Attribution, Error> {
        if who.is_nobody() {
            return Ok(Attribution::default());
        }
        attribute(&self.ledger.access().await?, who, self.clock.now())
    }
}

/// What is settled so far: the team's id, and what calls are recorded under.
#[derive(Debug, Default)]
struct Settled {
    team: Option<String>,
    attribution: Attribution,
}

/// The same of what is known.
fn attribute(access: &Access, who: &Who, now: Timestamp) -> Result<Attribution, Error> {
    let mut settled = Settled::default();
    if let Some(named) = &who.key {
        let key = known_key(access, named)?;
        if let Some(objection) = ended_key(key, now) {
            return Err(Error::Ended(objection.to_string()));
        }
        settled.team = Some(key.team.clone());
        settled.attribution.key = Some(key.id.clone());
        settled.attribution.project.clone_from(&key.project);
        settled.attribution.user.clone_from(&key.user);
    }
    if let Some(named) = &who.team {
        let team = known_team(access, named)?.id.clone();
        settle_team(access, &mut settled, &team, ("team", named))?;
    }
    if let Some(named) = &who.project {
        let project = known_project(access, named)?;
        settle_team(access, &mut settled, &project.team, ("project", named))?;
        settle("project", &mut settled.attribution.project, &project.name)?;
    }
    if let Some(named) = &who.user {
        let (team, name) = membership(access, named, settled.team.as_deref())?;
        settle_team(access, &mut settled, &team, ("user", named))?;
        settle("user", &mut settled.attribution.user, &name)?;
    }
    let name = settled.team.as_deref().and_then(|id| access.team_name(id));
    settled.attribution.team = name.map(str::to_owned);
    Ok(settled.attribution)
}

/// The key of this id or name.
pub(crate) fn known_key<'a>(access: &'a Access, named: &str) -> Result<&'a Key, Error> {
    access.key(named).ok_or_else(|| {
        // A secret is never repeated, wherever it was given.
        if named.starts_with(PREFIX) {
            return Error::Contradiction {
                said: "a secret was given where a key's id belongs".to_owned(),
                hint: "give the id, `key_…`; `bursar key list` names it".to_owned(),
            };
        }
        let living = access.live_keys().flat_map(|key| [key.id.as_str(), key.name.as_str()]);
        unknown_key(named, living)
    })
}

/// That there is no such key.
pub(crate) fn unknown_key<'a>(named: &str, known: impl Iterator<Item = &'a str>) -> Error {
    unknown("key", named, known, "`bursar key create --team NAME`")
}

/// The team's id and the user's name. Of a user who is in several teams, the settled one.
fn membership(access: &Access, named: &str, team: Option<&str>) -> Result<(String, String), Error> {
    let members: Vec<_> = access.memberships(named).collect();
    let is_of_team = |id: &&str| members.iter().any(|member| member.team == **id);
    match (members.as_slice(), team.filter(is_of_team)) {
        ([], _) => Err(unknown_user(access, named)),
        ([first, ..], Some(team)) => Ok((team.to_owned(), first.name.clone())),
        ([only], None) => Ok((only.team.clone(), only.name.clone())),
        (several, None) => {
            let teams = several.iter().filter_map(|member| access.team_name(&member.team));
            Err(Error::Contradiction {
                said: format!("the user `{}` is in several teams", shown(named)),
                hint: format!("say which pays: `{}`", teams.collect::<Vec<_>>().join("`, `")),
            })
        }
    }
}

fn settle_team(
    access: &Access,
    settled: &mut Settled,
    team: &str,
    (what, named): (&str, &str),
) -> Result<(), Error> {
    match &settled.team {
        Some(known) if known != team => {
            let name = |id: &str| access.team_name(id).unwrap_or_default().to_owned();
            Err(Error::Contradiction {
                said: format!(
                    "the {what} `{}` is not of the team `{}`, but of `{}`",
                    shown(named),
                    name(known),
                    name(team)
                ),
                hint: "leave one of the two out".to_owned(),
            })
        }
        _ => {
            settled.team = Some(team.to_owned());
            Ok(())
        }
    }
}

fn settle(what: &str, known: &mut Option<String>, said: &str) -> Result<(), Error> {
    match known {
        Some(known) if known != said => Err(Error::Contradiction {
            said: format!("the key's {what} is `{known}`, and `{said}` was given"),
            hint: format!("leave the {what} out"),
        }),
        _ => {
            *known = Some(said.to_owned());
            Ok(())
        }
    }
}
