//! Balances made anew from nothing but the journal: for a ledger whose journal is whole, and whose
//! windows are not.

use bursar_domain::budget::WindowId;

use super::windows::{WINDOWS, WindowSums};
use crate::change::Change;
use crate::{Changed, Error, Ledger};

impl Ledger {
    /// Sets every window whose balance is not the fold of its journal to that, each in one
    /// transaction and with a line in the list of changes; what differed. Calls may go on.
    pub async fn rebuild(&self, actor: &str) -> Result<Vec<Changed>, Error> {
        let mut made = Vec::new();
        let mut after = String::new();
        loop {
            let rows: Vec<WindowSums> = self.reads.rows(WINDOWS, &[after.as_str().into()]).await?;
            let Some(last) = rows.last() else { return Ok(made) };
            after.clone_from(&last.window_id);
            for row in rows.into_iter().filter(|row| !row.is_fold()) {
                let change = Change::RebuildWindow(WindowId(row.window_id));
                let changed = self.change(actor, vec![change]).await?;
                made.extend(changed.into_iter().filter(Changed::is_change));
            }
        }
    }
}
