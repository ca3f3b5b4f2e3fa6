//! Prices: dated, sourced rows, and the key by which one is found.

use std::collections::BTreeMap;
use std::fmt;

use crate::closed_set;
use crate::money::Rate;
use crate::time::Timestamp;
use crate::usage::{Meter, TokenKind};

closed_set! {
    /// Which of the two price levels a model id is billed at.
    Routing {
        /// A bare id or a geographic profile (`us.`, `eu.` …).
        Regional = "regional",
        /// A `global.` profile.
        Global = "global",
    }
}

impl Routing {
    /// Only a `global.` profile is billed at the global price.
    #[must_use]
    pub fn of_geography(geography: Option<&str>) -> Self {
        if geography == Some("global") { Self::Global } else { Self::Regional }
    }
}

closed_set! {
    /// Bedrock's service tiers and the other ways to buy inference.
    Tier {
        /// On demand. Bedrock's wire calls it `default`.
        Standard = "standard",
        /// Batch inference.
        Batch = "batch",
        /// Slower and cheaper.
        Flex = "flex",
        /// Faster and dearer.
        Priority = "priority",
        /// `performanceConfig.latency = optimized`.
        LatencyOptimised = "latency-optimised",
        /// Model units by the hour.
        Provisioned = "provisioned",
        /// Tokens per minute by the month.
        Reserved = "reserved",
        /// Faster still.
        Ultrafast = "ultrafast",
        /// Custom model units by the minute.
        CustomModelUnit = "custom-model-unit",
    }
}

/// The context band of a price row: the whole request is billed at it when its input, cached or
/// not, is more than so many tokens. Zero is the base band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ContextBand {
    /// The threshold in tokens, exclusive.
    pub above_tokens: u64,
}

impl fmt::Display for ContextBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.above_tokens {
            0 => f.pad("base"),
            tokens => f.pad(&format!("above_{}k", tokens / 1000)),
        }
    }
}

/// A price row's identity: a short hash of its key and rates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PriceId(pub String);

impl fmt::Display for PriceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Pico-dollars per token of each kind; `None` where the row has no such rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Input.
    pub input: Option<Rate>,
    /// Output.
    pub output: Option<Rate>,
    /// Cache read.
    pub cache_read: Option<Rate>,
    /// Five-minute cache write.
    pub cache_write_5m: Option<Rate>,
    /// One-hour cache write.
    pub cache_write_1h: Option<Rate>,
}

impl Rates {
    /// The rate of one kind.
    #[must_use]
    pub const fn of(&self, kind: TokenKind) -> Option<Rate> {
        match kind {
            TokenKind::Input => self.input,
            TokenKind::Output => self.output,
            TokenKind::CacheRead => self.cache_read,
            TokenKind::CacheWrite5m => self.cache_write_5m,
            TokenKind::CacheWrite1h => self.cache_write_1h,
        }
    }
}

/// One price row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Hash of the key and the rates.
    pub id: PriceId,
    /// The canonical base id.
    pub model: String,
    /// A region, `geo:X`, `us-gov`, `default` or `global`.
    pub region: String,
    /// Regional or global.
    pub routing: Routing,
    /// The tier.
    pub tier: Tier,
    /// The context band.
    pub context: ContextBand,
    /// What else tells rows apart: image size and quality, resolution, commitment, policy …
    pub variant: BTreeMap<String, String>,
    /// Rates per token.
    pub rates: Rates,
    /// Rates per metered unit.
    pub meters: Vec<(Meter, Rate)>,
    /// The first day it applies; `None` for ever since.
    pub effective_from: Option<Timestamp>,
    /// The first day it no longer applies; `None` for until further notice.
    pub effective_to: Option<Timestamp>,
    /// Where the figures come from.
    pub sources: Vec<String>,
    /// What to know about the row.
    pub note: Option<String>,
}

impl Price {
    /// The rate of one meter.
    #[must_use]
    pub fn meter(&self, meter: &Meter) -> Option<Rate> {
        self.meters.iter().find(|(known, _)| known == meter).map(|(_, rate)| *rate)
    }

    /// What a ledger row keeps of the price.
    #[must_use]
    pub fn stamp(&self) -> PriceStamp {
        PriceStamp { id: self.id.clone(), rates: self.rates, meters: self.meters.clone() }
    }
}

/// The part of a price that is copied into each row, so that no later change rewrites history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceStamp {
    /// The price row.
    pub id: PriceId,
    /// Its rates then.
    pub rates: Rates,
    /// Its meters then.
    pub meters: Vec<(Meter, Rate)>,
}

/// What a price is looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceKey<'a> {
    /// The canonical base id.
    pub model: &'a str,
    /// The region the call is made from.
    pub region: &'a str,
    /// The geography of a cross-region profile (`us`, `eu` …), where one was used.
    pub geography: Option<&'a str>,
    /// Regional or global.
    pub routing: Routing,
    /// The tier.
    pub tier: Tier,
    /// Input tokens, cached or not: they choose the context band.
    pub context_tokens: u64,
    /// Image size, quality and the like, where rows differ by it.
    pub variant: &'a BTreeMap<String, String>,
    /// When the call is made.
    pub at: Timestamp,
}
