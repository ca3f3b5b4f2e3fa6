//! `Access` with an index: each of its parts is found without looking at the others, so that a file
//! of a hundred thousand teams is compared and applied in as many steps.
//!
//! What lives has a name that nothing else of its kind has (keys and users: within their team). What
//! has ended is found by its id alone.

use std::collections::{BTreeMap, HashMap};

use crate::access::{Access, Key, Member, Project, Team};
use crate::policy::Policy;
use crate::scope::Scope;

/// All that a ledger knows of who may call, to look up and to change.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    access: Access,
    teams: Places,
    projects: Places,
    members: Places,
    keys: Places,
}

/// Where the parts of one kind stand in their list.
#[derive(Debug, Clone, Default)]
struct Places {
    by_id: HashMap<String, usize>,
    /// What lives, by its team (where names are unique within one) and name.
    living: HashMap<(String, String), usize>,
    /// What is a team's, by the team's id.
    by_team: HashMap<String, Vec<usize>>,
}

/// What a part is found by.
struct Marks<'p> {
    id: &'p str,
    team: &'p str,
    /// Within what its name is unique.
    of: &'p str,
    name: &'p str,
    lives: bool,
}

impl From<Access> for Roster {
    fn from(access: Access) -> Self {
        let teams = Places::of(access.teams.iter().map(team_marks));
        let projects = Places::of(access.projects.iter().map(project_marks));
        let members = Places::of(access.members.iter().map(member_marks));
        let keys = Places::of(access.keys.iter().map(key_marks));
        Self { access, teams, projects, members, keys }
    }
}

impl Roster {
    /// All of it.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// All of it, without the index.
    #[must_use]
    pub fn into_access(self) -> Access {
        self.access
    }

    /// The policies in force, to change them.
    pub const fn policies_mut(&mut self) -> &mut BTreeMap<Scope, Policy> {
        &mut self.access.policies
    }

    /// The living team of this name or id.
    #[must_use]
    pub fn team(&self, named: &str) -> Option<&Team> {
        let place = self.teams.named("", named).or_else(|| self.teams.id(named))?;
        self.access.teams.get(place).filter(|team| team.ended_at.is_none())
    }

    /// The living project of this name or id.
    #[must_use]
    pub fn project(&self, named: &str) -> Option<&Project> {
        let place = self.projects.named("", named).or_else(|| self.projects.id(named))?;
        self.access.projects.get(place).filter(|project| project.ended_at.is_none())
    }

    /// The living member of a team, by the team's id and the member's name or id.
    #[must_use]
    pub fn member(&self, team: &str, named: &str) -> Option<&Member> {
        let place = self.members.named(team, named).or_else(|| self.members.id(named))?;
        let member = self.access.members.get(place)?;
        (member.ended_at.is_none() && member.team == team).then_some(member)
    }

    /// The living membership of this id.
    #[must_use]
    pub fn membership(&self, id: &str) -> Option<&Member> {
        let member = self.access.members.get(self.members.id(id)?)?;
        member.ended_at.is_none().then_some(member)
    }

    /// The key of this id, revoked or not.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Key> {
        self.access.keys.get(self.keys.id(id)?)
    }

    /// The key of a team that is not revoked, by the team's id and the key's name.
    #[must_use]
    pub fn key_named(&self, team: &str, name: &str) -> Option<&Key> {
        self.access.keys.get(self.keys.named(team, name)?)
    }

    /// The living projects of a team, by its id.
    pub fn projects_of(&self, team: &str) -> impl Iterator<Item = &Project> {
        let projects = self.projects.of_team(team);
        projects
            .filter_map(|place| self.access.projects.get(place))
            .filter(|it| it.ended_at.is_none())
    }

    /// The living memberships of a team, by its id.
    pub fn members_of(&self, team: &str) -> impl Iterator<Item = &Member> {
        let members = self.members.of_team(team);
        members
            .filter_map(|place| self.access.members.get(place))
            .filter(|it| it.ended_at.is_none())
    }

    /// The keys of a team that are not revoked, by its id.
    pub fn keys_of(&self, team: &str) -> impl Iterator<Item = &Key> {
        let keys = self.keys.of_team(team);
        keys.filter_map(|place| self.access.keys.get(place)).filter(|it| it.revoked_at.is_none())
    }

    /// A team's name, by its id, whether it lives or not.
    #[must_use]
    pub fn team_name(&self, id: &str) -> Option<&str> {
        self.access.teams.get(self.teams.id(id)?).map(|team| team.name.as_str())
    }

    /// Puts a team in the place of the one of its id, or adds it.
    pub fn put_team(&mut self, team: Team) {
        let place = self.teams.put(&team_marks(&team), self.access.teams.len());
        put(&mut self.access.teams, place, team);
    }

    /// Puts a project in the place of the one of its id, or adds it.
    pub fn put_project(&mut self, project: Project) {
        let place = self.projects.put(&project_marks(&project), self.access.projects.len());
        put(&mut self.access.projects, place, project);
    }

    /// Puts a membership in the place of the one of its id, or adds it.
    pub fn put_member(&mut self, member: Member) {
        let place = self.members.put(&member_marks(&member), self.access.members.len());
        put(&mut self.access.members, place, member);
    }

    /// Puts a key in the place of the one of its id, or adds it.
    pub fn put_key(&mut self, key: Key) {
        let place = self.keys.put(&key_marks(&key), self.access.keys.len());
        put(&mut self.access.keys, place, key);
    }
}

impl Places {
    fn of<'p>(parts: impl Iterator<Item = Marks<'p>>) -> Self {
        let mut places = Self::default();
        for (place, marks) in parts.enumerate() {
            places.put(&marks, place);
        }
        places
    }

    fn id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    fn named(&self, of: &str, name: &str) -> Option<usize> {
        self.living.get(&(of.to_owned(), name.to_owned())).copied()
    }

    fn of_team(&self, team: &str) -> impl Iterator<Item = usize> {
        self.by_team.get(team).into_iter().flatten().copied()
    }

    /// Notes where a part stands: in its place, or at the end. Names and teams never change.
    fn put(&mut self, marks: &Marks<'_>, end: usize) -> usize {
        let place = *self.by_id.entry(marks.id.to_owned()).or_insert(end);
        if place == end && !marks.team.is_empty() {
            self.by_team.entry(marks.team.to_owned()).or_default().push(place);
        }
        let name = (marks.of.to_owned(), marks.name.to_owned());
        if marks.lives {
            self.living.insert(name, place);
        } else if self.living.get(&name) == Some(&place) {
            self.living.remove(&name);
        }
        place
    }
}

fn put<T>(parts: &mut Vec<T>, place: usize, part: T) {
    match parts.get_mut(place) {
        Some(there) => *there = part,
        None => parts.push(part),
    }
}

fn team_marks(team: &Team) -> Marks<'_> {
    Marks { id: &team.id, team: "", of: "", name: &team.name, lives: team.ended_at.is_none() }
}

fn project_marks(project: &Project) -> Marks<'_> {
    let Project { id, team, name, ended_at, .. } = project;
    Marks { id, team, of: "", name, lives: ended_at.is_none() }
}

fn member_marks(member: &Member) -> Marks<'_> {
    let Member { id, team, name, ended_at, .. } = member;
    Marks { id, team, of: team, name, lives: ended_at.is_none() }
}

fn key_marks(key: &Key) -> Marks<'_> {
    let Key { id, team, name, revoked_at, .. } = key;
    Marks { id, team, of: team, name, lives: revoked_at.is_none() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn team(id: u8, name: u8, ended: bool) -> Team {
        Team {
            id: format!("team_{id}"),
            name: name.to_string(),
            owner: None,
            cost_centre: None,
            created_at: Timestamp(0),
            ended_at: ended.then_some(Timestamp(1)),
        }
    }

    proptest! {
        /// What is found is what a search through all of it finds, whatever was put before.
        #[test]
        fn what_is_found_is_what_is_there(
            puts in proptest::collection::vec((0..6_u8, any::<bool>()), 0..30),
        ) {
            let mut roster = Roster::default();
            for (id, ended) in puts {
                // As in a ledger, no two that live have one name.
                let name = id % 3;
                let is_free = roster.team(&name.to_string()).is_none_or(|there| {
                    there.id == format!("team_{id}")
                });
                if ended || is_free {
                    roster.put_team(team(id, name, ended));
                }
            }
            let access = roster.access().clone();
            let again = Roster::from(access.clone());
            for named in (0..6).flat_map(|n| [n.to_string(), format!("team_{n}")]) {
                prop_assert_eq!(roster.team(&named), access.team(&named));
                prop_assert_eq!(again.team(&named), access.team(&named));
                prop_assert_eq!(roster.team_name(&named), access.team_name(&named));
            }
        }
    }

    #[test]
    fn a_name_within_a_team_is_free_again_once_its_bearer_has_ended() {
        let member = |id: &str, ended: bool| Member {
            id: id.to_owned(),
            team: "team_a".to_owned(),
            name: "ann".to_owned(),
            created_at: Timestamp(0),
            ended_at: ended.then_some(Timestamp(1)),
        };
        let mut roster = Roster::default();
        roster.put_member(member("user_1", false));
        assert_eq!(roster.member("team_a", "ann").map(|ann| ann.id.as_str()), Some("user_1"));
        assert_eq!(roster.member("team_b", "ann"), None);
        roster.put_member(member("user_1", true));
        assert_eq!((roster.member("team_a", "ann"), roster.membership("user_1")), (None, None));
        roster.put_member(member("user_2", false));
        assert_eq!(roster.member("team_a", "ann").map(|ann| ann.id.as_str()), Some("user_2"));
        assert_eq!(roster.access().members.len(), 2);
        let of_team: Vec<&str> = roster.members_of("team_a").map(|it| it.id.as_str()).collect();
        assert_eq!(of_team, ["user_2"]);
    }
}
