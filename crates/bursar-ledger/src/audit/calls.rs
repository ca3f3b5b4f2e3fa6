//! Roll-ups are the sum of their calls, daily ones that of the hourly, and every attempt belongs
//! to a call that counts it.

use bursar_domain::money::Total;
use bursar_domain::time::{DAY_MS, Timestamp};
use sqlx::FromRow;
use std::collections::BTreeMap;

use super::AuditReport;
use crate::statement::Statement;
use crate::{Archive, Error, Ledger, Month};

const ATTEMPTS: Statement =
    Statement { doing: "audit attempts", sql: include_str!("../../queries/audit_attempts.sql") };
const AMOUNTS: Statement =
    Statement { doing: "audit amounts", sql: include_str!("../../queries/audit_amounts.sql") };
const NEXT_DAY: Statement =
    Statement { doing: "find the next day", sql: include_str!("../../queries/next_day.sql") };
const HOURS: Statement = Statement {
    doing: "audit the hourly roll-ups",
    sql: include_str!("../../queries/audit_hours.sql"),
};
const DAYS: Statement = Statement {
    doing: "audit the daily roll-ups",
    sql: include_str!("../../queries/audit_days.sql"),
};

#[derive(Debug, FromRow)]
struct AttemptSums {
    call_id: String,
    attempts: i64,
    throttled: i64,
    call_attempts: Option<i64>,
    call_throttled: Option<i64>,
}

#[derive(Debug, FromRow)]
struct AmountsRow {
    id: String,
    negative: bool,
}

#[derive(Debug, FromRow)]
struct NextRow {
    at_ms: Option<i64>,
}

/// One side of a comparison.
#[derive(Debug, FromRow)]
struct SideRow {
    expected: bool,
    subject: String,
    #[sqlx(flatten)]
    sums: SideSums,
}

#[derive(Debug, Default, FromRow)]
struct SideSums {
    calls: i64,
    attempts: i64,
    throttled_attempts: i64,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_5m_tokens: i64,
    cache_write_1h_tokens: i64,
    cost_micro: i64,
    cost_rest: i64,
    unpriced: i64,
    estimated: i64,
}

impl Ledger {
    pub(super) async fn audit_attempts(&self, report: &mut AuditReport) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let rows: Vec<AttemptSums> =
                self.reads.rows(ATTEMPTS, &[after.as_str().into()]).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.call_id);
            for row in &rows {
                let found = (row.call_attempts.unwrap_or(0), row.call_throttled.unwrap_or(0));
                let id = row.call_id.as_str();
                report.compare("attempts", id, (row.attempts, found.0));
                report.compare("throttled attempts", id, (row.throttled, found.1));
            }
        }
    }

    /// No count and no cost is below zero.
    pub(super) async fn audit_amounts(&self, report: &mut AuditReport) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let rows: Vec<AmountsRow> = self.reads.rows(AMOUNTS, &[after.as_str().into()]).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for row in rows.iter().filter(|row| row.negative) {
                report.compare("amounts", &row.id, ("0 or more", "below 0"));
            }
        }
    }

    /// Day by day, from the first to the last that has anything. The calls of these months are not
    /// all there.
    pub(super) async fn audit_rollups(
        &self,
        archives: &[Archive],
        report: &mut AuditReport,
    ) -> Result<(), Error> {
        let mut from = 0;
        loop {
            let next: Option<NextRow> = self.reads.row(NEXT_DAY, &[from.into()]).await?;
            let Some(at) = next.and_then(|row| row.at_ms) else { return Ok(()) };
            let day = Timestamp(at).day().0;
            from = day + DAY_MS;
            let values = [day.into(), from.into()];
            let hours: Vec<SideRow> = self.reads.rows(HOURS, &values).await?;
            let calls = hours.iter().filter(|row| row.expected).map(|row| row.sums.calls);
            report.calls += u64::try_from(calls.sum::<i64>()).unwrap_or_default();
            let month = Month::of(Timestamp(day));
            if archives.iter().all(|archive| archive.month != month) {
                compare_sides(report, "", hours);
            }
            let days: Vec<SideRow> = self.reads.rows(DAYS, &values).await?;
            compare_sides(report, &format!("{} ", Timestamp(day).date()), days);
        }
    }
}

/// Compares both sides of each subject, one that is missing being all zeros.
fn compare_sides(report: &mut AuditReport, prefix: &str, rows: Vec<SideRow>) {
    let mut subjects: BTreeMap<String, (SideSums, SideSums)> = BTreeMap::new();
    for row in rows {
        let (expected, found) = subjects.entry(row.subject).or_default();
        *(if row.expected { expected } else { found }) = row.sums;
    }
    for (subject, (expected, found)) in subjects {
        let subject = format!("{prefix}{subject}");
        let sides = expected.named().into_iter().zip(found.named());
        for ((name, expected), (_, found)) in sides {
            report.compare(name, &subject, (expected, found));
        }
        report.compare("cost", &subject, (expected.cost().usd(), found.cost().usd()));
    }
}

impl SideSums {
    fn named(&self) -> [(&'static str, i64); 10] {
        [
            ("calls", self.calls),
            ("call attempts", self.attempts),
            ("call throttled attempts", self.throttled_attempts),
            ("input tokens", self.input_tokens),
            ("output tokens", self.output_tokens),
            ("cache read tokens", self.cache_read_tokens),
            ("cache write 5m tokens", self.cache_write_5m_tokens),
            ("cache write 1h tokens", self.cache_write_1h_tokens),
            ("unpriced", self.unpriced),
            ("estimated", self.estimated),
        ]
    }

    fn cost(&self) -> Total {
        Total::from_halves(self.cost_micro, self.cost_rest)
    }
}
