//! Balances: held is the sum of hold lines, and both balances are the fold of the journal, whose
//! lines are what calls cost and never passed a hard limit.

use bursar_domain::money::{MICRO_PER_UNIT, Total};
use sqlx::FromRow;

use super::AuditReport;
use super::amounts::Amounts;
use super::fold::Fold;
use crate::statement::Statement;
use crate::{Error, Ledger};

pub(super) const WINDOWS: Statement =
    Statement { doing: "audit windows", sql: include_str!("../../queries/audit_windows.sql") };
const JOURNAL: Statement =
    Statement { doing: "audit the journal", sql: include_str!("../../queries/audit_journal.sql") };
const LINES: Statement =
    Statement { doing: "audit hold lines", sql: include_str!("../../queries/audit_lines.sql") };

#[derive(Debug, FromRow)]
pub(super) struct WindowSums {
    pub(super) window_id: String,
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    seq: i64,
    lines_held: i64,
    journal_held: i64,
    journal_spent: i64,
    journal_rest: i64,
    journal_rows: i64,
}

#[derive(Debug, FromRow)]
pub(super) struct JournalRow {
    pub(super) window_id: String,
    pub(super) seq: i64,
    call_id: String,
    pub(super) kind: String,
    pub(super) d_held: i64,
    pub(super) d_spent: i64,
    pub(super) d_rest: i64,
    pub(super) limit_micro: Option<i64>,
    unit: String,
    budget_id: String,
    recorded: bool,
    cost_pico: Option<i64>,
    corrected_pico: Option<i64>,
    tokens: Option<i64>,
    estimated: Option<bool>,
    pub(super) base_seq: i64,
    pub(super) base_held: i64,
    pub(super) base_spent: i64,
    pub(super) base_rest: i64,
}

#[derive(Debug, FromRow)]
struct LineRow {
    call_id: String,
    found: Option<i64>,
    expected: Option<i64>,
}

impl Ledger {
    pub(super) async fn audit_windows(&self, report: &mut AuditReport) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let rows: Vec<WindowSums> = self.reads.rows(WINDOWS, &[after.as_str().into()]).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.window_id);
            for row in &rows {
                let id = row.window_id.as_str();
                let (spent, posted) = (row.spent(), row.posted());
                report.compare("held", id, (row.lines_held, row.held_micro));
                report.compare("journal held", id, (row.journal_held, row.held_micro));
                report.compare("journal spent", id, (posted.usd(), spent.usd()));
                report.compare("journal rows", id, (row.journal_rows, row.seq));
            }
        }
    }

    /// Every line that settles or corrects is what its call cost, and every hold had room.
    pub(super) async fn audit_journal(&self, report: &mut AuditReport) -> Result<(), Error> {
        let mut amounts = Amounts::read(&self.reads).await?;
        let mut fold = Fold::default();
        let mut after = (String::new(), 0);
        loop {
            let values = [after.0.as_str().into(), after.1.into()];
            let rows: Vec<JournalRow> = self.reads.rows(JOURNAL, &values).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = (last.window_id.clone(), last.seq);
            if !rows.iter().all(|row| row.has_known_limit(&amounts)) {
                // Set while this reads, perhaps.
                amounts = Amounts::read(&self.reads).await?;
            }
            for row in &rows {
                fold.add(row, report);
                let subject = row.subject();
                row.check_limit(&amounts, report);
                let ends = row.kind == "settle" || row.kind == "correction";
                report.compare("journal call", &subject, (ends || row.recorded, row.recorded));
                let posted = Total::from_halves(row.d_spent, row.d_rest);
                let owed = row.owed().unwrap_or(posted);
                report.compare("spent", &subject, (owed.usd(), posted.usd()));
            }
        }
    }

    pub(crate) async fn audit_lines(&self, report: &mut AuditReport) -> Result<(), Error> {
        let rows: Vec<LineRow> = self.reads.rows(LINES, &[]).await?;
        let text = |amount: Option<i64>| amount.map_or("none".to_owned(), |held| held.to_string());
        for row in rows {
            let found = format!("{} on a call that has ended or no hold", text(row.found));
            report.compare("line", &row.call_id, (text(row.expected), found));
        }
        Ok(())
    }
}

impl WindowSums {
    fn spent(&self) -> Total {
        Total::from_halves(self.spent_micro, self.spent_rest)
    }

    fn posted(&self) -> Total {
        Total::from_halves(self.journal_spent, self.journal_rest)
    }

    /// Whether the balance is what the journal adds up to.
    pub(super) fn is_fold(&self) -> bool {
        self.journal_held == self.held_micro
            && self.posted() == self.spent()
            && self.journal_rows == self.seq
    }
}

impl JournalRow {
    /// Which line of which window, and whose.
    pub(super) fn subject(&self) -> String {
        format!("{} {} {}", self.window_id, self.seq, self.call_id)
    }

    /// The hard limit that it was judged by is one that there was.
    fn check_limit(&self, amounts: &Amounts, report: &mut AuditReport) {
        if let Some(limit) = self.limit_micro.filter(|_| !self.has_known_limit(amounts)) {
            let known = "an amount that it had".to_owned();
            report.compare("hard limit", &self.subject(), (known, limit.to_string()));
        }
    }

    fn has_known_limit(&self, amounts: &Amounts) -> bool {
        self.limit_micro.is_none_or(|limit| amounts.has(&self.budget_id, limit))
    }

    /// What the line should have added to spent; `None` where only corrections know.
    fn owed(&self) -> Option<Total> {
        let millionths = |count: i64| Total::from_halves(count.saturating_mul(MICRO_PER_UNIT), 0);
        match (self.kind.as_str(), self.unit.as_str()) {
            ("settle", "usd") => Some(Total(i128::from(self.cost_pico.unwrap_or(0)))),
            ("settle", "tokens") => {
                let counted = millionths(self.tokens.unwrap_or(0));
                // An estimate uses up at least what was held for it.
                let least = Total::from_halves(self.d_held.saturating_neg(), 0);
                let is_guess = self.estimated.unwrap_or(false);
                Some(if is_guess { counted.max(least) } else { counted })
            }
            ("settle", "requests") => Some(millionths(1)),
            ("correction", "usd") => {
                let paid = i128::from(self.cost_pico.unwrap_or(0));
                Some(Total(i128::from(self.corrected_pico.unwrap_or(0)) - paid))
            }
            ("correction", "tokens") => None,
            _ => Some(Total(0)),
        }
    }
}
