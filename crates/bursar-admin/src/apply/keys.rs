//! The keys of a file: made, or brought to what it says of them.

use bursar_domain::access::Key;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use bursar_ledger::{AccessChange, Change, KeyChange, KeyTerms};
use toml::Spanned;

use super::StepKind;
use super::file::{KeySaid, Wrong};
use super::plan::{Of, Plan, Planner};
use crate::error::shown;
use crate::keys::KeyPlan;
use crate::teams::checked_name;
use crate::{Error, Selectors};

impl Planner<'_> {
    /// A key of a team, by its name.
    pub(super) fn key(
        &self,
        plan: &mut Plan,
        of: &Of<'_>,
        name: &Spanned<String>,
        said: &KeySaid,
    ) -> Result<(), Wrong> {
        checked_name(name.get_ref()).map_err(Wrong::at(name.span()))?;
        let there = self.roster.key_named(&of.id, name.get_ref());
        let terms = self.terms(of, said, there)?;
        let id = match there {
            Some(key) => key.id.clone(),
            None => self.admin.new_key_id(|id| self.roster.key(id).is_some()),
        };
        plan.spoken.ids.insert(id.clone());
        let what = format!("key {} of team {}", name.get_ref(), of.name);
        match there {
            None => {
                plan.step(StepKind::Create, what);
                let (team, name) = (of.id.clone(), name.get_ref().clone());
                plan.keys.push((of.name.to_owned(), KeyPlan { id: id.clone(), team, name, terms }));
            }
            Some(key) if own_terms(key) != terms => {
                plan.step(StepKind::Change, what);
                let set = KeyChange::Set { id: id.clone(), terms };
                plan.after_keys.push(Change::Access(AccessChange::Key(set)));
            }
            Some(_) => {}
        }
        let scope = Scope::default().with(Facet::Key, &id);
        if let Some(policy) = &said.policy {
            self.policy(plan, &scope, policy)?;
        }
        let key = Selectors { key: Some(id), ..Selectors::default() };
        said.limits.iter().try_for_each(|limit| self.limit(plan, &key, limit))
    }

    /// What is said of a key, over what is known of it; an empty text takes away.
    fn terms(&self, of: &Of<'_>, said: &KeySaid, there: Option<&Key>) -> Result<KeyTerms, Wrong> {
        let known = there.map(own_terms).unwrap_or_default();
        let project = match &said.project {
            None => known.project,
            Some(said) => part("project", said, |name| of.projects.contains(name))?,
        };
        let user = match &said.user {
            None => known.user,
            Some(said) => part("user", said, |name| of.users.contains(name))?,
        };
        let expires_at = match &said.expires {
            None => known.expires_at,
            Some(said) => self.expiry(said, known.expires_at)?,
        };
        Ok(KeyTerms { project, user, expires_at })
    }

    /// A date or a time, and no span, which would be another each time. What holds already may be
    /// past by now.
    fn expiry(
        &self,
        said: &Spanned<String>,
        known: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Wrong> {
        let text = said.get_ref();
        if text.is_empty() {
            return Ok(None);
        }
        let refuse = |problem: &str| {
            Wrong::at(said.span())(Error::BadWord {
                what: "expiry",
                given: shown(text),
                problem: problem.to_owned(),
                hint: "write `2027-06-30` or `2027-06-30T12:00:00Z`".to_owned(),
            })
        };
        let at = Timestamp::parse_date(text).or_else(|| Timestamp::parse_rfc3339(text));
        let at = at.ok_or_else(|| refuse("it is no date or time"))?;
        if at <= self.now && known != Some(at) {
            return Err(refuse("it is past"));
        }
        Ok(Some(at))
    }
}

fn own_terms(key: &Key) -> KeyTerms {
    KeyTerms { project: key.project.clone(), user: key.user.clone(), expires_at: key.expires_at }
}

fn part(
    what: &str,
    said: &Spanned<String>,
    is_there: impl Fn(&str) -> bool,
) -> Result<Option<String>, Wrong> {
    let name = said.get_ref();
    if name.is_empty() || is_there(name) {
        return Ok(Some(name.clone()).filter(|name| !name.is_empty()));
    }
    Err(Wrong::at(said.span())(Error::Contradiction {
        said: format!("the key's {what} `{}` is none of its team's", shown(name)),
        hint: format!("name it among the team's {what}s"),
    }))
}
