//! Holds: each lies within its owner's life, and what was held is let go once, and no more.

use std::path::Path;
use std::time::Duration;

use sqlx::FromRow;

use super::AuditReport;
use crate::ledger::Home;
use crate::owner::is_dead;
use crate::statement::Statement;
use crate::sweep::{HOLD_OWNERS, OwnerRow};
use crate::{Error, Ledger};

const CONSERVED: Statement = Statement {
    doing: "audit what was held",
    sql: include_str!("../../queries/audit_conserved.sql"),
};
const OVERDUE: Statement = Statement {
    doing: "look for holds of the dead",
    sql: include_str!("../../queries/postgres/overdue_holds.sql"),
};
const OWNER_HOLDS: Statement = Statement {
    doing: "look for holds of the dead",
    sql: include_str!("../../queries/sqlite/owner_holds.sql"),
};

/// How often what is overdue is looked at before it counts: another process may be settling it.
const LOOKS: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

#[derive(Debug, FromRow)]
struct ConservedRow {
    call_id: String,
    window_id: String,
    journal_held: i64,
    holds: i64,
    ends: i64,
}

#[derive(Debug, FromRow)]
struct OverdueRow {
    call_id: String,
    owner: String,
}

impl Ledger {
    /// No hold outlives its owner. What a process left that died while this looked is swept first,
    /// by this one or another: only what cannot be settled is told.
    pub(super) async fn audit_leases(&self, report: &mut AuditReport) -> Result<(), Error> {
        let mut overdue = self.overdue().await?;
        for look in 0..LOOKS {
            if overdue.is_empty() {
                return Ok(());
            }
            if look == 0
                && let Err(error) = self.sweep().await
            {
                tracing::warn!("cannot settle what a dead process left open: {error}");
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            overdue = self.overdue().await?;
        }
        for OverdueRow { call_id, owner } in overdue {
            let found = format!("left open, last by `{owner}`");
            report.compare("lease", &call_id, ("settled by the sweep".to_owned(), found));
        }
        Ok(())
    }

    async fn overdue(&self) -> Result<Vec<OverdueRow>, Error> {
        match self.place.as_ref() {
            Home::Memory => Ok(Vec::new()),
            Home::Postgres(_) => self.reads.rows(OVERDUE, &[]).await,
            Home::File(path) => {
                let mut overdue = Vec::new();
                for owner in self.dead_owners(path).await? {
                    let of = [owner.as_str().into()];
                    overdue.extend(self.reads.rows::<OverdueRow>(OWNER_HOLDS, &of).await?);
                }
                Ok(overdue)
            }
        }
    }

    async fn dead_owners(&self, path: &Path) -> Result<Vec<String>, Error> {
        let mut dead = Vec::new();
        for OwnerRow { owner } in self.reads.rows(HOLD_OWNERS, &[]).await? {
            if is_dead(path, &owner)? {
                dead.push(owner);
            }
        }
        Ok(dead)
    }

    /// Conservation: a call that has ended holds nothing, and every hold of it has ended once. What
    /// is open has no line in the journal yet.
    pub(super) async fn audit_conserved(&self, report: &mut AuditReport) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let rows: Vec<ConservedRow> =
                self.reads.rows(CONSERVED, &[after.as_str().into()]).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.call_id);
            for row in &rows {
                let subject = format!("{} {}", row.window_id, row.call_id);
                report.compare("ends", &subject, (row.holds, row.ends));
                report.compare("balance", &subject, (0, row.journal_held));
            }
        }
    }
}
