//! Limits and freezes that the viewer sees: those about nobody but their own; and the limits that the
//! viewer may set. A lead sets them within the team, and below the team's own.

use std::collections::BTreeMap;

use bursar_domain::freeze::Freeze;
use bursar_domain::limit::Limit;
use bursar_domain::money::Total;
use bursar_domain::scope::{Facet, Scope};

use crate::attribution::unknown_key;
use crate::{
    BudgetChange, BudgetRow, Error, FreezeRow, LimitQuery, LimitWords, Part, Role, Selectors, View,
    parse_amount, parse_window, write_amount,
};

impl View {
    /// How limits stand.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn budgets(&self) -> Result<Vec<BudgetRow>, Error> {
        let mut rows = self.desk.admin.budgets(&Selectors::default()).await?;
        if let Some(part) = self.part() {
            rows.retain(|row| {
                let each = row.each.as_deref().zip(row.each_value.as_deref());
                part.owns(&row.scope, each)
            });
        }
        Ok(rows)
    }

    /// Who is frozen.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn freezes(&self) -> Result<Vec<FreezeRow>, Error> {
        let freezes = self.own_freezes().await?;
        Ok(freezes.iter().map(FreezeRow::from).collect())
    }

    /// The freezes that are about nobody else.
    pub(super) async fn own_freezes(&self) -> Result<Vec<Freeze>, Error> {
        let mut freezes = self.desk.admin.ledger.freezes().await?;
        if let Some(part) = self.part() {
            freezes.retain(|freeze| {
                let facets = freeze.scope.0.iter();
                let scope = facets.map(|(facet, value)| (facet.to_string(), value.clone()));
                part.owns(&scope.collect(), None)
            });
        }
        Ok(freezes)
    }

    /// Sets a limit; for an admin, and within the team for its lead.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for another's team or key, [`Error::Contradiction`]
    /// for one that is above the team's own, and what setting a limit refuses.
    pub async fn set_budget(
        &self,
        select: &Selectors,
        words: &LimitWords,
    ) -> Result<BudgetChange, Error> {
        let select = self.own_selection(select)?;
        if let Some(part) = self.part() {
            let (unit, amount) = parse_amount(&words.limit)?;
            let span = parse_window(&words.window)?;
            let team = Scope::default().with(Facet::Team, &part.team);
            let is_ceiling = |limit: &Limit| {
                limit.scope == team
                    && limit.each.is_none()
                    && (limit.unit, limit.span) == (unit, span)
            };
            let limits = self.desk.admin.ledger.limits().await?;
            let above = limits.iter().find(|limit| is_ceiling(limit) && limit.amount < amount);
            if let Some(ceiling) = above {
                let most = write_amount(Total::from_halves(ceiling.amount.0, 0));
                return Err(Error::Contradiction {
                    said: format!("that is more than the team's own limit, which is {most}{unit}"),
                    hint: "set it lower, or ask an admin to raise the team's".to_owned(),
                });
            }
        }
        self.desk.admin.set_budget(&select, words).await
    }

    /// Ends a limit; for an admin, and within the team for its lead.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for another's team or key, and what ending a limit
    /// refuses.
    pub async fn end_budget(&self, query: &LimitQuery) -> Result<BudgetChange, Error> {
        let selectors = self.own_selection(&query.selectors)?;
        self.desk.admin.end_budget(&LimitQuery { selectors, ..query.clone() }).await
    }

    /// What is selected, where the viewer may limit or freeze it: for a lead a part of the team, for
    /// all of it is an admin's.
    pub(super) fn own_selection(&self, select: &Selectors) -> Result<Selectors, Error> {
        self.may(&[Role::Admin, Role::Lead])?;
        let Some(part) = self.part() else { return Ok(select.clone()) };
        let team = self.team(select.team.as_deref())?.map(str::to_owned);
        if let Some(key) =
            select.key.as_deref().filter(|key| !part.keys.iter().any(|own| own == key))
        {
            return Err(unknown_key(key, part.keys.iter().map(String::as_str)));
        }
        let own = Selectors { team, ..select.clone() };
        let whole = Selectors { team: own.team.clone(), ..Selectors::default() };
        if own == whole || own.all {
            return Err(Error::Contradiction {
                said: "what holds for a whole team is an admin's to set".to_owned(),
                hint: "name a key, a user, a project or a model of the team".to_owned(),
            });
        }
        Ok(own)
    }
}

impl Part {
    /// Whether a limit is about nobody else: of the team, a project or a key of it; and where one
    /// person looks, their own counter or key.
    fn owns(&self, scope: &BTreeMap<String, String>, each: Option<(&str, &str)>) -> bool {
        let named = |facet: &str| scope.get(facet).map(String::as_str);
        let has = |known: &[String], name: &str| known.iter().any(|known| known == name);
        let own_key = named("key").is_some_and(|key| has(&self.keys, key));
        let own_project = named("project").is_some_and(|project| has(&self.projects, project));
        let of_team = named("team") == Some(self.team.as_str());
        let Some(user) = self.user.as_deref() else { return of_team || own_key || own_project };
        let own_counter = match each {
            Some(("user", value)) => value == user,
            Some(("key", value)) => has(&self.keys, value),
            _ => false,
        };
        own_key || (of_team && (named("user") == Some(user) || own_counter))
    }
}
