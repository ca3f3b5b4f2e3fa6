//! What a limit's calls have used in the last days, as far as the hourly roll-up tells them apart.
//!
//! Another way of reading usage, for forecasts: by what a limit is about, not by one dimension.

use std::collections::BTreeMap;

use bursar_domain::limit::{Each, Limit, Unit};
use bursar_domain::money::{MICRO_PER_UNIT, PICO_PER_MICRO, Total};
use bursar_domain::scope::Facet;
use bursar_domain::time::{DAY_MS, Timestamp};
use sqlx::FromRow;

use crate::statement::{Statement, Value};
use crate::{Error, Ledger};

const PACES: Statement = Statement {
    doing: "read what was used in the last days",
    sql: include_str!("../../queries/usage_paces.sql"),
};

#[derive(Debug, FromRow)]
struct PaceRow {
    each_value: String,
    days_ago: i64,
    first_ms: i64,
    calls: i64,
    tokens: i64,
    cost_micro: i64,
    cost_rest: i64,
}

/// What one counter's calls have used in the last days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habit {
    /// The first hour in which there was any.
    pub since: Timestamp,
    /// The end of the last whole hour.
    pub until: Timestamp,
    /// How many calls.
    pub calls: u64,
    /// What they used in each 24 hours, the last first, in the limit's unit.
    pub days: [Total; Self::DAYS],
}

impl Habit {
    /// How many days are looked at.
    pub const DAYS: usize = 7;

    fn none(until: Timestamp) -> Self {
        Self { since: until, until, calls: 0, days: [Total(0); Self::DAYS] }
    }

    fn add(&mut self, row: &PaceRow, unit: Unit) {
        let whole = |count: i64| {
            Total(i128::from(count) * i128::from(MICRO_PER_UNIT) * i128::from(PICO_PER_MICRO))
        };
        let used = match unit {
            Unit::Usd => Total::from_halves(row.cost_micro, row.cost_rest),
            Unit::Tokens => whole(row.tokens),
            Unit::Requests => whole(row.calls),
            Unit::Concurrent => Total(0),
        };
        self.since = self.since.min(Timestamp(row.first_ms));
        self.calls = self.calls.saturating_add(u64::try_from(row.calls).unwrap_or_default());
        let day = usize::try_from(row.days_ago).ok().and_then(|day| self.days.get_mut(day));
        if let Some(day) = day {
            *day = Total(day.0.saturating_add(used.0));
        }
    }
}

impl Ledger {
    /// What the calls that a limit counts have used in the last [`Habit::DAYS`] days, by its
    /// counters; whole hours only. `None` where the roll-up does not tell them apart: by a tag, or
    /// by a session.
    pub async fn habits(
        &self,
        limit: &Limit,
        at: Timestamp,
    ) -> Result<Option<BTreeMap<String, Habit>>, Error> {
        let each = match limit.each {
            None => "",
            Some(each @ (Each::User | Each::Key)) => each.as_str(),
            Some(Each::Session) => return Ok(None),
        };
        let is_told = |facet: &Facet| FACETS.contains(facet);
        if !limit.scope.0.keys().all(is_told) {
            return Ok(None);
        }
        let until = at.hour();
        let days = i64::try_from(Habit::DAYS).unwrap_or_default();
        let since = until.0.saturating_sub(days * DAY_MS);
        let mut values: Vec<Value> = vec![since.into(), until.0.into(), each.into()];
        let named = |facet| limit.scope.0.get(facet).map_or("", String::as_str).into();
        values.extend(FACETS.iter().map(named));
        let rows: Vec<PaceRow> = self.reads.rows(PACES, &values).await?;
        let mut habits: BTreeMap<String, Habit> = BTreeMap::new();
        for row in rows {
            let habit = habits.entry(row.each_value.clone());
            habit.or_insert_with(|| Habit::none(until)).add(&row, limit.unit);
        }
        Ok(Some(habits))
    }
}

/// What the hourly roll-up tells calls apart by, in the order of the statement's parameters.
const FACETS: [Facet; 6] =
    [Facet::Model, Facet::Provider, Facet::Team, Facet::Project, Facet::User, Facet::Key];
