//! What tokens of each kind cost, at the rates that they were billed at, and what caches saved.

use std::collections::{BTreeMap, BTreeSet};

use bursar_domain::money::{Rate, Total};
use bursar_domain::price::Rates;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_domain::usage::TokenKind;
use bursar_ledger::{Counters, Grain, GrainSlice, HourBy, HourSlice, SliceRow, Whose};

use crate::{Error, View};

/// The widest hours are read of so many days at most.
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
        let rows = self.priced((since, until), (team, model)).await?;
        let mut rates: BTreeMap<String, Rates> = BTreeMap::new();
        let models: BTreeSet<&str> = rows.iter().map(|row| row.value.as_str()).collect();
        for model in models {
            let history = self.desk.prices.history(model).into_iter();
            rates.extend(history.map(|price| (price.id.to_string(), price.rates)));
        }
        Ok(Kinds::of(&rows, &rates))
    }

    /// Sums by model, and by price row within it.
    async fn priced(
        &self,
        (since, until): (Timestamp, Timestamp),
        (team, model): (Option<&str>, Option<&str>),
    ) -> Result<Vec<SliceRow>, Error> {
        let Whose { team, user, model } = self.whose(team, model)?;
        let ledger = &self.desk.admin.ledger;
        let own = |text: Option<&str>| text.map(str::to_owned);
        if team.is_none() && user.is_none() {
            let is_of_days = since == since.day() && until == until.day();
            let grain = if is_of_days { Grain::Price } else { Grain::HourPrice };
            let values = own(model).map(|model| vec![model]);
            let slice = GrainSlice { grain, since, until, values, second: None, step_ms: None };
            return Ok(ledger.grains(&slice).await?);
        }
        if until.0 - since.0 > DAYS_MAX * DAY_MS {
            return Err(Error::Contradiction {
                said: format!("costs by token kind are of {DAYS_MAX} days of one team at most"),
                hint: "choose a shorter range".to_owned(),
            });
        }
        let slice = HourSlice {
            by: HourBy::Model,
            then: Some(HourBy::Price),
            since,
            until,
            team: own(team),
            user: own(user),
            model: own(model),
            step_ms: None,
        };
        Ok(ledger.hours(&slice).await?)
    }
}

impl Kinds {
    fn of(rows: &[SliceRow], rates: &BTreeMap<String, Rates>) -> Self {
        let mut kinds = Self::default();
        for kind in TokenKind::ALL.iter().copied() {
            let sum = rows.iter().fold((0, 0), |(sum, cost), row| {
                let rate = rates.get(&row.second).and_then(|rates| rates.of(kind));
                let count = tokens(&row.counters, kind);
                (sum + count, cost + pico(rate) * i128::from(count))
            });
            kinds.lines.push((kind, sum.0, Total(sum.1)));
            if !matches!(kind, TokenKind::Input | TokenKind::Output) {
                kinds.save(kind, rows, rates);
            }
        }
        let all: i128 = rows.iter().map(|row| row.counters.cost.0).sum();
        let told: i128 = kinds.lines.iter().map(|(_, _, cost)| cost.0).sum();
        kinds.rest = Total(all - told);
        kinds
    }

    /// Adds what caches saved with one kind of token.
    fn save(&mut self, kind: TokenKind, rows: &[SliceRow], rates: &BTreeMap<String, Rates>) {
        for row in rows {
            let rates = rates.get(&row.second);
            let tokens = tokens(&row.counters, kind);
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

const fn tokens(sums: &Counters, kind: TokenKind) -> i64 {
    match kind {
        TokenKind::Input => sums.input_tokens,
        TokenKind::Output => sums.output_tokens,
        TokenKind::CacheRead => sums.cache_read_tokens,
        TokenKind::CacheWrite5m => sums.cache_write_5m_tokens,
        TokenKind::CacheWrite1h => sums.cache_write_1h_tokens,
    }
}

fn pico(rate: Option<Rate>) -> i128 {
    rate.map(|rate| i128::from(rate.0)).unwrap_or_default()
}
