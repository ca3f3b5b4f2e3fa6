//! Access as a file: what it says becomes so, in one transaction or not at all.
//!
//! `file.rs` reads it, `plan.rs` compares it with what is there. What a file does not speak of is
//! left alone, or ended where it is asked to be the whole truth. Applied again, nothing changes.

mod file;
mod keys;
mod plan;
mod prune;
mod step;

use bursar_domain::roster::Roster;
use bursar_ledger::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::keys::bind;
use crate::{Admin, Error, KnownModels, MasterKeySource, NewKey};

pub use step::{Step, StepKind};

/// What is applied, and how.
#[derive(Debug, Clone, Copy)]
pub struct ApplyRequest<'a> {
    /// The file's name, for messages.
    pub name: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Whether what it does not speak of is ended.
    pub prune: bool,
    /// Whether the plan is all that is asked for.
    pub dry_run: bool,
}

/// A key that was made, with the name by which the file knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedKey {
    /// The team's name.
    pub team: String,
    /// Its secrets, which are shown once.
    pub key: NewKey,
}

/// What was changed, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// Step by step; empty where all was so already.
    pub steps: Vec<Step>,
    /// The keys that were made; none on a dry run.
    pub keys: Vec<AppliedKey>,
}

impl Admin {
    /// Makes the ledger's access what a file says: all of it in one transaction, or none.
    ///
    /// The master key is asked for only where keys are to be made.
    ///
    /// # Errors
    /// [`Error::BadFile`] with file and line for whatever in the file makes no sense; or the
    /// ledger's own. Nothing is changed then.
    pub async fn apply(
        &self,
        request: &ApplyRequest<'_>,
        known: &KnownModels<'_>,
        master: &MasterKeySource,
    ) -> Result<Applied, Error> {
        let file = file::read(request.name, request.text)?;
        let roster = Roster::from(self.ledger.access().await?);
        let limits = self.ledger.limits().await?;
        let planner = plan::Planner::new(self, (&roster, &limits), known, request.prune);
        let plan = planner.plan(&file).map_err(|wrong| file.error(&wrong))?;
        if request.dry_run || plan.steps.is_empty() {
            return Ok(Applied { steps: plan.steps, keys: Vec::new() });
        }
        let mut changes = plan.changes;
        let mut keys = Vec::new();
        if !plan.keys.is_empty() {
            let master = self.master_key(master).await?;
            changes.push(Change::Access(bind(&master)));
            for (team, planned) in plan.keys {
                let (key, change) = self.made_key(&master, planned);
                changes.push(Change::Access(change));
                keys.push(AppliedKey { team, key });
            }
        }
        changes.extend(plan.after_keys);
        self.ledger.change(&self.actor, changes).await?;
        Ok(Applied { steps: plan.steps, keys })
    }
}
