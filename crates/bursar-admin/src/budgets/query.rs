//! Which limit is meant, by what it is about.

use bursar_domain::limit::{Each, Limit, Unit};
use bursar_domain::scope::Scope;
use bursar_domain::span::Span;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::{parse_each, parse_unit, parse_window};
use crate::{Error, Selectors};

/// Says which limit is meant; what is not said must not be needed to tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitQuery {
    /// Which calls it counts.
    pub selectors: Selectors,
    /// For whom it keeps counters apart.
    pub each: Option<String>,
    /// How long before it begins anew.
    pub window: Option<String>,
    /// What it counts.
    pub unit: Option<String>,
}

/// A query whose words were read.
struct Read {
    scope: Scope,
    each: Option<Each>,
    span: Option<Span>,
    unit: Option<Unit>,
}

impl LimitQuery {
    /// The limit on what is selected.
    pub(super) fn one<'l>(&self, limits: &'l [Limit]) -> Result<&'l Limit, Error> {
        let read = self.read()?;
        let on_scope = |limit: &&Limit| read.fits(limit) && limit.scope == read.scope;
        let meant: Vec<&Limit> = limits.iter().filter(on_scope).collect();
        match meant.as_slice() {
            [limit] => Ok(limit),
            [] => Err(read.nothing(limits)),
            several => Err(read.several(several)),
        }
    }

    /// The counter that a limit keeps for what is selected, where no limit is about just that:
    /// user `ann`'s of a limit on each user.
    pub(super) fn counter<'l>(
        &self,
        limits: &'l [Limit],
    ) -> Result<Option<(&'l Limit, String)>, Error> {
        let read = self.read()?;
        if limits.iter().any(|limit| read.fits(limit) && limit.scope == read.scope) {
            return Ok(None);
        }
        let counters = limits.iter().filter(|limit| read.fits(limit)).filter_map(|limit| {
            let value = read.scope.0.get(&limit.each?.facet())?;
            (limit.frozen_scope(value) == read.scope).then(|| (limit, value.clone()))
        });
        let mut meant: Vec<(&Limit, String)> = counters.collect();
        if meant.len() > 1 {
            let several: Vec<&Limit> = meant.iter().map(|(limit, _)| *limit).collect();
            return Err(read.several(&several));
        }
        Ok(meant.pop())
    }

    fn read(&self) -> Result<Read, Error> {
        Ok(Read {
            scope: self.selectors.scope()?,
            each: self.each.as_deref().map(parse_each).transpose()?,
            span: self.window.as_deref().map(parse_window).transpose()?,
            unit: self.unit.as_deref().map(parse_unit).transpose()?,
        })
    }
}

impl Read {
    fn fits(&self, limit: &Limit) -> bool {
        self.each.is_none_or(|each| limit.each == Some(each))
            && self.span.is_none_or(|span| limit.span == span)
            && self.unit.is_none_or(|unit| limit.unit == unit)
    }

    fn words(&self) -> String {
        let each = self.each.map(|each| format!(", each {each}")).unwrap_or_default();
        let span = self.span.map(|span| format!(", {span}")).unwrap_or_default();
        let unit = self.unit.map(|unit| format!(", {unit}")).unwrap_or_default();
        format!("`{}{each}{span}{unit}`", self.scope)
    }

    fn nothing(&self, limits: &[Limit]) -> Error {
        let near = limits.iter().filter(|limit| limit.scope == self.scope);
        let near: Vec<String> = near.map(|limit| format!("`{}`", limit.name())).collect();
        let hint = if near.is_empty() {
            "`bursar budget list` shows what is set; `bursar budget set` sets one".to_owned()
        } else {
            format!("there is {}", near.join(", "))
        };
        Error::NoSuchLimit { asked: self.words(), hint }
    }

    fn several(&self, several: &[&Limit]) -> Error {
        let differ = |by: fn(&Limit) -> String| {
            let mut values: Vec<String> = several.iter().map(|limit| by(limit)).collect();
            values.sort_unstable();
            values.dedup();
            values.len() > 1
        };
        let flag = if differ(|limit| limit.span.to_string()) {
            "`--window`"
        } else if differ(|limit| limit.unit.to_string()) {
            "`--unit`"
        } else {
            "`--each`"
        };
        let name = |limit: &&Limit| format!("`{} ({})`", limit.name(), limit.unit);
        let names = several.iter().map(name).collect::<Vec<_>>().join(", ");
        Error::SeveralLimits { asked: self.words(), names, flag }
    }
}
