//! What tokens of each kind cost, at the rates that they were billed at, and what caches saved.

use std::collections::BTreeMap;

use bursar_domain::money::{Rate, Total};
use bursar_domain::price::Rates;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_domain::usage::TokenKind;
use bursar_ledger::PricedTokens;

use crate::{Error, View};

/// Hours are read of so many days at most.
const DAYS_MAX: i64 = 31;

/// What tokens cost by their kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Each kind, how many tokens, and what those with a known rate cost.
    pub lines: Vec<(TokenKind, i64, Total)>,
    /// What is not by tokens: other meters, bounds in place of bills, and prices that the list of
    /// today does not have.
    pub rest: Total,
    /// What cached tokens would have cost at the plain input rate, less what they cost. Writing to a
    /// cache may cost more than that, so it may be less than nothing.
    pub saved: Total,
    /// Tokens that were read from or written to caches and have no known rate.
    pub unknown: i64,
}

impl View {
    /// What the tokens of a range cost, by kind; of what the viewer sees.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, [`Error::Contradiction`] for a
    /// range that is too long for hours, or a ledger that failed or would have to read too much.
    pub async fn kinds(
        &self,
        (since, until): (Timestamp, Timestamp),
        (team, model): (Option<&str>, Option<&str>),
    ) -> Result<Kinds, Error> {
        let whose = self.whose(team, model)?;
        if until.0 - since.0 > DAYS_MAX * DAY_MS {
            return Err(Error::Contradiction {
                said: format!("costs by token kind are of {DAYS_MAX} days at most"),
                hint: "choose a shorter range".to_owned(),
            });
        }
        let rows = self.desk.admin.ledger.priced_tokens((since, until), whose).await?;
        let mut rates: BTreeMap<String, Rates> = BTreeMap::new();
        let mut models: Vec<&str> = rows.iter().map(|row| row.model.as_str()).collect();
        models.dedup();
        for model in models {
            let history = self.desk.prices.history(model).into_iter();
            rates.extend(history.map(|price| (price.id.to_string(), price.rates)));
        }
        Ok(Kinds::of(&rows, &rates))
    }
}

impl Kinds {
    fn of(rows: &[PricedTokens], rates: &BTreeMap<String, Rates>) -> Self {
        let mut kinds = Self::default();
        for kind in TokenKind::ALL.iter().copied() {
            let sum = rows.iter().fold((0, 0), |(tokens, cost), row| {
                let rate = rates.get(&row.price_id).and_then(|rates| rates.of(kind));
                let count = row.tokens(kind);
                (tokens + count, cost + pico(rate) * i128::from(count))
            });
            kinds.lines.push((kind, sum.0, Total(sum.1)));
            if !matches!(kind, TokenKind::Input | TokenKind::Output) {
                kinds.save(kind, rows, rates);
            }
        }
        let all: i128 = rows.iter().map(|row| row.cost().0).sum();
        let told: i128 = kinds.lines.iter().map(|(_, _, cost)| cost.0).sum();
        kinds.rest = Total(all - told);
        kinds
    }

    /// Adds what caches saved with one kind of token.
    fn save(&mut self, kind: TokenKind, rows: &[PricedTokens], rates: &BTreeMap<String, Rates>) {
        for row in rows {
            let rates = rates.get(&row.price_id);
            let tokens = row.tokens(kind);
            match rates.and_then(|rates| rates.of(kind).zip(rates.input)) {
                Some((rate, plain)) => {
                    let less = pico(Some(plain)) - pico(Some(rate));
                    self.saved.0 += less * i128::from(tokens);
                }
                None => self.unknown += tokens,
            }
        }
    }
}

fn pico(rate: Option<Rate>) -> i128 {
    rate.map(|rate| i128::from(rate.0)).unwrap_or_default()
}
