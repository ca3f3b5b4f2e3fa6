//! The amounts that every limit ever had, from the list of changes: a hold must have been judged by
//! one of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sqlx::FromRow;

use crate::Error;
use crate::statement::{Pool, Statement};

const AMOUNTS: Statement =
    Statement { doing: "read limits", sql: include_str!("../../queries/limit_amounts.sql") };
const CHANGES: Statement = Statement {
    doing: "read changes of limits",
    sql: include_str!("../../queries/limit_changes.sql"),
};

#[derive(Debug, FromRow)]
struct AmountRow {
    id: String,
    limit_micro: i64,
}

#[derive(Debug, FromRow)]
struct ChangeRow {
    seq: i64,
    was: Option<String>,
    becomes: Option<String>,
}

/// What a change says of a limit, but for what does not matter here.
#[derive(Debug, Deserialize)]
struct LimitThen {
    id: String,
    limit_micro: i64,
}

/// Every amount of every limit, in millionths.
#[derive(Debug, Default)]
pub(super) struct Amounts(BTreeMap<String, BTreeSet<i64>>);

impl Amounts {
    pub(super) async fn read(pool: &Pool) -> Result<Self, Error> {
        let mut amounts = Self::default();
        let mut after = 0;
        loop {
            let rows: Vec<ChangeRow> = pool.rows(CHANGES, &[after.into()]).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for text in rows.iter().flat_map(|row| [&row.was, &row.becomes]).flatten() {
                amounts.add(serde_json::from_str(text).ok());
            }
        }
        for AmountRow { id, limit_micro } in pool.rows(AMOUNTS, &[]).await? {
            amounts.add(Some(LimitThen { id, limit_micro }));
        }
        Ok(amounts)
    }

    /// A change that says no amount adds nothing.
    fn add(&mut self, then: Option<LimitThen>) {
        if let Some(LimitThen { id, limit_micro }) = then {
            self.0.entry(id).or_default().insert(limit_micro);
        }
    }

    pub(super) fn has(&self, limit: &str, amount: i64) -> bool {
        self.0.get(limit).is_some_and(|amounts| amounts.contains(&amount))
    }
}
