//! The operations of the API as one viewer may ask them: an admin all of them, finance those that only
//! look, and leads and members those that know how to answer for a part of the ledger. What does not
//! say so of itself answers neither of them.

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use bursar_ledger::Counters;

use crate::api::WhichKeys;
use crate::attribution::unknown_key;
use crate::calls::{bad_word, parse_time};
use crate::teams::unknown;
use crate::{
    BudgetRow, Error, Group, KeyRow, Operation, Role, Selectors, SumAsk, TeamRow, UsageAsk,
    UsageLine, UsageReply, UsageSums, View,
};

/// So long back where nobody says since when.
const USAGE_DAYS: i64 = 30;

impl View {
    /// Answers an operation in JSON, as far as the viewer may ask it.
    ///
    /// # Errors
    /// [`Error::NotYours`], and whatever stands in the way of the operation.
    pub async fn answer(&self, operation: &Operation, ask: &[u8]) -> Result<Vec<u8>, Error> {
        match self.viewer.role {
            Role::Admin => operation.answer(&self.desk, ask).await,
            Role::Finance if operation.is_read => operation.answer(&self.desk, ask).await,
            Role::Finance => Err(Error::NotYours { role: self.viewer.role.to_string() }),
            Role::Lead | Role::Member => operation.answer_part(self, ask).await,
        }
    }

    /// One team that the viewer sees.
    pub(crate) async fn team_row(&self, named: &str) -> Result<TeamRow, Error> {
        let teams = self.teams().await?;
        let own: Vec<String> = teams.iter().map(|team| team.name.clone()).collect();
        let found = teams.into_iter().find(|team| team.id == named || team.name == named);
        found.ok_or_else(|| unknown("team", named, own.iter().map(String::as_str), "an admin"))
    }

    /// The keys that the viewer sees.
    pub(crate) async fn keys_of(&self, which: &WhichKeys) -> Result<Vec<KeyRow>, Error> {
        self.team(which.team.as_deref())?;
        let mut keys = self.keys().await?;
        keys.retain(|key| which.revoked || key.revoked_at.is_none());
        Ok(keys)
    }

    /// One key that the viewer sees.
    pub(crate) async fn key_row(&self, named: &str) -> Result<KeyRow, Error> {
        let keys = self.keys().await?;
        let ids: Vec<String> = keys.iter().map(|key| key.id.clone()).collect();
        let by_name = |key: &&KeyRow| key.name == named && key.revoked_at.is_none();
        let found = keys.iter().find(|key| key.id == named).or(keys.iter().find(by_name));
        let found = found.ok_or_else(|| unknown_key(named, ids.iter().map(String::as_str)))?;
        self.desk.admin.key(&found.id).await
    }

    /// The limits that the viewer sees, all of them or those of the team.
    pub(crate) async fn budgets_of(&self, select: &Selectors) -> Result<Vec<BudgetRow>, Error> {
        self.team(select.team.as_deref())?;
        if *select != (Selectors { team: select.team.clone(), ..Selectors::default() }) {
            return Err(Error::Contradiction {
                said: "a part of the team's limits was asked for".to_owned(),
                hint: "ask for all of them, and pick from what is told".to_owned(),
            });
        }
        self.budgets().await
    }

    /// What the viewer's part has spent, from the same sums as on its pages.
    pub(crate) async fn usage(&self, ask: &UsageAsk) -> Result<UsageReply, Error> {
        let word = ask.by.as_deref().unwrap_or(Group::Model.as_str());
        let group: Group = word.parse().map_err(|error| bad_word("dimension", &error))?;
        if ask.count_tokens {
            return Err(Error::NotYours { role: self.viewer.role.to_string() });
        }
        let until = parse_time(ask.until.as_deref())?.unwrap_or(Timestamp(self.now().0 + HOUR_MS));
        let since = parse_time(ask.since.as_deref())?;
        let since = since.unwrap_or(Timestamp(until.0 - USAGE_DAYS * DAY_MS));
        let hours = |ms: i64| ms.div_euclid(HOUR_MS) * HOUR_MS;
        let (since, until) = (Timestamp(hours(since.0)), Timestamp(hours(until.0 + HOUR_MS - 1)));
        let is_daily = |at: Timestamp| at == at.day();
        let is_hourly = !(is_daily(since) && (is_daily(until) || until > self.now()));
        // The day that it is now is not over, and is told as far as it is known.
        let days = |ms: i64| ms.div_euclid(DAY_MS) * DAY_MS;
        let until = if is_hourly { until } else { Timestamp(days(until.0 + DAY_MS - 1)) };
        let ask = SumAsk {
            group,
            then: None,
            tag: None,
            since,
            until,
            is_hourly,
            step_ms: None,
            team: None,
            model: None,
        };
        let mut total = Counters::default();
        let mut rows = Vec::new();
        for line in self.sums(&ask).await? {
            total.add(&line.counters);
            rows.push(UsageLine { value: line.value, sums: UsageSums::from(&line.counters) });
        }
        let (since, until) = (Some(since.to_string()), Some(until.to_string()));
        Ok(UsageReply { rows, total: UsageSums::from(&total), since, until })
    }
}
