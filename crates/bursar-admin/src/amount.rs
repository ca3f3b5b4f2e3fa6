//! Amounts as people write them, with their unit behind them: `5.00usd`, `1000000tokens`.
//!
//! Exact, in millionths of the unit: nothing is rounded, and there is no floating point to read a
//! `NaN` or an infinity with.

use bursar_domain::limit::Unit;
use bursar_domain::money::{MICRO_PER_UNIT, Micros, Total, format_decimal, parse_decimal};

use crate::Error;

/// What an amount looks like.
const FORM: &str = "write a number and its unit: `5.00usd`, `1000000tokens`, `100requests` or \
                    `10concurrent`";
/// A dollar has six places here: micro-dollars. The other units are whole.
const USD_PLACES: u32 = 6;
/// Longer numbers than this are not worth repeating to who wrote them.
const SHOWN_MAX: usize = 60;

/// Reads what a limit allows: its unit, and how much in millionths of it.
///
/// # Errors
/// [`Error::BadWord`] for a number that is negative, no plain decimal, too precise or too large,
/// and for a unit that there is none of.
pub fn parse_amount(text: &str) -> Result<(Unit, Micros), Error> {
    let unit = Unit::ALL.iter().copied().find(|unit| number_before(text, *unit).is_some());
    let Some(unit) = unit else {
        return Err(refuse(text, "it has no unit"));
    };
    let number = number_before(text, unit).unwrap_or_default();
    if number.is_empty() {
        return Err(refuse(text, "it has no number"));
    }
    if number.starts_with('-') {
        return Err(refuse(text, "a limit cannot be negative"));
    }
    check_decimal(text, number, unit)?;
    let units = parse_decimal(number, USD_PLACES).ok().and_then(|units| i64::try_from(units).ok());
    let too_large = || {
        let most = i64::MAX / MICRO_PER_UNIT;
        refuse(text, &format!("it is more than a limit can be, which is {most}{unit}"))
    };
    units.map(|units| (unit, Micros(units))).ok_or_else(too_large)
}

/// An amount of a unit as a plain decimal without trailing zeros; dollars to the pico-dollar.
#[must_use]
pub fn write_amount(amount: Total) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    format!("{sign}{}", format_decimal(amount.0.unsigned_abs(), 12))
}

/// Such a decimal of dollars read back, in pico-dollars; `None` for what is none.
pub(crate) fn parse_total(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > 12 || !is_number(whole) || !is_number(rest) {
        return None;
    }
    format!("{whole}{rest:0<12}").parse::<i128>().ok().map(|pico| sign * pico)
}

/// What stands before a unit, which may be written in capitals.
fn number_before(text: &str, unit: Unit) -> Option<&str> {
    let start = text.len().checked_sub(unit.as_str().len())?;
    let end = text.get(start..)?;
    end.eq_ignore_ascii_case(unit.as_str()).then(|| &text[..start])
}

/// Digits, and for dollars a point with at most six digits behind it.
fn check_decimal(text: &str, number: &str, unit: Unit) -> Result<(), Error> {
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(rest) {
        return Err(refuse(text, "its number is no plain decimal"));
    }
    let places = rest.trim_end_matches('0').len();
    if unit == Unit::Usd && places > USD_PLACES as usize {
        return Err(refuse(text, "a limit is kept to the millionth of a dollar: six places"));
    }
    if unit != Unit::Usd && places > 0 {
        return Err(refuse(text, &format!("there are no parts of {unit}")));
    }
    Ok(())
}

fn refuse(text: &str, problem: &str) -> Error {
    let given = match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    Error::BadWord { what: "limit", given, problem: problem.to_owned(), hint: FORM.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_is_read_exactly() {
        for (text, unit, micros) in [
            ("5.00usd", Unit::Usd, 5_000_000),
            ("0.000001USD", Unit::Usd, 1),
            ("0usd", Unit::Usd, 0),
            ("1000000tokens", Unit::Tokens, 1_000_000_000_000),
            ("100requests", Unit::Requests, 100_000_000),
            ("10.0concurrent", Unit::Concurrent, 10_000_000),
            ("9223372036854.775807usd", Unit::Usd, i64::MAX),
        ] {
            assert_eq!(parse_amount(text).unwrap(), (unit, Micros(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_reason() {
        for (text, problem) in [
            ("", "it has no unit"),
            ("5", "it has no unit"),
            ("5.00eur", "it has no unit"),
            ("$5", "it has no unit"),
            ("usd", "it has no number"),
            ("-5usd", "a limit cannot be negative"),
            ("-0usd", "a limit cannot be negative"),
            ("NaNusd", "its number is no plain decimal"),
            ("infusd", "its number is no plain decimal"),
            ("1e400usd", "its number is no plain decimal"),
            ("1e3tokens", "its number is no plain decimal"),
            ("+5usd", "its number is no plain decimal"),
            ("1,000usd", "its number is no plain decimal"),
            ("5.usd", "its number is no plain decimal"),
            (".5usd", "its number is no plain decimal"),
            ("5 usd", "its number is no plain decimal"),
            ("٥usd", "its number is no plain decimal"),
            ("1.2.3usd", "its number is no plain decimal"),
            ("0.0000001usd", "a limit is kept to the millionth of a dollar: six places"),
            ("0.5requests", "there are no parts of requests"),
            ("1.5tokens", "there are no parts of tokens"),
            ("9223372036854.775808usd", "more than a limit can be, which is 9223372036854usd"),
            ("99999999999999999999tokens", "more than a limit can be"),
        ] {
            let error = parse_amount(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
            assert!(error.contains("\nhint: write a number and its unit"), "{error}");
        }
        let long = format!("{}usd", "9".repeat(10_000));
        assert!(parse_amount(&long).unwrap_err().to_string().len() < 400);
    }

    #[test]
    fn what_is_no_sum_is_none() {
        for text in ["", "-", ".5", "1e3", "0.1234567890123", "--1", "1.2.3"] {
            assert_eq!(parse_total(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_sum_that_is_written_is_read_again(pico in any::<i64>()) {
            let pico = i128::from(pico) * 1_000;
            prop_assert_eq!(parse_total(&write_amount(Total(pico))), Some(pico));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}(usd|tokens)?") {
            drop(parse_amount(&text));
        }

        #[test]
        fn what_is_written_is_read_again(micros in 0_i64..) {
            let text = format!("{}usd", write_amount(Total::from_halves(micros, 0)));
            prop_assert_eq!(parse_amount(&text).unwrap(), (Unit::Usd, Micros(micros)));
        }
    }
}
