//! Token counts as reported, by whoever reported them, and the one usage they come to.
//!
//! Headers and invocation metrics are Bedrock's own counts: the input is without cached tokens. So
//! are Converse's and Claude's. `OpenAI`-like bodies count cached tokens within `prompt_tokens`;
//! they are taken apart by the body's own `cached_tokens`, and Bedrock's figure may agree with
//! either reading. Where it agrees with none, Bedrock's is taken and the difference told.

use bursar_domain::usage::Usage;
use http::HeaderMap;
use serde_json::Value;

use crate::json::{all, first, shown, text};
use crate::provider::{Gives, Paths, Shape};

/// No call uses this many tokens: from here on a figure is a lie or a fault.
const IMPOSSIBLE: u64 = 1 << 31;

/// Figures as reported; `None` where nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Input tokens; some providers' own include cached ones.
    pub input: Option<u64>,
    /// Output tokens.
    pub output: Option<u64>,
    /// Tokens read from a cache.
    pub cache_read: Option<u64>,
    /// Tokens written to a cache, for however long.
    pub cache_write: Option<u64>,
    write_5m: Option<u64>,
    write_1h: Option<u64>,
}

/// The last chunk's own metrics.
const METRICS: Paths = Paths {
    input: &["inputTokenCount"],
    output: &["outputTokenCount"],
    cache_read: &["cacheReadInputTokenCount"],
    cache_write: &["cacheWriteInputTokenCount"],
    ..Paths::NONE
};

impl Counts {
    /// From a body or a chunk. The first doubt about any figure is kept.
    pub(super) fn from_json(json: &Value, paths: &Paths, doubt: &mut Option<String>) -> Self {
        let mut read = |paths: &[&str]| {
            let path = paths.iter().find(|path| first(json, path).is_some())?;
            count(path, first(json, path)?, doubt)
        };
        let mut counts = Self {
            input: read(paths.input),
            output: read(paths.output),
            cache_read: read(paths.cache_read),
            cache_write: read(paths.cache_write),
            write_5m: read(paths.write_5m),
            write_1h: read(paths.write_1h),
        };
        for detail in ["usage/cacheDetails/*", "metadata/usage/cacheDetails/*"] {
            for detail in all(json, detail) {
                counts.add_detail(detail, doubt);
            }
        }
        counts
    }

    pub(super) fn from_metrics(metrics: &Value, doubt: &mut Option<String>) -> Self {
        Self::from_json(metrics, &METRICS, doubt)
    }

    pub(super) fn from_headers(headers: &HeaderMap, doubt: &mut Option<String>) -> Self {
        let mut read = |name: &str| {
            let name = format!("x-amzn-bedrock-{name}-token-count");
            let text = headers.get(&name)?.to_str().unwrap_or_default();
            let number = serde_json::from_str(text).unwrap_or_else(|_| text.into());
            count(&name, &number, doubt)
        };
        Self {
            input: read("input"),
            output: read("output"),
            cache_read: read("cache-read-input"),
            cache_write: read("cache-write-input"),
            write_5m: None,
            write_1h: None,
        }
    }

    /// Later figures of the same stream replace earlier ones: they are running totals.
    pub(super) fn update(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
        self.cache_read = later.cache_read.or(self.cache_read);
        self.cache_write = later.cache_write.or(self.cache_write);
        self.write_5m = later.write_5m.or(self.write_5m);
        self.write_1h = later.write_1h.or(self.write_1h);
    }

    /// One entry of `cacheDetails`. All but an hour is billed like five minutes.
    fn add_detail(&mut self, detail: &Value, doubt: &mut Option<String>) {
        let tokens =
            detail.get("inputTokens").and_then(|value| count("cacheDetails", value, doubt));
        let slot = match text(detail, "ttl") {
            Some("1h") => &mut self.write_1h,
            _ => &mut self.write_5m,
        };
        *slot = Some(slot.unwrap_or(0).saturating_add(tokens.unwrap_or(0)));
    }

    /// Cache writes as (five minutes, an hour). A split that does not add up to the plain figure is
    /// not believed; the plain figure then counts as five minutes.
    fn writes(&self, plain: Option<u64>) -> (u64, u64) {
        let (short, long) = (self.write_5m.unwrap_or(0), self.write_1h.unwrap_or(0));
        match plain {
            Some(plain) if short.saturating_add(long) != plain => (plain, 0),
            _ => (short, long),
        }
    }
}

/// Whether everything that is billed was reported.
pub(super) fn is_whole(body: &Counts, bedrock: &Counts, shape: &Shape) -> bool {
    let input = body.input.or(bedrock.input).is_some();
    match shape.gives {
        Gives::Text => input && body.output.or(bedrock.output).is_some(),
        Gives::Vectors => input,
        Gives::Images => false,
        Gives::ByRequest => true,
    }
}

/// The usage that the figures come to; what is missing counts as nothing.
pub(super) fn usage(
    body: &Counts,
    bedrock: &Counts,
    shape: &Shape,
    doubt: &mut Option<String>,
) -> Usage {
    let mut agreed = |kind: &str, said: Option<u64>, counted: Option<u64>| {
        if let (Some(said), Some(counted)) = (said, counted)
            && said != counted
        {
            let why = format!("the body says `{said}` {kind} tokens, bedrock counts `{counted}`");
            doubt.get_or_insert(why);
        }
        counted.or(said)
    };
    let cache_read = agreed("cache read", body.cache_read, bedrock.cache_read).unwrap_or(0);
    let cache_write = agreed("cache write", body.cache_write, bedrock.cache_write);
    let fresh = if shape.input_includes_cache {
        body.input.map(|prompt| prompt.saturating_sub(cache_read))
    } else {
        body.input
    };
    let says_the_same = shape.input_includes_cache && bedrock.input == body.input;
    let input = if says_the_same { fresh } else { bedrock.input };
    let writes = body.writes(cache_write);
    Usage {
        input: agreed("input", fresh, input).unwrap_or(0),
        output: agreed("output", body.output, bedrock.output).unwrap_or(0),
        cache_read,
        cache_write_5m: writes.0,
        cache_write_1h: writes.1,
        meters: Vec::new(),
    }
}

/// Converse's total is the sum of all kinds, or of input and output alone.
pub(super) fn check_total(total: Option<&Value>, usage: &Usage, doubt: &mut Option<String>) {
    let Some(total) = total.and_then(Value::as_u64) else { return };
    let bare = usage.input.saturating_add(usage.output);
    let sum = usage.context_tokens().saturating_add(usage.output);
    if total != sum && total != bare {
        doubt.get_or_insert(format!("the total of `{total}` tokens is not the sum of `{sum}`"));
    }
}

/// One figure: a whole number, perhaps written as `28.0`. Out of range it is clamped, and no number
/// at all is as if it were absent; either is a doubt.
fn count(name: &str, value: &Value, doubt: &mut Option<String>) -> Option<u64> {
    if let Some(whole) = whole_number(value).filter(|whole| *whole < IMPOSSIBLE) {
        return Some(whole);
    }
    doubt.get_or_insert(format!("`{name}` is `{}`", shown(value)));
    match value.as_f64() {
        Some(number) if number < 0.0 => Some(0),
        Some(number) if number >= 2_147_483_648.0 => Some(IMPOSSIBLE - 1),
        _ => None,
    }
}

fn whole_number(value: &Value) -> Option<u64> {
    let number = value.as_u64();
    number.or_else(|| {
        let float = value.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    })
}
