//! What people change, on SQLite in memory: each case ends with an audit that finds nothing.

mod apply;
mod keys;
mod users;

use bursar_domain::entropy::Entropy;
use bursar_domain::time::{Clock, Timestamp};
use bursar_ledger::{DatabaseUrl, Ledger, MasterKey, OpenOptions, Proven, Secret};

use crate::Admin;

/// 2026-11-23, ten past ten.
const NOW: Timestamp = Timestamp(1_795_428_600_000);

async fn admin_at(clock: Clock) -> Admin {
    let url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    let ledger = Ledger::open(&url, OpenOptions::new(clock.clone())).await.unwrap();
    Admin { ledger, clock, entropy: Entropy::system(), actor: "a test".to_owned() }
}

async fn admin() -> Admin {
    admin_at(Clock::new(|| NOW)).await
}

fn master() -> MasterKey {
    MasterKey::parse(&"0123456789abcdef".repeat(4)).unwrap()
}

impl Admin {
    /// Who has a secret, as core is told.
    async fn holder(&self, secret: &Secret) -> Option<Proven> {
        let now = self.clock.now();
        self.ledger.holder_of_bearer(&master(), secret.expose(), now).await.unwrap()
    }

    async fn end(self) {
        let report = self.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        self.ledger.close().await.unwrap();
    }
}
