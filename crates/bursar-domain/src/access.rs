//! Who may call: teams, their projects and users, and virtual keys.
//!
//! Names are what rows record: unique among what lives, and never changed. Ids are for programs, and
//! outlast whatever has a name. What a key may do is `policy`'s.

use std::collections::BTreeMap;
use std::fmt;

use crate::policy::Policy;
use crate::scope::Scope;
use crate::time::Timestamp;

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its identity, `team_…`.
    pub id: String,
    /// What calls are recorded under.
    pub name: String,
    /// Who answers for it, now.
    pub owner: Option<String>,
    /// Where its costs are booked, now.
    pub cost_centre: Option<String>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Since when it is no more.
    pub ended_at: Option<Timestamp>,
}

/// What a team works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its identity, `proj_…`.
    pub id: String,
    /// The team's id.
    pub team: String,
    /// What calls are recorded under. No two teams have projects of one name.
    pub name: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Since when it is no more.
    pub ended_at: Option<Timestamp>,
}

/// A person in a team. The same person may be in several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The membership's identity, `user_…`.
    pub id: String,
    /// The team's id.
    pub team: String,
    /// What calls are recorded under.
    pub name: String,
    /// Since when they are in it.
    pub created_at: Timestamp,
    /// Since when they are no more.
    pub ended_at: Option<Timestamp>,
}

/// A virtual key: stands for a team, and is given to a program or a person. Its secrets change, its
/// identity does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its identity, `key_…`; what calls are recorded under.
    pub id: String,
    /// The team's id.
    pub team: String,
    /// What people call it; unique within the team.
    pub name: String,
    /// The project that its calls belong to, by name.
    pub project: Option<String>,
    /// The user that its calls belong to, by name.
    pub user: Option<String>,
    /// How many secrets it has had.
    pub generation: i64,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// The first instant at which it is of no use any more.
    pub expires_at: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

/// All that a ledger knows of who may call, with what has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// The teams, by name.
    pub teams: Vec<Team>,
    /// Their projects, by name.
    pub projects: Vec<Project>,
    /// Their users, by name.
    pub members: Vec<Member>,
    /// Their keys, by id.
    pub keys: Vec<Key>,
    /// What calls may ask for; those in force.
    pub policies: BTreeMap<Scope, Policy>,
}

impl Access {
    /// The living team of this name or id.
    #[must_use]
    pub fn team(&self, named: &str) -> Option<&Team> {
        let is_it = |team: &&Team| team.name == named || team.id == named;
        self.teams.iter().filter(|team| team.ended_at.is_none()).find(is_it)
    }

    /// The living project of this name or id.
    #[must_use]
    pub fn project(&self, named: &str) -> Option<&Project> {
        let is_it = |project: &&Project| project.name == named || project.id == named;
        self.projects.iter().filter(|project| project.ended_at.is_none()).find(is_it)
    }

    /// The living memberships of this name or id: one for each team that the person is in.
    pub fn memberships<'a>(&'a self, named: &'a str) -> impl Iterator<Item = &'a Member> {
        let living = self.members.iter().filter(|member| member.ended_at.is_none());
        living.filter(move |member| member.name == named || member.id == named)
    }

    /// The key of this id, or the only living one of this name; revoked and expired ones too, by id.
    #[must_use]
    pub fn key(&self, named: &str) -> Option<&Key> {
        let by_id = self.keys.iter().find(|key| key.id == named);
        by_id.or_else(|| {
            let mut called = self.live_keys().filter(|key| key.name == named);
            called.next().filter(|_| called.next().is_none())
        })
    }

    /// The keys that are not revoked.
    pub fn live_keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(|key| key.revoked_at.is_none())
    }

    /// A team's name, by its id, whether it lives or not.
    #[must_use]
    pub fn team_name(&self, id: &str) -> Option<&str> {
        self.teams.iter().find(|team| team.id == id).map(|team| team.name.as_str())
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName(&'static str);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// The longest name, in bytes: it stands in every row and in every table.
pub const NAME_BYTES_MAX: usize = 100;
/// What a name may hold beside letters and digits.
const NAME_MARKS: &str = " ._-@+&'()#";

/// Whether a text can name a team, project, user or key: letters and digits of any script, and a
/// few marks. Names stand in tables, files and terminals, and must look like what they are.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(text: &str) -> Result<(), BadName> {
    let is_fit = |letter: char| letter.is_alphanumeric() || NAME_MARKS.contains(letter);
    if text.trim().is_empty() {
        return Err(BadName("it is empty"));
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(BadName("it is longer than 100 bytes"));
    }
    if !text.starts_with(char::is_alphanumeric) {
        return Err(BadName("it does not begin with a letter or a digit"));
    }
    if text.ends_with(' ') || text.contains("  ") {
        return Err(BadName("it has spaces that nobody sees"));
    }
    if !text.chars().all(is_fit) {
        return Err(BadName("it holds more than letters, digits, spaces and `._-@+&'()#`"));
    }
    Ok(())
}

/// Whether a text can be said of a team, such as its owner: anything that is one line of what people
/// see.
///
/// # Errors
/// What is wrong with it.
pub fn check_label(text: &str) -> Result<(), BadName> {
    if text.trim().is_empty() {
        return Err(BadName("it is empty"));
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(BadName("it is longer than 100 bytes"));
    }
    if text.chars().any(|letter| letter.is_control() || is_unseen(letter)) {
        return Err(BadName("it holds characters that nobody sees"));
    }
    Ok(())
}

/// Marks that turn the direction of what follows, or have no width.
const fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_teams_are_taken() {
        for name in ["research", "R&D (EU)", "ann@example.com", "équipe 7", "研究", "בינה", "a"]
        {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "x".repeat(10_000);
        for name in [
            "",
            " ",
            "\t",
            " a",
            "a ",
            "a  b",
            "a\nb",
            "a\0b",
            "\u{1b}[31mred",
            "../etc",
            "a/b",
            "a\\b",
            "=cmd()",
            "-x",
            "@sum",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}a",
            "a,b",
            "a\"b",
            "<b>",
            &long,
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_label_is_one_line_that_is_seen() {
        for label in ["Ann Ü.", "4711/12", "=1"] {
            assert_eq!(check_label(label), Ok(()), "{label}");
        }
        for label in ["", "a\nb", "\u{202e}a", "\u{1b}[2J", &"x".repeat(101)] {
            assert!(check_label(label).is_err(), "{label:?}");
        }
    }
}
