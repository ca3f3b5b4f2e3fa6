//! How long a limit counts before it begins anew, and in whose time zone.
//!
//! A window is `[start, end)`. Minutes are the same everywhere; hours and longer begin where the
//! zone's own clocks say, summer time included.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use crate::closed_set;
use crate::time::{HOUR_MS, Timestamp};

closed_set! {
    /// The length of a limit's windows.
    Span {
        /// One minute.
        Minute = "1m",
        /// Five minutes.
        FiveMinutes = "5m",
        /// An hour of the zone's clocks.
        Hour = "hour",
        /// A day, from midnight to midnight.
        Day = "day",
        /// A week, from Monday to Monday.
        Week = "week",
        /// A calendar month.
        Month = "month",
        /// Three calendar months, from January, April, July and October.
        Quarter = "quarter",
        /// All time: one window that never ends.
        Total = "total",
    }
}

/// A named time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// Greenwich.
    pub const UTC: Self = Self(Tz::UTC);

    /// By its name in the IANA database (`Europe/Berlin`); `None` when there is none such.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// Every name that [`Zone::parse`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// A time on this zone's clocks, to the second, and how those are called.
    #[must_use]
    pub fn local(self, at: Timestamp) -> String {
        let utc = DateTime::from_timestamp_millis(at.0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        utc.with_timezone(&self.0).format("%Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

impl Span {
    /// The last instant that a window can have: that of a limit that counts for ever.
    pub const FOREVER: Timestamp = Timestamp(i64::MAX);

    /// The window `[start, end)` that an instant lies in.
    #[must_use]
    pub fn window(self, at: Timestamp, zone: Zone) -> (Timestamp, Timestamp) {
        match self {
            Self::Minute => even(at, 60_000),
            Self::FiveMinutes => even(at, 300_000),
            Self::Hour => hour(at, zone),
            Self::Total => (Timestamp(0), Self::FOREVER),
            Self::Day | Self::Week | Self::Month | Self::Quarter => {
                self.dates(at, zone).unwrap_or((Timestamp(0), Self::FOREVER))
            }
        }
    }

    /// Whole local days; `None` only beyond the years that a date can have.
    fn dates(self, at: Timestamp, zone: Zone) -> Option<(Timestamp, Timestamp)> {
        let local = DateTime::<Utc>::from_timestamp_millis(at.0)?.with_timezone(&zone.0);
        let first = self.first_date(local.date_naive())?;
        let next = self.next_date(first)?;
        Some((midnight(first, zone)?, midnight(next, zone)?))
    }

    fn first_date(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Week => {
                let days = i64::from(date.weekday().num_days_from_monday());
                date.checked_sub_signed(Duration::days(days))
            }
            Self::Month => date.with_day(1),
            Self::Quarter => date.with_day(1)?.with_month0(date.month0() / 3 * 3),
            _ => Some(date),
        }
    }

    fn next_date(self, first: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Week => first.checked_add_signed(Duration::days(7)),
            Self::Month => first.checked_add_months(chrono::Months::new(1)),
            Self::Quarter => first.checked_add_months(chrono::Months::new(3)),
            _ => first.succ_opt(),
        }
    }
}

fn even(at: Timestamp, length_ms: i64) -> (Timestamp, Timestamp) {
    let start = at.0 - at.0.rem_euclid(length_ms);
    (Timestamp(start), Timestamp(start.saturating_add(length_ms)))
}

/// From one full hour on the zone's clocks to the next. Where the clocks are set by half an hour,
/// two windows overlap: each call is counted in the one that its own clock says.
fn hour(at: Timestamp, zone: Zone) -> (Timestamp, Timestamp) {
    let offset_ms = DateTime::<Utc>::from_timestamp_millis(at.0).map_or(0, |time| {
        zone.0.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc()
    });
    let local = at.0.saturating_add(i64::from(offset_ms) * 1000);
    let start = at.0 - local.rem_euclid(HOUR_MS);
    (Timestamp(start), Timestamp(start.saturating_add(HOUR_MS)))
}

/// The first instant of a local date. Where the clocks skip midnight, the first that they show.
fn midnight(date: NaiveDate, zone: Zone) -> Option<Timestamp> {
    let midnight = date.and_hms_opt(0, 0, 0)?;
    // Clocks are set forward by two hours at most, on a date that is not skipped whole.
    (0..=2 * 4)
        .find_map(|quarters| first_instant(midnight + Duration::minutes(15 * quarters), zone))
        .or_else(|| midnight_of_next(date, zone))
}

/// A date that a zone skipped whole (it moved across the date line) is as long as nothing.
fn midnight_of_next(date: NaiveDate, zone: Zone) -> Option<Timestamp> {
    first_instant(date.succ_opt()?.and_hms_opt(0, 0, 0)?, zone)
}

fn first_instant(local: NaiveDateTime, zone: Zone) -> Option<Timestamp> {
    let time = zone.0.from_local_datetime(&local).earliest()?;
    Some(Timestamp(time.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_MS;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn window(span: Span, time: &str, zone: &str) -> (String, String) {
        let (start, end) = span.window(at(time), Zone::parse(zone).unwrap());
        (start.to_string(), end.to_string())
    }

    fn is(span: Span, time: &str, zone: &str, expected: (&str, &str)) {
        let (start, end) = (at(expected.0).to_string(), at(expected.1).to_string());
        assert_eq!(window(span, time, zone), (start, end), "{span} of {time} in {zone}");
    }

    #[test]
    fn a_day_is_the_zones_own_even_when_its_clocks_are_set() {
        let berlin = "Europe/Berlin";
        let spring = ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
        is(Span::Day, "2026-03-29T12:00:00+02:00", berlin, spring);
        let autumn = ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
        is(Span::Day, "2026-10-25T02:30:00+01:00", berlin, autumn);
        let (start, end) =
            Span::Day.window(at("2026-10-25T12:00:00Z"), Zone::parse(berlin).unwrap());
        assert_eq!(end.0 - start.0, 25 * HOUR_MS);
    }

    #[test]
    fn a_midnight_that_the_clocks_skip_is_the_first_time_they_show() {
        let beirut = ("2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00");
        is(Span::Day, "2026-03-29T12:00:00+03:00", "Asia/Beirut", beirut);
    }

    #[test]
    fn weeks_begin_on_monday_and_quarters_in_january() {
        let week = ("2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z");
        is(Span::Week, "2026-11-29T23:59:59Z", "UTC", week);
        let quarter = ("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z");
        is(Span::Quarter, "2026-11-23T10:00:00Z", "UTC", quarter);
        let month = ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z");
        is(Span::Month, "2028-02-29T10:00:00Z", "UTC", month);
    }

    #[test]
    fn an_hour_begins_when_the_zones_clocks_show_it() {
        let kolkata = ("2026-11-23T10:30:00Z", "2026-11-23T11:30:00Z");
        is(Span::Hour, "2026-11-23T10:45:00Z", "Asia/Kolkata", kolkata);
    }

    #[test]
    fn all_time_is_one_window() {
        assert_eq!(Span::Total.window(Timestamp(7), Zone::UTC), (Timestamp(0), Span::FOREVER));
    }

    #[test]
    fn an_unknown_zone_is_none() {
        for name in ["", "Mars/Olympus", "Europe/berlin ", "+02:00"] {
            assert_eq!(Zone::parse(name), None);
        }
    }

    proptest! {
        #[test]
        fn a_window_holds_its_instant_and_the_next_begins_where_it_ends(
            at in 0_i64..4_102_444_800_000,
            span in 0..Span::ALL.len() - 1,
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let (span, zone) = (Span::ALL[span], Zone(chrono_tz::TZ_VARIANTS[zone]));
            let (start, end) = span.window(Timestamp(at), zone);
            prop_assert!(start.0 <= at && at < end.0, "{span} {} {at}", zone.name());
            prop_assert!(end.0 - start.0 <= 93 * DAY_MS);
            if span != Span::Hour {
                prop_assert_eq!(span.window(end, zone).0, end);
                prop_assert_eq!(span.window(start, zone), (start, end));
            }
        }
    }
}
