//! When people call: by the hour of the day, less at weekends, and more each month.

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

/// How much is called in each hour of a UTC day, by each other.
const DAY: [u64; 24] =
    [12, 9, 7, 6, 7, 10, 18, 34, 58, 76, 84, 82, 70, 80, 88, 90, 84, 72, 56, 44, 36, 28, 21, 16];
/// The same for the days of a week, from Thursday on, as time began.
const WEEK: [u64; 7] = [10, 9, 3, 2, 9, 10, 10];
/// What the first hour is of the last one's growth: four times as much in the end.
const GROWTH_FROM: u64 = 100;
const GROWTH_TO: u64 = 400;
/// The mean length of a month of the calendar.
const MONTH_MS: i64 = 2_629_746_000;

/// So many calls over so many months.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    calls: u64,
    first: Timestamp,
    hours: u64,
}

impl Rhythm {
    /// Up to the hour in which `until` is, which is not part of it.
    pub(super) fn new(calls: u64, months: u32, until: Timestamp) -> Self {
        let hours = i64::from(months) * MONTH_MS / HOUR_MS;
        let first = Timestamp(until.hour().0 - hours * HOUR_MS);
        Self { calls, first, hours: u64::try_from(hours).unwrap_or_default() }
    }

    /// Each hour, and how many calls it has. They add up to all of them.
    pub(super) fn hours(self) -> impl Iterator<Item = (Timestamp, u64)> {
        let all: u128 = (0..self.hours).map(|hour| u128::from(self.weight(hour))).sum();
        let (mut sum, mut told) = (0, 0);
        (0..self.hours).map(move |hour| {
            sum += u128::from(self.weight(hour));
            let until_now = u64::try_from(u128::from(self.calls) * sum / all.max(1));
            let until_now = until_now.unwrap_or(self.calls);
            let count = until_now - told;
            told = until_now;
            (self.at(hour), count)
        })
    }

    fn at(self, hour: u64) -> Timestamp {
        Timestamp(self.first.0 + i64::try_from(hour).unwrap_or_default() * HOUR_MS)
    }

    fn weight(self, hour: u64) -> u64 {
        let at = self.at(hour).0;
        let place = |number: i64| usize::try_from(number).unwrap_or_default();
        let of_day = DAY[place(at.rem_euclid(DAY_MS) / HOUR_MS)];
        let of_week = WEEK[place(at.div_euclid(DAY_MS).rem_euclid(7))];
        let grown = GROWTH_FROM + (GROWTH_TO - GROWTH_FROM) * hour / self.hours.max(1);
        of_day * of_week * grown
    }
}

/// Whether it is an hour in which everybody calls.
pub(super) fn is_busy(at: Timestamp) -> bool {
    (8..17).contains(&(at.0.rem_euclid(DAY_MS) / HOUR_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23, a Monday.
    const UNTIL: Timestamp = Timestamp(1_795_428_600_000);

    #[test]
    fn the_hours_add_up_and_follow_each_other() {
        for calls in [0, 1, 999, 1_000_000] {
            let hours: Vec<_> = Rhythm::new(calls, 13, UNTIL).hours().collect();
            assert_eq!(hours.iter().map(|(_, count)| count).sum::<u64>(), calls);
            assert!(hours.windows(2).all(|pair| pair[1].0.0 - pair[0].0.0 == HOUR_MS));
            assert_eq!(hours.last().map(|(at, _)| at.0), Some(UNTIL.hour().0 - HOUR_MS));
        }
    }

    #[test]
    fn days_are_fuller_than_nights_weeks_than_weekends_and_the_end_than_the_beginning() {
        let hours: Vec<_> = Rhythm::new(10_000_000, 13, UNTIL).hours().collect();
        let sum = |is_in: &dyn Fn(Timestamp) -> bool| -> u64 {
            hours.iter().filter(|(at, _)| is_in(*at)).map(|(_, count)| count).sum()
        };
        assert!(sum(&is_busy) > 10_000_000 / 2);
        let is_weekend = |at: Timestamp| [2, 3].contains(&at.0.div_euclid(DAY_MS).rem_euclid(7));
        assert!(sum(&is_weekend) < 10_000_000 / 7);
        let middle = hours[hours.len() / 2].0;
        assert!(sum(&|at| at >= middle) > 10_000_000 * 6 / 10);
    }
}
