//! Windows: a balance that is made anew from its journal.

use bursar_domain::budget::WindowId;
use bursar_domain::money::{PICO_PER_MICRO, Total};
use serde::Serialize;
use sqlx::FromRow;

use super::Changed;
use crate::Error;
use crate::statement::{Session, Statement};

const LOCK: Statement =
    Statement { doing: "lock a window", sql: include_str!("../../queries/lock_window.sql") };
const FOLD: Statement = Statement {
    doing: "add up a window's journal",
    sql: include_str!("../../queries/fold_window.sql"),
};
const PUT_BALANCE: Statement =
    Statement { doing: "set a balance", sql: include_str!("../../queries/put_balance.sql") };

#[derive(Debug, FromRow)]
struct FoldRow {
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    seq: i64,
    journal_held: i64,
    journal_spent: i64,
    journal_rest: i64,
    journal_seq: i64,
}

/// A balance as the list of changes shows it.
#[derive(Debug, PartialEq, Serialize)]
struct BalanceJson {
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    seq: i64,
}

/// Sets a window's balance to the fold of its journal, where it is another.
pub(super) async fn rebuild(
    session: &mut Session<'_>,
    window: &WindowId,
) -> Result<Changed, Error> {
    let id = [window.0.as_str().into()];
    // What is read after the lock is what the lock's last holder wrote.
    session.run(LOCK, &id).await?;
    let row: Option<FoldRow> = session.rows(FOLD, &id).await?.pop();
    let row = row.ok_or_else(|| Error::MissingWindow { window: window.to_string() })?;
    let was = BalanceJson {
        held_micro: row.held_micro,
        spent_micro: row.spent_micro,
        spent_rest: row.spent_rest,
        seq: row.seq,
    };
    let becomes = row.fold().ok_or_else(|| Error::Inconsistent {
        table: "journal",
        column: "d_held, d_spent",
        row: window.to_string(),
    })?;
    if was != becomes {
        let values = [
            window.0.as_str().into(),
            becomes.held_micro.into(),
            becomes.spent_micro.into(),
            becomes.spent_rest.into(),
            becomes.seq.into(),
        ];
        session.run(PUT_BALANCE, &values).await?;
    }
    Ok(Changed {
        action: "window rebuild",
        subject: window.to_string(),
        was: Some(json(&was)),
        becomes: Some(json(&becomes)),
    })
}

impl FoldRow {
    /// The balance that follows from the journal; `None` where that is below nothing.
    fn fold(&self) -> Option<BalanceJson> {
        let spent = Total::from_halves(self.journal_spent, self.journal_rest).0;
        let micro = i128::from(PICO_PER_MICRO);
        let balance = BalanceJson {
            held_micro: self.journal_held,
            spent_micro: i64::try_from(spent.div_euclid(micro)).ok()?,
            spent_rest: i64::try_from(spent.rem_euclid(micro)).ok()?,
            seq: self.journal_seq,
        };
        (balance.held_micro >= 0 && balance.spent_micro >= 0).then_some(balance)
    }
}

fn json(balance: &BalanceJson) -> String {
    // Numbers cannot fail to be written.
    serde_json::to_string(balance).unwrap_or_default()
}
