//! How long things take: fixed buckets, each an atomic, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets, at most.
const BUCKETS_MAX: usize = 16;

/// Durations by how long they are.
#[derive(Debug)]
pub(crate) struct Histogram {
    /// The longest of each bucket, in microseconds; what is longer counts in the last.
    bounds_us: &'static [u64],
    counts: [AtomicU64; BUCKETS_MAX + 1],
    sum_us: AtomicU64,
}

/// What a histogram has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// For each bucket the longest in it, in microseconds, and how many were no longer.
    pub buckets: Vec<(u64, u64)>,
    /// How many there were.
    pub count: u64,
    /// All of them together, in microseconds.
    pub sum_us: u64,
}

impl Histogram {
    pub(crate) const fn new(bounds_us: &'static [u64]) -> Self {
        assert!(bounds_us.len() <= BUCKETS_MAX, "there is a bucket for each bound");
        let counts = [const { AtomicU64::new(0) }; BUCKETS_MAX + 1];
        Self { bounds_us, counts, sum_us: AtomicU64::new(0) }
    }

    pub(crate) fn observe(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = self.bounds_us.partition_point(|bound| *bound < took);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(took, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Spread {
        let mut count = 0;
        let mut counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let mut next = || {
            count += counts.next().unwrap_or_default();
            count
        };
        let buckets = self.bounds_us.iter().map(|bound| (*bound, next())).collect();
        let count = next();
        Spread { buckets, count, sum_us: self.sum_us.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_has_what_is_no_longer_than_it_and_none_loses_what_is_longer_than_all() {
        let histogram = Histogram::new(&[10, 100]);
        for us in [1, 10, 11, 100, 101, 5_000] {
            histogram.observe(Duration::from_micros(us));
        }
        let spread = histogram.read();
        assert_eq!(spread.buckets, [(10, 2), (100, 4)]);
        assert_eq!((spread.count, spread.sum_us), (6, 5_223));
    }
}
