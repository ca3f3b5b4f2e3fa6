//! A counter of a limit as it is shown: every amount an exact decimal, times in RFC 3339.

use std::collections::BTreeMap;

use bursar_domain::limit::Unit;
use bursar_domain::money::{Micros, Total};
use bursar_domain::span::Span;
use bursar_ledger::Standing;
use serde::Serialize;

use crate::amount::write_amount;

/// What a limit allows and what is used of it. Dollars are given to the pico-dollar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// `usd`, `tokens`, `requests` or `concurrent`.
    pub unit: &'static str,
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
    pub mode: &'static str,
    /// When it began; `None` when it never begins anew.
    pub window_start: Option<String>,
    /// When it begins anew; `None` when it never does.
    pub window_end: Option<String>,
}

/// A limit, one of its counters, and how that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetRow {
    /// The limit's identity.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whom it is about: facets and values.
    pub scope: BTreeMap<String, String>,
    /// For whom it keeps counters apart.
    pub each: Option<&'static str>,
    /// Whose counter this is; `None` where there is only one, or none has counted yet.
    pub each_value: Option<String>,
    /// How long before it begins anew.
    pub window: &'static str,
    /// Whose clocks say so.
    pub zone: &'static str,
    /// `refuse` or `freeze`.
    pub on_limit: &'static str,
    /// How it stands.
    #[serde(flatten)]
    pub figures: Figures,
    /// What is used, ended or not, and what is allowed: for bars and thresholds.
    #[serde(skip)]
    pub used_of: (i128, i128),
    /// What ended calls have used, and what is allowed.
    #[serde(skip)]
    pub spent_of: (i128, i128),
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
            unit: balance.unit.as_str(),
            limit: write_amount(limit),
            spent: write_amount(spent),
            held: write_amount(held),
            remaining: write_amount(remaining),
            refused: standing.refused,
            mode: balance.mode.as_str(),
            window_start: time(&balance.start),
            window_end: time(&balance.end),
        }
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
        let Standing { limit, each_value, balance, .. } = standing;
        let facets = limit.scope.0.iter();
        let (spent, most) = (balance.spent_total().0, total(balance.limit).0);
        Self {
            id: limit.id.to_string(),
            name: limit.name(),
            scope: facets.map(|(facet, value)| (facet.to_string(), value.clone())).collect(),
            each: limit.each.map(bursar_domain::limit::Each::as_str),
            each_value: Some(each_value.clone()).filter(|value| !value.is_empty()),
            window: limit.span.as_str(),
            zone: limit.zone.name(),
            on_limit: limit.on_limit.as_str(),
            figures: Figures::of(standing),
            used_of: (spent + total(balance.held).0, most),
            spent_of: (spent, most),
        }
    }
}

/// Whole millionths as a sum.
pub(crate) fn total(micros: Micros) -> Total {
    Total::from_halves(micros.0, 0)
}
