//! What a call used: five kinds of tokens, and a short list of metered units.

use crate::closed_set;
use crate::money::{Cost, MoneyError};
use crate::price::Price;

closed_set! {
    /// The five kinds of tokens that Bedrock bills apart.
    TokenKind {
        /// Input that was neither read from nor written to a cache.
        Input = "input",
        /// Generated tokens, reasoning included.
        Output = "output",
        /// Input read from a prompt cache.
        CacheRead = "cache_read",
        /// Input written to a prompt cache for five minutes (and the 30-minute writes of some models).
        CacheWrite5m = "cache_write_5m",
        /// Input written to a prompt cache for an hour.
        CacheWrite1h = "cache_write_1h",
    }
}

/// What is billed by another unit than tokens: `image`, `second_video`, `search_unit`, `query` …
/// Named as the price rows name it, without `per_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meter(pub String);

/// Tokens by kind and metered units of one call. Any value is valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Uncached input tokens.
    pub input: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// Cache read tokens.
    pub cache_read: u64,
    /// Five-minute cache write tokens.
    pub cache_write_5m: u64,
    /// One-hour cache write tokens.
    pub cache_write_1h: u64,
    /// Metered units, each meter at most once.
    pub meters: Vec<(Meter, u64)>,
}

/// Why a usage has no cost at a price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// The price row has no rate for a kind of token that was used.
    #[error("price `{price}` has no rate for {count} {kind} tokens")]
    NoRate {
        /// The price row's id.
        price: String,
        /// The kind without a rate.
        kind: TokenKind,
        /// How many tokens would be unpaid.
        count: u64,
    },
    /// The price row does not know a meter that ran.
    #[error("price `{price}` has no rate for meter `{}` (it has: {})", meter.0, known.join(", "))]
    NoMeter {
        /// The price row's id.
        price: String,
        /// The meter without a rate.
        meter: Meter,
        /// The meters that the row does price.
        known: Vec<String>,
    },
    /// The amount is over what one row holds.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Usage {
    /// Tokens of one kind.
    #[must_use]
    pub const fn tokens(&self, kind: TokenKind) -> u64 {
        match kind {
            TokenKind::Input => self.input,
            TokenKind::Output => self.output,
            TokenKind::CacheRead => self.cache_read,
            TokenKind::CacheWrite5m => self.cache_write_5m,
            TokenKind::CacheWrite1h => self.cache_write_1h,
        }
    }

    /// Everything that was put in, cached or not: what a context band is counted over.
    #[must_use]
    pub const fn context_tokens(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
    }

    /// The exact cost at a price: the only place where tokens meet money.
    pub fn cost(&self, price: &Price) -> Result<Cost, CostError> {
        let mut cost = Cost::ZERO;
        for &kind in TokenKind::ALL {
            let count = self.tokens(kind);
            if count == 0 {
                continue;
            }
            let missing = || CostError::NoRate { price: price.id.to_string(), kind, count };
            cost = cost.plus(price.rates.of(kind).ok_or_else(missing)?.times(count)?)?;
        }
        for (meter, quantity) in self.meters.iter().filter(|(_, quantity)| *quantity > 0) {
            let missing = || CostError::NoMeter {
                price: price.id.to_string(),
                meter: meter.clone(),
                known: price.meters.iter().map(|(meter, _)| meter.0.clone()).collect(),
            };
            cost = cost.plus(price.meter(meter).ok_or_else(missing)?.times(*quantity)?)?;
        }
        Ok(cost)
    }
}
