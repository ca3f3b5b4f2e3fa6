//! Discounts: a percentage off the rates of some models.

use std::fmt;

use crate::money::{MoneyError, Rate, format_decimal, parse_decimal};
use crate::price::{Price, PriceId, Tier};

/// A percentage of at most a hundred, exact to four decimal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Percent(u32);

/// Decimal places of a percentage, so that it is a whole number of parts per million.
const PLACES: u32 = 4;
const MILLION: u32 = 1_000_000;

impl Percent {
    /// From `12.5`: a plain decimal between 0 and 100.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let refuse = || MoneyError::NotDecimal { text: text.to_owned(), places: PLACES };
        let parts = u32::try_from(parse_decimal(text, PLACES)?).map_err(|_| refuse())?;
        if parts > MILLION { Err(refuse()) } else { Ok(Self(parts)) }
    }

    /// In parts per million.
    #[must_use]
    pub const fn parts_per_million(self) -> u32 {
        self.0
    }

    /// What is left of a rate, rounded half up to a whole pico-dollar.
    #[must_use]
    pub fn off(self, rate: Rate) -> Rate {
        let left = u128::from(rate.0) * u128::from(MILLION - self.0);
        let rounded = (left + u128::from(MILLION / 2)) / u128::from(MILLION);
        // Never more than the rate itself.
        Rate(u64::try_from(rounded).unwrap_or(rate.0))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format_decimal(u128::from(self.0), PLACES))
    }
}

/// A discount. What it does not name it does not ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discount {
    /// A base id, in which `*` stands for any text.
    pub model: Option<String>,
    /// The first part of the base id: `anthropic`.
    pub provider: Option<String>,
    /// The tier.
    pub tier: Option<Tier>,
    /// How much is taken off every rate.
    pub percent: Percent,
}

impl Discount {
    /// Whether it applies to a row.
    #[must_use]
    pub fn fits(&self, price: &Price) -> bool {
        let provider = price.model.split('.').next().unwrap_or_default();
        self.model.as_deref().is_none_or(|pattern| is_like(pattern, &price.model))
            && self.provider.as_deref().is_none_or(|own| own == provider)
            && self.tier.is_none_or(|own| own == price.tier)
    }

    /// The row with its rates reduced, and an id and a note that say so.
    #[must_use]
    pub fn apply(&self, mut price: Price) -> Price {
        if self.percent == Percent::default() {
            return price;
        }
        let percent = self.percent;
        let rates = &mut price.rates;
        for rate in [
            &mut rates.input,
            &mut rates.output,
            &mut rates.cache_read,
            &mut rates.cache_write_5m,
            &mut rates.cache_write_1h,
        ] {
            *rate = rate.map(|rate| percent.off(rate));
        }
        for (_, rate) in &mut price.meters {
            *rate = percent.off(*rate);
        }
        let note = format!("{percent}% discount on `{}`", price.id);
        price.note = Some(price.note.map_or(note.clone(), |own| format!("{own}; {note}")));
        price.id = PriceId(format!("{}-less-{percent}", PriceId::of(&price)));
        price
    }
}

/// Whether a text is like a pattern in which `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        // The earliest place leaves the most for what follows.
        let Some(place) = rest.find(part) else { return false };
        rest = rest.get(place + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_exact_and_at_most_a_hundred() {
        assert_eq!(Percent::parse("12.5").unwrap().parts_per_million(), 125_000);
        assert_eq!(Percent::parse("33.3333").unwrap().to_string(), "33.3333");
        assert_eq!(Percent::parse("100").unwrap().off(Rate(7)), Rate(0));
        for text in ["100.0001", "-1", "12.34567", "", "ten", "1e1", "99999999999999"] {
            assert!(Percent::parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_discounted_rate_is_rounded_half_up_to_a_whole_pico_dollar() {
        let off = |percent: &str, rate: u64| Percent::parse(percent).unwrap().off(Rate(rate));
        assert_eq!(off("50", 3), Rate(2));
        assert_eq!(off("10", 3_000_000), Rate(2_700_000));
        assert_eq!(off("33.3333", 100), Rate(67));
        assert_eq!(off("0", u64::MAX), Rate(u64::MAX));
    }

    #[test]
    fn a_star_stands_for_any_text_and_everything_else_for_itself() {
        let model = "anthropic.claude-sonnet-4-6";
        for pattern in ["*", model, "anthropic.*", "*sonnet*", "a*4-6", "**", "*.claude-*-4-*"] {
            assert!(is_like(pattern, model), "{pattern}");
        }
        for pattern in ["", "anthropic", "*opus*", "anthropic.claude-sonnet-4", "*4-6*4-6", "c*"] {
            assert!(!is_like(pattern, model), "{pattern}");
        }
    }
}
