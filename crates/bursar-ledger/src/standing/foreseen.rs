//! What would become of a call if it asked now: the same rules and the same decision as `reserve`,
//! on balances that are not locked. Nothing is held, and nothing is counted.

use std::collections::BTreeMap;
use std::slice;

use bursar_domain::admission::{Decision, decide};
use bursar_domain::budget::{Balance, Refusal, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::limit::{Limit, Place};
use bursar_domain::money::Micros;
use bursar_domain::time::Timestamp;

use super::Standing;
use crate::queue::{Asking, Patience};
use crate::rules::{Rules, SETTINGS, Settings};
use crate::statement::Session;
use crate::writer::Asked;
use crate::{Error, Ledger};

/// What would become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Why it would be refused; `None` when it would be admitted.
    pub refusal: Option<Refusal>,
    /// Every counter that it would be counted in, and what it asks of that: `None` when nothing
    /// bounds what it may add.
    pub counters: Vec<(Standing, Option<Micros>)>,
}

impl Ledger {
    /// What would become of a call if it asked now.
    pub async fn foresee(&self, intent: &Intent, now: Timestamp) -> Result<Foreseen, Error> {
        let at = self.window_time(now).await?;
        let rules = self.rules().await?;
        let asking = Asking::new(intent.clone());
        let asked = match Asked::new(&rules, (&asking, &Patience::None), at) {
            Ok(asked) => asked,
            Err(refusal) => {
                return Ok(Foreseen { refusal: Some(refusal), counters: Vec::new() });
            }
        };
        let places: Vec<(&Limit, &Place)> =
            asked.limits().map(|counted| (counted.limit, &counted.place)).collect();
        let mut standings = self.counters(&places).await?;
        let mut balances: BTreeMap<WindowId, Balance> = standings
            .iter()
            .map(|(window, standing)| (window.clone(), standing.balance.clone()))
            .collect();
        let refusal = match decide(&mut balances, slice::from_ref(&asked.open.lines)).pop() {
            Some(Decision::Refuse(refusal)) => Some(*refusal),
            Some(Decision::Admit { .. }) | None => None,
            Some(Decision::Missing(window)) => {
                return Err(Error::MissingWindow { window: window.to_string() });
            }
        };
        let lines = asked.open.lines.iter();
        let counters =
            lines.filter_map(|line| Some((standings.remove(&line.window)?, line.amount))).collect();
        Ok(Foreseen { refusal, counters })
    }

    /// Everything that is known by heart, as it is now.
    async fn rules(&self) -> Result<Rules, Error> {
        let settings = Settings::read(self.reads.rows(SETTINGS, &[]).await?);
        Rules::read(&mut Session::Pool(&self.reads), settings.revision).await
    }
}
