//! Limits, as people say them: which calls, how much, within which time, and what then.
//!
//! The words are read here, each refused by its name; the ledger sets what they mean.

mod figures;
mod forecast;
mod query;
mod words;

use std::collections::BTreeMap;

use bursar_domain::call::CallId;
use bursar_domain::limit::{Limit, LimitId, Unit};
use bursar_domain::money::Total;
use bursar_domain::scope::Scope;
use bursar_ledger::{Change, Changed, Standing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::write_amount;
use crate::{Admin, Error, Selectors};

pub(crate) use figures::total;
pub use figures::{BudgetRow, Figures};
pub use forecast::{Band, Basis, Forecast, Outlook};
pub use query::LimitQuery;
pub use words::{LimitWords, parse_window};

/// What a limit allows, as it was or is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    /// How much, as a plain decimal.
    pub limit: String,
    /// Of what.
    pub unit: String,
    /// `hard`, `soft` or `shadow`.
    pub mode: String,
    /// `refuse` or `freeze`.
    pub on_limit: String,
    /// Whose clocks say when it begins anew.
    pub zone: String,
}

/// A limit that was set or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetChange {
    /// Its identity.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Before; `None` when there was none.
    pub was: Option<Terms>,
    /// After; `None` when it was ended.
    pub becomes: Option<Terms>,
}

/// What the ledger tells of a limit that was changed.
#[derive(Debug, Deserialize)]
struct TermsJson {
    id: String,
    mode: String,
    on_limit: String,
    limit_micro: i64,
    unit: String,
    zone: String,
}

impl Admin {
    /// Sets a limit. One on the same calls, of the same unit and window, is changed.
    ///
    /// # Errors
    /// A word that means nothing, or a ledger that failed. Nothing is changed then.
    pub async fn set_budget(
        &self,
        selectors: &Selectors,
        words: &LimitWords,
    ) -> Result<BudgetChange, Error> {
        let id = CallId::new(self.clock.now(), &self.entropy.bytes());
        let limit = words.limit(LimitId(id.to_string()), &self.known(selectors).await?)?;
        self.change_budget(Change::SetLimit(limit)).await
    }

    /// Ends a limit: it no longer counts. What it has counted stays.
    ///
    /// # Errors
    /// [`Error::NoSuchLimit`], [`Error::SeveralLimits`], a word that means nothing, or a ledger
    /// that failed.
    pub async fn end_budget(&self, query: &LimitQuery) -> Result<BudgetChange, Error> {
        let query = self.recorded_query(query).await?;
        let limits = self.ledger.limits().await?;
        let limit = query.one(&limits)?;
        self.change_budget(Change::EndLimit(limit.id.clone())).await
    }

    /// How the limit stands that is asked for: one row, or one for each of its counters, those that
    /// have used most first.
    ///
    /// # Errors
    /// [`Error::NoSuchLimit`], [`Error::SeveralLimits`], a word that means nothing, or a ledger
    /// that failed.
    pub async fn budget(&self, query: &LimitQuery) -> Result<Vec<BudgetRow>, Error> {
        let query = self.recorded_query(query).await?;
        let limits = self.ledger.limits().await?;
        let at = self.ledger.window_time(self.clock.now()).await?;
        if let Some((limit, each_value)) = query.counter(&limits)? {
            let place = limit.place_at(&each_value, at);
            let standing = self.ledger.counter(limit, &place).await?;
            return Ok(vec![BudgetRow::of(&standing)]);
        }
        let limit = query.one(&limits)?.clone();
        let mut standings = self.ledger.standings(std::slice::from_ref(&limit), at).await?;
        if standings.is_empty() {
            standings.push(Standing::untouched(&limit, &limit.place_at("", at)));
        }
        Ok(standings.iter().map(BudgetRow::of).collect())
    }

    /// How every limit stands that is about what is selected, or about part of it.
    ///
    /// # Errors
    /// A selection that makes no sense, or a ledger that failed.
    pub async fn budgets(&self, selectors: &Selectors) -> Result<Vec<BudgetRow>, Error> {
        let standings = self.standings(selectors).await?;
        Ok(standings.iter().map(BudgetRow::of).collect())
    }

    /// How the limits stand that count every call of `who`; of those that keep a counter for
    /// each, only that of `who`.
    pub(crate) async fn standings_of(&self, who: &Scope) -> Result<Vec<Standing>, Error> {
        let counts = |limit: &Limit| who.includes(&limit.scope);
        let mut standings = self.standings_where(counts).await?;
        standings.retain(|standing| {
            standing.limit.each.is_none_or(|each| {
                who.0.get(&each.facet()).is_some_and(|value| *value == standing.each_value)
            })
        });
        Ok(standings)
    }

    async fn standings(&self, selectors: &Selectors) -> Result<Vec<Standing>, Error> {
        let scope = self.recorded(selectors).await?.scope_or_all()?;
        self.standings_where(|limit| limit.scope.includes(&scope)).await
    }

    async fn standings_where(
        &self,
        is_meant: impl Fn(&Limit) -> bool,
    ) -> Result<Vec<Standing>, Error> {
        let mut limits = self.ledger.limits().await?;
        limits.retain(is_meant);
        limits.sort_by(|one, other| (&one.scope, one.span).cmp(&(&other.scope, other.span)));
        let at = self.ledger.window_time(self.clock.now()).await?;
        let mut standings = self.ledger.standings(&limits, at).await?;
        let idle = |limit: &&Limit| !standings.iter().any(|known| known.limit.id == limit.id);
        let idle: Vec<Standing> = limits
            .iter()
            .filter(idle)
            .map(|limit| Standing::untouched(limit, &limit.place_at("", at)))
            .collect();
        standings.extend(idle);
        let order: BTreeMap<&LimitId, usize> =
            limits.iter().enumerate().map(|(place, limit)| (&limit.id, place)).collect();
        standings.sort_by_key(|standing| order.get(&standing.limit.id).copied());
        Ok(standings)
    }

    async fn recorded_query(&self, query: &LimitQuery) -> Result<LimitQuery, Error> {
        let selectors = self.recorded(&query.selectors).await?;
        Ok(LimitQuery { selectors, ..query.clone() })
    }

    async fn change_budget(&self, change: Change) -> Result<BudgetChange, Error> {
        let made = self.ledger.change(&self.actor, vec![change]).await?;
        // One change has one outcome.
        made.first().and_then(BudgetChange::read).ok_or(Error::Untold)
    }
}

impl BudgetChange {
    fn read(changed: &Changed) -> Option<Self> {
        let read = |text: &Option<String>| serde_json::from_str(text.as_deref()?).ok();
        let (was, becomes): (Option<TermsJson>, Option<TermsJson>) =
            (read(&changed.was), read(&changed.becomes));
        let id = becomes.as_ref().or(was.as_ref())?.id.clone();
        let name = changed.subject.clone();
        Some(Self { id, name, was: was.map(Terms::from), becomes: becomes.map(Terms::from) })
    }

    /// Whether anything is other than it was.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.was != self.becomes
    }
}

impl From<TermsJson> for Terms {
    fn from(json: TermsJson) -> Self {
        Self {
            limit: write_amount(Total::from_halves(json.limit_micro, 0)),
            unit: json.unit,
            mode: json.mode,
            on_limit: json.on_limit,
            zone: json.zone,
        }
    }
}

impl Terms {
    /// The terms in a line: `5usd, hard`, and what else is not as usual.
    #[must_use]
    pub fn line(&self) -> String {
        let amount = match self.unit.as_str() {
            unit if unit == Unit::Usd.as_str() => format!("${}", self.limit),
            unit => format!("{} {unit}", self.limit),
        };
        let freezes = if self.on_limit == "freeze" { ", freezes" } else { "" };
        let zone = if self.zone == "UTC" { String::new() } else { format!(", {}", self.zone) };
        format!("{amount}, {}{freezes}{zone}", self.mode)
    }
}
