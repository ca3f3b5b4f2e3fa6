//! A month of UTC days: what is archived at a time.

use std::fmt;

use bursar_domain::time::{DAY_MS, Timestamp};

/// A calendar month, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Timestamp);

impl Month {
    /// Reads `YYYY-MM`; `None` when the text is no month.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_fit = text.len() == 7 && text.is_ascii();
        Timestamp::parse_date(&format!("{text}-01")).filter(|_| is_fit).map(Self)
    }

    /// The month of an instant.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let day = at.date();
        Self::parse(day.get(..7).unwrap_or_default()).unwrap_or(Self(at.day()))
    }

    /// Its first instant.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        self.0
    }

    /// The first instant after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.next().0
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self::of(Timestamp(self.0.0 + 31 * DAY_MS))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.date().get(..7).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other() {
        for (month, next) in
            [("2026-01", "2026-02"), ("2026-12", "2027-01"), ("2028-02", "2028-03")]
        {
            let month = Month::parse(month).unwrap();
            assert_eq!(month.next().to_string(), next);
            assert_eq!(Month::of(Timestamp(month.end().0 - 1)), month);
            assert_eq!(Month::of(month.end()), month.next());
        }
    }

    #[test]
    fn what_is_no_month_is_none() {
        for text in ["", "2026", "2026-13", "2026-1", "2026-00", "26-01", "2026-06-01", "x"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }
}
