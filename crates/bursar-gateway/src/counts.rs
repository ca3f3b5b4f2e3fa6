//! What this process has counted of itself, for whoever watches it: plain values, no format.
//!
//! Counting takes no lock but one that is shared, and allocates nothing but the first time that a
//! model is seen. Names are bounded: a model that the catalogue does not know is `other`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bursar_core::Tally;
use bursar_domain::catalogue::Catalogue;

use crate::histogram::{Histogram, Spread};

/// Models that have a name of their own here; the catalogue has several hundred.
const MODELS_MAX: usize = 100;
const OTHER: &str = "other";

/// OpenTelemetry's, for an operation.
const DURATION_US: &[u64] = &[
    10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000, 5_120_000,
    10_240_000, 20_480_000, 40_960_000, 81_920_000,
];
/// OpenTelemetry's, for the time to a first token.
const FIRST_US: &[u64] = &[
    1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 250_000, 500_000, 750_000,
    1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000,
];
/// From what a proxy adds to what a queue does.
const OVERHEAD_US: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000,
];
/// What Bedrock said.
const ANSWERS: [&str; 6] =
    ["ok", "client_error", "throttled", "server_error", "unanswered", "broken_off"];
/// Why a request was not made: by a limit or a policy, or by what it is.
const REFUSALS: [&str; 18] = [
    "spent",
    "held",
    "unbounded",
    "rate",
    "policy",
    "frozen",
    "unknown_caller",
    "unknown_model",
    "no_such_route",
    "invalid",
    "too_long",
    "too_large",
    "repeated",
    "other_request",
    "unavailable",
    "guessing",
    "upstream",
    OTHER,
];

/// The counts. Read by [`Counts::read`].
#[derive(Debug)]
pub struct Counts {
    pub(crate) refusals: Tally<{ REFUSALS.len() }>,
    pub(crate) answers: Tally<{ ANSWERS.len() }>,
    overhead: Histogram,
    models: RwLock<BTreeMap<String, Arc<OfModel>>>,
    streams: AtomicU64,
    connections: AtomicU64,
}

#[derive(Debug)]
struct OfModel {
    duration: Histogram,
    first: Histogram,
}

/// What was counted up to now.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Requests that were not made, by why.
    pub refusals: Vec<(&'static str, u64)>,
    /// What Bedrock said to those that were.
    pub answers: Vec<(&'static str, u64)>,
    /// What the gateway added to each.
    pub overhead: Spread,
    /// How long they took, and how long streams took to begin, by model.
    pub models: Vec<(String, Spread, Spread)>,
    /// Streams that are handed on at this moment.
    pub streams: u64,
    /// Connections that are open.
    pub connections: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            refusals: Tally::new(REFUSALS),
            answers: Tally::new(ANSWERS),
            overhead: Histogram::new(OVERHEAD_US),
            models: RwLock::default(),
            streams: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        }
    }
}

impl Counts {
    /// What was counted up to now.
    #[must_use]
    pub fn read(&self) -> Counted {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let spreads = models
            .iter()
            .map(|(model, counts)| (model.clone(), counts.duration.read(), counts.first.read()));
        Counted {
            refusals: self.refusals.counts().collect(),
            answers: self.answers.counts().collect(),
            overhead: self.overhead.read(),
            models: spreads.collect(),
            streams: self.streams.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn overhead(&self, added: Duration) {
        self.overhead.observe(added);
    }

    /// One more connection, until what it gives is dropped.
    pub(crate) fn connect(self: &Arc<Self>) -> Open {
        Open::new(self, |counts| &counts.connections)
    }

    fn of(&self, model: &str, catalogue: Catalogue) -> Arc<OfModel> {
        let known = self.models.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = known.get(model) {
            return Arc::clone(counts);
        }
        let has_name = known.len() < MODELS_MAX && catalogue.model(model).is_some();
        drop(known);
        let name = if has_name { model } else { OTHER };
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (duration, first) = (Histogram::new(DURATION_US), Histogram::new(FIRST_US));
            Arc::new(OfModel { duration, first })
        };
        Arc::clone(models.entry(name.to_owned()).or_insert_with(new))
    }
}

/// Something that is counted while it is there.
#[derive(Debug)]
pub(crate) struct Open {
    counts: Arc<Counts>,
    level: fn(&Counts) -> &AtomicU64,
}

impl Open {
    fn new(counts: &Arc<Counts>, level: fn(&Counts) -> &AtomicU64) -> Self {
        level(counts).fetch_add(1, Ordering::Relaxed);
        Self { counts: Arc::clone(counts), level }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        (self.level)(&self.counts).fetch_sub(1, Ordering::Relaxed);
    }
}

/// A call's time, from its whole request on; counted when it is dropped.
#[derive(Debug)]
pub(crate) struct Timed {
    began: Instant,
    of: Arc<OfModel>,
    /// Of a stream that is handed on.
    stream: Option<Open>,
    has_begun: bool,
}

impl Timed {
    pub(crate) fn new(
        counts: &Counts,
        (model, catalogue): (Option<&str>, Catalogue),
        began: Instant,
    ) -> Self {
        let of = counts.of(model.unwrap_or(OTHER), catalogue);
        Self { began, of, stream: None, has_begun: false }
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// It is a stream, and on its way.
    pub(crate) fn streams(&mut self, counts: &Arc<Counts>) {
        self.stream = Some(Open::new(counts, |counts| &counts.streams));
    }

    /// Some of the stream has come.
    pub(crate) fn came(&mut self) {
        if !self.has_begun {
            self.has_begun = true;
            self.of.first.observe(self.began.elapsed());
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.of.duration.observe(self.began.elapsed());
    }
}
