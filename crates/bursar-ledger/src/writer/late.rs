//! Settling when the hold is gone: the sweep came first, or this very settlement did and its
//! answer was lost on the way.

use bursar_domain::call::{Outcome, Settlement};
use bursar_domain::money::Cost;
use sqlx::FromRow;

use super::Done;
use crate::Error;
use crate::admitted::{Open, Settled};
use crate::posting::{Before, is_overrun};
use crate::queue::Task;
use crate::statement::Statement;

pub(super) const RECORDED: Statement = Statement {
    doing: "read how a call is recorded",
    sql: include_str!("../../queries/recorded.sql"),
};

/// How a call is recorded.
#[derive(Debug, FromRow)]
pub(super) struct Recorded {
    outcome: String,
    cost_pico: Option<i64>,
    estimated: bool,
    corrected: bool,
}

/// What is left to do for a task whose hold is gone.
#[derive(Debug)]
pub(super) enum Late<'a> {
    /// Post the true bill as a correction.
    Correct { open: &'a Open, settlement: &'a Settlement, before: Before },
    /// Nothing.
    Nothing(Done),
}

/// Finds out what is left to do.
pub(super) fn late(task: &Task, recorded: Option<Recorded>) -> Result<Late<'_>, Error> {
    let Task::Settle { open, settlement } = task else {
        // The sweep, or an undone admission: somebody settled the call, and that is all right.
        let done = match task {
            Task::Abandon { .. } => Done::Abandoned(false),
            _ => Done::Nothing,
        };
        return Ok(Late::Nothing(done));
    };
    let id = &open.intent.id;
    let Some(recorded) = recorded else {
        return Err(Error::UnknownCall { id: id.to_string() });
    };
    let swept = recorded.outcome == Outcome::Abandoned.as_str();
    if !swept || recorded.corrected {
        return Ok(Late::Nothing(Done::Settled(settled(open, settlement, swept))));
    }
    let cost = match recorded.cost_pico {
        Some(pico) => Some(Cost::from_pico(pico).ok_or(Error::Inconsistent {
            table: "call",
            column: "cost_pico",
            row: id.to_string(),
        })?),
        None => None,
    };
    let before = Before { cost, estimated: recorded.estimated };
    Ok(Late::Correct { open, settlement, before })
}

/// What a caller is told of its settlement.
pub(super) fn settled(open: &Open, settlement: &Settlement, late: bool) -> Settled {
    Settled { overrun: is_overrun(open, settlement), late }
}
