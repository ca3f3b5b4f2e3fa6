//! Sets a limit as an administrator does.

use bursar_domain::budget::Mode;
use bursar_domain::entropy::Entropy;
use bursar_domain::limit::{Limit, LimitId, OnLimit};
use bursar_domain::money::Micros;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::Zone;
use bursar_domain::time::Clock;
use bursar_ledger::{Change, DatabaseUrl, Ledger, OpenOptions};
use serde_json::json;

use crate::{Outcome, job, say};

/// A hard limit that refuses.
pub(crate) async fn set(job: &job::Limit) -> Outcome<()> {
    let url = DatabaseUrl::parse(&job.ledger)?;
    let ledger = Ledger::open(&url, OpenOptions::new(Clock::system())).await?;
    let random: [u8; 8] = Entropy::system().bytes();
    let id = format!("limit-{:016x}", u64::from_le_bytes(random));
    let scope = match &job.team {
        Some(team) => Scope::default().with(Facet::Team, team),
        None => Scope::default(),
    };
    let limit = Limit {
        id: LimitId(id.clone()),
        scope,
        each: None,
        unit: job.unit.parse().map_err(|_| format!("no unit `{}`", job.unit))?,
        span: job.span.parse().map_err(|_| format!("no span `{}`", job.span))?,
        zone: Zone::UTC,
        mode: Mode::Hard,
        on_limit: OnLimit::Refuse,
        amount: Micros(job.micro),
    };
    ledger.change("torture", vec![Change::SetLimit(limit)]).await?;
    ledger.close().await?;
    say(&json!({"limit": id}));
    Ok(())
}
