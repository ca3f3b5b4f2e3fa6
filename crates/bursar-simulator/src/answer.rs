//! An answer before it has a shape: what the model says, why it stops, and what it tells of usage.

use bursar_domain::usage::Usage;
use serde_json::{Map, Value, json};

use crate::chance::Chance;
use crate::fault::Fault;
use crate::steering::{Stop, WireLatency, WireTier};

/// What is told of a usage: signed, because a fault may tell what cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) input: i64,
    pub(crate) output: i64,
    pub(crate) cache_read: i64,
    pub(crate) cache_write_5m: i64,
    pub(crate) cache_write_1h: i64,
}

impl Told {
    /// What a call tells whose true usage is `usage`; `None` where it tells nothing.
    pub(crate) fn of(usage: &Usage, fault: Option<Fault>) -> Option<Self> {
        let truth = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let tell = |count: u64| match fault {
            Some(Fault::LyingUsageNegative) => -truth(count) - 1,
            Some(Fault::LyingUsageHuge) => truth(count).saturating_add(1 << 40),
            _ => truth(count),
        };
        (fault != Some(Fault::NoUsage)).then(|| Self {
            input: tell(usage.input),
            output: tell(usage.output),
            cache_read: truth(usage.cache_read),
            cache_write_5m: truth(usage.cache_write_5m),
            cache_write_1h: truth(usage.cache_write_1h),
        })
    }

    pub(crate) const fn cache_write(&self) -> i64 {
        self.cache_write_5m.saturating_add(self.cache_write_1h)
    }

    pub(crate) const fn cached(&self) -> i64 {
        self.cache_read.saturating_add(self.cache_write())
    }

    /// Everything, cached or not: Converse's `totalTokens`.
    pub(crate) const fn total(&self) -> i64 {
        self.input.saturating_add(self.output).saturating_add(self.cached())
    }
}

/// A tool that the model wants to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) input: Value,
}

/// What the model says.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What paddings and made-up ids follow from.
    pub(crate) chance: Chance,
    pub(crate) request_id: String,
    /// The model by the name that its provider knows it by.
    pub(crate) version: String,
    /// The model that Converse tells: steered, or chosen by a prompt router.
    pub(crate) invoked: Option<String>,
    pub(crate) created_s: i64,
    /// Thoughts, where the model shows them; part of the output tokens.
    pub(crate) reasoning: Vec<String>,
    pub(crate) text: Vec<String>,
    pub(crate) tool: Option<ToolCall>,
    pub(crate) stop: Stop,
    pub(crate) told: Option<Told>,
    /// Whether the model has a prompt cache, and so tells of it.
    pub(crate) caches: bool,
    pub(crate) latency_ms: u64,
    pub(crate) first_byte_ms: u64,
    pub(crate) tier: Option<WireTier>,
    pub(crate) latency: Option<WireLatency>,
    /// Whether a guardrail ran.
    pub(crate) guarded: bool,
}

impl Answer {
    pub(crate) fn whole_text(&self) -> String {
        self.text.concat()
    }

    /// An id that looks as the provider's do: a prefix and 22 letters and digits.
    pub(crate) fn id(&self, prefix: &str) -> String {
        made_up_id(self.chance, prefix)
    }

    /// Whether cache counts are told: by a model that has a cache, or because they were steered.
    pub(crate) fn tells_cache(&self) -> bool {
        self.caches || self.told.is_some_and(|told| told.cached() != 0)
    }

    /// `amazon-bedrock-invocationMetrics`, which the last chunk of a stream carries.
    pub(crate) fn invocation_metrics(&self) -> Value {
        let mut metrics = Map::new();
        metrics.insert("invocationLatency".to_owned(), json!(self.latency_ms));
        metrics.insert("firstByteLatency".to_owned(), json!(self.first_byte_ms));
        if let Some(told) = self.told {
            metrics.insert("inputTokenCount".to_owned(), json!(told.input));
            metrics.insert("outputTokenCount".to_owned(), json!(told.output));
            if self.tells_cache() {
                metrics.insert("cacheReadInputTokenCount".to_owned(), json!(told.cache_read));
                metrics.insert("cacheWriteInputTokenCount".to_owned(), json!(told.cache_write()));
            }
        }
        Value::Object(metrics)
    }
}

/// A prefix and 22 letters and digits.
pub(crate) fn made_up_id(chance: Chance, prefix: &str) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let chance = chance.with(prefix.as_bytes());
    let letter = |number| {
        let index = chance.with_number(number).below(LETTERS.len() as u64);
        usize::try_from(index).ok().and_then(|index| LETTERS.get(index)).map(|byte| *byte as char)
    };
    prefix.chars().chain((0..22).filter_map(letter)).collect()
}
