//! Hard limits that were opened by the break-glass file of a host while the ledger was away: noted
//! when it is back, for nothing else of it stands in the ledger.

use bursar_domain::money::{Cost, Micros};
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::Changed;

#[derive(Debug, Serialize)]
struct GlassJson<'a> {
    reason: &'a str,
    until_ms: i64,
    calls: u64,
    held_usd: String,
}

pub(super) fn broken(reason: &str, until: Timestamp, (calls, held): (u64, Micros)) -> Changed {
    let held_usd = held.cost().map(Cost::usd).unwrap_or_default();
    let json = GlassJson { reason, until_ms: until.0, calls, held_usd };
    Changed {
        action: "break-glass",
        subject: "hard limits".to_owned(),
        was: None,
        // Texts and numbers cannot fail to be written.
        becomes: Some(serde_json::to_string(&json).unwrap_or_default()),
    }
}
