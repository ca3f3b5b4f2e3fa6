//! Why limits refused calls in their windows of now, told from the last refusals that are kept.

use std::collections::BTreeMap;

use bursar_domain::budget::{Mode, WindowId};
use bursar_ledger::RefusedFor;

use crate::{BudgetRow, Error, View};

/// So many counters are looked into, those that refused most: each is a read of its own.
const COUNTERS_MAX: usize = 40;

/// Why a counter refused calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedWhy {
    /// The reasons, the most frequent first.
    pub reasons: Vec<RefusedFor>,
    /// How many refusals these are of. All are counted; at most sixty a key and minute are kept.
    pub of: i64,
}

impl View {
    /// Of so many refusals of a counter, the last ones, the reasons are told.
    pub const REFUSALS_MAX: u32 = 200;

    /// Why these counters refused calls, by their windows' ids: those that refused most, and none
    /// that only would have.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn refused_why(
        &self,
        rows: &[BudgetRow],
    ) -> Result<BTreeMap<String, RefusedWhy>, Error> {
        let refuses =
            |row: &&BudgetRow| row.figures.refused > 0 && row.figures.mode != Mode::Shadow.as_str();
        let mut most: Vec<&BudgetRow> = rows.iter().filter(refuses).collect();
        most.sort_by_key(|row| std::cmp::Reverse(row.figures.refused));
        let mut why = BTreeMap::new();
        for row in most.into_iter().take(COUNTERS_MAX) {
            let window = WindowId(row.window_id.clone());
            let reasons =
                self.desk.admin.ledger.refusals_of_window(&window, Self::REFUSALS_MAX).await?;
            let of = reasons.iter().map(|reason| reason.refused).sum();
            why.insert(row.window_id.clone(), RefusedWhy { reasons, of });
        }
        Ok(why)
    }
}
