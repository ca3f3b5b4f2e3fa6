//! The histograms of OpenTelemetry's `GenAI` conventions, summed since the start of the process.
//!
//! Bounded: so many series and no more; calls of further models are summed as `_OTHER`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bursar_core::Ended;
use bursar_domain::time::Timestamp;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::attributes::{self, seconds};
use super::spans::{nanos, scope};

/// Series of all histograms together.
const SERIES_MAX: usize = 2_000;
const OTHER: &str = "_OTHER";
/// The convention's, in seconds.
const DURATION_S: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/// The convention's, in tokens.
const TOKENS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// One of the convention's histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Instrument {
    Duration,
    FirstChunk,
    Tokens,
}

/// What a series is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    instrument: Instrument,
    operation: &'static str,
    model: String,
    error: Option<String>,
    token: Option<&'static str>,
}

#[derive(Debug, Clone)]
struct Series {
    counts: Vec<u64>,
    sum: f64,
}

/// Everything that was summed.
#[derive(Debug)]
pub(super) struct Sums {
    since: Timestamp,
    series: Mutex<BTreeMap<Key, Series>>,
}

impl Instrument {
    const ALL: [Self; 3] = [Self::Duration, Self::FirstChunk, Self::Tokens];

    const fn bounds(self) -> &'static [f64] {
        match self {
            Self::Duration | Self::FirstChunk => DURATION_S,
            Self::Tokens => TOKENS,
        }
    }

    /// Name, unit and description.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Duration => (
                "gen_ai.client.operation.duration",
                "s",
                "From a whole request to the last byte of its answer.",
            ),
            Self::FirstChunk => (
                "gen_ai.client.operation.time_to_first_chunk",
                "s",
                "From a whole request to the first bytes of its stream.",
            ),
            Self::Tokens => {
                ("gen_ai.client.token.usage", "{token}", "Tokens that are billed, in and out.")
            }
        }
    }
}

impl Sums {
    /// From now on.
    pub(super) fn new(since: Timestamp) -> Self {
        Self { since, series: Mutex::default() }
    }

    /// Adds a call.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a distribution that is shown, not a sum of money"
    )]
    pub(super) fn add(&self, ended: &Ended<'_>) {
        let (intent, settlement) = (ended.intent, ended.settlement);
        let error = attributes::error_of(ended);
        let took = seconds(settlement.ended_at.0 - intent.started_at.0);
        self.observe(Instrument::Duration, ended, (error, None), took);
        if let Some(first) = settlement.first_token_at.filter(|_| intent.operation.is_stream()) {
            let first = seconds(first.0 - intent.started_at.0);
            self.observe(Instrument::FirstChunk, ended, (None, None), first);
        }
        let usage = &settlement.bill.usage;
        for (kind, tokens) in [("input", usage.context_tokens()), ("output", usage.output)] {
            if tokens > 0 {
                self.observe(Instrument::Tokens, ended, (None, Some(kind)), tokens as f64);
            }
        }
    }

    fn observe(
        &self,
        instrument: Instrument,
        ended: &Ended<'_>,
        (error, token): (Option<&str>, Option<&'static str>),
        value: f64,
    ) {
        let mut key = Key {
            instrument,
            operation: attributes::operation(ended),
            // What is priced, of which there are so many; what callers write has no bound.
            model: ended.settlement.model(ended.intent).to_string(),
            error: error.map(str::to_owned),
            token,
        };
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        if series.len() >= SERIES_MAX && !series.contains_key(&key) {
            OTHER.clone_into(&mut key.model);
            key.error = key.error.map(|_| OTHER.to_owned());
        }
        let bounds = instrument.bounds();
        let new = || Series { counts: vec![0; bounds.len() + 1], sum: 0.0 };
        let series = series.entry(key).or_insert_with(new);
        let place = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        if let Some(count) = series.counts.get_mut(place) {
            *count += 1;
        }
        series.sum += value;
    }

    /// The message that tells all of it; `None` where there is nothing yet.
    pub(super) fn message(
        &self,
        resource: Resource,
        now: Timestamp,
    ) -> Option<ExportMetricsServiceRequest> {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if series.is_empty() {
            return None;
        }
        let metric = |instrument: Instrument| {
            let own = series.iter().filter(|(key, _)| key.instrument == instrument);
            let points: Vec<_> = own.map(|(key, series)| self.point(key, series, now)).collect();
            let (name, unit, description) = instrument.words();
            let temporality = AggregationTemporality::Cumulative.into();
            let histogram = Histogram { data_points: points, aggregation_temporality: temporality };
            Metric {
                name: name.to_owned(),
                unit: unit.to_owned(),
                description: description.to_owned(),
                data: Some(Data::Histogram(histogram)),
                ..Metric::default()
            }
        };
        let metrics = Instrument::ALL.into_iter().map(metric).collect();
        let scoped = ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() };
        let of_process = ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scoped],
            ..ResourceMetrics::default()
        };
        Some(ExportMetricsServiceRequest { resource_metrics: vec![of_process] })
    }

    fn point(&self, key: &Key, series: &Series, now: Timestamp) -> HistogramDataPoint {
        let mut pairs = attributes::of_series(key.operation, &key.model, key.error.as_deref());
        pairs.extend(key.token.map(|kind| attributes::text("gen_ai.token.type", kind)));
        HistogramDataPoint {
            attributes: pairs,
            start_time_unix_nano: nanos(self.since),
            time_unix_nano: nanos(now),
            count: series.counts.iter().sum(),
            sum: Some(series.sum),
            bucket_counts: series.counts.clone(),
            explicit_bounds: key.instrument.bounds().to_vec(),
            ..HistogramDataPoint::default()
        }
    }
}
