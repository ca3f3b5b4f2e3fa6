//! What a process knows of its ledger by heart: who may call, the limits, the freezes and the report
//! tags, all of one revision. Whoever changes one of them bumps the revision.

mod news;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_domain::access::Key;
use bursar_domain::budget::{Balance, Refusal, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::freeze::Freeze;
use bursar_domain::limit::{Limit, LimitId, Line, Place};
use bursar_domain::money::Micros;
use bursar_domain::policy::{Objection, Policy, ended_key, ended_team};
use bursar_domain::roster::Roster;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::scoped::Scoped;
use bursar_domain::span::Zone;
use bursar_domain::time::Timestamp;
use bursar_domain::watch::StreamLimits;
use sqlx::FromRow;

use crate::Error;
use crate::access::{access_in, keys_in};
use crate::rollup::Rooms;
use crate::statement::{Session, Statement, keyed};
use crate::streams::{STREAM_LIMITS, StreamLimitRow, StreamRule};

use news::NEWS_MAX;
pub(crate) use news::{News, last_change};

pub(crate) const SETTINGS: Statement =
    Statement { doing: "read the ledger's settings", sql: include_str!("../queries/settings.sql") };
/// What every change of what is known by heart runs, so that all processes read it anew.
pub(crate) const BUMP_REVISION: Statement =
    Statement { doing: "bump the revision", sql: include_str!("../queries/bump_revision.sql") };
pub(crate) const LIMITS: Statement =
    Statement { doing: "read limits", sql: include_str!("../queries/live_limits.sql") };
const LIMITS_BY_ID: Statement =
    Statement { doing: "read limits", sql: include_str!("../queries/limits_by_id.sql") };
pub(crate) const FREEZES: Statement =
    Statement { doing: "read freezes", sql: include_str!("../queries/live_freezes.sql") };

/// One tag beside the revision.
#[derive(Debug, FromRow)]
pub(crate) struct SettingsRow {
    revision: i64,
    latest_ms: i64,
    tag_key: Option<String>,
    since_ms: Option<i64>,
}

/// The revision, and what is read with every group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) revision: i64,
    /// The latest time that windows were chosen by; SQLite's.
    pub(crate) latest: Timestamp,
    /// Each report tag with the hour since which it is kept apart.
    pub(crate) report_tags: Vec<(String, i64)>,
}

impl Settings {
    pub(crate) fn read(rows: Vec<SettingsRow>) -> Self {
        let mut settings = Self::default();
        for row in rows {
            settings.revision = row.revision;
            settings.latest = Timestamp(row.latest_ms);
            settings.report_tags.extend(row.tag_key.zip(row.since_ms));
        }
        settings
    }

    pub(crate) fn rooms(&self, shard: i64) -> Rooms {
        let report_tags = self.report_tags.iter().map(|(tag, _)| tag.clone()).collect();
        Rooms { shard, report_tags }
    }
}

/// A limit's columns.
#[derive(Debug, FromRow)]
pub(crate) struct LimitRow {
    id: String,
    scope: String,
    each_of: String,
    unit: String,
    span: String,
    time_zone: String,
    mode: String,
    on_limit: String,
    limit_micro: i64,
}

impl LimitRow {
    pub(crate) fn limit(self) -> Result<Limit, Error> {
        let bad = |column| Error::Inconsistent { table: "budget", column, row: self.id.clone() };
        let each = match self.each_of.as_str() {
            "" => None,
            word => Some(word.parse().map_err(|_| bad("each_of"))?),
        };
        Ok(Limit {
            scope: read_scope(&self.scope).ok_or_else(|| bad("scope"))?,
            each,
            unit: self.unit.parse().map_err(|_| bad("unit"))?,
            span: self.span.parse().map_err(|_| bad("span"))?,
            zone: Zone::parse(&self.time_zone).ok_or_else(|| bad("time_zone"))?,
            mode: self.mode.parse().map_err(|_| bad("mode"))?,
            on_limit: self.on_limit.parse().map_err(|_| bad("on_limit"))?,
            amount: Micros(self.limit_micro),
            id: LimitId(self.id),
        })
    }
}

/// A freeze's columns.
#[derive(Debug, FromRow)]
pub(crate) struct FreezeRow {
    id: String,
    scope: String,
    reason: String,
    frozen_by: String,
    frozen_ms: i64,
}

impl FreezeRow {
    pub(crate) fn freeze(self) -> Result<Freeze, Error> {
        let bad = Error::Inconsistent { table: "frozen", column: "scope", row: self.id.clone() };
        Ok(Freeze {
            scope: read_scope(&self.scope).ok_or(bad)?,
            id: self.id,
            reason: self.reason,
            by: self.frozen_by,
            at: Timestamp(self.frozen_ms),
        })
    }
}

/// A scope as a row keeps it.
pub(crate) fn write_scope(scope: &Scope) -> String {
    let texts: BTreeMap<String, &String> =
        scope.0.iter().map(|(facet, value)| (facet.to_string(), value)).collect();
    // A map of texts cannot fail to be written.
    serde_json::to_string(&texts).unwrap_or_default()
}

/// A scope from a row; `None` when it is not what [`write_scope`] writes.
pub(crate) fn read_scope(text: &str) -> Option<Scope> {
    let texts: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let facets = texts.into_iter().map(|(facet, value)| Some((Facet::parse(&facet)?, value)));
    facets.collect::<Option<_>>().map(Scope)
}

/// Who may call, the limits and the freezes of one revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) revision: i64,
    /// As they were read, all at once.
    base: Arc<Base>,
    /// What has changed since.
    newer: Newer,
}

/// Rules as they were read: a hundred thousand limits, it may be, and so never copied.
#[derive(Debug, Default)]
struct Base {
    limits: BTreeMap<LimitId, Limit>,
    limits_on: Scoped<LimitId>,
    freezes: Scoped<Freeze>,
    streams: Scoped<StreamLimits>,
    keys: BTreeMap<String, Key>,
    /// The teams that have ended and whose name nobody has taken since.
    ended_teams: BTreeMap<String, Timestamp>,
    policies: Scoped<Policy>,
}

/// What is otherwise by now.
#[derive(Debug, Clone, Default)]
struct Newer {
    last_change: i64,
    /// `None` where it has ended.
    limits: BTreeMap<LimitId, Option<Limit>>,
    /// Of those, the ones that were not there before.
    limits_on: Scoped<LimitId>,
    keys: BTreeMap<String, Key>,
    /// Names that were taken.
    teams: BTreeSet<String>,
}

impl Rules {
    /// What stands in the ledger. The revision is read before: what is read after it is at least as
    /// new, and nobody decides by what is older than the ledger's.
    pub(crate) async fn read(session: &mut Session<'_>, revision: i64) -> Result<Self, Error> {
        let last_change = last_change(session).await?;
        let limits: Vec<LimitRow> = session.rows(LIMITS, &[]).await?;
        let freezes: Vec<FreezeRow> = session.rows(FREEZES, &[]).await?;
        let streams: Vec<StreamLimitRow> = session.rows(STREAM_LIMITS, &[]).await?;
        let roster = Roster::from(access_in(session).await?);
        let ended = roster.access().teams.iter();
        let ended = ended.filter_map(|team| Some((&team.name, team.ended_at?)));
        let is_free = |(name, _): &(&String, Timestamp)| roster.team(name).is_none();
        let ended_teams = ended.filter(is_free).map(|(name, at)| (name.clone(), at)).collect();
        let limits = limits.into_iter().map(LimitRow::limit).collect::<Result<Vec<_>, Error>>()?;
        let freezes = freezes.into_iter().map(|row| {
            let freeze = row.freeze()?;
            Ok((freeze.scope.clone(), freeze))
        });
        let streams = streams.into_iter().map(|row| {
            let StreamRule { scope, limits, .. } = row.rule()?;
            Ok((scope, limits))
        });
        let access = roster.into_access();
        let base = Base {
            limits_on: limits.iter().map(|limit| (limit.scope.clone(), limit.id.clone())).collect(),
            limits: limits.into_iter().map(|limit| (limit.id.clone(), limit)).collect(),
            freezes: freezes.collect::<Result<_, Error>>()?,
            streams: streams.collect::<Result<_, Error>>()?,
            keys: access.keys.into_iter().map(|key| (key.id.clone(), key)).collect(),
            ended_teams,
            policies: access.policies.into_iter().collect(),
        };
        let newer = Newer { last_change, ..Newer::default() };
        Ok(Self { revision, base: Arc::new(base), newer })
    }

    /// The same, by what has changed since `known` was read, where that is little.
    pub(crate) async fn renewed(
        session: &mut Session<'_>,
        known: Option<&Self>,
        revision: i64,
    ) -> Result<Self, Error> {
        let Some(known) = known.filter(|known| known.revision < revision) else {
            return Self::read(session, revision).await;
        };
        let news = News::after(session, known.newer.last_change).await?;
        match news.filter(|news| !news.has_other) {
            Some(news) if known.newer.len() + news.limits.len() + news.keys.len() <= NEWS_MAX => {
                known.with(session, news, revision).await
            }
            _ => Self::read(session, revision).await,
        }
    }

    async fn with(
        &self,
        session: &mut Session<'_>,
        news: News,
        revision: i64,
    ) -> Result<Self, Error> {
        let Newer { mut limits, mut keys, mut teams, limits_on, .. } = self.newer.clone();
        if !news.keys.is_empty() {
            keys.extend(keys_in(session, &news.keys).await?);
        }
        teams.extend(news.teams);
        let mut newer = Newer { last_change: news.last, limits_on, ..Newer::default() };
        if !news.limits.is_empty() {
            let ids = [keyed(news.limits.iter().map(|id| (id, ())))?];
            let rows: Vec<LimitRow> = session.rows(LIMITS_BY_ID, &ids).await?;
            limits.extend(news.limits.into_iter().map(|id| (LimitId(id), None)));
            for row in rows {
                let limit = row.limit()?;
                limits.insert(limit.id.clone(), Some(limit));
            }
            let is_new = |limit: &&Limit| !self.base.limits.contains_key(&limit.id);
            let new = limits.values().flatten().filter(is_new);
            newer.limits_on = new.map(|limit| (limit.scope.clone(), limit.id.clone())).collect();
        }
        let newer = Newer { limits, keys, teams, ..newer };
        Ok(Self { revision, base: Arc::clone(&self.base), newer })
    }

    /// Why a call is refused whatever the limits say: it is frozen, or not allowed.
    pub(crate) fn refusal_of(&self, intent: &Intent, at: Timestamp) -> Option<Refusal> {
        if let Some((_, freeze)) = self.base.freezes.matching(intent).next() {
            return Some(Refusal::Frozen(Box::new(freeze.clone())));
        }
        let objection = self.ended(intent, at).or_else(|| self.outside(intent))?;
        Some(Refusal::Policy(Box::new(objection)))
    }

    /// That its key or team is no more. What the ledger does not know has not ended.
    fn ended(&self, intent: &Intent, at: Timestamp) -> Option<Objection> {
        let who = &intent.attribution;
        let known = |id: &String| self.newer.keys.get(id).or_else(|| self.base.keys.get(id));
        let key = who.key.as_ref().and_then(known);
        key.and_then(|key| ended_key(key, at)).or_else(|| {
            let name = who.team.as_ref().filter(|name| !self.newer.teams.contains(*name))?;
            self.base.ended_teams.get(name).map(|ended| ended_team(name, *ended))
        })
    }

    /// What a policy has against it.
    fn outside(&self, intent: &Intent) -> Option<Objection> {
        self.base.policies.matching(intent).find_map(|(scope, policy)| {
            let (aspect, allowed, asked) = policy.objection(intent)?;
            Some(Objection::Outside { scope: scope.clone(), aspect, allowed, asked })
        })
    }

    /// How far a call may go where it is a stream: the strictest of all that match.
    pub(crate) fn stream_limits(&self, intent: &Intent) -> StreamLimits {
        let matching = self.base.streams.matching(intent);
        matching.fold(StreamLimits::NONE, |limits, (_, own)| limits.strictest(*own))
    }

    /// Where a call is counted that is admitted at an instant, in the order of the windows.
    pub(crate) fn places(&self, intent: &Intent, at: Timestamp) -> Vec<Counted<'_>> {
        let ids = self.base.limits_on.matching(intent).chain(self.newer.limits_on.matching(intent));
        let limits = ids.filter_map(|(_, id)| self.limit_of(id));
        let counted = |limit| Some(Counted { limit, place: Limit::place(limit, intent, at)? });
        let mut places: Vec<Counted<'_>> = limits.filter_map(counted).collect();
        places.sort_by(|one, other| one.place.window.cmp(&other.place.window));
        places
    }

    pub(crate) fn limit(&self, id: &str) -> Option<&Limit> {
        self.limit_of(&LimitId(id.to_owned()))
    }

    fn limit_of(&self, id: &LimitId) -> Option<&Limit> {
        match self.newer.limits.get(id) {
            Some(limit) => limit.as_ref(),
            None => self.base.limits.get(id),
        }
    }
}

impl Newer {
    fn len(&self) -> usize {
        self.limits.len() + self.keys.len() + self.teams.len()
    }
}

/// A limit, and the window of it that counts a call.
#[derive(Debug, Clone)]
pub(crate) struct Counted<'r> {
    pub(crate) limit: &'r Limit,
    pub(crate) place: Place,
}

impl Counted<'_> {
    /// What the call asks of the window.
    pub(crate) fn line(&self, intent: &Intent) -> Line {
        let unit = self.limit.unit;
        Line { window: self.place.window.clone(), unit, amount: unit.asks(intent) }
    }
}

/// A window's columns, as they are read under its lock.
#[derive(Debug, FromRow)]
pub(crate) struct WindowRow {
    pub(crate) window_id: String,
    pub(crate) budget_id: String,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) held_micro: i64,
    pub(crate) spent_micro: i64,
    pub(crate) spent_rest: i64,
}

impl WindowRow {
    /// How the window stands against its limit.
    pub(crate) fn balance(self, rules: &Rules) -> Result<Balance, Error> {
        let unknown = || Error::Inconsistent {
            table: "budget_window",
            column: "budget_id",
            row: self.window_id.clone(),
        };
        let limit = rules.limit(&self.budget_id).ok_or_else(unknown)?;
        Ok(Balance {
            window: WindowId(self.window_id),
            name: limit.name(),
            start: Timestamp(self.start_ms),
            end: Timestamp(self.end_ms),
            unit: limit.unit,
            mode: limit.mode,
            limit: limit.amount,
            held: Micros(self.held_micro),
            spent: Micros(self.spent_micro),
            spent_rest: self.spent_rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_was_written() {
        let scope = Scope::default()
            .with(Facet::Team, "the \"best\"")
            .with(Facet::Tag("env".into()), "prod");
        assert_eq!(read_scope(&write_scope(&scope)), Some(scope));
        assert_eq!(read_scope("{}"), Some(Scope::default()));
        assert_eq!(read_scope(r#"{"colour":"red"}"#), None);
    }
}
