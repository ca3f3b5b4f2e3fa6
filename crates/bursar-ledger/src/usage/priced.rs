//! Tokens of each kind by the price row that they were billed at, from the hourly sums.

use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::TokenKind;
use sqlx::FromRow;

use crate::faults::Whose;
use crate::statement::Statement;
use crate::{Error, Ledger};

const PRICES: Statement =
    Statement { doing: "sum tokens by price", sql: include_str!("../../queries/hour_prices.sql") };

/// Tokens of one model that were billed at one price row.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PricedTokens {
    /// The model.
    pub model: String,
    /// The price row; empty for unpriced calls.
    pub price_id: String,
    rows_read: i64,
    input: i64,
    output: i64,
    cache_read: i64,
    cache_write_5m: i64,
    cache_write_1h: i64,
    cost_micro: i64,
    cost_rest: i64,
}

impl PricedTokens {
    /// How many tokens of a kind.
    #[must_use]
    pub const fn tokens(&self, kind: TokenKind) -> i64 {
        match kind {
            TokenKind::Input => self.input,
            TokenKind::Output => self.output,
            TokenKind::CacheRead => self.cache_read,
            TokenKind::CacheWrite5m => self.cache_write_5m,
            TokenKind::CacheWrite1h => self.cache_write_1h,
        }
    }

    /// What all of these calls cost, whatever else was metered.
    #[must_use]
    pub fn cost(&self) -> Total {
        Total::from_halves(self.cost_micro, self.cost_rest)
    }
}

impl Ledger {
    /// So many hourly rows are read for tokens by price at most.
    pub const PRICED_ROWS_MAX: i64 = 10_000;

    /// Tokens of whole hours by model and price row.
    ///
    /// # Errors
    /// [`Error::TooMuch`], or a database that failed.
    pub async fn priced_tokens(
        &self,
        (since, until): (Timestamp, Timestamp),
        whose: Whose<'_>,
    ) -> Result<Vec<PricedTokens>, Error> {
        let [team, user, model] = whose.values();
        let most = Self::PRICED_ROWS_MAX;
        let values = [since.0.into(), until.0.into(), team, user, model, (most + 1).into()];
        let rows: Vec<PricedTokens> = self.reads.rows(PRICES, &values).await?;
        if rows.iter().map(|row| row.rows_read).sum::<i64>() > most {
            return Err(Error::TooMuch { most });
        }
        Ok(rows)
    }
}
