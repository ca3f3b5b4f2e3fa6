//! The prompt cache: the first request with a prefix writes it, later ones within its time to live
//! read it. Prefixes are known by their hash; no text is kept.
//!
//! Unlike Bedrock's, it has no least length, and a prefix is cached the moment it is admitted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bursar_domain::time::{HOUR_MS, Timestamp};
use bursar_domain::usage::Usage;

use crate::chance::Chance;
use crate::tokens::{CachePoint, Tally};

/// The most prefixes that are remembered; the one that would expire first makes room.
const PREFIXES_MAX: usize = 4_096;
/// How long the shorter of the two kinds lives.
const SHORT_MS: i64 = 5 * 60 * 1000;

#[derive(Debug)]
pub(crate) struct PromptCache(Mutex<HashMap<u64, Timestamp>>);

impl PromptCache {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Splits a prompt into what is read from the cache, what is written to it, and the rest; and
    /// remembers what was written.
    pub(crate) fn split(&self, model: &str, tally: &Tally, now: Timestamp) -> Usage {
        let mut expiries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = |point: &CachePoint| {
            Chance::new(point.prefix).with(model.as_bytes()).with_number(point.tokens).value()
        };
        let points = tally.cache_points();
        let is_live = |point: &CachePoint| expiries.get(&key(point)).is_some_and(|at| *at > now);
        let first_new = points.iter().rposition(is_live).map_or(0, |index| index + 1);
        let (known, new) = points.split_at(first_new);
        let mut usage =
            Usage { cache_read: known.last().map_or(0, |point| point.tokens), ..Usage::default() };
        let mut covered = usage.cache_read;
        for point in new {
            let written = point.tokens - covered;
            covered = point.tokens;
            if point.one_hour {
                usage.cache_write_1h += written;
            } else {
                usage.cache_write_5m += written;
            }
        }
        usage.input = tally.tokens() - covered;
        // A read keeps what it read alive, as long again.
        for point in points {
            let life = if point.one_hour { HOUR_MS } else { SHORT_MS };
            make_room(&mut expiries, now);
            expiries.insert(key(point), Timestamp(now.0 + life));
        }
        usage
    }
}

fn make_room(expiries: &mut HashMap<u64, Timestamp>, now: Timestamp) {
    if expiries.len() < PREFIXES_MAX {
        return;
    }
    expiries.retain(|_, at| *at > now);
    if expiries.len() >= PREFIXES_MAX {
        let first = expiries.iter().min_by_key(|(key, at)| (**at, **key)).map(|(key, _)| *key);
        first.and_then(|key| expiries.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn body(system: &str, ttl: &str) -> Value {
        json!({"system": [{"text": system}, {"cachePoint": {"type": "default", "ttl": ttl}}],
            "messages": [{"role": "user", "content": [{"text": "12345678"}]}]})
    }

    fn split(cache: &PromptCache, model: &str, body: &Value, now: Timestamp) -> [u64; 4] {
        let usage = cache.split(model, &Tally::of(body), now);
        [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h]
    }

    #[test]
    fn the_first_request_writes_and_the_next_reads() {
        let cache = PromptCache::new();
        let body = body("four four four f", "5m");
        assert_eq!(split(&cache, "a", &body, NOW), [2, 0, 4, 0]);
        assert_eq!(split(&cache, "a", &body, NOW), [2, 4, 0, 0]);
        assert_eq!(
            split(&cache, "b", &body, NOW),
            [2, 0, 4, 0],
            "another model's cache is its own"
        );
    }

    #[test]
    fn a_prefix_lives_for_its_time_after_it_was_last_read() {
        let (cache, body) = (PromptCache::new(), body("four four four f", "5m"));
        let at = |ms| split(&cache, "a", &body, Timestamp(NOW.0 + ms))[1];
        assert_eq!([at(0), at(SHORT_MS - 1), at(2 * SHORT_MS - 2)], [0, 4, 4]);
        assert_eq!(at(3 * SHORT_MS), 0);
    }

    #[test]
    fn an_hours_prefix_is_written_and_lives_as_such() {
        let (cache, body) = (PromptCache::new(), body("four four four f", "1h"));
        assert_eq!(split(&cache, "a", &body, NOW), [2, 0, 0, 4]);
        let later = Timestamp(NOW.0 + HOUR_MS - 1);
        assert_eq!(split(&cache, "a", &body, later), [2, 4, 0, 0]);
    }

    #[test]
    fn a_longer_prefix_reads_the_shorter_one_and_writes_the_rest() {
        let point = json!({"cachePoint": {"type": "default"}});
        let short = json!({"system": [{"text": "12345678"}, point]});
        let long = json!({"system": [{"text": "12345678"}, point, {"text": "1234"}, point]});
        let cache = PromptCache::new();
        assert_eq!(split(&cache, "a", &short, NOW), [0, 0, 2, 0]);
        assert_eq!(split(&cache, "a", &long, NOW), [0, 2, 1, 0]);
        assert_eq!(split(&cache, "a", &long, NOW), [0, 3, 0, 0]);
    }

    #[test]
    fn the_cache_is_bounded() {
        let cache = PromptCache::new();
        for number in 0..=PREFIXES_MAX {
            split(&cache, "a", &body(&format!("system {number:08}"), "5m"), NOW);
        }
        assert_eq!(cache.0.lock().unwrap().len(), PREFIXES_MAX);
    }
}
