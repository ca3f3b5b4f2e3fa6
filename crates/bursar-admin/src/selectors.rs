//! Whom something is about, as people select it: `--team research --tag env=prod`.
//!
//! A selection is words; a `Scope` is what they mean. Teams, projects, users and keys are known here
//! by name or id; which model a name stands for is not: a model is selected by its canonical id.

use std::collections::BTreeMap;

use bursar_domain::access::Access;
use bursar_domain::identity::Attribution;
use bursar_domain::scope::{Facet, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::attribution::known_key;
use crate::teams::{known_project, known_team, unknown_user};
use crate::{Admin, Error};

/// The longest value, in bytes, but for a model's: what a call can be attributed to is no longer.
const VALUE_BYTES_MAX: usize = Attribution::TAG_BYTES_MAX;

/// What was selected: all calls, or those that have every one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Selectors {
    /// Every call. Goes with nothing else.
    pub all: bool,
    /// The team that pays.
    pub team: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The person.
    pub user: Option<String>,
    /// The virtual key, by its id.
    pub key: Option<String>,
    /// The model, by its canonical id.
    pub model: Option<String>,
    /// Who made the model: `anthropic`.
    pub provider: Option<String>,
    /// The client's own session.
    pub session: Option<String>,
    /// Labels.
    pub tags: BTreeMap<String, String>,
}

impl Selectors {
    /// What selects a scope.
    #[must_use]
    pub fn of(scope: &Scope) -> Self {
        let mut select = Self { all: scope.0.is_empty(), ..Self::default() };
        for (facet, value) in &scope.0 {
            let value = value.clone();
            match facet {
                Facet::Team => select.team = Some(value),
                Facet::Project => select.project = Some(value),
                Facet::User => select.user = Some(value),
                Facet::Key => select.key = Some(value),
                Facet::Model => select.model = Some(value),
                Facet::Provider => select.provider = Some(value),
                Facet::Session => select.session = Some(value),
                Facet::Tag(key) => drop(select.tags.insert(key.clone(), value)),
            }
        }
        select
    }

    /// Whether nothing was selected, not even all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was selected.
    ///
    /// # Errors
    /// [`Error::NothingSelected`], [`Error::AllAndSome`], or [`Error::BadWord`] for a value that
    /// no call can have.
    pub fn scope(&self) -> Result<Scope, Error> {
        if self.is_empty() {
            return Err(Error::NothingSelected);
        }
        let scope = self.facets()?;
        if self.all && !scope.0.is_empty() {
            return Err(Error::AllAndSome { some: scope.to_string() });
        }
        Ok(scope)
    }

    /// What was selected; everything, when nothing was.
    ///
    /// # Errors
    /// As [`Selectors::scope`], but for the first.
    pub fn scope_or_all(&self) -> Result<Scope, Error> {
        if self.is_empty() { Ok(Scope::default()) } else { self.scope() }
    }

    fn facets(&self) -> Result<Scope, Error> {
        let named = [
            (Facet::Team, &self.team),
            (Facet::Project, &self.project),
            (Facet::User, &self.user),
            (Facet::Key, &self.key),
            (Facet::Model, &self.model),
            (Facet::Provider, &self.provider),
            (Facet::Session, &self.session),
        ];
        let named = named.into_iter().filter_map(|(facet, value)| Some((facet, value.as_ref()?)));
        let tags = self.tags.iter().map(|(key, value)| (Facet::Tag(key.clone()), value));
        let mut scope = Scope::default();
        for (facet, value) in named.chain(tags) {
            check_value(&facet, value)?;
            scope.0.insert(facet, value.clone());
        }
        Ok(scope)
    }
}

impl Admin {
    /// The same selection by the names that calls are recorded under.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team, project, user or key that there is not, with the nearest.
    pub async fn known(&self, selectors: &Selectors) -> Result<Selectors, Error> {
        let Selectors { team, project, user, key, .. } = selectors;
        if team.is_none() && project.is_none() && user.is_none() && key.is_none() {
            return Ok(selectors.clone());
        }
        let access = self.ledger.access().await?;
        let team = team.as_deref().map(|named| known_team(&access, named)).transpose()?;
        let project = project.as_deref().map(|named| known_project(&access, named)).transpose()?;
        let user = user.as_deref().map(|named| known_user(&access, named)).transpose()?;
        let key = key.as_deref().map(|named| known_key(&access, named)).transpose()?;
        Ok(Selectors {
            team: team.map(|team| team.name.clone()),
            project: project.map(|project| project.name.clone()),
            user,
            key: key.map(|key| key.id.clone()),
            ..selectors.clone()
        })
    }

    /// The same, where what is selected may have ended since: it stands as it was said, then.
    pub(crate) async fn recorded(&self, selectors: &Selectors) -> Result<Selectors, Error> {
        match self.known(selectors).await {
            Err(Error::Unknown { .. } | Error::Contradiction { .. }) => Ok(selectors.clone()),
            known => known,
        }
    }
}

fn known_user(access: &Access, named: &str) -> Result<String, Error> {
    let member = access.memberships(named).next();
    member.map(|member| member.name.clone()).ok_or_else(|| unknown_user(access, named))
}

/// A value that some call could have.
fn check_value(facet: &Facet, value: &str) -> Result<(), Error> {
    let key = match facet {
        Facet::Tag(key) => key,
        _ => "-",
    };
    let problem = if value.trim().is_empty() || key.trim().is_empty() {
        "it is empty"
    } else if value.chars().chain(key.chars()).any(char::is_control) {
        "it has control characters"
    } else if value.len() > VALUE_BYTES_MAX || key.len() > VALUE_BYTES_MAX {
        "it is longer than 256 bytes"
    } else {
        return Ok(());
    };
    let shown: String = value.escape_debug().take(60).collect();
    Err(Error::BadWord {
        what: "value to select by",
        given: shown,
        problem: problem.to_owned(),
        hint: "select as the calls are recorded; `bursar usage` lists what is".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(name: &str) -> Selectors {
        Selectors { team: Some(name.into()), ..Selectors::default() }
    }

    #[test]
    fn what_is_selected_must_all_match() {
        let tags = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let both = Selectors { tags, ..team("research") };
        assert_eq!(both.scope().unwrap().to_string(), "team research, tag:env prod");
        let all = Selectors { all: true, ..Selectors::default() };
        assert_eq!(all.scope().unwrap(), Scope::default());
    }

    #[test]
    fn a_scope_is_what_its_selection_means() {
        let facets = [
            Facet::Team,
            Facet::Project,
            Facet::User,
            Facet::Key,
            Facet::Model,
            Facet::Provider,
            Facet::Session,
            Facet::Tag("env".to_owned()),
        ];
        let mut scope = Scope::default();
        assert_eq!(Selectors::of(&scope).scope().unwrap(), scope);
        for facet in facets {
            scope = scope.with(facet, "it");
            assert_eq!(Selectors::of(&scope).scope().unwrap(), scope);
        }
    }

    #[test]
    fn nothing_is_not_all_and_all_goes_with_nothing_else() {
        assert!(matches!(Selectors::default().scope(), Err(Error::NothingSelected)));
        assert_eq!(Selectors::default().scope_or_all().unwrap(), Scope::default());
        let both = Selectors { all: true, ..team("research") };
        let said = both.scope().unwrap_err().to_string();
        assert!(said.starts_with("`--all` and `team research`"), "{said}");
    }

    #[test]
    fn a_value_that_no_call_can_have_is_refused() {
        for value in ["", "  ", "a\0b", "a\nb", "\u{1b}[31m", &"x".repeat(10_000)] {
            let said = team(value).scope().unwrap_err().to_string();
            assert!(said.len() < 300 && !said.contains('\u{1b}'), "{said}");
        }
    }
}
