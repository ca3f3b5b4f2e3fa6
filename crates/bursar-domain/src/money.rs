//! Money, exact: rates and costs in pico-dollars, limits and holds in micro-dollars.
//!
//! A pico-dollar a token *is* a micro-dollar per million tokens, so every published price is a whole
//! number here and `quantity × rate` is never rounded. No floating point anywhere.

use std::fmt;

/// Pico-dollars in a micro-dollar.
pub const PICO_PER_MICRO: i64 = 1_000_000;
/// Millionths in one: in a dollar, and in whatever else a limit counts.
pub const MICRO_PER_UNIT: i64 = 1_000_000;
const PICO_PER_DOLLAR: u128 = 1_000_000_000_000;

/// An amount that no column or counter can hold, or a text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The product or sum is over what one ledger row holds.
    #[error("an amount is over {}, the most that one ledger row holds", Cost::MAX)]
    Overflow,
    /// Not a plain decimal with at most so many places.
    #[error("`{text}` is not a decimal amount with at most {places} decimal places")]
    NotDecimal {
        /// The text as it came.
        text: String,
        /// The most places that keep the amount whole in its unit.
        places: u32,
    },
    /// No decimal with a unit behind it.
    #[error("`{0}` is not an amount of US dollars with its unit, such as `0.05usd`")]
    NotUsd(String),
}

/// Reads a plain non-negative decimal as a whole number of 10^-`places` units.
///
/// # Errors
/// [`MoneyError::NotDecimal`] for anything else: signs, exponents, separators, more places.
pub fn parse_decimal(text: &str, places: u32) -> Result<u64, MoneyError> {
    let refuse = || MoneyError::NotDecimal { text: text.to_owned(), places };
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let rest = rest.trim_end_matches('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(rest) || rest.len() > places as usize {
        return Err(refuse());
    }
    let padding = "0".repeat(places as usize - rest.len());
    format!("{whole}{rest}{padding}").parse().map_err(|_| refuse())
}

/// Writes a whole number of 10^-`places` units as a decimal without trailing zeros.
#[must_use]
pub fn format_decimal(amount: u128, places: u32) -> String {
    let scale = 10_u128.pow(places);
    let (whole, rest) = (amount / scale, amount % scale);
    if rest == 0 {
        return whole.to_string();
    }
    let rest = format!("{rest:0width$}", width = places as usize);
    format!("{whole}.{}", rest.trim_end_matches('0'))
}

/// Pico-dollars for one token, or for one unit of a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u64);

impl Rate {
    /// From US dollars per million tokens, as price lists state them: `"3"`, `"0.0075"`.
    pub fn parse_per_million(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 6).map(Self)
    }

    /// From US dollars for one unit: `"0.04"` an image.
    pub fn parse_per_unit(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text, 12).map(Self)
    }

    /// US dollars per million tokens, without trailing zeros.
    #[must_use]
    pub fn per_million(self) -> String {
        format_decimal(u128::from(self.0), 6)
    }

    /// US dollars for one unit, without trailing zeros.
    #[must_use]
    pub fn per_unit(self) -> String {
        format_decimal(u128::from(self.0), 12)
    }

    /// What `quantity` tokens or units cost.
    pub fn times(self, quantity: u64) -> Result<Cost, MoneyError> {
        let pico = u128::from(self.0) * u128::from(quantity);
        i64::try_from(pico).map(Cost).map_err(|_| MoneyError::Overflow)
    }
}

/// What one call cost: pico-dollars, never negative, at most [`Cost::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost(i64);

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// About $9.2 million: one BIGINT of pico-dollars.
    pub const MAX: Self = Self(i64::MAX);

    /// From a ledger column; `None` when negative.
    #[must_use]
    pub const fn from_pico(pico: i64) -> Option<Self> {
        if pico < 0 { None } else { Some(Self(pico)) }
    }

    /// As a ledger column.
    #[must_use]
    pub const fn pico(self) -> i64 {
        self.0
    }

    /// From an amount as people write it, `"0.05usd"`: exact, and never without its unit.
    pub fn parse_usd(text: &str) -> Result<Self, MoneyError> {
        let refuse = || MoneyError::NotUsd(text.to_owned());
        let start = text.len().checked_sub(3).filter(|start| text.is_char_boundary(*start));
        let (amount, unit) = text.split_at(start.ok_or_else(refuse)?);
        if !unit.eq_ignore_ascii_case("usd") {
            return Err(refuse());
        }
        let pico = parse_decimal(amount, 12).map_err(|_| refuse())?;
        i64::try_from(pico).map(Self).map_err(|_| MoneyError::Overflow)
    }

    /// Sum, or [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Whole micro-dollars, rounded up: how holds are kept.
    #[must_use]
    pub const fn micros_up(self) -> Micros {
        Micros(self.0 / PICO_PER_MICRO + (self.0 % PICO_PER_MICRO > 0) as i64)
    }

    /// US dollars without trailing zeros and without a sign: `0.012345`.
    #[must_use]
    pub fn usd(self) -> String {
        Total::from(self).usd()
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("${}", self.usd()))
    }
}

/// Whole micro-dollars: the unit of limits and holds. (Millionths of a token or a call, where a
/// limit counts those.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

impl Micros {
    /// The same amount as a cost; `None` when negative or over [`Cost::MAX`].
    #[must_use]
    pub fn cost(self) -> Option<Cost> {
        self.0.checked_mul(PICO_PER_MICRO).and_then(Cost::from_pico)
    }
}

/// A sum of many costs: pico-dollars that no realistic ledger overflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Total(pub i128);

impl Total {
    /// Joins the two halves in which SQL sums costs: whole micro-dollars and the pico rest.
    #[must_use]
    pub fn from_halves(micro: i64, rest_pico: i64) -> Self {
        Self(i128::from(micro) * i128::from(PICO_PER_MICRO) + i128::from(rest_pico))
    }

    /// US dollars without trailing zeros; a minus sign when negative.
    #[must_use]
    pub fn usd(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}", format_decimal(self.0.unsigned_abs(), 12))
    }

    /// For people: two decimals, or four significant digits below a dollar, rounded half up.
    #[must_use]
    pub fn rounded(self) -> String {
        let pico = self.0.unsigned_abs();
        let mut places = 2;
        while places < 12 && pico != 0 && pico < PICO_PER_DOLLAR / 10_u128.pow(places - 2) {
            places += 1;
        }
        let unit = 10_u128.pow(12 - places);
        let units = (pico + unit / 2) / unit;
        let scale = 10_u128.pow(places);
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}${}.{:0width$}", units / scale, units % scale, width = places as usize)
    }
}

impl From<Cost> for Total {
    fn from(cost: Cost) -> Self {
        Self(i128::from(cost.0))
    }
}

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("${}", self.usd()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_published_price_is_a_whole_rate() {
        assert_eq!(Rate::parse_per_million("3.00"), Ok(Rate(3_000_000)));
        assert_eq!(Rate::parse_per_million("0.0075"), Ok(Rate(7_500)));
        assert_eq!(Rate::parse_per_million("0.187688"), Ok(Rate(187_688)));
        assert_eq!(Rate::parse_per_unit("0.00006"), Ok(Rate(60_000_000)));
        assert_eq!(Rate(7_500).per_million(), "0.0075");
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in ["", ".5", "-1", "+1", "1e3", "1,000", "NaN", "0.0000001", "1.2.3", " 1"] {
            assert!(Rate::parse_per_million(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn an_amount_with_its_unit_is_exact_and_without_one_is_refused() {
        assert_eq!(Cost::parse_usd("0.05usd"), Ok(Cost(50_000_000_000)));
        assert_eq!(Cost::parse_usd("3USD"), Ok(Cost(3_000_000_000_000)));
        assert_eq!(Cost::parse_usd("0.000000000001usd"), Ok(Cost(1)));
        for text in ["0.05", "usd", "", "0.05eur", "-1usd", "1e3usd", "5 usd", "0,05usd", "5€"] {
            assert!(Cost::parse_usd(text).is_err(), "{text:?} was accepted");
        }
        assert_eq!(Cost::parse_usd("10000000usd"), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_cost_prints_every_pico_dollar() {
        let cost = Rate(35_000).times(1).unwrap();
        assert_eq!(cost.to_string(), "$0.000000035");
        assert_eq!(Cost::MAX.to_string(), "$9223372.036854775807");
        assert_eq!(Cost::ZERO.usd(), "0");
    }

    #[test]
    fn people_see_four_digits_below_a_dollar() {
        assert_eq!(Total(1_234_567_000_000).rounded(), "$1.23");
        assert_eq!(Total(12_345_000_000).rounded(), "$0.0123");
        assert_eq!(Total(0).rounded(), "$0.00");
        assert_eq!(Total(999_999_999_999).rounded(), "$1.000");
    }

    #[test]
    fn a_product_over_one_row_is_refused_not_wrapped() {
        assert_eq!(Rate(u64::MAX).times(u64::MAX), Err(MoneyError::Overflow));
        assert_eq!(Cost::MAX.plus(Rate(1).times(1).unwrap()), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn a_rate_survives_its_text(rate in 0..u64::MAX) {
            prop_assert_eq!(Rate::parse_per_million(&Rate(rate).per_million()), Ok(Rate(rate)));
            prop_assert_eq!(Rate::parse_per_unit(&Rate(rate).per_unit()), Ok(Rate(rate)));
        }

        #[test]
        fn halves_join_to_the_same_sum(costs in proptest::collection::vec(0..i64::MAX, 0..50)) {
            let whole: i128 = costs.iter().map(|&cost| i128::from(cost)).sum();
            let micro: i64 = costs.iter().map(|cost| cost / PICO_PER_MICRO).sum();
            let rest: i64 = costs.iter().map(|cost| cost % PICO_PER_MICRO).sum();
            prop_assert_eq!(Total::from_halves(micro, rest), Total(whole));
        }

        #[test]
        fn a_hold_is_never_below_its_cost(pico in 0..i64::MAX / 2) {
            let cost = Cost::from_pico(pico).unwrap();
            prop_assert!(cost.micros_up().cost().unwrap() >= cost);
        }
    }
}
