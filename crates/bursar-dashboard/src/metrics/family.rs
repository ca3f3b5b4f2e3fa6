//! Metrics of one name. Figures are texts, so that money stays exact.

use std::fmt::Display;

/// What a figure does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Buckets, a sum and a count.
    Histogram,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What stands behind the name: `_bucket`, `_sum`, `_count`, or nothing.
    pub suffix: &'static str,
    /// What tells it from others of its name.
    pub labels: Vec<(&'static str, String)>,
    /// A plain decimal.
    pub value: String,
}

/// Figures of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The name: `bursar_…`, its unit last.
    pub name: &'static str,
    /// What it is, in a line.
    pub help: &'static str,
    /// What it does over time.
    pub kind: Kind,
    /// The figures.
    pub samples: Vec<Sample>,
}

impl Sample {
    /// A figure of these labels.
    pub fn new(labels: &[(&'static str, &str)], value: impl Display) -> Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self { suffix: "", labels: labels.collect(), value: format!("{value}") }
    }
}
