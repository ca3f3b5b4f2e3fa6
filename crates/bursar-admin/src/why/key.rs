//! What stands on a key: freezes, policies, limits, and what became of its last calls.

use bursar_domain::access::{Access, Key};
use bursar_domain::policy::{InForce, Models, Policy, ended_key, ended_team};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use bursar_ledger::{CallFilter, CallRow, Page, RefusalRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::split;
use crate::{Admin, BudgetRow, Error, FreezeRow, PolicyRow};

/// So many of a key's last verdicts are told.
const VERDICTS_MAX: u32 = 10;

/// A refusal that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusalReply {
    /// When.
    pub at: String,
    /// The id that the call would have had.
    pub call: Option<String>,
    /// Why, in a word.
    pub reason: String,
    /// What was said of it.
    pub message: String,
    /// The model.
    pub model: String,
}

/// A policy, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyOn {
    /// Whose, in words: `team research`.
    pub scope: String,
    /// What it allows.
    #[serde(flatten)]
    pub policy: PolicyRow,
}

/// What is left of what several policies allow. Null is no restriction; an empty list, nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct InForceRow {
    /// Why its calls are refused whatever they ask for: it was revoked, or it or its team has ended.
    pub refused: Option<String>,
    /// The models that may be called.
    pub models: Option<Vec<String>>,
    /// The regions that may be called, as patterns; `eu-* & *-1` means both at once.
    pub regions: Option<Vec<String>>,
    /// The regions that a profile may serve a call in.
    pub served_in: Option<Vec<String>>,
    /// How far a call may be routed.
    pub routing: Option<String>,
    /// The most output tokens of a call.
    pub max_tokens: Option<u64>,
    /// When the key expires, or did.
    pub expires_at: Option<String>,
}

/// What stands on a key, and what became of its last calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyWhy {
    /// The key's id.
    pub key: String,
    /// Freezes that refuse its calls now.
    pub freezes: Vec<FreezeRow>,
    /// What is said of what its calls may ask for; each has to allow a call.
    pub policies: Vec<PolicyOn>,
    /// What all of that leaves.
    pub in_force: InForceRow,
    /// Limits that count its calls, whatever model they are to.
    pub limits: Vec<BudgetRow>,
    /// Its last refusals, the latest first.
    pub refusals: Vec<RefusalReply>,
    /// How its last calls ended, the latest first: id, outcome and error code.
    pub calls: Vec<EndedCall>,
}

/// How a call ended, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndedCall {
    /// The call's id.
    pub id: String,
    /// When it was taken on.
    pub at: String,
    /// How it ended.
    pub outcome: String,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
}

impl Admin {
    /// What stands on a key now, and what became of its last calls.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn why_key(&self, key: &str) -> Result<KeyWhy, Error> {
        let access = self.ledger.access().await?;
        let (key, who) = who_of(&access, key);
        let freezes = self.ledger.freezes().await?;
        let freezes = freezes.iter().filter(|freeze| who.includes(&freeze.scope));
        let filter = CallFilter { key: Some(key.clone()), ..CallFilter::default() };
        let page = Page { after: None, limit: VERDICTS_MAX };
        let calls = self.ledger.calls(&filter, &page).await?;
        let refusals = self.ledger.refusals_of_key(&key, VERDICTS_MAX).await?;
        let policies = access.policies.iter().filter(|(scope, _)| who.includes(scope));
        Ok(KeyWhy {
            in_force: self.in_force(&access, &key, policies.clone().map(|(_, policy)| policy)),
            policies: policies.map(PolicyOn::of).collect(),
            key,
            freezes: freezes.map(FreezeRow::from).collect(),
            limits: self.standings_of(&who).await?.iter().map(BudgetRow::of).collect(),
            refusals: refusals.iter().map(RefusalReply::of).collect(),
            calls: calls.iter().map(EndedCall::of).collect(),
        })
    }

    fn in_force<'p>(
        &self,
        access: &Access,
        id: &str,
        policies: impl Iterator<Item = &'p Policy>,
    ) -> InForceRow {
        let InForce { models, regions, served_in, routes, max_tokens } = InForce::of(policies);
        let key = access.keys.iter().find(|key| key.id == id);
        let names = |models: Vec<Models>| models.iter().map(|of| of.name().to_owned()).collect();
        InForceRow {
            refused: key.and_then(|key| ended(access, key, self.clock.now())),
            models: models.map(names),
            regions,
            served_in,
            routing: routes.map(|routes| routes.to_string()),
            max_tokens,
            expires_at: key.and_then(|key| key.expires_at).map(|at| at.to_string()),
        }
    }
}

/// Why a key is of no use any more.
fn ended(access: &Access, key: &Key, now: Timestamp) -> Option<String> {
    let objection = ended_key(key, now).or_else(|| {
        let team = access.teams.iter().find(|team| team.id == key.team)?;
        team.ended_at.map(|at| ended_team(&team.name, at))
    })?;
    let said = objection.to_string();
    Some(split(&said).0.to_owned())
}

/// A key's id, and all that its calls have in common: what it stands for. One that is not known may
/// still have been recorded.
fn who_of(access: &Access, named: &str) -> (String, Scope) {
    let Some(key) = access.key(named) else {
        return (named.to_owned(), Scope::default().with(Facet::Key, named));
    };
    let facets = [
        (Facet::Key, Some(key.id.as_str())),
        (Facet::Team, access.team_name(&key.team)),
        (Facet::Project, key.project.as_deref()),
        (Facet::User, key.user.as_deref()),
    ];
    let facets = facets.into_iter().filter_map(|(facet, value)| Some((facet, value?.to_owned())));
    (key.id.clone(), Scope(facets.collect()))
}

impl PolicyOn {
    fn of((scope, policy): (&Scope, &Policy)) -> Self {
        Self { scope: scope.to_string(), policy: PolicyRow::new(policy) }
    }
}

impl RefusalReply {
    fn of(row: &RefusalRow) -> Self {
        Self {
            at: row.at().to_string(),
            call: row.call_id.clone(),
            reason: row.reason.clone(),
            message: split(&row.detail).0.to_owned(),
            model: row.model.clone(),
        }
    }
}

impl EndedCall {
    fn of(call: &CallRow) -> Self {
        Self {
            id: call.id.to_string(),
            at: call.started_at.to_string(),
            outcome: call.ending.outcome.to_string(),
            error_code: call.ending.error_code.clone(),
        }
    }
}
