//! Which ways failed lately, so that calls go elsewhere first. Only an order: a way that rests is still
//! taken where there is no other, and nobody is refused for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bursar_domain::time::Timestamp;

/// How long a way rests after it has failed once; each failure in a row doubles it.
const REST_MS: i64 = 1_000;
/// The longest rest: whoever is well again is soon found out.
const REST_MS_MAX: i64 = 30_000;
/// The most ways that are remembered: an account has fewer models.
const WAYS_MAX: usize = 1_024;

/// A way: an upstream's name, and the model id that is sent there; empty for all of its models.
pub(crate) type Way = (String, String);

/// What failed lately. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<Way, Rest>>>);

#[derive(Debug, Clone, Copy)]
struct Rest {
    failures: u32,
    until: Timestamp,
}

impl Health {
    /// Lets a way rest that has failed.
    pub(crate) fn failed(&self, way: &Way, now: Timestamp) {
        let mut ways = self.ways();
        let failures = ways.get(way).map_or(1, |rest| rest.failures.saturating_add(1));
        if ways.len() >= WAYS_MAX && !ways.contains_key(way) {
            ways.retain(|_, rest| now < rest.until);
            if ways.len() >= WAYS_MAX {
                return;
            }
        }
        let rest = REST_MS.saturating_mul(1 << (failures - 1).min(16)).min(REST_MS_MAX);
        ways.insert(way.clone(), Rest { failures, until: Timestamp(now.0.saturating_add(rest)) });
    }

    /// Forgets what a way had that has answered.
    pub(crate) fn is_well(&self, way: &Way) {
        self.ways().remove(way);
    }

    /// Whether a way rests still.
    pub(crate) fn rests(&self, way: &Way, now: Timestamp) -> bool {
        self.ways().get(way).is_some_and(|rest| now < rest.until)
    }

    fn ways(&self) -> MutexGuard<'_, BTreeMap<Way, Rest>> {
        // Whoever panicked left it whole: each change of it is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(name: &str) -> Way {
        (name.to_owned(), "a.b".to_owned())
    }

    #[test]
    fn a_way_rests_longer_each_time_but_not_for_ever_and_is_well_once_it_answers() {
        let (health, east) = (Health::default(), way("east"));
        let mut now = Timestamp(0);
        for rest in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            health.failed(&east, now);
            assert!(health.rests(&east, Timestamp(now.0 + rest - 1)));
            now = Timestamp(now.0 + rest);
            assert!(!health.rests(&east, now), "{rest}");
        }
        assert!(!health.rests(&way("west"), now));
        health.is_well(&east);
        health.failed(&east, now);
        assert!(!health.rests(&east, Timestamp(now.0 + 1_000)), "it begins anew");
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let health = Health::default();
        for number in 0..WAYS_MAX {
            health.failed(&way(&number.to_string()), Timestamp(0));
        }
        health.failed(&way("one more"), Timestamp(0));
        assert!(!health.rests(&way("one more"), Timestamp(0)));
        assert_eq!(health.ways().len(), WAYS_MAX);
        // Those whose rest is over make room.
        health.failed(&way("one more"), Timestamp(2_000));
        assert_eq!(health.ways().len(), 1);
    }
}
