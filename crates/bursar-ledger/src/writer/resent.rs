//! A reservation that is sent again, for nobody knows whether the first one was written. Where it
//! was, what it holds is the answer: limits, windows and freezes may be others by now, and its own
//! hold may be what has used up the room.

use std::sync::Arc;

use bursar_domain::budget::WindowId;
use bursar_domain::call::Intent;
use bursar_domain::limit::{Line, Unit};
use bursar_domain::money::Micros;
use sqlx::FromRow;

use super::detours::lead;
use crate::Error;
use crate::admitted::Open;
use crate::rules::Rules;
use crate::statement::{Pool, Statement};

const HELD: Statement =
    Statement { doing: "read what a call holds", sql: include_str!("../../queries/held.sql") };

/// A hold beside one of its lines.
#[derive(Debug, FromRow)]
struct HeldRow {
    held_micro: Option<i64>,
    window_id: Option<String>,
    unit: Option<String>,
    amount_micro: Option<i64>,
}

impl HeldRow {
    fn line(self, intent: &Intent) -> Result<Option<Line>, Error> {
        let Some(window) = self.window_id else { return Ok(None) };
        let row = intent.id.to_string();
        let bad = || Error::Inconsistent { table: "hold_line", column: "window_id", row };
        let unit: Option<Unit> = self.unit.and_then(|unit| unit.parse().ok());
        let unit = unit.ok_or_else(bad)?;
        Ok(Some(Line { window: WindowId(window), unit, amount: self.amount_micro.map(Micros) }))
    }
}

/// What is held for a call, whoever owns it by now.
pub(crate) async fn held_open(
    pool: &Pool,
    intent: &Arc<Intent>,
    rules: &Rules,
) -> Result<Option<Open>, Error> {
    let rows: Vec<HeldRow> = pool.rows(HELD, &[intent.id.as_str().into()]).await?;
    let Some(held) = rows.first().map(|row| row.held_micro.map(Micros)) else { return Ok(None) };
    let lines = rows.into_iter().filter_map(|row| row.line(intent).transpose());
    let mut lines = lines.collect::<Result<Vec<_>, Error>>()?;
    lines.sort_by(|one, other| one.window.cmp(&other.window));
    // The hold does not say which way it was meant for, and what was found of the others.
    let as_asked = || (Arc::clone(intent), 0);
    let (intent, lead) = lead(rules, intent, intent.started_at).unwrap_or_else(|_| as_asked());
    let streams = rules.stream_limits(&intent);
    let (room, by_heart, detours) = (None, false, Vec::new());
    Ok(Some(Open { intent, held, lines, streams, room, by_heart, detours, lead }))
}
