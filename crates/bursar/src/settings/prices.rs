//! A file of one's own prices and discounts: rows that override Bedrock's or add to them.

use std::collections::BTreeMap;
use std::path::Path;

use bursar_domain::money::{MoneyError, Rate};
use bursar_domain::price::{ContextBand, Price, PriceId, Rates, Routing, Tier};
use bursar_domain::price_book::{Discount, Percent, PriceBook};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Meter;
use serde::Deserialize;

use super::file;
use crate::failure::{Failure, Situation};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    price: Vec<PriceSaid>,
    discount: Vec<DiscountSaid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceSaid {
    model: String,
    #[serde(default = "default_region")]
    region: String,
    #[serde(default = "default_routing")]
    routing: String,
    #[serde(default = "default_tier")]
    tier: String,
    #[serde(default)]
    above_tokens: u64,
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write_5m: Option<String>,
    cache_write_1h: Option<String>,
    #[serde(default)]
    meters: BTreeMap<String, String>,
    #[serde(default)]
    variant: BTreeMap<String, String>,
    effective_from: Option<String>,
    effective_to: Option<String>,
    source: String,
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountSaid {
    model: Option<String>,
    provider: Option<String>,
    tier: Option<String>,
    percent: String,
}

fn default_region() -> String {
    "default".to_owned()
}

fn default_routing() -> String {
    Routing::Regional.as_str().to_owned()
}

fn default_tier() -> String {
    Tier::Standard.as_str().to_owned()
}

/// Reads the file over the embedded prices.
pub(super) fn read(path: &Path) -> Result<PriceBook, Failure> {
    let said: Said = file::read(path)?;
    let refuse = |what: String, problem: String| {
        let message = format!("{}: {what}: {problem}", path.display());
        Failure::new(Situation::Configuration, message).hint(
            "amounts are US dollars in quotes: \"3.00\" per million tokens, \"0.04\" per unit",
        )
    };
    let prices = said.price.into_iter().zip(1..).map(|(price, number)| {
        let what = format!("price {number} (`{}`)", price.model);
        price.price().map_err(|problem| refuse(what, problem))
    });
    let discounts = said.discount.into_iter().zip(1..).map(|(discount, number)| {
        discount.discount().map_err(|problem| refuse(format!("discount {number}"), problem))
    });
    Ok(PriceBook {
        overrides: prices.collect::<Result<_, _>>()?,
        discounts: discounts.collect::<Result<_, _>>()?,
    })
}

impl PriceSaid {
    fn price(self) -> Result<Price, String> {
        let rate = |text: Option<String>| {
            let rate = text.map(|text| Rate::parse_per_million(&text)).transpose();
            rate.map_err(|error: MoneyError| error.to_string())
        };
        let meters = self.meters.into_iter().map(|(name, text)| {
            let rate = Rate::parse_per_unit(&text).map_err(|error| error.to_string())?;
            Ok((Meter(name), rate))
        });
        let price = Price {
            id: PriceId(String::new()),
            model: self.model,
            region: self.region,
            routing: self.routing.parse().map_err(|error| format!("`routing`: {error}"))?,
            tier: self.tier.parse().map_err(|error| format!("`tier`: {error}"))?,
            context: ContextBand { above_tokens: self.above_tokens },
            variant: self.variant,
            rates: Rates {
                input: rate(self.input)?,
                output: rate(self.output)?,
                cache_read: rate(self.cache_read)?,
                cache_write_5m: rate(self.cache_write_5m)?,
                cache_write_1h: rate(self.cache_write_1h)?,
            },
            meters: meters.collect::<Result<_, String>>()?,
            effective_from: day(self.effective_from)?,
            effective_to: day(self.effective_to)?,
            sources: vec![self.source],
            note: self.note,
        };
        Ok(Price { id: PriceId::of(&price), ..price })
    }
}

impl DiscountSaid {
    fn discount(self) -> Result<Discount, String> {
        let tier = self.tier.map(|tier| tier.parse()).transpose();
        Ok(Discount {
            model: self.model,
            provider: self.provider,
            tier: tier.map_err(|error| format!("`tier`: {error}"))?,
            percent: Percent::parse(&self.percent).map_err(|error| error.to_string())?,
        })
    }
}

fn day(text: Option<String>) -> Result<Option<Timestamp>, String> {
    let read = |text: String| {
        Timestamp::parse_date(&text).ok_or_else(|| format!("`{text}` is no date (2026-11-01)"))
    };
    text.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<PriceBook, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prices.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn a_contract_price_and_a_discount_are_read_exactly() {
        let book = read_text(
            "[[price]]\nmodel = \"amazon.nova-lite-v1:0\"\ninput = \"0.05\"\noutput = \"0.2\"\n\
             effective_from = \"2026-01-01\"\nsource = \"contract 17\"\n\
             [[discount]]\nprovider = \"anthropic\"\npercent = \"12.5\"\n",
        )
        .unwrap();
        assert_eq!(book.overrides[0].rates.input, Some(Rate(50_000)));
        assert_eq!(book.overrides[0].sources, ["contract 17"]);
        assert_eq!(book.discounts[0].percent.parts_per_million(), 125_000);
    }

    #[test]
    fn a_wrong_amount_names_the_row_and_the_value() {
        for (text, told) in [
            ("[[price]]\nmodel = \"a.b\"\ninput = \"free\"\nsource = \"x\"\n", "`free`"),
            ("[[price]]\nmodel = \"a.b\"\ntier = \"vip\"\nsource = \"x\"\n", "`vip`"),
            ("[[price]]\nmodel = \"a.b\"\neffective_to = \"soon\"\nsource = \"x\"\n", "`soon`"),
            ("[[discount]]\npercent = \"101\"\n", "`101`"),
        ] {
            let failure = read_text(text).unwrap_err();
            assert_eq!(failure.situation, Situation::Configuration);
            assert!(failure.message.contains(told), "{}", failure.message);
        }
    }
}
