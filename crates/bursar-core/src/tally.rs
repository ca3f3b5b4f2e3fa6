//! Counts by one of a few names: made at the start, each an atomic, so that counting costs nothing and
//! no caller can make a new name.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts by name. What has none of the names counts as the last of them.
#[derive(Debug)]
pub struct Tally<const N: usize> {
    names: [&'static str; N],
    counts: [AtomicU64; N],
}

impl<const N: usize> Tally<N> {
    /// Nothing counted yet.
    #[must_use]
    pub const fn new(names: [&'static str; N]) -> Self {
        Self { names, counts: [const { AtomicU64::new(0) }; N] }
    }

    /// Counts one.
    pub fn add(&self, name: &str) {
        let place = self.names.iter().position(|known| *known == name);
        if let Some(count) = place.map_or(self.counts.last(), |place| self.counts.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every name, and what was counted for it.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        self.names.into_iter().zip(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_counts_as_the_last() {
        let tally = Tally::new(["a", "other"]);
        for name in ["a", "b", "a", "c", "other"] {
            tally.add(name);
        }
        assert_eq!(tally.counts().collect::<Vec<_>>(), [("a", 2), ("other", 3)]);
    }
}
