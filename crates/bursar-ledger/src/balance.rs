//! A budget window as it is read: a row, and the balance that it stands for.

use bursar_domain::budget::{Balance, WindowId};
use bursar_domain::money::Micros;
use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::Error;

/// A window's columns.
#[derive(Debug, FromRow)]
pub(crate) struct WindowRow {
    pub(crate) window_id: String,
    pub(crate) budget: String,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) mode: String,
    pub(crate) limit_micro: i64,
    pub(crate) held_micro: i64,
    pub(crate) spent_micro: i64,
    pub(crate) spent_rest: i64,
}

impl WindowRow {
    pub(crate) fn balance(self) -> Result<Balance, Error> {
        let unknown = |_| Error::Inconsistent {
            table: "budget_window",
            column: "mode",
            row: self.window_id.clone(),
        };
        Ok(Balance {
            mode: self.mode.parse().map_err(unknown)?,
            window: WindowId(self.window_id),
            budget: self.budget,
            start: Timestamp(self.start_ms),
            end: Timestamp(self.end_ms),
            limit: Micros(self.limit_micro),
            held: Micros(self.held_micro),
            spent: Micros(self.spent_micro),
            spent_rest: self.spent_rest,
        })
    }
}
