//! What fails, as far as the viewer sees it: errors with the advice that a terminal gives.

use bursar_domain::advice::{Advice, Trouble, advise};
use bursar_domain::time::Timestamp;
use bursar_ledger::{FaultRow, Whose};

use crate::{Error, View};

/// Calls that ended with one error, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The error, and the last call that ended with it.
    pub row: FaultRow,
    /// What is told of that call.
    pub advice: Advice,
}

impl View {
    /// The errors that calls of a range ended with, the most frequent first.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, or a ledger that failed.
    pub async fn faults(
        &self,
        range: (Timestamp, Timestamp),
        (team, model): (Option<&str>, Option<&str>),
    ) -> Result<Vec<Fault>, Error> {
        let whose = self.whose(team, model)?;
        let rows = self.desk.admin.ledger.faults(range, whose).await?;
        Ok(rows.into_iter().map(|row| Fault { advice: self.advice(&row), row }).collect())
    }

    /// Whose calls are meant, within what the viewer sees.
    pub(super) fn whose<'a>(
        &'a self,
        team: Option<&'a str>,
        model: Option<&'a str>,
    ) -> Result<Whose<'a>, Error> {
        let user = self.part().and_then(|part| part.user.as_deref());
        Ok(Whose { team: self.team(team)?, user, model })
    }

    fn advice(&self, row: &FaultRow) -> Advice {
        let model = self.desk.prices.resolve(&row.model, &self.desk.names).ok();
        let trouble = Trouble {
            code: &row.code,
            status: row.status(),
            message: &row.message,
            operation: row.operation.parse().ok(),
            model: model.as_ref(),
            region: &row.region,
            attempts: row.attempts(),
            body_bytes: 0,
            at: row.ended_at(),
        };
        advise(&trouble, &self.desk.prices)
    }
}
