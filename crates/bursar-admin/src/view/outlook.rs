//! What this month will have cost, if its days go on as the last seven: a plain reckoning that can be
//! done again by hand. Where fewer than three days are known, nothing is said.

use bursar_domain::money::Total;
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::{DAY_MS, Timestamp};

use super::{Group, SumAsk};
use crate::{Error, View};

/// So many whole days are looked back on.
const DAYS: i64 = 7;
/// Fewer days of use than this tell nothing of those to come.
const DAYS_MIN: i64 = 3;

/// What was spent, and what may be by the month's end. All of it in UTC days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlay {
    /// Today so far.
    pub today: Total,
    /// Yesterday, all day.
    pub yesterday: Total,
    /// This month so far.
    pub month: Total,
    /// By the month's end; `None` where too few days are known to tell.
    pub ahead: Option<Ahead>,
}

/// What this month may have cost at its end, if its days go on as those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// At the mean of the days that were looked at.
    pub mean: Total,
    /// At the least of them.
    pub least: Total,
    /// At the most of them.
    pub most: Total,
    /// How many whole days those were: of the last seven those since the first call.
    pub days: i64,
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
            // Of everything, by what has the fewest values: only the days are told apart here.
            group: if self.part().is_none() { Group::Tier } else { Group::Team },
            then: None,
            tag: None,
            since: start.min(back),
            until: Timestamp(today.0 + DAY_MS),
            is_hourly: false,
            step_ms: Some(DAY_MS),
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
        let month = between(start, Timestamp(today.0 + DAY_MS));
        let first = lines.iter().filter_map(|line| line.at).min().unwrap_or(today);
        let known = ((today.0 - first.day().0) / DAY_MS).min(DAYS);
        let days: Vec<i128> = (1..=known).map(day).collect();
        let before = between(start, today);
        let days_left = i128::from((end.0 - today.0) / DAY_MS);
        let ahead = Ahead::of(&days, (before, month), days_left);
        Ok(Outlay { today: Total(day(0)), yesterday: Total(day(1)), month: Total(month), ahead })
    }
}

impl Ahead {
    /// Of what whole days cost, what the month cost before today and with it, and how many days it
    /// has left, today among them.
    fn of(days: &[i128], (before, month): (i128, i128), days_left: i128) -> Option<Self> {
        let known = i64::try_from(days.len()).ok().filter(|known| *known >= DAYS_MIN)?;
        // Today is taken for a day like the others, or for what it is already, if that is more.
        let by_end = |a_day: i128| Total((before + a_day * days_left).max(month));
        Some(Self {
            mean: by_end(days.iter().sum::<i128>() / i128::from(known)),
            least: by_end(*days.iter().min()?),
            most: by_end(*days.iter().max()?),
            days: known,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_end_is_told_by_the_days_that_are_known_and_by_three_at_least() {
        assert_eq!(Ahead::of(&[], (0, 5), 8), None);
        assert_eq!(Ahead::of(&[5, 5], (10, 12), 8), None);
        let ahead = Ahead::of(&[1, 2, 6], (100, 104), 10).unwrap();
        let told = [ahead.mean, ahead.least, ahead.most].map(|total| total.0);
        assert_eq!((told, ahead.days), ([130, 110, 160], 3));
        // What is spent already is the least.
        assert_eq!(Ahead::of(&[0, 0, 0], (100, 104), 10).unwrap().mean, Total(104));
    }
}
