//! How limits stand: what is used of each of its counters now, and what would become of a call.
//!
//! Reads only. What is read here may have changed by the time that it is shown; only `reserve`
//! decides.

mod foreseen;

use std::collections::BTreeMap;

use bursar_domain::budget::{Balance, WindowId};
use bursar_domain::freeze::Freeze;
use bursar_domain::limit::{Limit, Place};
use bursar_domain::money::Micros;
use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use crate::rules::{FREEZES, FreezeRow, LIMITS, LimitRow, SETTINGS, Settings};
use crate::statement::{Pool, Statement, keyed};
use crate::{Error, Ledger};

pub use foreseen::Foreseen;

const NOW: Statement =
    Statement { doing: "read the time", sql: include_str!("../queries/postgres/now.sql") };
const STANDINGS: Statement =
    Statement { doing: "read windows", sql: include_str!("../queries/standings.sql") };
const COUNTERS: Statement =
    Statement { doing: "read windows", sql: include_str!("../queries/counters.sql") };
const PACE: Statement =
    Statement { doing: "count settled calls", sql: include_str!("../queries/settled_since.sql") };

/// One counter of a limit: how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub limit: Limit,
    /// Whose counter it is; empty where the limit has only one.
    pub each_value: String,
    /// What is used of it.
    pub balance: Balance,
    /// How many calls it has refused, or as a shadow would have.
    pub refused: u64,
}

/// How a counter came to be where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// When the limit was first set: nothing is counted from before.
    pub since: Timestamp,
    /// How many calls have settled in the window.
    pub settled: u64,
}

#[derive(Debug, FromRow)]
struct NowRow {
    now_ms: i64,
}

#[derive(Debug, FromRow)]
struct CounterRow {
    window_id: String,
    budget_id: String,
    each_value: String,
    start_ms: i64,
    end_ms: i64,
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    refused: i64,
}

#[derive(Debug, FromRow)]
struct PaceRow {
    window_id: String,
    created_ms: i64,
    settled: i64,
}

/// Where the windows of a limit begin that are asked for.
#[derive(Debug, Serialize)]
struct StartJson {
    start_ms: i64,
}

impl Standing {
    /// The most counters that are read of one limit.
    pub const COUNTERS_MAX: u32 = 1000;

    /// A counter that nothing is counted in yet.
    #[must_use]
    pub fn untouched(limit: &Limit, place: &Place) -> Self {
        Self {
            each_value: place.each_value.clone(),
            balance: Balance {
                window: place.window.clone(),
                name: limit.name(),
                start: place.start,
                end: place.end,
                unit: limit.unit,
                mode: limit.mode,
                limit: limit.amount,
                held: Micros(0),
                spent: Micros(0),
                spent_rest: 0,
            },
            refused: 0,
            limit: limit.clone(),
        }
    }
}

impl CounterRow {
    fn standing(self, limit: &Limit) -> Standing {
        let place = Place {
            window: WindowId(self.window_id),
            each_value: self.each_value,
            start: Timestamp(self.start_ms),
            end: Timestamp(self.end_ms),
        };
        let mut standing = Standing::untouched(limit, &place);
        standing.balance.held = Micros(self.held_micro);
        standing.balance.spent = Micros(self.spent_micro);
        standing.balance.spent_rest = self.spent_rest;
        standing.refused = u64::try_from(self.refused).unwrap_or_default();
        standing
    }
}

impl Ledger {
    /// The limits that count calls now.
    pub async fn limits(&self) -> Result<Vec<Limit>, Error> {
        let rows: Vec<LimitRow> = self.reads.rows(LIMITS, &[]).await?;
        rows.into_iter().map(LimitRow::limit).collect()
    }

    /// Whom calls are refused for now.
    pub async fn freezes(&self) -> Result<Vec<Freeze>, Error> {
        let rows: Vec<FreezeRow> = self.reads.rows(FREEZES, &[]).await?;
        rows.into_iter().map(FreezeRow::freeze).collect()
    }

    /// The time that windows are chosen by: the database's own on PostgreSQL; elsewhere the
    /// caller's, and never earlier than what they were chosen by before.
    pub async fn window_time(&self, now: Timestamp) -> Result<Timestamp, Error> {
        if matches!(self.reads, Pool::Postgres(_) | Pool::Limited(..)) {
            let row: Option<NowRow> = self.reads.row(NOW, &[]).await?;
            return Ok(row.map_or(now, |row| Timestamp(row.now_ms)));
        }
        let settings = Settings::read(self.reads.rows(SETTINGS, &[]).await?);
        Ok(now.max(settings.latest))
    }

    /// How these limits stand at a time, in order. A limit that keeps a counter for each has one
    /// standing a counter, those that have used most first, [`Standing::COUNTERS_MAX`] at most,
    /// and none while nobody is counted; of every other there is one.
    pub async fn standings(&self, limits: &[Limit], at: Timestamp) -> Result<Vec<Standing>, Error> {
        let start = |limit: &Limit| StartJson { start_ms: limit.place_at("", at).start.0 };
        let starts = keyed(limits.iter().map(|limit| (&limit.id.0, start(limit))))?;
        let most = i64::from(Standing::COUNTERS_MAX);
        let rows: Vec<CounterRow> = self.reads.rows(STANDINGS, &[starts, most.into()]).await?;
        let mut counters: BTreeMap<String, Vec<CounterRow>> = BTreeMap::new();
        for row in rows {
            counters.entry(row.budget_id.clone()).or_default().push(row);
        }
        let mut standings = Vec::with_capacity(limits.len());
        for limit in limits {
            let found = counters.remove(&limit.id.0).unwrap_or_default();
            if found.is_empty() && limit.each.is_none() {
                standings.push(Standing::untouched(limit, &limit.place_at("", at)));
            }
            standings.extend(found.into_iter().map(|row| row.standing(limit)));
        }
        Ok(standings)
    }

    /// Since when these counters count, and how many calls have settled in them; those that are
    /// not begun yet are left out.
    pub async fn pace(&self, standings: &[Standing]) -> Result<BTreeMap<WindowId, Pace>, Error> {
        let windows = keyed(standings.iter().map(|standing| (&standing.balance.window.0, ())))?;
        let rows: Vec<PaceRow> = self.reads.rows(PACE, &[windows]).await?;
        let pace = |row: &PaceRow| Pace {
            since: Timestamp(row.created_ms),
            settled: u64::try_from(row.settled).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(|row| (WindowId(row.window_id.clone()), pace(&row))).collect())
    }

    /// How one counter of a limit stands.
    pub async fn counter(&self, limit: &Limit, place: &Place) -> Result<Standing, Error> {
        let mut standings = self.counters(&[(limit, place)]).await?;
        let standing = standings.remove(&place.window);
        Ok(standing.unwrap_or_else(|| Standing::untouched(limit, place)))
    }

    /// How these places stand.
    async fn counters(
        &self,
        places: &[(&Limit, &Place)],
    ) -> Result<BTreeMap<WindowId, Standing>, Error> {
        let windows = keyed(places.iter().map(|(_, place)| (&place.window.0, ())))?;
        let rows: Vec<CounterRow> = self.reads.rows(COUNTERS, &[windows]).await?;
        let mut standings: BTreeMap<WindowId, Standing> = places
            .iter()
            .map(|(limit, place)| (place.window.clone(), Standing::untouched(limit, place)))
            .collect();
        for row in rows {
            if let Some(standing) = standings.get_mut(&WindowId(row.window_id.clone())) {
                let limit = standing.limit.clone();
                *standing = row.standing(&limit);
            }
        }
        Ok(standings)
    }
}
