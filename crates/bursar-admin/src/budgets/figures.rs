//! A counter of a limit as it is shown: every amount an exact decimal, times in RFC 3339.

use std::collections::BTreeMap;

use bursar_domain::limit::Unit;
use bursar_domain::money::{Micros, Total};
use bursar_domain::span::Span;
use bursar_ledger::Standing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::{parse_total, write_amount};

/// What a limit allows and what is used of it. Dollars are given to the pico-dollar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// `usd`, `tokens`, `requests` or `concurrent`.
    pub unit: String,
    /// How much is allowed.
    pub limit: String,
    /// What ended calls have used.
    pub spent: String,
    /// What is set aside for calls that have not ended.
    pub held: String,
    /// What is left; nothing when more is used than is allowed.
    pub remaining: String,
    /// How many calls it has refused, or would have.
    pub refused: u64,
    /// `hard`, `soft` or `shadow`.
    pub mode: String,
    /// When it began; `None` when it never begins anew.
    pub window_start: Option<String>,
    /// When it begins anew; `None` when it never does.
    pub window_end: Option<String>,
}

/// A limit, one of its counters, and how that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetRow {
    /// The limit's identity.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whom it is about: facets and values.
    pub scope: BTreeMap<String, String>,
    /// For whom it keeps counters apart.
    pub each: Option<String>,
    /// Whose counter this is; `None` where there is only one, or none has counted yet.
    pub each_value: Option<String>,
    /// How long before it begins anew.
    pub window: String,
    /// The counter in its window of now, as refusals name it; empty from a server that does not say.
    #[serde(default)]
    pub window_id: String,
    /// Whose clocks say so.
    pub zone: String,
    /// `refuse` or `freeze`.
    pub on_limit: String,
    /// How it stands.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Figures {
    /// How a counter stands.
    #[must_use]
    pub fn of(standing: &Standing) -> Self {
        let balance = &standing.balance;
        let (limit, held) = (total(balance.limit), total(balance.held));
        let spent = balance.spent_total();
        let remaining = Total((limit.0 - spent.0 - held.0).max(0));
        let is_endless = balance.end == Span::FOREVER;
        let time = |at: &dyn ToString| (!is_endless).then(|| at.to_string());
        Self {
            unit: balance.unit.to_string(),
            limit: write_amount(limit),
            spent: write_amount(spent),
            held: write_amount(held),
            remaining: write_amount(remaining),
            refused: standing.refused,
            mode: balance.mode.to_string(),
            window_start: time(&balance.start),
            window_end: time(&balance.end),
        }
    }

    /// What is used, ended or not, and what is allowed: for bars.
    #[must_use]
    pub fn used_of(&self) -> (i128, i128) {
        (parts(&self.spent) + parts(&self.held), parts(&self.limit))
    }

    /// What ended calls have used, and what is allowed: for thresholds.
    #[must_use]
    pub fn spent_of(&self) -> (i128, i128) {
        (parts(&self.spent), parts(&self.limit))
    }

    /// An amount of these for people: `$4.50`, `1000 tokens`.
    #[must_use]
    pub fn words(&self, amount: &str) -> String {
        if self.unit == Unit::Usd.as_str() {
            let pico = bursar_domain::money::parse_decimal(amount, 12).unwrap_or_default();
            return Total(i128::from(pico)).rounded();
        }
        amount.to_owned()
    }
}

impl BudgetRow {
    /// How a counter stands.
    #[must_use]
    pub fn of(standing: &Standing) -> Self {
        let Standing { limit, each_value, .. } = standing;
        let facets = limit.scope.0.iter();
        Self {
            id: limit.id.to_string(),
            name: limit.name(),
            scope: facets.map(|(facet, value)| (facet.to_string(), value.clone())).collect(),
            each: limit.each.map(|each| each.to_string()),
            each_value: Some(each_value.clone()).filter(|value| !value.is_empty()),
            window: limit.span.to_string(),
            window_id: standing.balance.window.to_string(),
            zone: limit.zone.name().to_owned(),
            on_limit: limit.on_limit.to_string(),
            figures: Figures::of(standing),
        }
    }
}

/// An amount as it is shown, in millionths of millionths of its unit.
fn parts(amount: &str) -> i128 {
    parse_total(amount).unwrap_or_default()
}

/// Whole millionths as a sum.
pub(crate) fn total(micros: Micros) -> Total {
    Total::from_halves(micros.0, 0)
}
