//! Figures as people read them: dollars with enough digits, tokens as 1.2 M, shares, durations. Beside
//! each stands the exact one; nothing here is added up.

use bursar_domain::money::Total;
use bursar_domain::span::Zone;
use bursar_domain::time::Timestamp;

const PICO_PER_DOLLAR: u128 = 1_000_000_000_000;
/// Digits that a sum below a cent is shown with.
const SMALL_DIGITS: u32 = 4;
/// Below this, a count is short enough to be exact.
const EXACT: u128 = 10_000;

/// Dollars: cents from a dollar on, four places from a cent on, and four digits below.
pub(crate) fn money(total: Total) -> String {
    let pico = total.0.unsigned_abs();
    let sign = if total.0 < 0 { "−" } else { "" };
    let places = match pico {
        0 => 2,
        pico if pico >= PICO_PER_DOLLAR => 2,
        pico if pico >= PICO_PER_DOLLAR / 100 => 4,
        pico => (13 - digits(pico) + SMALL_DIGITS - 1).min(12),
    };
    let unit = 10_u128.pow(12 - places);
    let units = (pico + unit / 2) / unit;
    let scale = 10_u128.pow(places);
    let whole = grouped(units / scale);
    format!("{sign}${whole}.{:0width$}", units % scale, width = places as usize)
}

fn digits(mut number: u128) -> u32 {
    let mut count = 0;
    while number > 0 {
        number /= 10;
        count += 1;
    }
    count
}

/// A count, exactly, with commas.
pub(crate) fn count(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(u128::from(number.unsigned_abs())))
}

/// A large count, roughly: `1.2 M`, `27.4 k`.
pub(crate) fn tokens(number: i64) -> String {
    let size = u128::from(number.unsigned_abs());
    let sign = if number < 0 { "−" } else { "" };
    let units = [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    for (unit, name) in units {
        // What would be a thousand of this unit is one of the next.
        if size >= EXACT && size + unit / 20_000 >= unit {
            let tenths = (size * 10 + unit / 2) / unit;
            return format!("{sign}{}.{} {name}", grouped(tenths / 10), tenths % 10);
        }
    }
    format!("{sign}{}", grouped(size))
}

/// A share of a whole: `12.3 %`; a dash where there is no whole.
pub(crate) fn share(part: i128, whole: i128) -> String {
    match tenths(part, whole) {
        Some(tenths) => format!("{}.{} %", tenths / 10, tenths.unsigned_abs() % 10),
        None => "–".to_owned(),
    }
}

/// How much more than before: `+12.3 %`; nothing where there was nothing before.
pub(crate) fn delta(now: i128, before: i128) -> Option<String> {
    let tenths = tenths(now - before, before)?;
    let sign = if tenths < 0 { "−" } else { "+" };
    let size = tenths.unsigned_abs();
    Some(format!("{sign}{}.{} %", grouped(size / 10), size % 10))
}

fn tenths(part: i128, whole: i128) -> Option<i128> {
    if whole <= 0 {
        return None;
    }
    Some((part.checked_mul(1_000)? + whole / 2).div_euclid(whole))
}

/// Milliseconds: `850 ms`, `12.3 s`.
pub(crate) fn duration(ms: i64) -> String {
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    let tenths = (ms + 50) / 100;
    format!("{}.{} s", grouped(u128::from((tenths / 10).unsigned_abs())), tenths % 10)
}

/// A time on the clocks of a zone, to the second. UTC is said once, below every page; what is not UTC
/// says so.
pub(crate) fn time(at: Timestamp, zone: Zone) -> String {
    let text = zone.local(at);
    text.strip_suffix(" UTC").map_or(text.clone(), str::to_owned)
}

/// A text in pieces, and which of them stand between backticks: what is to be typed.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let is_even = text.matches('`').count().is_multiple_of(2);
    let pieces = text.split(move |letter| is_even && letter == '`').enumerate();
    pieces.map(|(place, piece)| (place % 2 == 1, piece)).filter(|(_, piece)| !piece.is_empty())
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_keep_four_digits_below_a_cent_and_cents_above_a_dollar() {
        for (pico, text) in [
            (0, "$0.00"),
            (1, "$0.000000000001"),
            (1_234_567, "$0.000001235"),
            (12_345_678, "$0.00001235"),
            (9_876_543_210, "$0.009877"),
            (10_000_000_000, "$0.0100"),
            (123_456_000_000, "$0.1235"),
            (1_005_000_000_000, "$1.01"),
            (1_234_567_890_000_000_000, "$1,234,567.89"),
            (-5_000_000_000_000, "−$5.00"),
        ] {
            assert_eq!(money(Total(pico)), text, "{pico}");
        }
    }

    #[test]
    fn counts_shares_and_durations_are_short() {
        assert_eq!((count(-1_234_567).as_str(), tokens(9_999).as_str()), ("−1,234,567", "9,999"));
        assert_eq!(
            (tokens(27_449).as_str(), tokens(999_999).as_str()),
            ("27.4 k", "1.0 M"),
            "what would be a thousand of a unit is one of the next"
        );
        assert_eq!(
            (tokens(1_250_000).as_str(), tokens(1_000_000_000).as_str()),
            ("1.3 M", "1.0 G")
        );
        assert_eq!((share(1, 3).as_str(), share(0, 0).as_str()), ("33.3 %", "–"));
        assert_eq!(delta(150, 100).as_deref(), Some("+50.0 %"));
        assert_eq!(delta(50, 100).as_deref(), Some("−50.0 %"));
        assert_eq!(delta(1, 0), None);
        let said: Vec<_> = pieces("`bursar demo` makes some").collect();
        assert_eq!(said, [(true, "bursar demo"), (false, " makes some")]);
        assert_eq!(pieces("a ` alone").collect::<Vec<_>>(), [(false, "a ` alone")]);
        assert_eq!((duration(850).as_str(), duration(12_345).as_str()), ("850 ms", "12.3 s"));
    }
}
