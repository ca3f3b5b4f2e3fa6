//! What has to be changed so that what a file says is so: nothing that is so already.
//!
//! Compared by names, for the file knows no ids. Whatever is wrong is found before anything is
//! changed, and told with its place.

use std::collections::{BTreeSet, HashMap, HashSet};

use bursar_domain::access::Team;
use bursar_domain::limit::{Limit, LimitId};
use bursar_domain::policy::Policy;
use bursar_domain::roster::Roster;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use bursar_ledger::{AccessChange, Change};
use toml::Spanned;

use super::file::{File, LimitSaid, PolicySaid, TeamSaid, Wrong};
use super::{Step, StepKind};
use crate::error::shown;
use crate::keys::KeyPlan;
use crate::teams::{checked_name, label};
use crate::{Admin, Error, KnownModels, PolicyWords, Selectors};

/// What is to be done, in order: changes, then the new keys, then what is about those.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) changes: Vec<Change>,
    /// Each with its team's name.
    pub(super) keys: Vec<(String, KeyPlan)>,
    pub(super) after_keys: Vec<Change>,
    /// The teams, projects, users, keys, policies and limits that the file speaks of.
    pub(super) spoken: Spoken,
}

/// What a file speaks of, by id or scope; the rest is what a prune ends.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    pub(super) ids: BTreeSet<String>,
    pub(super) scopes: BTreeSet<Scope>,
    teams: BTreeSet<String>,
    /// Of which no two teams have one.
    projects: BTreeSet<String>,
    users: BTreeSet<String>,
    limits: BTreeSet<String>,
}

impl Plan {
    pub(super) fn step(&mut self, act: StepKind, what: impl Into<String>) {
        self.steps.push(Step { act, what: what.into() });
    }

    fn change(&mut self, change: AccessChange) {
        self.changes.push(Change::Access(change));
    }
}

/// Compares a file with what is there.
pub(super) struct Planner<'a> {
    pub(super) admin: &'a Admin,
    pub(super) roster: &'a Roster,
    pub(super) limits: &'a [Limit],
    /// The limits by what they count.
    by_counts: HashMap<Counts<'a>, &'a Limit>,
    /// Who is in any team, by name.
    people: HashSet<&'a str>,
    known: &'a KnownModels<'a>,
    /// Whether what is not spoken of is ended.
    prune: bool,
    pub(super) now: Timestamp,
}

/// What a limit counts: no two that live count the same.
type Counts<'l> = (&'l Scope, &'static str, &'static str, &'static str);

fn counts(limit: &Limit) -> Counts<'_> {
    let each = limit.each.map_or("", |each| each.as_str());
    (&limit.scope, each, limit.unit.as_str(), limit.span.as_str())
}

/// A team that the file speaks of: there already, or about to be.
pub(super) struct Of<'t> {
    pub(super) id: String,
    pub(super) name: &'t str,
    pub(super) users: BTreeSet<String>,
    pub(super) projects: BTreeSet<String>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        admin: &'a Admin,
        (roster, limits): (&'a Roster, &'a [Limit]),
        known: &'a KnownModels<'a>,
        prune: bool,
    ) -> Self {
        let by_counts = limits.iter().map(|limit| (counts(limit), limit)).collect();
        let living = roster.access().members.iter().filter(|member| member.ended_at.is_none());
        let people = living.map(|member| member.name.as_str()).collect();
        let now = admin.clock.now();
        Self { admin, roster, limits, by_counts, people, known, prune, now }
    }

    /// All that has to be done.
    pub(super) fn plan(&self, file: &File<'_>) -> Result<Plan, Wrong> {
        let mut plan = Plan::default();
        let said = &file.said;
        if let Some(policy) = &said.policy {
            self.policy(&mut plan, &Scope::default(), policy)?;
        }
        for (name, team) in &said.teams {
            self.team(&mut plan, name, team)?;
        }
        for limit in &said.limits {
            self.limit(&mut plan, &Selectors::default(), limit)?;
        }
        if self.prune {
            self.prune(&mut plan);
        }
        Ok(plan)
    }

    fn team(&self, plan: &mut Plan, name: &Spanned<String>, said: &TeamSaid) -> Result<(), Wrong> {
        checked_name(name.get_ref()).map_err(Wrong::at(name.span()))?;
        let there = self.roster.team(name.get_ref()).filter(|team| team.name == *name.get_ref());
        let id = self.team_itself(plan, name.get_ref(), said, there)?;
        plan.spoken.ids.insert(id.clone());
        plan.spoken.teams.insert(name.get_ref().clone());
        let mut of =
            Of { id, name: name.get_ref(), users: BTreeSet::new(), projects: BTreeSet::new() };
        self.projects(plan, &mut of, said)?;
        self.users(plan, &mut of, said)?;
        let scope = Scope::default().with(Facet::Team, of.name);
        if let Some(policy) = &said.policy {
            self.policy(plan, &scope, policy)?;
        }
        for (name, key) in &said.keys {
            self.key(plan, &of, name, key)?;
        }
        let team = Selectors { team: Some(of.name.to_owned()), ..Selectors::default() };
        said.limits.iter().try_for_each(|limit| self.limit(plan, &team, limit))
    }

    /// Makes the team, or changes what is said of it; its id.
    fn team_itself(
        &self,
        plan: &mut Plan,
        name: &str,
        said: &TeamSaid,
        there: Option<&Team>,
    ) -> Result<String, Wrong> {
        let text = |what, said: &Option<Spanned<String>>, known: Option<&String>| match said {
            None => Ok(known.cloned()),
            Some(said) => label(what, Some(said.get_ref().clone())).map_err(Wrong::at(said.span())),
        };
        let owner = text("owner", &said.owner, there.and_then(|team| team.owner.as_ref()))?;
        let known = there.and_then(|team| team.cost_centre.as_ref());
        let cost_centre = text("cost centre", &said.cost_centre, known)?;
        let Some(team) = there else {
            let id = self.admin.new_id("team");
            plan.step(StepKind::Create, format!("team {name}"));
            let (made, name) = (id.clone(), name.to_owned());
            plan.change(AccessChange::CreateTeam { id: made, name, owner, cost_centre });
            return Ok(id);
        };
        if (&team.owner, &team.cost_centre) != (&owner, &cost_centre) {
            let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "nobody".to_owned());
            let centre = cost_centre.clone().unwrap_or_else(|| "none".to_owned());
            let what = format!("team {name}: owner {}, cost centre {centre}", said(&owner));
            plan.step(StepKind::Change, what);
            plan.change(AccessChange::SetTeam { id: team.id.clone(), owner, cost_centre });
        }
        Ok(team.id.clone())
    }

    fn projects(&self, plan: &mut Plan, of: &mut Of<'_>, said: &TeamSaid) -> Result<(), Wrong> {
        if !self.prune {
            let own = self.roster.projects_of(&of.id);
            of.projects.extend(own.map(|project| project.name.clone()));
        }
        for name in &said.projects {
            let text = name.get_ref();
            checked_name(text).map_err(Wrong::at(name.span()))?;
            let there = self.roster.project(text).filter(|project| project.name == *text);
            let elsewhere = there.filter(|project| project.team != of.id && !self.prune);
            if elsewhere.is_some() || !plan.spoken.projects.insert(text.clone()) {
                let said = format!("there is a project `{text}` already");
                let hint = "give every project a name of its own".to_owned();
                return Err(Wrong::at(name.span())(Error::Contradiction { said, hint }));
            }
            of.projects.insert(text.clone());
            if let Some(project) = there.filter(|project| project.team == of.id) {
                plan.spoken.ids.insert(project.id.clone());
                continue;
            }
            plan.step(StepKind::Create, format!("project {text} of team {}", of.name));
            plan.change(AccessChange::CreateProject {
                id: self.admin.new_id("proj"),
                team: of.id.clone(),
                name: text.clone(),
            });
        }
        Ok(())
    }

    fn users(&self, plan: &mut Plan, of: &mut Of<'_>, said: &TeamSaid) -> Result<(), Wrong> {
        if !self.prune {
            let own = self.roster.members_of(&of.id);
            of.users.extend(own.map(|member| member.name.clone()));
        }
        let mut spoken = BTreeSet::new();
        for name in &said.users {
            let text = name.get_ref();
            checked_name(text).map_err(Wrong::at(name.span()))?;
            if !spoken.insert(text) {
                let said = format!("the user `{text}` is named twice");
                let hint = "leave one of the two out".to_owned();
                return Err(Wrong::at(name.span())(Error::Contradiction { said, hint }));
            }
            of.users.insert(text.clone());
            plan.spoken.users.insert(text.clone());
            let there = self.roster.member(&of.id, text);
            if let Some(member) = there.filter(|member| member.name == *text) {
                plan.spoken.ids.insert(member.id.clone());
                continue;
            }
            plan.step(StepKind::Create, format!("user {text} in team {}", of.name));
            plan.change(AccessChange::AddMember {
                id: self.admin.new_id("user"),
                team: of.id.clone(),
                name: text.clone(),
            });
        }
        Ok(())
    }

    /// Sets the policy of a scope where it is another.
    pub(super) fn policy(
        &self,
        plan: &mut Plan,
        scope: &Scope,
        said: &Spanned<PolicySaid>,
    ) -> Result<(), Wrong> {
        let policy = self.policy_said(said.get_ref())?;
        plan.spoken.scopes.insert(scope.clone());
        let there = self.roster.access().policies.get(scope);
        if there.unwrap_or(&Policy::default()) == &policy {
            return Ok(());
        }
        let act = match (there, policy.is_empty()) {
            (_, true) => StepKind::End,
            (None, false) => StepKind::Create,
            (Some(_), false) => StepKind::Change,
        };
        plan.step(act, format!("policy of {scope}"));
        plan.after_keys
            .push(Change::Access(AccessChange::SetPolicy { scope: scope.clone(), policy }));
        Ok(())
    }

    /// What is said of a policy, each part that means nothing blamed on its own place.
    fn policy_said(&self, said: &PolicySaid) -> Result<Policy, Wrong> {
        let mut words = PolicyWords::default();
        let take = |words: PolicyWords, at: std::ops::Range<usize>| {
            words.policy(self.known).map_err(Wrong::at(at)).map(|_| words)
        };
        for model in said.models.iter().flatten() {
            let one = PolicyWords { models: vec![model.get_ref().clone()], ..Default::default() };
            words.models.extend(take(one, model.span())?.models);
        }
        for region in said.regions.iter().flatten() {
            let one = PolicyWords { regions: vec![region.get_ref().clone()], ..Default::default() };
            words.regions.extend(take(one, region.span())?.regions);
        }
        if let Some(routing) = &said.routing {
            let one =
                PolicyWords { routing: Some(routing.get_ref().clone()), ..Default::default() };
            words.routing = take(one, routing.span())?.routing;
        }
        if let Some(most) = &said.max_tokens {
            let one = PolicyWords { max_tokens: Some(*most.get_ref()), ..Default::default() };
            words.max_tokens = take(one, most.span())?.max_tokens;
        }
        words.policy(self.known).map_err(Wrong::at(0..0))
    }

    /// Sets a limit of what is selected, where it is another.
    pub(super) fn limit(
        &self,
        plan: &mut Plan,
        under: &Selectors,
        said: &Spanned<LimitSaid>,
    ) -> Result<(), Wrong> {
        let words = said.get_ref().words(&said.span())?;
        let selectors = self.selected(plan, under, said.get_ref().select.as_ref())?;
        let wanted = words
            .limit(LimitId(self.admin.new_id("limit")), &selectors)
            .map_err(Wrong::at(said.span()))?;
        let there = self.by_counts.get(&counts(&wanted)).copied();
        let id = there.map_or(&wanted.id, |limit| &limit.id).clone();
        plan.spoken.ids.insert(id.0.clone());
        let counted = format!("{}` in `{}", wanted.name(), wanted.unit);
        if !plan.spoken.limits.insert(counted.clone()) {
            let said_twice = format!("the limit `{counted}` is said twice");
            let hint = "leave one of the two out".to_owned();
            return Err(Wrong::at(said.span())(Error::Contradiction { said: said_twice, hint }));
        }
        let wanted = Limit { id, ..wanted };
        if there.is_none_or(|limit| *limit != wanted) {
            let act = if there.is_some() { StepKind::Change } else { StepKind::Create };
            let figures = format!("{} {}", words.limit, wanted.mode);
            plan.step(act, format!("limit {}: {figures}", wanted.name()));
            plan.after_keys.push(Change::SetLimit(wanted));
        }
        Ok(())
    }

    /// What a limit is about: what it stands under, narrowed by what it selects itself.
    fn selected(
        &self,
        plan: &Plan,
        under: &Selectors,
        select: Option<&Spanned<Selectors>>,
    ) -> Result<Selectors, Wrong> {
        let Some(select) = select else {
            let is_about_all = under.is_empty();
            return Ok(Selectors { all: is_about_all, ..under.clone() });
        };
        let refuse = |said: String| {
            let hint = "select what narrows it: a model, provider, project, user or tag".to_owned();
            Wrong::at(select.span())(Error::Contradiction { said, hint })
        };
        let mut selected = select.get_ref().clone();
        for (own, outer, what) in
            [(&mut selected.team, &under.team, "team"), (&mut selected.key, &under.key, "key")]
        {
            if own.is_some() && outer.is_some() {
                return Err(refuse(format!(
                    "the {what} is said already by where the limit stands"
                )));
            }
            *own = own.take().or_else(|| outer.clone());
        }
        if let Some((what, name)) = self.stranger(plan, &selected, under) {
            return Err(refuse(format!("there is no {what} `{}`", shown(name))));
        }
        if let Some(model) = &selected.model {
            selected.model =
                Some(self.known.model(model).map_err(Wrong::at(select.span()))?.to_string());
        }
        Ok(selected)
    }

    /// Who is selected and is neither spoken of nor there.
    fn stranger<'s>(
        &self,
        plan: &Plan,
        selected: &'s Selectors,
        under: &Selectors,
    ) -> Option<(&'static str, &'s str)> {
        let (spoken, roster) = (&plan.spoken, self.roster);
        let stays = !self.prune;
        let team = |name: &str| {
            spoken.teams.contains(name)
                || stays && roster.team(name).is_some_and(|t| t.name == name)
        };
        let project = |name: &str| {
            spoken.projects.contains(name)
                || stays && roster.project(name).is_some_and(|project| project.name == name)
        };
        let user = |name: &str| spoken.users.contains(name) || stays && self.people.contains(name);
        let key = |id: &str| {
            under.key.is_some() || roster.key(id).is_some_and(|key| key.revoked_at.is_none())
        };
        let is_missing =
            |name: &'s Option<String>, is_there: bool| name.as_deref().filter(|_| !is_there);
        let has = |name: &Option<String>, is_there: &dyn Fn(&str) -> bool| {
            name.as_deref().is_some_and(is_there)
        };
        let Selectors { team: of, project: on, user: by, key: with, .. } = selected;
        let missing = [
            ("team", is_missing(of, has(of, &team))),
            ("project", is_missing(on, has(on, &project))),
            ("user", is_missing(by, has(by, &user))),
            ("key", is_missing(with, has(with, &key))),
        ];
        missing.into_iter().find_map(|(what, name)| Some((what, name?)))
    }
}
