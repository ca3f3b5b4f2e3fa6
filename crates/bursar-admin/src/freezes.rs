//! Freezes: whoever it is about is refused until somebody thaws them. Both may be said again.

use bursar_domain::call::CallId;
use bursar_domain::freeze::Freeze;
use bursar_ledger::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Admin, Error, Selectors};

/// The longest reason, in bytes: a line to read.
const REASON_BYTES_MAX: usize = 500;

/// Who is frozen, since when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeRow {
    /// Whom it is about, in words.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub by: String,
    /// Since when.
    pub at: String,
}

/// What a freeze did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Frozen {
    /// The freeze that stands now.
    pub freeze: FreezeRow,
    /// It stood before, and nothing was changed.
    pub already: bool,
}

/// What a thaw did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Thawed {
    /// The freezes that were ended.
    pub thawed: Vec<FreezeRow>,
    /// Wider ones, which still refuse the same calls.
    pub still: Vec<FreezeRow>,
}

impl From<&Freeze> for FreezeRow {
    fn from(freeze: &Freeze) -> Self {
        Self {
            name: freeze.scope.to_string(),
            reason: freeze.reason.clone(),
            by: freeze.by.clone(),
            at: freeze.at.to_string(),
        }
    }
}

impl Admin {
    /// Refuses every call of what is selected, on every process, from its next call on.
    ///
    /// # Errors
    /// A selection that makes no sense, a reason that is none, or a ledger that failed.
    pub async fn freeze(&self, selectors: &Selectors, reason: &str) -> Result<Frozen, Error> {
        check_reason(reason)?;
        if reason.trim().is_empty() {
            return Err(bad_reason(reason, "it is empty"));
        }
        let scope = self.known(selectors).await?.scope()?;
        let id = CallId::new(self.clock.now(), &self.entropy.bytes()).to_string();
        let change = Change::Freeze { id: id.clone(), scope: scope.clone(), reason: reason.into() };
        self.ledger.change(&self.actor, vec![change]).await?;
        let freezes = self.ledger.freezes().await?;
        // Somebody may have thawed it since.
        let freeze = freezes.iter().find(|freeze| freeze.scope == scope).ok_or(Error::Untold)?;
        Ok(Frozen { freeze: freeze.into(), already: freeze.id != id })
    }

    /// Ends every freeze of what is selected, and of whatever is part of it.
    ///
    /// # Errors
    /// A selection that makes no sense, or a ledger that failed.
    pub async fn thaw(&self, selectors: &Selectors, reason: &str) -> Result<Thawed, Error> {
        check_reason(reason)?;
        let scope = self.recorded(selectors).await?.scope()?;
        let before = self.ledger.freezes().await?;
        let change = Change::Thaw { scope: scope.clone(), reason: reason.to_owned() };
        let made = self.ledger.change(&self.actor, vec![change]).await?;
        let ended = |freeze: &&Freeze| {
            made.iter().any(|changed| changed.subject == freeze.scope.to_string())
        };
        let thawed = before.iter().filter(ended).map(FreezeRow::from).collect();
        let after = self.ledger.freezes().await?;
        let wider = after.iter().filter(|freeze| scope.includes(&freeze.scope));
        Ok(Thawed { thawed, still: wider.map(FreezeRow::from).collect() })
    }

    /// Who is frozen now, the longest first.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn freezes(&self) -> Result<Vec<FreezeRow>, Error> {
        Ok(self.ledger.freezes().await?.iter().map(FreezeRow::from).collect())
    }
}

fn check_reason(reason: &str) -> Result<(), Error> {
    if reason.len() > REASON_BYTES_MAX {
        return Err(bad_reason(reason, "it is longer than 500 bytes"));
    }
    if reason.chars().any(char::is_control) {
        return Err(bad_reason(reason, "it has control characters"));
    }
    Ok(())
}

fn bad_reason(reason: &str, problem: &str) -> Error {
    Error::BadWord {
        what: "reason",
        given: reason.escape_debug().take(60).collect(),
        problem: problem.to_owned(),
        hint: "say in a line why, for whoever is refused".to_owned(),
    }
}
