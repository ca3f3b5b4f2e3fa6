//! Metrics in Prometheus's text form: what the ledger has summed, and what this process has counted.
//!
//! What comes from the ledger is of all its processes, so one of them is scraped. Sums are since the
//! day on which this process began to be asked: they only grow, and stay cheap to read. Labels are
//! bounded; no user, key or call is one.

mod books;
mod family;
mod text;

use std::sync::Arc;

pub use family::{Family, Kind, Sample};

use crate::site::Site;

/// What the process itself has counted: a value, asked at each scrape.
#[derive(Clone)]
pub struct Meters(Arc<dyn Fn() -> Vec<Family> + Send + Sync>);

impl Meters {
    /// What `read` tells of.
    pub fn new(read: impl Fn() -> Vec<Family> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Of a process that counts nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new)
    }

    fn read(&self) -> Vec<Family> {
        (self.0)()
    }
}

/// Everything, as it is now. A ledger that is away leaves out what it has summed, and is told.
pub(crate) async fn exposition(site: Arc<Site>) -> String {
    let mut families = site.meters.read();
    families.extend(books::families(&site.desk().admin, site.since).await);
    text::written(&families)
}
