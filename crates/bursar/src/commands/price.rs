//! `bursar price`: what so many tokens cost, to the pico-dollar, and by which row.

use bursar_admin::RateReply;
use bursar_domain::catalogue::Catalogue;
use bursar_domain::money::{Rate, Total};
use bursar_domain::price::{Price, PriceKey, Routing, Tier};
use bursar_domain::price_book::Unpriced;
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::usage::{Meter, TokenKind, Usage};
use comfy_table::Cell;
use serde_json::{Map, Value, json};

use crate::alias;
use crate::attribution::pairs;
use crate::failure::{Failure, Situation};
use crate::output::{BOLD, DIM, Output};
use crate::settings::{Settings, is_region};
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar price us.anthropic.claude-sonnet-4-5-20250929-v1:0 --input 12000 --output 800
  bursar price amazon.nova-canvas-v1:0 --meter image=2 --variant size=1024x1024 --variant quality=standard
  bursar price openai.gpt-5.6-sol --at 2026-08-01 --input 300000 --json
  bursar price bedrock.guardrails --meter unit=3 --variant policy=contentPolicyUnits

What a prompt or a body of which you do not know the tokens will cost: `bursar estimate`.")]
pub(crate) struct PriceArgs {
    /// A model id, a profile id, an ARN or an alias
    model: String,
    /// The region the call is made from
    #[arg(long, value_parser = region)]
    region: Option<String>,
    /// standard, batch, flex, priority, latency-optimised, provisioned …
    #[arg(long, default_value = "standard")]
    tier: Tier,
    /// The day it happens: a date or an RFC 3339 time (UTC)
    #[arg(long, value_name = "DATE", value_parser = point_in_time)]
    at: Option<Timestamp>,
    /// Uncached input tokens
    #[arg(long, value_name = "N", default_value_t = 0)]
    input: u64,
    /// Output tokens
    #[arg(long, value_name = "N", default_value_t = 0)]
    output: u64,
    /// Tokens read from a cache
    #[arg(long, value_name = "N", default_value_t = 0)]
    cache_read: u64,
    /// Tokens written to a cache for five minutes
    #[arg(long = "cache-write-5m", value_name = "N", default_value_t = 0)]
    cache_write_5m: u64,
    /// Tokens written to a cache for an hour
    #[arg(long = "cache-write-1h", value_name = "N", default_value_t = 0)]
    cache_write_1h: u64,
    /// Units of a meter, such as `image=2` or `search_unit=3`
    #[arg(long = "meter", value_name = "NAME=N")]
    meters: Vec<String>,
    /// What tells price rows apart, such as `size=1024x1024`
    #[arg(long = "variant", value_name = "KEY=VALUE")]
    variants: Vec<String>,
}

impl PriceArgs {
    pub(crate) fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let usage = self.usage()?;
        let variant = pairs("--variant", &self.variants)?;
        let reference = settings.resolve(&self.model)?;
        let base = reference.base.as_ref().ok_or_else(|| {
            Failure::new(
                Situation::Unpriced,
                format!("what `{}` stands for is not known", self.model),
            )
            .hint("say so under `[models.base_models]` in the configuration")
        })?;
        let region = self.region.as_deref().or(reference.region.as_deref());
        let region = region.unwrap_or(&settings.region);
        let geography = reference.geography.as_deref();
        let routing = Routing::of_geography(geography);
        let price = settings.prices.price(&PriceKey {
            model: base.as_str(),
            region,
            geography,
            routing,
            tier: self.tier,
            context_tokens: usage.context_tokens(),
            variant: &variant,
            at: self.at.unwrap_or_else(|| Clock::system().now()),
        });
        let price = price.map_err(|unpriced| unpriced_failure(&unpriced))?;
        let cost = usage.cost(&price).map_err(|error| {
            Failure::from_text(Situation::Unpriced, &error.to_string())
                .hint("`bursar models show` lists every row of the model")
        })?;
        if output.json {
            Output::object(&json!({
                "model": base.as_str(),
                "alias": reference.alias,
                "routing": routing.as_str(),
                "region": region,
                "tier": self.tier.as_str(),
                "context": price.context.to_string(),
                "cost_usd": cost.usd(),
                "rates": RateReply::from(&price.rates),
                "meters": meters_json(&price),
                "price": {
                    "id": price.id.to_string(),
                    "effective_from": price.effective_from.map(Timestamp::date),
                    "sources": price.sources,
                },
            }))?;
            return Ok(());
        }
        Output::line(show(&usage, &price))?;
        let model = alias::beside(&reference, base.as_str());
        Output::line(format!("{BOLD}{model} from {region} costs {cost}{BOLD:#}"))?;
        output.note(provenance(&price));
        Ok(())
    }

    fn usage(&self) -> Result<Usage, Failure> {
        let meters = pairs("--meter", &self.meters)?.into_iter().map(|(name, count)| {
            let count = count.parse().map_err(|_| {
                Failure::new(Situation::Usage, format!("`--meter {name}={count}` is no number"))
            })?;
            Ok((Meter(name), count))
        });
        Ok(Usage {
            input: self.input,
            output: self.output,
            cache_read: self.cache_read,
            cache_write_5m: self.cache_write_5m,
            cache_write_1h: self.cache_write_1h,
            meters: meters.collect::<Result<_, Failure>>()?,
        })
    }
}

/// The price of a bare id from the configured region, in its base context.
pub(crate) fn find(
    settings: &Settings,
    id: &str,
    tier: Tier,
    at: Timestamp,
) -> Result<Price, Unpriced> {
    settings.prices.price(&PriceKey {
        model: id,
        region: &settings.region,
        geography: None,
        routing: Routing::Regional,
        tier,
        context_tokens: 0,
        variant: &std::collections::BTreeMap::new(),
        at,
    })
}

/// Exit 3, with what there is instead.
pub(crate) fn unpriced_failure(unpriced: &Unpriced) -> Failure {
    Failure::new(Situation::Unpriced, unpriced.to_string()).hint(unpriced.hint())
}

fn show(usage: &Usage, price: &Price) -> String {
    let mut table = table::new(&["", ">quantity", ">rate", ">cost"]);
    let mut row = |name: &str, quantity: u64, rate: String, cost: Option<Total>| {
        let cost = cost.map_or("over one row".to_owned(), |cost| cost.to_string());
        table.add_row(vec![
            Cell::new(name),
            table::figure(quantity),
            table::figure(rate),
            table::figure(cost),
        ]);
    };
    let cost = |rate: Rate, quantity: u64| rate.times(quantity).ok().map(Total::from);
    for &kind in TokenKind::ALL {
        if let Some(rate) = price.rates.of(kind) {
            let name = kind.as_str().replace('_', " ");
            let text = format!("${} per million", rate.per_million());
            row(&name, usage.tokens(kind), text, cost(rate, usage.tokens(kind)));
        }
    }
    for (meter, rate) in &price.meters {
        let used = usage.meters.iter().find(|(used, _)| used == meter);
        let quantity = used.map_or(0, |(_, quantity)| *quantity);
        row(&meter.0, quantity, format!("${} each", rate.per_unit()), cost(*rate, quantity));
    }
    table.trim_fmt()
}

fn provenance(price: &Price) -> String {
    let since = price.effective_from.map_or("any time".to_owned(), Timestamp::date);
    let sources = price.sources.join("; ");
    let retrieved = Catalogue::embedded().retrieved_on();
    format!(
        "{DIM}price {} ({}, {}, {}) in force since {since}; retrieved {retrieved}; {sources}{DIM:#}",
        price.id, price.region, price.tier, price.context
    )
}

fn meters_json(price: &Price) -> Map<String, Value> {
    let meters = price.meters.iter();
    meters.map(|(meter, rate)| (meter.0.clone(), json!(rate.per_unit()))).collect()
}

/// One row of a model's price history.
pub(crate) fn row_json(price: &Price) -> Value {
    json!({
        "id": price.id.to_string(),
        "region": price.region,
        "routing": price.routing.as_str(),
        "tier": price.tier.as_str(),
        "context": price.context.to_string(),
        "variant": price.variant,
        "rates": RateReply::from(&price.rates),
        "meters": meters_json(price),
        "effective_from": price.effective_from.map(Timestamp::date),
        "effective_to": price.effective_to.map(Timestamp::date),
        "sources": price.sources,
        "note": price.note,
    })
}

/// Every price row of a model, for people.
pub(crate) fn history_table(history: &[Price]) -> String {
    let mut table = table::new(&[
        "region",
        "routing",
        "tier",
        "context",
        ">in",
        ">out",
        ">read",
        ">write 5m",
        ">write 1h",
        "units",
        "from",
        "to",
    ]);
    let rate = |rate: Option<Rate>| rate.map_or("–".to_owned(), Rate::per_million);
    let day = |day: Option<Timestamp>| day.map_or("–".to_owned(), Timestamp::date);
    for price in history {
        let variant = price.variant.values().cloned();
        let meters =
            price.meters.iter().map(|(meter, rate)| format!("{} ${}", meter.0, rate.per_unit()));
        let units: Vec<String> = meters.chain(variant).collect();
        table.add_row(vec![
            Cell::new(&price.region),
            Cell::new(price.routing),
            Cell::new(price.tier),
            Cell::new(price.context),
            table::figure(rate(price.rates.input)),
            table::figure(rate(price.rates.output)),
            table::figure(rate(price.rates.cache_read)),
            table::figure(rate(price.rates.cache_write_5m)),
            table::figure(rate(price.rates.cache_write_1h)),
            Cell::new(units.join(", ")),
            Cell::new(day(price.effective_from)),
            Cell::new(day(price.effective_to)),
        ]);
    }
    table.trim_fmt()
}

fn region(text: &str) -> Result<String, String> {
    let found = is_region(text).then(|| text.to_owned());
    found.ok_or_else(|| "it is a region such as `eu-central-1`".to_owned())
}

fn point_in_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_date(text)
        .or_else(|| Timestamp::parse_rfc3339(text))
        .ok_or_else(|| "it is a date (2026-11-01) or an RFC 3339 time".to_owned())
}
