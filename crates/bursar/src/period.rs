//! Ranges of time as people type them: a date, a time, or so far back from now.

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

/// Flags for a range of time, in UTC.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PeriodArgs {
    /// From then on: a date, an RFC 3339 time, or `24h`, `7d`, `4w` ago (UTC)
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    since: Option<When>,
    /// Until then, which is no longer part of it
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    until: Option<When>,
}

impl PeriodArgs {
    /// The range; what is relative counts from `now`, in whole hours.
    pub(crate) fn range(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.since.map(|when| when.at(now)), self.until.map(|when| when.at(now)))
    }
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A point in time.
    At(Timestamp),
    /// So many milliseconds ago.
    Ago(i64),
}

impl When {
    /// Reads a date, a time or a span.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(time) = Timestamp::parse_date(text).or_else(|| Timestamp::parse_rfc3339(text)) {
            return Ok(Self::At(time));
        }
        let span = text.char_indices().last().and_then(|(end, unit)| {
            let unit_ms = match unit {
                'h' => HOUR_MS,
                'd' => DAY_MS,
                'w' => 7 * DAY_MS,
                _ => return None,
            };
            let number: i64 = text[..end].parse().ok().filter(|&number| number >= 0)?;
            number.checked_mul(unit_ms)
        });
        span.map(Self::Ago).ok_or_else(|| {
            "it is a date (2026-11-01), a time (2026-11-01T08:00:00Z) or a span (24h, 7d, 4w)"
                .into()
        })
    }

    /// The point in time; a span starts at a whole hour, for reports are kept by the hour.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(span_ms) => Timestamp(now.0.saturating_sub(span_ms)).hour(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_said_as_a_date_a_time_or_a_span() {
        let now = Timestamp::parse_rfc3339("2026-11-23T10:30:00Z").unwrap();
        let at = |text: &str| When::parse(text).unwrap().at(now).to_string();
        assert_eq!(at("2026-11-01"), "2026-11-01T00:00:00.000Z");
        assert_eq!(at("2026-11-01T08:15:00+01:00"), "2026-11-01T07:15:00.000Z");
        assert_eq!(at("7d"), "2026-11-16T10:00:00.000Z");
        assert_eq!(at("24h"), "2026-11-22T10:00:00.000Z");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "d", "7", "-7d", "7m", "yesterday", "2026-02-30", "999999999999999999d", "é"]
        {
            assert!(When::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
