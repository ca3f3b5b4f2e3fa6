//! Why a call has no price, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::price::{ContextBand, Price, PriceKey, Routing, Tier};
use crate::time::Timestamp;

/// A call without a price. It is refused unless the settings allow unpriced calls, and then it is
/// recorded as unpriced, never as free.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// No row of the book is about the model.
    #[error("there is no price for the model `{model}`")]
    UnknownModel {
        /// The base id that was looked for.
        model: String,
        /// The ids nearest to it that have prices, best first.
        nearest: Vec<String>,
    },
    /// The model has rows, but none for this call.
    #[error("{0}")]
    NoRow(Box<NoRow>),
    /// Several rows differ by what the key does not say.
    #[error("the price of `{model}` depends on {}", list(choices.keys()))]
    NeedsVariant {
        /// The base id.
        model: String,
        /// What to say, and what can be said.
        choices: BTreeMap<String, BTreeSet<String>>,
    },
}

/// A model that has prices, but none for this call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no price for `{model}` at {looked_for}")]
pub struct NoRow {
    /// The base id.
    pub model: String,
    /// Routing, tier, region, band, variant and day, as they were looked for.
    pub looked_for: String,
    /// The routings of the rows that there are.
    pub routings: Vec<Routing>,
    /// The tiers of those of that routing.
    pub tiers: Vec<Tier>,
    /// The regions of those of that tier.
    pub regions: Vec<String>,
    /// What to do about it.
    pub hint: String,
}

impl Unpriced {
    pub(super) fn needs_variant(model: &str, rows: &[&Price]) -> Self {
        let mut choices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (key, value) in rows.iter().flat_map(|row| &row.variant) {
            choices.entry(key.clone()).or_default().insert(value.clone());
        }
        // What all rows agree in need not be said.
        let is_shared = |key: &str| {
            let first = rows.first().and_then(|row| row.variant.get(key));
            rows.iter().all(|row| row.variant.get(key) == first)
        };
        choices.retain(|key, _| !is_shared(key));
        Self::NeedsVariant { model: model.to_owned(), choices }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownModel { nearest, .. } if nearest.is_empty() => {
                "add it to your own price file, or allow unpriced calls".to_owned()
            }
            Self::UnknownModel { nearest, .. } => format!("there are prices for {}", list(nearest)),
            Self::NoRow(row) => row.hint.clone(),
            Self::NeedsVariant { choices, .. } => {
                let say = |(key, values): (&String, &BTreeSet<String>)| {
                    format!("say `{key}`, one of {}", list(values))
                };
                choices.iter().map(say).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl NoRow {
    /// What there is instead, among a model's rows.
    pub(super) fn among(mut rows: Vec<Price>, key: &PriceKey<'_>, band: ContextBand) -> Self {
        let routings = distinct(rows.iter().map(|row| row.routing));
        rows.retain(|row| row.routing == key.routing);
        let tiers = distinct(rows.iter().map(|row| row.tier));
        rows.retain(|row| row.tier == key.tier);
        let regions = distinct(rows.iter().map(|row| row.region.clone()));
        let here = super::chain(key);
        rows.retain(|row| here.contains(&row.region));
        let hint = if !routings.contains(&key.routing) {
            format!("it is priced for {} routing only", list(&routings))
        } else if !tiers.contains(&key.tier) {
            format!("it is priced at the tiers {}", list(&tiers))
        } else if rows.is_empty() {
            format!("at this tier it is priced in {}", list(&regions))
        } else {
            Self::hint_here(&rows, key, band)
        };
        let looked_for = looked_for(key, band);
        Self { model: key.model.to_owned(), looked_for, routings, tiers, regions, hint }
    }

    /// What to do where routing, tier and region have rows: band, day or variant was amiss.
    fn hint_here(rows: &[Price], key: &PriceKey<'_>, band: ContextBand) -> String {
        if let Some(unknown) = super::unknown_variant(key, rows) {
            return format!("no price of it depends on `{}`", unknown.escape_debug());
        }
        let in_band: Vec<&Price> = rows.iter().filter(|row| row.context == band).collect();
        if in_band.is_empty() {
            let bands = distinct(rows.iter().map(|row| row.context));
            return format!("it is priced for the context bands {}", list(&bands));
        }
        if in_band.iter().any(|row| super::is_in_force(row, key)) {
            let variants = in_band.iter().flat_map(|row| &row.variant);
            let variants = distinct(variants.map(|(key, value)| format!("{key}={value}")));
            return format!("it is priced for {}", list(&variants));
        }
        format!("it is priced {}", distinct(in_band.into_iter().map(days)).join(" and "))
    }
}

fn looked_for(key: &PriceKey<'_>, band: ContextBand) -> String {
    let (routing, tier, region) = (key.routing, key.tier, key.region);
    let day = key.at.date();
    let mut text = format!("{routing} routing, tier `{tier}`, region `{region}`, {day}");
    if band != ContextBand::default() {
        let _ = write!(text, ", context {band}");
    }
    for (key, value) in key.variant {
        let _ = write!(text, ", {key} `{}`", value.escape_debug());
    }
    text
}

fn days(row: &Price) -> String {
    let day = |time: Option<Timestamp>| time.map(Timestamp::date);
    match (day(row.effective_from), day(row.effective_to)) {
        (Some(from), Some(to)) => format!("from {from} until {to}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("until {to}"),
        (None, None) => "on any day".to_owned(),
    }
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<BTreeSet<_>>().into_iter().collect()
}

fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}
