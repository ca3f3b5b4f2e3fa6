//! How long calls took and how fast they answered, counted in buckets: all of a day or an hour can be told
//! of them, and none can be filled in later.

use bursar_domain::call::{Intent, Outcome, Settlement};
use serde::Serialize;

/// Five to a factor of ten; the last has no upper bound.
const BUCKETS: usize = 20;

/// Upper bounds of the buckets but the last, of latency and time to first token in milliseconds.
pub(crate) const TIME_BOUNDS: [i64; BUCKETS - 1] = [
    63, 100, 160, 250, 400, 630, 1_000, 1_600, 2_500, 4_000, 6_300, 10_000, 16_000, 25_000, 40_000,
    63_000, 100_000, 160_000, 250_000,
];

/// The same for speed, in output tokens a second.
pub(crate) const SPEED_BOUNDS: [i64; BUCKETS - 1] =
    [1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100, 160, 250, 400, 630, 1_000, 1_600, 2_500, 4_000];

/// Counts of calls by how long they took and how fast they answered, by bucket.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Histograms {
    latency: [i64; BUCKETS],
    first_token: [i64; BUCKETS],
    speed: [i64; BUCKETS],
}

impl Histograms {
    /// The buckets of a call that succeeded; what did not says nothing about speed.
    pub(super) fn of(intent: &Intent, settlement: &Settlement) -> Self {
        let mut histograms = Self::default();
        if settlement.ending.outcome != Outcome::Succeeded {
            return histograms;
        }
        let ended = settlement.ended_at.0;
        histograms.latency = one(&TIME_BOUNDS, ended.saturating_sub(intent.started_at.0));
        let Some(first) = settlement.first_token_at else { return histograms };
        histograms.first_token = one(&TIME_BOUNDS, first.0.saturating_sub(intent.started_at.0));
        let (tokens, elapsed) =
            (i128::from(settlement.bill.usage.output), ended.saturating_sub(first.0));
        if tokens > 0 && elapsed > 0 {
            let speed = tokens * 1_000 / i128::from(elapsed);
            histograms.speed = one(&SPEED_BOUNDS, i64::try_from(speed).unwrap_or(i64::MAX));
        }
        histograms
    }

    pub(super) fn add(&mut self, other: &Self) {
        let add = |mine: &mut [i64; BUCKETS], theirs: &[i64; BUCKETS]| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        add(&mut self.latency, &other.latency);
        add(&mut self.first_token, &other.first_token);
        add(&mut self.speed, &other.speed);
    }
}

/// One count, in the bucket of the value.
fn one(bounds: &[i64; BUCKETS - 1], value: i64) -> [i64; BUCKETS] {
    let bucket = bounds.iter().position(|&bound| value <= bound).unwrap_or(bounds.len());
    std::array::from_fn(|place| i64::from(place == bucket))
}
