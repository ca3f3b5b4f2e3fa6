//! The price book: every embedded price, the user's own rows, and discounts; and the one rule by
//! which a call finds its row.
//!
//! A look-up reads the lines of one model. What it cannot find it refuses: there is no price of
//! zero for want of a better one, and no nearest row.

mod discount;
mod fingerprint;
mod listed;
#[cfg(test)]
mod own_row_tests;
mod policies;
#[cfg(test)]
mod tests;
mod unpriced;
mod variant;

pub use discount::{Discount, Percent};
pub use listed::{Agreement, ListedPrice};
pub use unpriced::{NoRow, Unpriced};

use std::cmp::Reverse;

use crate::catalogue::{Known, Names, UnknownModel, resolve};
use crate::model::ModelRef;
use crate::nearest::nearest;
use crate::price::{ContextBand, Price, PriceKey, Routing};
use crate::table::Table;

/// Where every region without a row of its own looks, for regional and for global routing.
const DEFAULT: &str = "default";
const GLOBAL: &str = "global";
const US_GOV: &str = "us-gov";

/// The embedded prices, and what the user adds to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceBook {
    /// The user's own rows. One wins over the embedded row with the same key; one without a
    /// variant wins over every variant of its key. Of two with one key and day, the later wins.
    pub overrides: Vec<Price>,
    /// Discounts on whatever row is found, the user's own included. The first that fits applies,
    /// and no other.
    pub discounts: Vec<Discount>,
}

impl PriceBook {
    /// The embedded prices as they are.
    #[must_use]
    pub const fn embedded_only() -> Self {
        Self { overrides: Vec::new(), discounts: Vec::new() }
    }

    /// The day on which the embedded prices were retrieved, `YYYY-MM-DD`.
    #[must_use]
    pub fn retrieved_on() -> &'static str {
        Table::PRICES.retrieved_on()
    }

    /// The row that a call is billed at, discounted.
    ///
    /// Of the rows in force for the model, routing and tier: the context band first, then the
    /// source region before its profile's geography before `us-gov` before `default` (or, for
    /// global routing, the source region before `global`), then the variant.
    ///
    /// # Errors
    /// [`Unpriced`], when there is no such row or the key does not tell several apart.
    pub fn price(&self, key: &PriceKey<'_>) -> Result<Price, Unpriced> {
        let regions = chain(key);
        let (band, rows) = self.candidates(key, &regions);
        if unknown_variant(key, &rows).is_some() {
            return Err(self.refuse(key, band));
        }
        for region in regions {
            let here = rows.iter().filter(|row| row.region == region);
            let found = variant::matching(here, key.variant);
            match found[..] {
                [] => {}
                [price] => return Ok(self.discounted(price.clone())),
                _ => return Err(Unpriced::needs_variant(key.model, &found)),
            }
        }
        Err(self.refuse(key, band))
    }

    /// Every row of a model, discounted: past, present and to come, the user's own first.
    #[must_use]
    pub fn history(&self, model: &str) -> Vec<Price> {
        self.rows_of(model).map(|row| self.discounted(row)).collect()
    }

    /// [`Catalogue::resolve`](crate::catalogue::Catalogue::resolve), which also knows the ids
    /// that have a price but are not in the catalogue: the user's own, and `bedrock.guardrails`.
    pub fn resolve(&self, text: &str, names: &Names) -> Result<ModelRef, UnknownModel> {
        resolve(text, Known { names, is_other: &|id| self.has_model(id) })
    }

    fn has_model(&self, id: &str) -> bool {
        self.overrides.iter().any(|row| row.model == id) || Table::PRICES.lines(id).next().is_some()
    }

    /// The context band of a key, and the rows in force in it for the key's model, routing, tier
    /// and regions: for each region and variant the newest, the user's own before the embedded.
    fn candidates(&self, key: &PriceKey<'_>, regions: &[String]) -> (ContextBand, Vec<Price>) {
        let fits = |row: &Price| {
            row.model == key.model
                && row.routing == key.routing
                && row.tier == key.tier
                && is_in_force(row, key)
                && regions.contains(&row.region)
        };
        let own = self.overrides.iter().rev().filter(|row| fits(row));
        let mut own: Vec<Price> = own.cloned().collect();
        let mut listed: Vec<Price> = listed::rows(key, regions).collect();
        // A band that is listed for other days only makes a long request unpriced, not cheap.
        let bands = own.iter().chain(&listed).map(|row| row.context);
        let band = bands.filter(|band| reaches(*band, key)).max().unwrap_or_default();
        own.retain(|row| row.context == band);
        own.sort_by_key(|row| Reverse(row.effective_from));
        let covers = |own: &Price, row: &Price| own.region == row.region && own.variant.is_empty();
        listed.retain(|row| row.context == band && is_in_force(row, key));
        listed.retain(|row| !own.iter().any(|own| covers(own, row)));
        listed.sort_by_key(|row| Reverse(row.effective_from));
        let mut newest: Vec<Price> = Vec::new();
        for row in own.into_iter().chain(listed) {
            let is_like =
                |known: &Price| known.region == row.region && known.variant == row.variant;
            if !newest.iter().any(is_like) {
                newest.push(row);
            }
        }
        (band, newest)
    }

    fn rows_of(&self, model: &str) -> impl Iterator<Item = Price> {
        let own = self.overrides.iter().filter(move |row| row.model == model).cloned();
        own.chain(ListedPrice::of(model).map(|listed| listed.price))
    }

    fn discounted(&self, price: Price) -> Price {
        match self.discounts.iter().find(|discount| discount.fits(&price)) {
            Some(discount) => discount.apply(price),
            None => price,
        }
    }

    fn refuse(&self, key: &PriceKey<'_>, band: ContextBand) -> Unpriced {
        let rows: Vec<Price> = self.rows_of(key.model).collect();
        if rows.is_empty() {
            let known = Table::PRICES.keys();
            let own = self.overrides.iter().map(|row| row.model.as_str());
            return Unpriced::UnknownModel {
                model: key.model.to_owned(),
                nearest: nearest(key.model, known.into_iter().chain(own)),
            };
        }
        Unpriced::NoRow(Box::new(NoRow::among(rows, key, band)))
    }
}

/// The regions of rows to try, in order.
fn chain(key: &PriceKey<'_>) -> Vec<String> {
    let mut regions = vec![key.region.to_owned()];
    match key.routing {
        Routing::Global => regions.push(GLOBAL.to_owned()),
        Routing::Regional => {
            regions.extend(key.geography.map(|geography| format!("geo:{geography}")));
            if key.geography == Some(US_GOV) || key.region.starts_with("us-gov-") {
                regions.push(US_GOV.to_owned());
            }
            regions.push(DEFAULT.to_owned());
        }
    }
    regions
}

fn is_in_force(row: &Price, key: &PriceKey<'_>) -> bool {
    row.effective_from.is_none_or(|from| from <= key.at)
        && row.effective_to.is_none_or(|to| key.at < to)
}

/// A key of the variant by which neither these rows nor any embedded ones differ: a slip, which
/// must not be priced as if it had not been said.
fn unknown_variant<'a>(key: &PriceKey<'a>, rows: &[Price]) -> Option<&'a str> {
    let is_known = |name: &str| {
        variant::KEYS.contains(&name) || rows.iter().any(|row| row.variant.contains_key(name))
    };
    key.variant.keys().map(String::as_str).find(|name| !is_known(name))
}

const fn reaches(band: ContextBand, key: &PriceKey<'_>) -> bool {
    band.above_tokens > 0 && key.context_tokens > band.above_tokens
}
