//! What a file that is the whole truth does not speak of: it ends.

use bursar_domain::policy::Policy;
use bursar_domain::scope::Facet;
use bursar_ledger::{AccessChange, Change, KeyChange};

use super::StepKind;
use super::plan::{Plan, Planner};

impl Planner<'_> {
    /// Ends, before anything else is done, what is not spoken of: so its names are free.
    pub(super) fn prune(&self, plan: &mut Plan) {
        let mut first: Vec<Change> = Vec::new();
        let mut end = |plan: &mut Plan, what: String, change: Change| {
            plan.step(StepKind::End, what);
            first.push(change);
        };
        let access = self.access;
        let is_spoken = |plan: &Plan, id: &str| plan.spoken.ids.contains(id);
        for limit in
            self.limits.values().filter(|limit| !is_spoken(plan, &limit.id.0)).collect::<Vec<_>>()
        {
            end(plan, format!("limit {}", limit.name()), Change::EndLimit(limit.id.clone()));
        }
        for key in access.live_keys() {
            if !is_spoken(plan, &key.id) {
                let revoke = KeyChange::Revoke { id: key.id.clone() };
                let what = format!("key {} ({})", key.name, key.id);
                end(plan, what, Change::Access(AccessChange::Key(revoke)));
            }
        }
        for project in access.projects.iter().filter(|project| project.ended_at.is_none()) {
            if !is_spoken(plan, &project.id) {
                let change = AccessChange::EndProject { id: project.id.clone() };
                end(plan, format!("project {}", project.name), Change::Access(change));
            }
        }
        for member in access.members.iter().filter(|member| member.ended_at.is_none()) {
            if !is_spoken(plan, &member.id) {
                let team = access.team_name(&member.team).unwrap_or_default();
                let change = AccessChange::EndMember { id: member.id.clone() };
                end(plan, format!("user {} in team {team}", member.name), Change::Access(change));
            }
        }
        for scope in access
            .policies
            .keys()
            .filter(|scope| !plan.spoken.scopes.contains(*scope))
            .collect::<Vec<_>>()
        {
            // A key's policy is of no use once the key is gone, and says nothing to anybody.
            let is_of_ended_key = scope.0.get(&Facet::Key).is_some_and(|id| {
                access.keys.iter().any(|key| key.id == *id && key.revoked_at.is_some())
            });
            if !is_of_ended_key {
                let (scope, policy) = (scope.clone(), Policy::default());
                let what = format!("policy of {scope}");
                end(plan, what, Change::Access(AccessChange::SetPolicy { scope, policy }));
            }
        }
        for team in access.teams.iter().filter(|team| team.ended_at.is_none()) {
            if !is_spoken(plan, &team.id) {
                let change = AccessChange::EndTeam { id: team.id.clone(), force: false };
                end(plan, format!("team {}", team.name), Change::Access(change));
            }
        }
        first.append(&mut plan.changes);
        plan.changes = first;
    }
}
