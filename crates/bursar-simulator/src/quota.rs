//! Quotas of requests and of tokens a minute, counted as Bedrock's throttler counts: what a call
//! may use is taken at its start, and what it did not use is given back at its end.
//!
//! Each id has its own: a model's base id, and each of its cross-region profiles. A minute is one
//! of the clock; AWS does not say how its own begin. Whoever is refused takes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_wire::error::WireError;
use bursar_wire::messages;

/// The most ids that are counted in one minute.
const IDS_MAX: usize = 4_096;
const MINUTE_MS: i64 = 60_000;
/// How often a token of output counts for Claude 3.7 and later.
const BURNDOWN: u64 = 5;
/// The Claude models before 3.7, by how their names begin.
const BEFORE_BURNDOWN: [&str; 3] = ["claude-v", "claude-instant", "claude-3-"];
/// The first that `claude-3-` would take for older.
const FIRST_BURNDOWN: &str = "claude-3-7-";

/// How much of each a minute has; `None` is without end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PerMinute {
    pub(crate) requests: Option<u64>,
    pub(crate) tokens: Option<u64>,
}

/// What is left of the running minute.
#[derive(Debug)]
pub(crate) struct Quotas {
    per_minute: PerMinute,
    running: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    taken: HashMap<String, Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    requests: u64,
    tokens: u64,
}

/// What a call may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need<'a> {
    /// Whose quota it is: a base id, or a profile's.
    pub(crate) id: &'a str,
    /// How often a token of its output counts.
    pub(crate) burndown: u64,
    /// Input of every kind, and the most output, each counted once.
    pub(crate) tokens: u64,
}

/// What one call took. Dropped, it gives back what was not used.
#[derive(Debug)]
pub(crate) struct Deduction {
    quotas: Arc<Quotas>,
    id: String,
    minute: i64,
    burndown: u64,
    taken: u64,
    used: u64,
}

impl Quotas {
    pub(crate) fn new(per_minute: PerMinute) -> Self {
        Self { per_minute, running: Mutex::default() }
    }

    /// Takes what a call may use, or refuses the call. `None` where nothing is limited.
    pub(crate) fn deduct(
        self: &Arc<Self>,
        need: Need<'_>,
        now: Timestamp,
    ) -> Result<Option<Deduction>, WireError> {
        let PerMinute { requests, tokens } = self.per_minute;
        if requests.is_none() && tokens.is_none() {
            return Ok(None);
        }
        let number = now.0.div_euclid(MINUTE_MS);
        let mut minute = self.running();
        if minute.number != number || minute.taken.len() >= IDS_MAX {
            // So many ids are no test's. Forgetting gives quota back; growing would be worse.
            *minute = Minute { number, taken: HashMap::new() };
        }
        let taken = minute.taken.entry(need.id.to_owned()).or_default();
        if requests.is_some_and(|limit| taken.requests >= limit) {
            return Err(messages::too_many_requests());
        }
        if tokens.is_some_and(|limit| taken.tokens.saturating_add(need.tokens) > limit) {
            return Err(messages::too_many_tokens());
        }
        taken.requests += 1;
        taken.tokens = taken.tokens.saturating_add(need.tokens);
        Ok(Some(Deduction {
            quotas: Arc::clone(self),
            id: need.id.to_owned(),
            minute: number,
            burndown: need.burndown,
            taken: need.tokens,
            used: 0,
        }))
    }

    fn running(&self) -> MutexGuard<'_, Minute> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deduction {
    /// Notes what the call used. What was read from a cache does not count; output counts as often
    /// as the model's burndown says, and may so be more than was taken.
    pub(crate) fn note(&mut self, usage: &Usage) {
        let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
        let output = usage.output.saturating_mul(self.burndown);
        self.used = usage.input.saturating_add(written).saturating_add(output);
    }
}

impl Drop for Deduction {
    fn drop(&mut self) {
        let mut minute = self.quotas.running();
        if minute.number != self.minute {
            return;
        }
        if let Some(taken) = minute.taken.get_mut(&self.id) {
            let rest = taken.tokens.saturating_sub(self.taken);
            taken.tokens = rest.saturating_add(self.used);
        }
    }
}

/// How often a token of a model's output counts against the quota, by its base id.
pub(crate) fn burndown(base_id: &str) -> u64 {
    let Some(name) = base_id.strip_prefix("anthropic.") else { return 1 };
    let is_older = BEFORE_BURNDOWN.iter().any(|start| name.starts_with(start));
    if is_older && !name.starts_with(FIRST_BURNDOWN) { 1 } else { BURNDOWN }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000 * MINUTE_MS);

    fn quotas(requests: Option<u64>, tokens: Option<u64>) -> Arc<Quotas> {
        Arc::new(Quotas::new(PerMinute { requests, tokens }))
    }

    const fn need(id: &str, tokens: u64) -> Need<'_> {
        Need { id, burndown: 5, tokens }
    }

    fn left(quotas: &Arc<Quotas>, id: &str) -> u64 {
        quotas.per_minute.tokens.unwrap() - quotas.running().taken[id].tokens
    }

    #[test]
    fn each_id_has_its_own_requests_and_a_new_minute_has_them_again() {
        let quotas = quotas(Some(2), None);
        let ask = |id: &str, now| quotas.deduct(need(id, 0), now).map(drop);
        assert_eq!([ask("a", NOW).is_ok(), ask("a", NOW).is_ok()], [true, true]);
        let refused = ask("a", Timestamp(NOW.0 + MINUTE_MS - 1)).unwrap_err();
        assert!(refused.message.starts_with("Too many requests"), "{}", refused.message);
        assert!(ask("us.a", NOW).is_ok(), "a profile is another");
        assert!(ask("a", Timestamp(NOW.0 + MINUTE_MS)).is_ok());
    }

    #[test]
    fn what_may_be_used_is_taken_and_what_was_not_is_given_back() {
        let quotas = quotas(None, Some(1_000));
        let mut call = quotas.deduct(need("a", 900), NOW).unwrap().unwrap();
        let refused = quotas.deduct(need("a", 101), NOW).unwrap_err();
        assert!(refused.message.starts_with("Too many tokens,"), "{}", refused.message);
        call.note(&Usage {
            input: 10,
            output: 20,
            cache_read: 500,
            cache_write_5m: 3,
            cache_write_1h: 4,
            ..Usage::default()
        });
        drop(call);
        assert_eq!(left(&quotas, "a"), 1_000 - (10 + 3 + 4 + 20 * 5));
    }

    #[test]
    fn a_call_that_burns_more_than_was_taken_takes_the_rest_too() {
        let quotas = quotas(None, Some(1_000));
        let mut call = quotas.deduct(need("a", 100), NOW).unwrap().unwrap();
        call.note(&Usage { output: 90, ..Usage::default() });
        drop(call);
        assert_eq!(left(&quotas, "a"), 1_000 - 450);
    }

    #[test]
    fn nothing_is_given_back_to_a_later_minute() {
        let quotas = quotas(None, Some(1_000));
        let old = quotas.deduct(need("a", 900), NOW).unwrap();
        let later = Timestamp(NOW.0 + MINUTE_MS);
        let _held = quotas.deduct(need("a", 600), later).unwrap();
        drop(old);
        assert_eq!(left(&quotas, "a"), 400);
    }

    #[test]
    fn without_quotas_nothing_is_counted_and_with_them_no_more_ids_than_a_limit() {
        assert!(quotas(None, None).deduct(need("a", u64::MAX), NOW).unwrap().is_none());
        let quotas = quotas(Some(1), None);
        for id in 0..=IDS_MAX {
            drop(quotas.deduct(need(&id.to_string(), 0), NOW).unwrap());
        }
        assert!(quotas.running().taken.len() <= IDS_MAX);
    }

    #[test]
    fn the_output_of_claude_3_7_and_later_counts_five_times() {
        for id in [
            "anthropic.claude-3-7-sonnet-20250219-v1:0",
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic.claude-sonnet-4-6",
        ] {
            assert_eq!(burndown(id), 5, "{id}");
        }
        for id in [
            "amazon.nova-lite-v1:0",
            "anthropic.claude-v2:1",
            "anthropic.claude-instant-v1",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
        ] {
            assert_eq!(burndown(id), 1, "{id}");
        }
    }
}
