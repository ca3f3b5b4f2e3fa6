//! A report beside that of the period before, which is as long and ends where it begins.

use std::collections::BTreeMap;

use bursar_domain::time::Timestamp;
use bursar_ledger::{Counters, UsageQuery, UsageReport, UsageRow};

use crate::commands::usage::read;
use crate::door::Door;
use crate::failure::Failure;
use crate::trend::next_hour;

/// The period before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) total: Counters,
    rows: BTreeMap<Option<String>, Counters>,
}

impl Comparison {
    /// Reads the period before that of `report`; `None` where that has no beginning. A range that
    /// is still open is taken to the end of this hour. What was there only before is added to the
    /// report, as a row of zeros.
    pub(crate) async fn read(
        door: &Door,
        query: &UsageQuery,
        (report, now): (&mut UsageReport, Timestamp),
    ) -> Result<Option<Self>, Failure> {
        let Some(until) = report.since else { return Ok(None) };
        let end = report.until.unwrap_or(next_hour(now));
        let since = Timestamp(until.0.saturating_sub((end.0 - until.0).max(0)));
        let before = UsageQuery { since: Some(since), until: Some(until), ..query.clone() };
        let before = read(door, &before).await?;
        let rows: BTreeMap<Option<String>, Counters> =
            before.rows.into_iter().map(|row| (row.value, row.counters)).collect();
        let is_gone = |value: &&Option<String>| report.rows.iter().all(|row| row.value != **value);
        let gone: Vec<Option<String>> = rows.keys().filter(is_gone).cloned().collect();
        let zeros = |value| UsageRow { value, counters: Counters::default() };
        report.rows.extend(gone.into_iter().map(zeros));
        report.rows.sort_by(|a, b| a.value.cmp(&b.value));
        Ok(Some(Self { since, until, total: before.total, rows }))
    }

    /// What one row was before.
    pub(crate) fn of(&self, value: Option<&str>) -> Counters {
        self.rows.get(&value.map(str::to_owned)).copied().unwrap_or_default()
    }
}

/// By how much a sum has grown, in per cent of what it was; `new` where it was nothing.
pub(crate) fn change(now: i128, before: i128) -> String {
    match (now, before) {
        (0, 0) => "–".to_owned(),
        (_, 0) => "new".to_owned(),
        _ => {
            let tenths = (now - before).saturating_mul(1_000) / before;
            let sign = if tenths < 0 { '-' } else { '+' };
            let tenths = tenths.unsigned_abs();
            format!("{sign}{}.{}%", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_per_cent_of_what_was() {
        assert_eq!(change(150, 100), "+50.0%");
        assert_eq!(change(999, 1_000), "-0.1%");
        assert_eq!(change(0, 3), "-100.0%");
        assert_eq!(change(100, 100), "+0.0%");
        assert_eq!(change(1, 0), "new");
        assert_eq!(change(0, 0), "–");
    }
}
