//! Limits: set and ended.

use std::collections::HashMap;

use bursar_domain::limit::{Limit, LimitId};
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::Changed;
use super::ink::{Ink, Table};
use crate::Error;
use crate::rules::{LIMITS, LimitRow, write_scope};
use crate::statement::{Session, Statement};

const END_LIMIT: Statement =
    Statement { doing: "end a limit", sql: include_str!("../../queries/end_limit.sql") };

/// A limit as the list of changes shows it.
#[derive(Debug, Serialize)]
struct LimitJson {
    id: String,
    mode: &'static str,
    on_limit: &'static str,
    limit_micro: i64,
    unit: &'static str,
    zone: &'static str,
}

/// A limit's columns, as they are written.
#[derive(Debug, Serialize)]
struct PutJson<'l> {
    id: &'l str,
    scope: String,
    each_of: &'static str,
    unit: &'static str,
    span: &'static str,
    time_zone: &'static str,
    mode: &'static str,
    on_limit: &'static str,
    limit_micro: i64,
    created_ms: i64,
}

/// What a limit counts: no two that live count the same. Scope, each, unit and span.
type Counts = (String, &'static str, &'static str, &'static str);

/// The limits that live.
#[derive(Debug, Default)]
pub(super) struct Limits {
    by_id: HashMap<LimitId, Limit>,
    by_counts: HashMap<Counts, LimitId>,
}

impl Limits {
    pub(super) async fn read(session: &mut Session<'_>) -> Result<Self, Error> {
        let rows: Vec<LimitRow> = session.rows(LIMITS, &[]).await?;
        let mut limits = Self::default();
        for row in rows {
            limits.put(row.limit()?);
        }
        Ok(limits)
    }

    fn same(&self, limit: &Limit) -> Option<&Limit> {
        self.by_id.get(self.by_counts.get(&counts(limit))?)
    }

    fn put(&mut self, limit: Limit) {
        self.by_counts.insert(counts(&limit), limit.id.clone());
        self.by_id.insert(limit.id.clone(), limit);
    }

    fn take(&mut self, id: &LimitId) -> Option<Limit> {
        let limit = self.by_id.remove(id)?;
        self.by_counts.remove(&counts(&limit));
        Some(limit)
    }
}

fn counts(limit: &Limit) -> Counts {
    let each = limit.each.map_or("", |each| each.as_str());
    (write_scope(&limit.scope), each, limit.unit.as_str(), limit.span.as_str())
}

/// Sets a limit; where one counts the same already, that one is changed.
pub(super) async fn set(
    ink: &mut Ink<'_, '_>,
    known: &mut Limits,
    limit: &Limit,
    now: Timestamp,
) -> Result<Changed, Error> {
    let was = known.same(limit);
    let id = was.map_or(&limit.id, |was| &was.id).clone();
    let becomes = Limit { id, ..limit.clone() };
    let changed = Changed {
        action: "limit set",
        subject: becomes.name(),
        was: was.map(json),
        becomes: Some(json(&becomes)),
    };
    if was != Some(&becomes) {
        let (scope, each_of, unit, span) = counts(&becomes);
        let row = PutJson {
            id: &becomes.id.0,
            scope,
            each_of,
            unit,
            span,
            time_zone: becomes.zone.name(),
            mode: becomes.mode.as_str(),
            on_limit: becomes.on_limit.as_str(),
            limit_micro: becomes.amount.0,
            created_ms: now.0,
        };
        ink.put(Table::Limit, &becomes.id.0, &row).await?;
        known.put(becomes);
    }
    Ok(changed)
}

/// Ends a limit.
pub(super) async fn end(
    ink: &mut Ink<'_, '_>,
    known: &mut Limits,
    id: &LimitId,
    now: Timestamp,
) -> Result<Changed, Error> {
    let was = known.take(id).ok_or_else(|| Error::UnknownLimit { id: id.to_string() })?;
    ink.dry().await?.run(END_LIMIT, &[id.0.as_str().into(), now.0.into()]).await?;
    Ok(Changed { action: "limit end", subject: was.name(), was: Some(json(&was)), becomes: None })
}

fn json(limit: &Limit) -> String {
    let row = LimitJson {
        id: limit.id.to_string(),
        mode: limit.mode.as_str(),
        on_limit: limit.on_limit.as_str(),
        limit_micro: limit.amount.0,
        unit: limit.unit.as_str(),
        zone: limit.zone.name(),
    };
    // Texts and a number cannot fail to be written.
    serde_json::to_string(&row).unwrap_or_default()
}
