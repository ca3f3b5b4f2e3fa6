//! Who looks, and how much of the ledger that is: the one value by which every reader of pages is
//! scoped.

use bursar_domain::access::Access;

use crate::Role;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The account's identity.
    pub account: String,
    /// The account's name.
    pub name: String,
    /// What they may see and change.
    pub role: Role,
    /// What they see.
    pub sight: Sight,
}

/// How much of the ledger somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Everything,
    /// What one team, or one user of it, has used.
    Part(Box<Part>),
}

/// A team, or one user of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The team's id.
    pub team_id: String,
    /// The team's name, which its calls are recorded under.
    pub team: String,
    /// The user's name; `None` for all of the team.
    pub user: Option<String>,
    /// The ids of the keys that are theirs or were.
    pub keys: Vec<String>,
    /// The names of projects that no other team has or had.
    pub projects: Vec<String>,
}

impl Sight {
    /// Of a team, or of one user of it.
    #[must_use]
    pub(crate) fn of(
        access: &Access,
        (team_id, team): (String, String),
        user: Option<String>,
    ) -> Self {
        let is_theirs = |key: &&bursar_domain::access::Key| {
            key.team == team_id && (user.is_none() || key.user == user)
        };
        let keys = access.keys.iter().filter(is_theirs).map(|key| key.id.clone()).collect();
        // Calls name projects, and a name that has ended is another team's to give.
        let is_shared = |name: &str| {
            access.projects.iter().any(|project| project.name == name && project.team != team_id)
        };
        let projects = access.projects.iter().filter(|project| project.team == team_id);
        let projects = projects.map(|project| project.name.clone());
        let projects = if user.is_some() {
            Vec::new()
        } else {
            projects.filter(|name| !is_shared(name)).collect()
        };
        Self::Part(Box::new(Part { team_id, team, user, keys, projects }))
    }

    /// The part that is seen; `None` for all.
    #[must_use]
    pub fn part(&self) -> Option<&Part> {
        match self {
            Self::Everything => None,
            Self::Part(part) => Some(part),
        }
    }
}
