//! One window's journal, added up line by line in the order in which it was committed: no line is
//! missing, nothing falls below zero, and no hold passed the hard limit that it was judged by.

use bursar_domain::money::{PICO_PER_MICRO, Total};

use super::AuditReport;
use super::windows::JournalRow;

/// The journal of a window so far. Only the first breach of a window is told: what follows from it
/// says nothing new.
#[derive(Debug, Default)]
pub(super) struct Fold {
    window: String,
    seq: i64,
    held: i128,
    spent_pico: i128,
    is_broken: bool,
}

impl Fold {
    /// A window whose journal is known from its base on.
    fn from_base(row: &JournalRow) -> Self {
        let spent = Total::from_halves(row.base_spent, row.base_rest);
        Self {
            window: row.window_id.clone(),
            seq: row.base_seq,
            held: row.base_held.into(),
            spent_pico: spent.0,
            is_broken: false,
        }
    }

    /// Adds a line, which is the next of its window or the first of another.
    pub(super) fn add(&mut self, row: &JournalRow, report: &mut AuditReport) {
        if self.window != row.window_id {
            *self = Self::from_base(row);
        }
        if row.seq <= row.base_seq {
            // It is in the base, with those that are archived.
            return;
        }
        self.held += i128::from(row.d_held);
        self.spent_pico += i128::from(row.d_spent) * i128::from(PICO_PER_MICRO);
        self.spent_pico += i128::from(row.d_rest);
        let is_next = row.seq == self.seq + 1;
        self.seq = row.seq;
        if self.is_broken {
            return;
        }
        let used = self.held + self.spent_micro_up();
        let breach = match row.limit_micro {
            _ if !is_next => {
                Some(("journal line", "the line before it".to_owned(), row.seq.into()))
            }
            _ if self.held < 0 => Some(("journal held", "at least 0".to_owned(), self.held)),
            _ if self.spent_pico < 0 => Some(("journal spent", "at least 0".to_owned(), used)),
            _ if !(0..PICO_PER_MICRO).contains(&row.d_rest) => {
                Some(("journal rest", "0 to 999999".to_owned(), row.d_rest.into()))
            }
            Some(limit) if row.kind == "hold" && used > i128::from(limit) => {
                Some(("limit", format!("at most {limit}"), used))
            }
            _ => None,
        };
        if let Some((check, expected, found)) = breach {
            self.is_broken = true;
            report.compare(check, &row.subject(), (expected, found.to_string()));
        }
    }

    /// Whole millionths, rounded up, as an admission counts them.
    fn spent_micro_up(&self) -> i128 {
        let micro = i128::from(PICO_PER_MICRO);
        self.spent_pico.div_euclid(micro) + i128::from(self.spent_pico.rem_euclid(micro) > 0)
    }
}
