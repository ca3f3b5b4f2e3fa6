//! What a file that is the whole truth does not speak of: it ends.

use bursar_domain::policy::Policy;
use bursar_domain::roster::Roster;
use bursar_domain::scope::Facet;
use bursar_ledger::{AccessChange, Change, KeyChange};

use super::StepKind;
use super::plan::{Plan, Planner, Spoken};

/// Something to end: what a person reads of it, and the change.
type End = (String, Change);

impl Planner<'_> {
    /// Ends what is not spoken of, before anything else is done: so its names are free.
    pub(super) fn prune(&self, plan: &mut Plan) {
        let unspoken = self.limits.iter().filter(|limit| !plan.spoken.ids.contains(&limit.id.0));
        let limits = unspoken
            .map(|limit| (format!("limit {}", limit.name()), Change::EndLimit(limit.id.clone())));
        let access = unspoken_access(self.roster, &plan.spoken);
        let ends: Vec<End> = limits.chain(access).collect();
        let mut changes = Vec::new();
        for (what, change) in ends {
            plan.step(StepKind::End, what);
            changes.push(change);
        }
        changes.append(&mut plan.changes);
        plan.changes = changes;
    }
}

/// Keys, projects and users, then policies, then teams, which end last.
fn unspoken_access(roster: &Roster, spoken: &Spoken) -> Vec<End> {
    let access = roster.access();
    let is_unspoken = |id: &str| !spoken.ids.contains(id);
    let end = |what: String, change: AccessChange| (what, Change::Access(change));
    let keys = access.live_keys().filter(|key| is_unspoken(&key.id)).map(|key| {
        let revoke = KeyChange::Revoke { id: key.id.clone() };
        end(format!("key {} ({})", key.name, key.id), AccessChange::Key(revoke))
    });
    let projects = access.projects.iter().filter(|it| it.ended_at.is_none() && is_unspoken(&it.id));
    let projects = projects.map(|project| {
        let change = AccessChange::EndProject { id: project.id.clone() };
        end(format!("project {}", project.name), change)
    });
    let members = access.members.iter().filter(|it| it.ended_at.is_none() && is_unspoken(&it.id));
    let members = members.map(|member| {
        let team = roster.team_name(&member.team).unwrap_or_default();
        let change = AccessChange::EndMember { id: member.id.clone() };
        end(format!("user {} in team {team}", member.name), change)
    });
    let is_live_key = |id: &String| roster.key(id).is_some_and(|key| key.revoked_at.is_none());
    let policies = access.policies.keys().filter(|scope| {
        // The policy of a key that was revoked long ago says nothing to anybody.
        !spoken.scopes.contains(*scope) && scope.0.get(&Facet::Key).is_none_or(is_live_key)
    });
    let policies = policies.map(|scope| {
        let change = AccessChange::SetPolicy { scope: scope.clone(), policy: Policy::default() };
        end(format!("policy of {scope}"), change)
    });
    let teams = access.teams.iter().filter(|it| it.ended_at.is_none() && is_unspoken(&it.id));
    let teams = teams.map(|team| {
        let change = AccessChange::EndTeam { id: team.id.clone(), force: false };
        end(format!("team {}", team.name), change)
    });
    keys.chain(projects).chain(members).chain(policies).chain(teams).collect()
}
