//! When something ends, as people say it: a date, a time, or how long from now.

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use crate::Error;
use crate::error::shown;

/// Further ahead than this is a slip: a hundred years.
const AHEAD_MS_MAX: i64 = 36_525 * DAY_MS;

/// A point in time that is still to come: a date, an RFC 3339 time, or `90d` from now.
///
/// # Errors
/// [`Error::BadWord`] for anything else, and for what is past.
pub fn parse_expiry(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let said = Timestamp::parse_date(text).or_else(|| Timestamp::parse_rfc3339(text));
    let ahead = || Some(Timestamp(now.0.checked_add(span_ms(text)?)?));
    let at = said.or_else(ahead);
    let at = at.ok_or_else(|| bad("expiry", text, "it is no date, time or span"))?;
    if at <= now {
        return Err(bad("expiry", text, "it is past"));
    }
    if at.0 - now.0 > AHEAD_MS_MAX {
        return Err(bad("expiry", text, "it is more than a hundred years ahead"));
    }
    Ok(at)
}

/// How long something lasts, in milliseconds: `30m`, `24h`, `7d`, `4w`; `0h` is not at all.
///
/// # Errors
/// [`Error::BadWord`] for anything else.
pub fn parse_span(text: &str) -> Result<i64, Error> {
    let span = span_ms(text).filter(|span| *span <= AHEAD_MS_MAX);
    span.ok_or_else(|| bad("span", text, "it is not so many minutes, hours, days or weeks"))
}

fn span_ms(text: &str) -> Option<i64> {
    let (end, unit) = text.char_indices().last()?;
    let unit_ms = match unit {
        'm' => 60_000,
        'h' => HOUR_MS,
        'd' => DAY_MS,
        'w' => 7 * DAY_MS,
        _ => return None,
    };
    let number = &text[..end];
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<i64>().ok().filter(|_| is_number)?.checked_mul(unit_ms)
}

fn bad(what: &'static str, text: &str, problem: &str) -> Error {
    Error::BadWord {
        what,
        given: shown(text),
        problem: problem.to_owned(),
        hint: "write `2027-06-30`, `2027-06-30T12:00:00Z`, or `24h`, `90d`, `4w` from now"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_428_600_000);

    #[test]
    fn what_is_to_come_is_said_as_a_date_a_time_or_a_span() {
        let at = |text: &str| parse_expiry(text, NOW).unwrap().to_string();
        assert_eq!(at("2027-06-30"), "2027-06-30T00:00:00.000Z");
        assert_eq!(at("2027-06-30T12:00:00+01:00"), "2027-06-30T11:00:00.000Z");
        assert_eq!(parse_expiry("90d", NOW).unwrap().0, NOW.0 + 90 * DAY_MS);
        assert_eq!(parse_span("24h").unwrap(), DAY_MS);
        assert_eq!(parse_span("0h").unwrap(), 0);
    }

    #[test]
    fn what_is_past_absurd_or_no_time_is_refused() {
        for text in ["", "2020-01-01", "0d", "-1d", "+1d", "soon", "9999-01-01", "99999999999999d"]
        {
            assert!(parse_expiry(text, NOW).is_err(), "{text}");
        }
        for text in ["", "h", "1", "-1h", "1.5h", "9223372036854775807w", "é"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }
}
