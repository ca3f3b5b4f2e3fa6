//! Reading the embedded price rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, PoisonError, RwLock};

use crate::closed_set;
use crate::money::Rate;
use crate::price::{ContextBand, Price, PriceId, PriceKey, Rates};
use crate::table::{Line, Table, items};
use crate::usage::Meter;

closed_set! {
    /// How well a price is attested.
    Agreement {
        /// One source has it.
        Single = "single source",
        /// Two or more that do not copy each other have it.
        Independent = ">=2 independent",
    }
}

/// An embedded price row with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPrice {
    /// The price.
    pub price: Price,
    /// Regions whose sources confirm a `default` or `global` row.
    pub also_regions: Vec<&'static str>,
    /// Prefixes of cross-region profiles that are billed at it.
    pub profile_prefixes: Vec<&'static str>,
    /// How long its cache writes live where not five minutes: `30m`.
    pub cache_write_ttl: Option<&'static str>,
    /// How well it is attested.
    pub agreement: Agreement,
    /// `unconfirmed`, where its one source is doubted.
    pub status: Option<&'static str>,
}

impl ListedPrice {
    /// Every embedded row of a model.
    pub fn of(model: &str) -> impl Iterator<Item = Self> {
        Table::PRICES.lines(model).filter_map(Self::read)
    }

    /// Every embedded row.
    pub fn all() -> impl Iterator<Item = Self> {
        Table::PRICES.all().filter_map(Self::read)
    }

    /// Reads the columns in their order in the table.
    fn read(mut line: Line) -> Option<Self> {
        let model = line.key.to_owned();
        let region = line.text()?.to_owned();
        let (routing, tier) = (line.text()?.parse().ok()?, line.text()?.parse().ok()?);
        let context = context(line.text()?)?;
        let (effective_from, effective_to) = (line.day()?, line.day()?);
        let rates = Rates {
            input: rate(&mut line)?,
            output: rate(&mut line)?,
            cache_read: rate(&mut line)?,
            cache_write_5m: rate(&mut line)?,
            cache_write_1h: rate(&mut line)?,
        };
        let units = Units::read(line.text()?)?;
        let also_regions = line.list()?.unwrap_or_default();
        let profile_prefixes = line.list()?.unwrap_or_default();
        let cache_write_ttl = line.optional()?;
        let agreement = line.text()?.parse().ok()?;
        let status = line.optional()?;
        let mut price = Price {
            id: PriceId(String::new()),
            model,
            region,
            routing,
            tier,
            context,
            variant: units.variant,
            rates,
            meters: units.meters,
            effective_from,
            effective_to,
            note: joined(status.into_iter().chain(line.note()?).chain(units.notes)),
            sources: line.sources()?.into_iter().map(str::to_owned).collect(),
        };
        price.id = PriceId::of(&price);
        Some(Self { price, also_regions, profile_prefixes, cache_write_ttl, agreement, status })
    }
}

/// The rows of a key's model, routing, tier and regions. Only those are read whole.
pub(super) fn rows(key: &PriceKey<'_>, regions: &[String]) -> impl Iterator<Item = Price> {
    let (routing, tier) = (key.routing.as_str(), key.tier.as_str());
    let fits = move |line: &Line| {
        let mut line = line.clone();
        line.text().is_some_and(|own| regions.iter().any(|region| region == own))
            && line.text() == Some(routing)
            && line.text() == Some(tier)
    };
    Table::PRICES.lines(key.model).filter(fits).filter_map(kept)
}

/// The price of a line, read once: every call of a model asks for the same few, several times. As
/// many are kept as the table has lines, each by where its line begins.
fn kept(line: Line) -> Option<Price> {
    static KEPT: LazyLock<RwLock<HashMap<usize, Price>>> = LazyLock::new(RwLock::default);
    let place = line.key.as_ptr().addr();
    let known = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
    known.or_else(|| {
        let ListedPrice { price, .. } = ListedPrice::read(line)?;
        let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
        Some(kept.entry(place).or_insert(price).clone())
    })
}

/// `base` or `above_272k`.
fn context(text: &str) -> Option<ContextBand> {
    let thousands = match text {
        "base" => 0,
        _ => text.strip_prefix("above_")?.strip_suffix('k')?.parse().ok()?,
    };
    Some(ContextBand { above_tokens: u64::checked_mul(thousands, 1000)? })
}

#[expect(clippy::option_option, reason = "a rate that cannot be read is not one that is absent")]
fn rate(line: &mut Line) -> Option<Option<Rate>> {
    line.optional()?.map_or(Some(None), |text| Rate::parse_per_million(text).ok().map(Some))
}

fn joined(notes: impl Iterator<Item = &'static str>) -> Option<String> {
    let notes: Vec<_> = notes.collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// What a row's `unit_prices` column says: rates by meter, what tells the row from its like, and
/// remarks.
#[derive(Default)]
struct Units {
    meters: Vec<(Meter, Rate)>,
    variant: BTreeMap<String, String>,
    notes: Vec<&'static str>,
}

impl Units {
    fn read(field: &'static str) -> Option<Self> {
        let mut units = Self::default();
        for item in items(field) {
            let (name, value) = item.split_once('=')?;
            units.take(name, value)?;
        }
        Some(units)
    }

    fn take(&mut self, name: &'static str, value: &'static str) -> Option<()> {
        match name.strip_prefix("per_") {
            Some(meter) => {
                self.meters.push((Meter(meter.to_owned()), Rate::parse_per_unit(value).ok()?));
                // A million at once is how it is listed; one at a time is how it is used.
                if let Some(single) = meter.strip_prefix("1m_") {
                    let rate = Rate::parse_per_million(value).ok()?;
                    self.meters.push((Meter(single.to_owned()), rate));
                }
            }
            None if name == "storage_per_cmu_month" => {
                self.meters.push((Meter(name.to_owned()), Rate::parse_per_unit(value).ok()?));
            }
            None if super::variant::KEYS.contains(&name) => {
                self.variant.insert(name.to_owned(), value.to_owned());
            }
            None if matches!(name, "unit" | "billing_window") => self.notes.push(value),
            None => return None,
        }
        Some(())
    }
}
