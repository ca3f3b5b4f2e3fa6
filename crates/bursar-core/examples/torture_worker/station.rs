//! Everything that a metered call needs, from a job.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bursar_core::{
    Bedrock, Bursar, Connection, Credentials, Health, Limits, Pricing, Running, Upstreams, Witness,
};
use bursar_domain::catalogue::Catalogue;
use bursar_domain::entropy::Entropy;
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{DatabaseUrl, Ledger, OpenOptions};

use crate::Outcome;
use crate::dice::Dice;
use crate::job::Calls;

const REGION: &str = "us-east-1";
/// What the next version may do to a ledger on which this one goes on serving.
const NEXT_VERSION: &str = include_str!("../../../bursar-ledger/src/tests/sql/next_version.sql");

/// Opens the ledger and the way to the simulator.
pub(crate) async fn open(job: &Calls) -> Outcome<Bursar> {
    let clock = clock(job);
    let url = DatabaseUrl::parse(&job.ledger)?;
    let mut options = OpenOptions::new(clock.clone());
    options.without_sync = job.without_sync;
    options.next_version = job.next_version.then_some(NEXT_VERSION);
    let ledger = Ledger::open(&url, options).await?;
    let bedrock = Bedrock::connect(&Connection {
        region: Some(REGION.to_owned()),
        endpoint: Some(job.endpoint.clone()),
        credentials: Credentials::Simulated,
        connect_timeout: Duration::from_secs(5),
    })
    .await?;
    let mut limits = Limits { backoff_base: Duration::from_millis(1), ..Limits::default() };
    if let Some(patience) = job.patience_ms.map(Duration::from_millis) {
        (limits.first_byte, limits.idle) = (patience, patience);
    }
    let entropy = Entropy::system();
    Ok(Bursar {
        ledger,
        bedrock,
        pricing: pricing(),
        fallbacks: Arc::default(),
        upstreams: Upstreams::default(),
        health: Health::default(),
        limits,
        clock,
        entropy,
        simulated: true,
        running: Running::default(),
        master_key: None,
        labels: false,
        witness: Witness::default(),
    })
}

/// The prices that come with the program, which are the gateway's too.
pub(crate) fn pricing() -> Pricing {
    Pricing {
        catalogue: Catalogue::embedded(),
        prices: Arc::new(PriceBook::embedded_only()),
        region: REGION.to_owned(),
        allow_unpriced: false,
        max_tokens_default: None,
    }
}

/// A clock that may be wrong, and may be wrong in another way each time it is read.
fn clock(job: &Calls) -> Clock {
    let (system, off, jumps) = (Clock::system(), job.clock_ms, job.clock_jumps_ms.unsigned_abs());
    let (seed, reads) = (job.seed, AtomicU64::new(0));
    Clock::new(move || {
        let read = reads.fetch_add(1, Ordering::Relaxed);
        let jump = Dice::new(seed, read).between(0, 2 * jumps).cast_signed() - jumps.cast_signed();
        Timestamp(system.now().0 + off + jump)
    })
}
