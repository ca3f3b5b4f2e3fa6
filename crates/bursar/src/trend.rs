//! What each row of a report cost over its range, hour by hour or day by day, as a small line.

use std::collections::BTreeMap;

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use bursar_ledger::{Dimension, UsageQuery, UsageReport};

use crate::commands::usage::read;
use crate::door::Door;
use crate::failure::Failure;

/// The most cells of a line: four weeks.
const CELLS_MAX: i64 = 28;
/// The longest range that is shown by the hour: `24h` ago, from a whole hour to the end of this one.
const HOURS_MAX: i64 = 25;
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A time in which nothing was spent.
const NOTHING: char = '·';

/// Costs by value and time, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trend {
    /// What one cell stands for: `per hour`, `per day`, `per 3 days`.
    pub(crate) heading: String,
    costs: BTreeMap<Option<String>, Vec<i128>>,
    total: Vec<i128>,
}

impl Trend {
    /// Reads the costs of a report's range; `None` where time is what its rows are told apart by,
    /// or where there is only one time.
    pub(crate) async fn read(
        door: &Door,
        query: &UsageQuery,
        (report, now): (&UsageReport, Timestamp),
    ) -> Result<Option<Self>, Failure> {
        if matches!(query.by, Dimension::Day | Dimension::Hour) {
            return Ok(None);
        }
        let Some(since) = begin(door, query, report).await? else { return Ok(None) };
        let ahead = next_hour(now);
        let until = report.until.map_or(ahead, |until| until.min(ahead));
        let (edges, heading) = edges(since, until);
        if edges.len() < 3 {
            return Ok(None);
        }
        let mut trend = Self { heading, costs: BTreeMap::new(), total: Vec::new() };
        for (cell, range) in edges.windows(2).enumerate() {
            let part = UsageQuery { since: Some(range[0]), until: Some(range[1]), ..query.clone() };
            let part = read(door, &part).await?;
            trend.total.push(part.total.cost.0);
            for row in part.rows {
                let costs = trend.costs.entry(row.value).or_default();
                costs.resize(cell, 0);
                costs.push(row.counters.cost.0);
            }
        }
        Ok(Some(trend))
    }

    /// The line of one row.
    pub(crate) fn line(&self, value: Option<&str>) -> String {
        let costs = self.costs.get(&value.map(str::to_owned));
        line(costs.map(Vec::as_slice).unwrap_or_default(), self.total.len())
    }

    /// The line of all rows.
    pub(crate) fn total_line(&self) -> String {
        line(&self.total, self.total.len())
    }
}

/// The start of the hour after this time.
pub(crate) fn next_hour(time: Timestamp) -> Timestamp {
    Timestamp(time.hour().0.saturating_add(HOUR_MS))
}

/// Where the range begins: as it was asked for, or at the first day that has anything.
async fn begin(
    door: &Door,
    query: &UsageQuery,
    report: &UsageReport,
) -> Result<Option<Timestamp>, Failure> {
    if report.since.is_some() {
        return Ok(report.since);
    }
    let days = read(door, &UsageQuery { by: Dimension::Day, ..query.clone() }).await?;
    Ok(days.rows.iter().find_map(|row| Timestamp::parse_date(row.value.as_deref()?)))
}

/// The times between the cells, and what a cell is called. No edges where there is no range.
fn edges(since: Timestamp, until: Timestamp) -> (Vec<Timestamp>, String) {
    let hours = (until.0 - since.0).max(0) / HOUR_MS;
    let (first, step, heading) = if hours <= HOURS_MAX {
        (since, HOUR_MS, "per hour".to_owned())
    } else {
        let days = ceil(until.0 - since.day().0, DAY_MS);
        match ceil(days, CELLS_MAX) {
            1 => (since.day(), DAY_MS, "per day".to_owned()),
            some => (since.day(), some * DAY_MS, format!("per {some} days")),
        }
    };
    let mut edges = vec![since];
    let mut next = first.0.saturating_add(step);
    while next < until.0 {
        edges.push(Timestamp(next));
        next = next.saturating_add(step);
    }
    if since < until {
        edges.push(until);
    }
    (edges, heading)
}

fn ceil(number: i64, by: i64) -> i64 {
    number / by + i64::from(number % by > 0)
}

/// A line as high as the dearest cell; values that are not there are nothing.
fn line(costs: &[i128], cells: usize) -> String {
    let most = costs.iter().copied().max().unwrap_or(0);
    (0..cells)
        .map(|cell| match costs.get(cell).copied().unwrap_or(0) {
            cost if cost <= 0 || most <= 0 => NOTHING,
            cost => {
                // The dearest is full, and the least still a step.
                let step = cost.saturating_mul(8).saturating_add(most - 1) / most;
                HEIGHTS[usize::try_from(step - 1).unwrap_or(0).min(7)]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn the_dearest_is_full_the_least_a_step_and_nothing_a_dot() {
        assert_eq!(line(&[0, 1, 500, 1_000], 5), "·▁▄█·");
        assert_eq!(line(&[], 3), "···");
        assert_eq!(line(&[7], 1), "█");
    }

    #[test]
    fn a_day_is_shown_by_the_hour_and_more_by_the_day() {
        let (hours, heading) = edges(at("2026-11-22T10:00:00Z"), at("2026-11-23T10:00:00Z"));
        assert_eq!((hours.len(), heading.as_str()), (25, "per hour"));
        let (days, heading) = edges(at("2026-11-16T10:00:00Z"), at("2026-11-23T11:00:00Z"));
        assert_eq!((days.len(), heading.as_str()), (9, "per day"));
        assert_eq!(days[1], at("2026-11-17T00:00:00Z"));
        assert_eq!(days[8], at("2026-11-23T11:00:00Z"));
    }

    #[test]
    fn however_long_the_range_the_line_is_short() {
        let until = at("2026-11-23T11:00:00Z");
        for since in ["2026-10-20T00:00:00Z", "2026-01-01T05:00:00Z", "1970-01-01T00:00:00Z"] {
            let (cells, heading) = edges(at(since), until);
            assert!(cells.len() <= 29, "{since}: {}", cells.len());
            assert!(heading.ends_with(" days"), "{heading}");
        }
        assert_eq!(edges(until, until).0.len(), 1);
        assert_eq!(edges(until, at("2020-01-01T00:00:00Z")).0.len(), 1);
    }
}
