//! What would become of a call if it asked now, beside the limits that would count it. Nothing is
//! held or counted.

mod ahead;

use bursar_domain::budget::{Mode, Refusal};
use bursar_domain::call::Intent;
use bursar_domain::limit::Unit;
use bursar_domain::money::{MICRO_PER_UNIT, Micros};
use bursar_ledger::Standing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::write_amount;
use crate::budgets::total;
use crate::{Admin, BudgetRow, Error, Refused, Selectors};

pub use ahead::{CallAhead, ModelAhead};

/// What would become of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Foresight {
    /// Why it would be refused; `None` when it would be admitted.
    pub refusal: Option<Refused>,
    /// The limits that would count it.
    pub limits: Vec<LimitAhead>,
}

/// A limit that would count a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitAhead {
    /// How it stands.
    #[serde(flatten)]
    pub row: BudgetRow,
    /// The most that the call may add; `None` when nothing bounds it.
    pub asked: Option<String>,
    /// Whether there is room for that.
    pub fits: bool,
}

impl Admin {
    /// What would become of a call.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn foresee(&self, intent: &Intent) -> Result<Foresight, Error> {
        let foreseen = self.ledger.foresee(intent, self.clock.now()).await?;
        let ahead = |(standing, asked): &(Standing, Option<Micros>)| ahead(standing, *asked);
        Ok(Foresight {
            refusal: foreseen.refusal.as_ref().map(Refused::from),
            limits: foreseen.counters.iter().map(ahead).collect(),
        })
    }

    /// Whether anything is left for calls of which only this is known: of each limit that counts
    /// all of them the least that there is, one request or a millionth of a dollar or token.
    ///
    /// # Errors
    /// A selection that makes no sense, or a ledger that failed.
    pub async fn foresee_any(&self, selectors: &Selectors) -> Result<Foresight, Error> {
        let who = selectors.scope_or_all()?;
        let freezes = self.ledger.freezes().await?;
        let frozen = freezes.into_iter().find(|freeze| who.includes(&freeze.scope));
        let standings = self.standings_of(&who).await?;
        let refused = standings.iter().find_map(|standing| {
            let least = least(standing.limit.unit);
            let reason = standing.balance.objection(least)?;
            let balance = Box::new(standing.balance.clone());
            let refusal = Refusal::NoRoom { reason, balance, asked: Some(least) };
            (standing.limit.mode == Mode::Hard).then_some(refusal)
        });
        let ahead = |standing: &Standing| ahead(standing, Some(least(standing.limit.unit)));
        let refused = frozen.map(|freeze| Refusal::Frozen(Box::new(freeze))).or(refused);
        Ok(Foresight {
            refusal: refused.as_ref().map(Refused::from),
            limits: standings.iter().map(ahead).collect(),
        })
    }
}

fn ahead(standing: &Standing, asked: Option<Micros>) -> LimitAhead {
    LimitAhead {
        row: BudgetRow::of(standing),
        asked: asked.map(|asked| write_amount(total(asked))),
        fits: asked.is_some_and(|asked| standing.balance.objection(asked).is_none()),
    }
}

/// The least that a call can ask.
const fn least(unit: Unit) -> Micros {
    match unit {
        Unit::Usd => Micros(1),
        Unit::Tokens | Unit::Requests | Unit::Concurrent => Micros(MICRO_PER_UNIT),
    }
}
