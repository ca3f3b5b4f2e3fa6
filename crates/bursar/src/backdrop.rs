//! What stands behind the demo's own calls on its dashboard: two months before them, made up, so that its
//! pages show weeks and not one minute. Written after the demo's figures are read, and only where
//! somebody looks.

use bursar_domain::time::Timestamp;
use bursar_ledger::Ledger;
use indicatif::ProgressBar;

use crate::failure::Failure;
use crate::fill::{Wanted, fill};
use crate::settings::Settings;

/// Some for every day, and not so many that somebody would wait for them.
const CALLS: u64 = 4_000;
/// With one before the other, for what was before is shown beside what is.
const MONTHS: u32 = 2;
const TEAMS: usize = 6;
const MODELS: usize = 8;
const SEED: u64 = 7;

/// Fills a ledger up to the hour of `now`; how many calls it made up.
pub(crate) async fn paint(
    ledger: &Ledger,
    settings: &Settings,
    now: Timestamp,
) -> Result<u64, Failure> {
    let wanted = Wanted {
        calls: CALLS,
        months: MONTHS,
        teams: TEAMS,
        models: MODELS,
        seed: SEED,
        until: now,
    };
    let prices = (settings.catalogue()?, &settings.prices);
    let bar = ProgressBar::hidden();
    Ok(fill(ledger, &settings.actor, prices, wanted, &bar).await?.calls)
}
