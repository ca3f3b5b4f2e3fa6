//! Which part of its limit a window has passed: half of it, four fifths, and all. Each is noted and
//! told once, when the settlement that passes it is written.

use bursar_domain::limit::Limit;
use sqlx::FromRow;

use crate::rules::Rules;
use crate::statement::Statement;

pub(super) const TELL: Statement = Statement {
    doing: "note passed thresholds",
    sql: include_str!("../../queries/tell_thresholds.sql"),
};

/// A threshold that was passed just now.
#[derive(Debug, FromRow)]
pub(super) struct ToldRow {
    window_id: String,
    percent: i64,
}

/// Tells what is new. A window's id begins with its limit's.
pub(super) fn told(rules: &Rules, rows: Vec<ToldRow>) {
    for ToldRow { window_id, percent } in rows {
        let budget_id = window_id.split(' ').next().unwrap_or_default();
        let name = rules.limit(budget_id).map_or(window_id.clone(), Limit::name);
        tracing::warn!("limit `{name}` has used {percent} % of what it allows");
    }
}
