//! What this month will have cost, if its days go on as the last seven: a plain reckoning that can be
//! done again by hand.

use bursar_domain::money::Total;
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::{DAY_MS, Timestamp};

use super::{Group, SumAsk};
use crate::{Error, View};

/// So many whole days are looked back on.
const DAYS: i64 = 7;

/// What was spent, and what may be by the month's end. All of it in UTC days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlay {
    /// Today so far.
    pub today: Total,
    /// Yesterday, all day.
    pub yesterday: Total,
    /// This month so far.
    pub month: Total,
    /// By the month's end, at the mean of the last seven whole days.
    pub forecast: Total,
    /// The same at the least and at the most of those days.
    pub band: (Total, Total),
}

impl View {
    /// What the viewer sees of what was spent, and what may be.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn outlay(&self) -> Result<Outlay, Error> {
        let today = self.desk.admin.clock.now().day();
        let (start, end) = Span::Month.window(today, Zone::UTC);
        let back = Timestamp(today.0 - DAYS * DAY_MS);
        let ask = SumAsk {
            group: Group::Team,
            since: start.min(back),
            until: Timestamp(today.0 + DAY_MS),
            is_hourly: false,
            by_time: true,
            team: None,
            model: None,
        };
        let lines = self.sums(&ask).await?;
        let between = |since: Timestamp, until: Timestamp| {
            let within =
                lines.iter().filter(|line| line.at.is_some_and(|at| since <= at && at < until));
            within.map(|line| line.counters.cost.0).sum::<i128>()
        };
        let day = |days_ago: i64| {
            let at = Timestamp(today.0 - days_ago * DAY_MS);
            between(at, Timestamp(at.0 + DAY_MS))
        };
        let days: Vec<i128> = (1..=DAYS).map(day).collect();
        let month = between(start, Timestamp(today.0 + DAY_MS));
        // Today is taken for a day like the others, or for what it is already, if that is more.
        let before = between(start, today);
        let days_left = i128::from((end.0 - today.0) / DAY_MS);
        let by_end = |a_day: i128| Total((before + a_day * days_left).max(month));
        let (least, most) = (days.iter().min(), days.iter().max());
        Ok(Outlay {
            today: Total(day(0)),
            yesterday: Total(day(1)),
            month: Total(month),
            forecast: by_end(days.iter().sum::<i128>() / i128::from(DAYS)),
            band: (
                by_end(least.copied().unwrap_or_default()),
                by_end(most.copied().unwrap_or_default()),
            ),
        })
    }
}
