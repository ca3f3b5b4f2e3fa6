//! Prices in force, as calls of this process are priced: published ones, a price file's, discounts.

use std::collections::BTreeMap;

use bursar_domain::price::Price;
use bursar_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calls::{RateReply, parse_time};
use crate::{Desk, Error};

/// Which prices are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PriceQuery {
    /// The model, by any name of it.
    pub model: String,
    /// In force then: RFC 3339, or a date; now where nothing is said.
    pub at: Option<String>,
}

/// A price that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceRow {
    /// What calls are recorded with.
    pub id: String,
    /// The model, by its canonical id.
    pub model: String,
    /// A region, `geo:X`, `us-gov`, `default` or `global`.
    pub region: String,
    /// Regional or global.
    pub routing: String,
    /// The tier.
    pub tier: String,
    /// It applies above so many input tokens.
    pub above_tokens: u64,
    /// What else tells rows apart: size, quality …
    pub variant: BTreeMap<String, String>,
    /// Dollars per million tokens.
    pub rates: RateReply,
    /// Dollars per unit of a meter.
    pub meters: BTreeMap<String, String>,
    /// The first day it applies; null for ever since.
    pub effective_from: Option<String>,
    /// The first day it no longer applies; null for until further notice.
    pub effective_to: Option<String>,
    /// Where the figures come from.
    pub sources: Vec<String>,
}

impl Desk {
    /// The rows of a model that are in force, in the book's order.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], or [`Error::BadWord`] for a time that is none.
    pub fn prices(&self, query: &PriceQuery) -> Result<Vec<PriceRow>, Error> {
        let model = self.known_models().model(&query.model)?;
        let at = parse_time(query.at.as_deref())?.unwrap_or(self.admin.clock.now());
        let is_in_force = |price: &Price| {
            price.effective_from.is_none_or(|from| from <= at)
                && price.effective_to.is_none_or(|to| at < to)
        };
        let rows = self.prices.history(model.as_str());
        Ok(rows.iter().filter(|price| is_in_force(price)).map(PriceRow::from).collect())
    }

    /// The rows of a model that are no longer in force, or not yet, by the day they began.
    ///
    /// # Errors
    /// [`Error::UnknownModel`].
    pub fn price_history(&self, model: &str) -> Result<Vec<PriceRow>, Error> {
        let model = self.known_models().model(model)?;
        let now = self.admin.clock.now();
        let is_other = |price: &Price| {
            price.effective_from.is_some_and(|from| now < from)
                || price.effective_to.is_some_and(|to| to <= now)
        };
        let mut rows = self.prices.history(model.as_str());
        rows.retain(is_other);
        rows.sort_by_key(|price| price.effective_from);
        Ok(rows.iter().map(PriceRow::from).collect())
    }
}

impl From<&Price> for PriceRow {
    fn from(price: &Price) -> Self {
        let date = |at: &Option<Timestamp>| at.map(Timestamp::date);
        let meters = price.meters.iter();
        Self {
            id: price.id.to_string(),
            model: price.model.clone(),
            region: price.region.clone(),
            routing: price.routing.to_string(),
            tier: price.tier.to_string(),
            above_tokens: price.context.above_tokens,
            variant: price.variant.clone(),
            rates: RateReply::from(&price.rates),
            meters: meters.map(|(meter, rate)| (meter.0.clone(), rate.per_unit())).collect(),
            effective_from: date(&price.effective_from),
            effective_to: date(&price.effective_to),
            sources: price.sources.clone(),
        }
    }
}
