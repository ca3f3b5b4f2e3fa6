//! The most a call can cost, from its request alone: what is held for it.
//!
//! A bound, not a guess. A token is at least one byte of what was sent, and no request is answered
//! whose input is over the model's context window; the model's template and tool wrapping add
//! [`INPUT_OVERHEAD_TOKENS`] at most. Attachments are bounded by the context window alone.

use bursar_domain::catalogue::Model;
use bursar_domain::money::{Cost, MoneyError, Rate};
use bursar_domain::price::Price;
use bursar_domain::usage::Meter;
use bursar_wire::request::RequestFacts;

/// Tokens that a model's own template and tool wrapping add to what was sent, at most.
pub const INPUT_OVERHEAD_TOKENS: u64 = 1_024;

/// Upper bounds on what a request can use; `None` where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// Input tokens, cached or not.
    pub input_tokens: Option<u64>,
    /// Output tokens over all candidates.
    pub output_tokens: Option<u64>,
}

impl Ceiling {
    /// From a request and what is known of its model.
    #[must_use]
    pub fn of(facts: &RequestFacts, model: Option<&Model>) -> Self {
        let window = model.and_then(|model| model.context_window);
        // What is counted or judged puts no token into a model, and no template either.
        let template = if facts.input_bytes == 0 { 0 } else { INPUT_OVERHEAD_TOKENS };
        let sent = facts.input_bytes.saturating_add(template);
        let input_tokens = match (&facts.unbounded, facts.attachments) {
            (Some(_), _) => None,
            (None, 0) => Some(window.map_or(sent, |window| window.min(sent))),
            (None, _) => window,
        };
        let each = facts.max_tokens.or(model.and_then(|model| model.max_output_tokens));
        Self { input_tokens, output_tokens: each.map(|each| each.saturating_mul(facts.candidates)) }
    }

    /// Output tokens; `None` where nothing bounds them. A model whose price has no rate for output,
    /// such as one that embeds, puts out none.
    #[must_use]
    pub fn output(&self, price: Option<&Price>) -> Option<u64> {
        let is_silent = price.is_some_and(|price| price.rates.output.is_none());
        self.output_tokens.or(is_silent.then_some(0))
    }

    /// Tokens of all kinds together; `None` where nothing bounds them.
    #[must_use]
    pub fn tokens(&self, price: Option<&Price>) -> Option<u64> {
        Some(self.input_tokens?.saturating_add(self.output(price)?))
    }

    /// The dearest that this much can be at `price`; `None` where nothing bounds it.
    ///
    /// # Errors
    /// When the bound is over what one ledger row holds.
    pub fn cost(&self, facts: &RequestFacts, price: &Price) -> Result<Option<Cost>, MoneyError> {
        let input = bounded(dearest_input(facts, price), self.input_tokens)?;
        let output = bounded(price.rates.output, self.output_tokens)?;
        let (Some(input), Some(output)) = (input, output) else { return Ok(None) };
        let mut cost = input.plus(output)?;
        let images = facts.images.map(|images| (Meter("image".to_owned()), images));
        let metered = facts.meters.iter().chain(&facts.meters_at_most).cloned();
        for (meter, units) in metered.chain(images) {
            // A meter that the row does not price cannot be bounded by it.
            let Some(rate) = price.meter(&meter) else { return Ok(None) };
            cost = cost.plus(rate.times(units)?)?;
        }
        Ok(Some(cost))
    }
}

/// A row without the rate cannot bill that kind, so it bounds it at nothing.
fn bounded(rate: Option<Rate>, tokens: Option<u64>) -> Result<Option<Cost>, MoneyError> {
    match (rate, tokens) {
        (None, _) => Ok(Some(Cost::ZERO)),
        (Some(_), None) => Ok(None),
        (Some(rate), Some(tokens)) => rate.times(tokens).map(Some),
    }
}

/// Every input token may turn out to be the dearest kind that the request makes possible.
fn dearest_input(facts: &RequestFacts, price: &Price) -> Option<Rate> {
    let rates = &price.rates;
    let short_write = rates.cache_write_5m.filter(|_| facts.caches);
    let long_write = rates.cache_write_1h.filter(|_| facts.cache_ttl_1h);
    rates.input.max(short_write).max(long_write)
}

#[cfg(test)]
mod tests;
